"""Which pictures make which step, and what of them the network sees."""

from collections import Counter
from itertools import islice

import numpy as np
import pytest
import torch

from evaluation.contract.errors import ConfigurationError
from tests.train.unified.scenes import BOX, CLASS, KEYS, MASK, POINTS, SIDE, STILL, make_cache
from train.unified.augment import AugmentConfig
from train.unified.batches import GREY_MEAN, GREY_STD, Batch, draw_batch, rotate
from train.unified.cache import Cache, CachedPicture, Label

HEADS = {key: index for index, key in enumerate(KEYS)}
CACHE = make_cache()


def visits(weights: dict[str, float], n: int, seed: int = 0) -> list[str]:
    """Return which data set each of the first batches is from."""
    return [batch[0].data_set for batch in islice(rotate(CACHE.pictures, weights, 4, seed), n)]


def test_data_sets_are_visited_as_often_as_their_weights_say() -> None:
    assert Counter(visits({"a": 3, "b": 1}, 40)) == {"a": 30, "b": 10}
    assert Counter(visits({"a": 0.5, "b": 0.75}, 50)) == {"a": 20, "b": 30}


def test_visits_are_spread_evenly() -> None:
    assert visits({"a": 1, "b": 1}, 6) in (["a", "b"] * 3, ["b", "a"] * 3)
    longest = max(len(run) for run in "".join(visits({"a": 3, "b": 1}, 40)).split("b"))
    assert longest == 3


def test_data_set_without_a_weight_is_visited_by_the_root_of_its_size() -> None:
    four_times = [p for p in CACHE.pictures if p.data_set == "a"] * 4
    few = [p for p in CACHE.pictures if p.data_set == "b"]
    names = [batch[0].data_set for batch in islice(rotate([*four_times, *few], {}, 1, 0), 30)]
    assert Counter(names) == {"a": 20, "b": 10}


def test_batch_is_of_one_data_set() -> None:
    for batch in islice(rotate(CACHE.pictures, {}, 3, 0), 20):
        assert len({picture.data_set for picture in batch}) == 1


def test_weight_of_zero_leaves_a_data_set_out() -> None:
    assert set(visits({"a": 0}, 20)) == {"b"}


def test_weight_of_an_unknown_data_set_is_refused_by_name() -> None:
    with pytest.raises(ConfigurationError, match=r"Expected `weights` to name \['a', 'b'\] but got \['c'\]"):
        visits({"c": 1}, 1)


def test_nothing_left_to_visit_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="at least one data set"):
        visits({"a": 0, "b": 0}, 1)


def rows_of(seed: int, n: int) -> list[list[int]]:
    """Return the pictures of the first batches."""
    return [[picture.row for picture in batch] for batch in islice(rotate(CACHE.pictures, {}, 4, seed), n)]


def test_same_seed_gives_the_same_order_and_another_another() -> None:
    assert rows_of(1, 10) == rows_of(1, 10)
    assert rows_of(1, 10) != rows_of(2, 10)


def test_every_picture_is_seen_once_before_any_is_seen_twice() -> None:
    for batch in rows_of(3, 6):
        assert len(set(batch)) == 4


def test_data_set_smaller_than_a_batch_fills_it_again() -> None:
    two = [picture for picture in CACHE.pictures if picture.data_set == "a"][:2]
    batch = next(rotate(two, {}, 5, 0))
    assert sorted(Counter(picture.row for picture in batch).values()) == [2, 3]


def draw(
    pictures: list[CachedPicture],
    *,
    step: int = 0,
    part: slice = slice(None),
    augment: AugmentConfig | None = None,
    cache: Cache = CACHE,
) -> Batch:
    """Draw a batch for a step."""
    augment = augment or AugmentConfig(noise_rate=1)
    return draw_batch(cache, pictures, HEADS, side=SIDE, augment=augment, seed=(1, step), part=part)


FOUR = list(CACHE.pictures[0:8:2])
SIX = [*FOUR, *FOUR[:2]]


def test_batch_depends_on_seed_and_step_alone() -> None:
    first = draw(FOUR, step=3)
    draw(FOUR, step=4)
    again = draw(FOUR, step=3)
    assert torch.equal(first.images, again.images)
    assert not torch.equal(first.images, draw(FOUR, step=4).images)
    for one, other in zip(first.targets, again.targets, strict=True):
        assert torch.equal(one.value, other.value)


def test_same_picture_twice_in_a_batch_is_seen_in_two_views() -> None:
    images = draw([FOUR[0], FOUR[0]]).images
    assert not torch.equal(images[0], images[1])


@pytest.mark.parametrize("n_ranks", [2, 3, 4])
def test_parts_of_all_ranks_make_up_the_whole_batch(n_ranks: int) -> None:
    whole = draw(SIX)
    for rank in range(n_ranks):
        part = draw(SIX, part=slice(rank, None, n_ranks))
        assert torch.equal(part.images, whole.images[rank::n_ranks])
        for some, every in zip(part.targets, whole.targets, strict=True):
            assert some.head == every.head
            assert torch.equal(some.value, every.value[rank::n_ranks])
            assert some.rows.tolist() == list(range(len(part.images)))


def test_still_batch_shows_pictures_and_labels_as_they_are() -> None:
    batch = draw(FOUR[:1], augment=STILL)
    grey = (batch.images[0, 0] * GREY_STD + GREY_MEAN) * 255
    assert grey.numpy() == pytest.approx(CACHE.images[0].astype(float), abs=1e-3)
    values = {KEYS[target.head]: target.value[0] for target in batch.targets}
    assert values.keys() == set(KEYS)
    labels = FOUR[0].labels
    assert values[CLASS].item() == labels[CLASS].class_index
    assert values[BOX].tolist() == pytest.approx(labels[BOX].box)
    mask = CACHE.masks[0]
    cover = mask.reshape(SIDE // 2, 2, SIDE // 2, 2).mean(axis=(1, 3))
    sure = (cover == 0) | (cover == 1)
    assert np.array_equal(values[MASK].numpy()[sure], cover[sure])
    assert values[POINTS].numpy() == pytest.approx(np.array(labels[POINTS].points), abs=1e-6)


def test_picture_without_a_label_has_no_row_in_its_target() -> None:
    mixed = [CACHE.pictures[row] for row in (0, 1, 2, 3)]
    rows = {KEYS[target.head]: target.rows.tolist() for target in draw(mixed).targets}
    assert rows[MASK] == [0, 1, 2, 3]
    assert rows[BOX] == rows[POINTS] == [0, 2]


def test_head_that_no_picture_labels_has_no_target() -> None:
    heads = {KEYS[target.head] for target in draw([CACHE.pictures[1]]).targets}
    assert BOX not in heads
    assert MASK in heads


def test_what_is_out_of_view_is_marked_invalid() -> None:
    corner = Label(box=(0.0, 0.0, 0.1, 0.1))
    ends = Label(points=((0.02, 0.02), (0.5, 0.5), None, (0.5, 0.6)))
    picture = CachedPicture(0, "a", "p", (50, 80), {BOX: corner, POINTS: ends})
    closer = STILL.model_copy(update={"zoom": (2, 2)})
    box, points = draw([picture], augment=closer).targets
    assert box.valid.tolist() == [False]
    assert points.valid.tolist() == [[False, True, False, True]]
    assert not points.value[0, 0].any()


def test_batch_is_named_after_its_data_set() -> None:
    assert draw(FOUR).data_set == "a"
