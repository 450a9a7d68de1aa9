"""Validation scores are the metrics of `evaluation`, on answers worked out by hand."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from torch import Tensor

from evaluation.contract.task import Kind
from evaluation.metrics.overlap import dice
from model.decode import softmax
from model.network.unified import HeadKey, Preset
from tests.train.unified.scenes import (
    BOX,
    CLASS,
    KEYS,
    MASK,
    OTHER_CLASS,
    POINTS,
    SIDE,
    Saying,
    make_cache,
    make_network,
    tiny_config,
)
from train.unified.batches import Batch, Target, normalise
from train.unified.cache import Cache, CachedPicture, Label
from train.unified.config import LossConfig
from train.unified.objective import Objective
from train.unified.validate import Validation, answer_all, find_scored, validate

THREE = HeadKey(task_id="kind", kind=Kind.CLASSIFICATION, num_classes=3)
SIZE_HW = (50, 80)


def score(key: HeadKey, labels: list[Label], answers: Tensor, masks: list[object] | None = None) -> float:
    """Score a head that gives these answers to pictures of these labels."""
    pictures = tuple(CachedPicture(row, "a", "p", SIZE_HW, {key: label}) for row, label in enumerate(labels))
    images = np.zeros((len(labels), SIDE, SIDE), np.uint8)
    cache = Cache(images, np.array(masks or np.zeros((0, SIDE, SIDE)), np.uint8), pictures)
    network = make_network(keys=(key,))
    network.heads[0] = Saying(answers)
    return validate(network, cache)[0].by_head[key]


def half_mask(columns: int) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    """Return a mask whose first columns are inside."""
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[:, :columns] = 1
    return mask


def logits_of(columns: int) -> Tensor:
    """Return (2, SIDE / 2, SIDE / 2) logits of `half_mask`, for an even number of columns."""
    inside = torch.from_numpy(half_mask(columns)[::2, ::2].astype(np.float32))
    return torch.stack([1 - inside, inside]) * 8


def test_mask_at_half_the_side_that_is_right_scores_one() -> None:
    assert score(MASK, [Label(mask=0)], logits_of(32)[None], [half_mask(32)]) == 1


@pytest.mark.parametrize("flip", [False, True])
def test_mask_is_compared_without_a_shift(flip: bool) -> None:
    """Half a cell to one side would favour masks that lie aside on that side."""
    truth = half_mask(31)[:, ::-1] if flip else half_mask(31)
    said = logits_of(32).flip(-1) if flip else logits_of(32)
    assert score(MASK, [Label(mask=0)], said[None], [truth]) == pytest.approx(2 * 31 / (31 + 32))


def test_mask_score_is_the_mean_over_pictures_and_empty_ones_count_as_found() -> None:
    said = torch.stack([logits_of(32), logits_of(0)])
    expected = dice(mask_ref=half_mask(16), mask_pred=half_mask(32))
    found = score(MASK, [Label(mask=0), Label(mask=1)], said, [half_mask(16), half_mask(0)])
    assert found == pytest.approx((expected + 1) / 2)


def test_two_classes_score_the_area_under_the_curve() -> None:
    said = torch.tensor([[0.0, 1], [0, 3], [0, 2], [2, 0]])
    labels = [0, 1, 1, 0]
    expected = roc_auc_score(labels, softmax(said.numpy())[:, 1])
    said[1, 1] = 0.5
    worse = roc_auc_score(labels, softmax(said.numpy())[:, 1])
    assert (expected, worse) == (1, 0.75)
    assert score(CLASS, [Label(class_index=c) for c in labels], said) == pytest.approx(worse)


def test_three_classes_score_one_against_the_rest() -> None:
    said = torch.from_numpy(np.random.default_rng(0).normal(size=(9, 3)).astype(np.float32))
    labels = [0, 1, 2] * 3
    expected = roc_auc_score(labels, softmax(said.numpy()), multi_class="ovr", average="macro")
    assert score(THREE, [Label(class_index=c) for c in labels], said) == pytest.approx(expected)


def test_boxes_score_their_overlap_whatever_the_order_of_the_edges() -> None:
    said = torch.tensor([[0.1, 0.1, 0.5, 0.5], [0.5, 0.5, 0.1, 0.1]])
    labels = [Label(box=(0.1, 0.1, 0.5, 0.5)), Label(box=(0.1, 0.1, 0.5, 0.3))]
    assert score(BOX, labels, said) == pytest.approx((1 + 0.5) / 2, abs=1e-6)


def logits_at(point: tuple[float, float]) -> NDArray[np.float32]:
    """Return (64, 64) logits whose expected place is a point."""
    cells = (np.arange(64) + 0.5) / 64
    distances = (cells[None, :] - point[0]) ** 2 + (cells[:, None] - point[1]) ** 2
    return (-distances * 64**2 / 2).astype(np.float32)


def test_points_score_by_their_error_in_pixels_over_a_tenth_of_the_diagonal() -> None:
    truth = ((0.25, 0.25), (0.75, 0.25), None, (0.5, 0.75))
    said = [(0.25, 0.25), (0.75, 0.25 + 2 / 64), (0.5, 0.5), (0.5, 0.75)]
    logits = torch.from_numpy(np.stack([logits_at(point) for point in said]))
    diagonal = np.hypot(*SIZE_HW)
    error = (2 / 64 * SIZE_HW[0]) / 3  # Two of three points are right.
    found = score(POINTS, [Label(points=truth)], logits[None])
    assert found == pytest.approx(1 - 10 * error / diagonal, abs=1e-4)


def test_points_far_off_score_zero_and_not_less() -> None:
    logits = torch.from_numpy(np.stack([logits_at((0.9, 0.9))] * 4))
    assert score(POINTS, [Label(points=((0.1, 0.1),) * 4)], logits[None]) == 0


def test_picture_without_any_point_is_passed_over() -> None:
    right = torch.from_numpy(np.stack([logits_at((0.5, 0.5))] * 4))
    labels = [Label(points=(None,) * 4), Label(points=((0.5, 0.5),) * 4)]
    assert score(POINTS, labels, torch.stack([right * 0, right])) == pytest.approx(1, abs=1e-6)


def test_head_is_scored_only_where_the_labels_define_its_score() -> None:
    one_class = Label(class_index=1)
    no_points = Label(points=(None,) * 4)
    pictures = (
        CachedPicture(0, "a", "p", SIZE_HW, {CLASS: one_class, POINTS: no_points, MASK: Label(mask=0)}),
    )
    cache = Cache(np.zeros((1, SIDE, SIDE), np.uint8), np.zeros((1, SIDE, SIDE), np.uint8), pictures)
    assert find_scored(KEYS, cache) == [MASK]
    validation, answers = validate(make_network(), cache)
    assert validation.by_head.keys() == {MASK}
    assert answers.keys() == {CLASS, POINTS, MASK}


def test_mean_is_over_heads() -> None:
    assert Validation({MASK: 0.5, CLASS: 1.0}).mean == 0.75


def test_pictures_left_out_of_a_cache_do_not_shift_the_others() -> None:
    network, cache = make_network(), make_cache(6)
    every = answer_all(network, cache)
    some = answer_all(network, Cache(cache.images, cache.masks, cache.pictures[3:]))
    for key in (CLASS, MASK):
        pairs = zip(every[key][3:], some[key], strict=True)
        assert all(np.allclose(one[1], other[1], atol=0.1) for one, other in pairs)
        assert not np.allclose(every[key][0][1], some[key][0][1], atol=1e-3)


def test_more_pictures_than_a_batch_are_answered_in_order() -> None:
    network, cache = make_network(), make_cache(40)
    answers = answer_all(network, cache)
    assert [picture.row for picture, _ in answers[MASK]] == list(range(40))
    assert [picture.row for picture, _ in answers[BOX]] == list(range(0, 40, 2))
    assert {said.shape for _, said in answers[MASK]} == {(SIDE, SIDE)}
    assert {said.shape for _, said in answers[OTHER_CLASS]} == {(2,)}
    assert {said.shape for _, said in answers[POINTS]} == {(4, 2)}


@pytest.mark.slow
def test_network_that_decodes_to_full_size_learns_and_is_scored() -> None:
    network = make_network(tiny_config(preset=Preset.BASE), keys=(MASK,))
    images = normalise(np.zeros((1, SIDE, SIDE), np.uint8))
    truth = torch.zeros(1, SIDE // 2, SIDE // 2, dtype=torch.int64)
    batch = Batch(images, (Target(0, torch.tensor([0]), truth, torch.ones(1).bool()),), "a")
    losses = Objective(network, LossConfig())(batch)
    assert losses[Kind.SEGMENTATION].isfinite()
    validation, answers = validate(network, make_cache(2))
    assert 0 <= validation.by_head[MASK] <= 1
    assert answers[MASK][0][1].shape == (SIDE, SIDE)
