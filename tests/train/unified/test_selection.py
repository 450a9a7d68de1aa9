"""What is shipped: the better stage's heads, and probabilities that mean what they say."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.special import log_softmax
from sklearn.metrics import roc_auc_score

from evaluation.contract.errors import ConfigurationError
from model.network.heads import ClassificationHead
from model.network.unified import HeadKey, UnifiedNetwork
from tests.train.unified.scenes import (
    BOX,
    CLASS,
    KEYS,
    MASK,
    OTHER_CLASS,
    POINTS,
    SIDE,
    is_same,
    make_cache,
    make_network,
    tiny_config,
)
from train.unified.selection import (
    MAX_TEMPERATURE,
    choose_heads,
    fit_temperature,
    merge_specialists,
    prefer_real,
    temper,
)
from train.unified.setup import make_specialists
from train.unified.validate import Validation, answer_all

IMAGES = torch.from_numpy(np.random.default_rng(0).normal(size=(2, 1, SIDE, SIDE)).astype(np.float32))


def answers_of(network: UnifiedNetwork) -> list[torch.Tensor]:
    """Return what every head says about two pictures."""
    network.eval()
    with torch.no_grad():
        features = network.encode(IMAGES)
        return [network.answer(index, features) for index in range(len(network.keys))]


def scores(**told: float) -> Validation:
    """Return a validation that scored these heads."""
    by_name = {"cls": CLASS, "other": OTHER_CLASS, "box": BOX, "points": POINTS, "mask": MASK}
    return Validation({by_name[name]: value for name, value in told.items()})


def both_stages() -> tuple[UnifiedNetwork, UnifiedNetwork]:
    """Return specialists whose heads and adapters have moved, and their generalist."""
    generalist = make_network()
    specialists = make_specialists(tiny_config(preset="mh_mtl"), generalist)
    with torch.no_grad():
        for weight in specialists.heads.parameters():
            weight.add_(torch.randn_like(weight) * 0.1)
    return specialists, generalist


def test_head_that_is_not_better_answers_like_stage_one_and_the_others_like_stage_two() -> None:
    specialists, generalist = both_stages()
    of_1, of_2 = answers_of(generalist), answers_of(specialists)
    assert not any(torch.equal(one, two) for one, two in zip(of_1, of_2, strict=True))
    stages = choose_heads(
        specialists,
        generalist,
        scores(cls=0.7, other=0.9, box=0.5, mask=0.9),
        scores(cls=0.8, other=0.8, box=0.5, mask=0.8),
    )
    assert stages == {CLASS: 1, OTHER_CLASS: 2, BOX: 1, POINTS: 1, MASK: 2}
    for index, said in enumerate(answers_of(specialists)):
        expected = (of_1, of_2)[stages[KEYS[index]] - 1]
        assert torch.equal(said, expected[index]), KEYS[index]


def test_of_several_runs_each_head_is_the_best_ones() -> None:
    specialists, generalist = both_stages()
    others = make_specialists(tiny_config(preset="mh_mtl"), generalist)
    of_these, of_others = answers_of(specialists), answers_of(others)
    best = merge_specialists(
        specialists,
        others,
        scores(cls=0.7, box=0.5, mask=0.8),
        scores(cls=0.7, box=0.6, mask=0.7, points=0.1),
    )
    assert best == scores(cls=0.7, box=0.6, mask=0.8, points=0.1)
    for key, said, this, other in zip(KEYS, answers_of(specialists), of_these, of_others, strict=True):
        assert torch.equal(said, other if key in (BOX, POINTS) else this), key


def test_runs_of_another_generalist_are_not_mixed() -> None:
    specialists, _ = both_stages()
    others, _ = both_stages()
    with torch.no_grad():
        next(others.backbone.parameters()).add_(1)
    with pytest.raises(ConfigurationError, match="one Stage I"):
        merge_specialists(specialists, others, scores(), scores())


def test_adapter_of_a_replaced_head_is_the_identity() -> None:
    specialists, generalist = both_stages()
    choose_heads(specialists, generalist, scores(cls=0.7), scores(cls=0.8))
    head = specialists.heads[KEYS.index(CLASS)]
    assert isinstance(head, ClassificationHead)
    assert head.adapter is not None
    stem = torch.randn(1, 320, 2, 2)
    assert torch.equal(head.adapter(stem), stem)


def test_generalist_is_left_as_it_was() -> None:
    specialists, generalist = both_stages()
    before = answers_of(generalist)
    choose_heads(specialists, generalist, scores(cls=0.7), scores(cls=0.8))
    assert all(torch.equal(one, two) for one, two in zip(before, answers_of(generalist), strict=True))


def test_head_of_another_form_is_not_taken_over() -> None:
    specialists, _ = both_stages()
    other = make_network(keys=(*KEYS[:-1], HeadKey(task_id="lesion", kind=BOX.kind, num_classes=1)))
    with pytest.raises(ConfigurationError, match="backbones or heads differ"):
        choose_heads(specialists, other, scores(), scores())


def test_heads_of_another_backbone_are_not_taken_over() -> None:
    specialists, generalist = both_stages()
    with torch.no_grad():
        next(generalist.backbone.parameters()).add_(1)
    with pytest.raises(ConfigurationError, match="backbones or heads differ"):
        choose_heads(specialists, generalist, scores(cls=0.7), scores(cls=0.8))


def test_made_pictures_choose_only_between_heads_that_no_other_picture_has() -> None:
    cache = make_cache(8)  # Of odd pictures, `b`, nobody knows a place.
    kept = prefer_real(cache, ["b"])
    assert {picture.data_set for picture in kept.pictures} == {"a"}
    turned = prefer_real(cache, ["a"])
    assert {frozenset(p.labels) for p in turned.pictures if p.data_set == "a"} == {frozenset({BOX, POINTS})}
    assert [p for p in turned.pictures if p.data_set == "b"] == [p for p in cache.pictures if p.row % 2]
    assert prefer_real(cache, []).pictures == cache.pictures
    with pytest.raises(ConfigurationError, match=r"`synthetic` to name data sets but got \['c'\]"):
        prefer_real(cache, ["a", "c"])


def calibrated(n: int, scale: float) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return logits that are `scale` times the truth's log-odds, and labels drawn from the truth."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(n, 3)) * 1.5
    chance = np.exp(log_softmax(logits, axis=1))
    labels = (rng.random(n)[:, None] > chance.cumsum(axis=1)).sum(axis=1)
    return logits * scale, labels


@pytest.mark.parametrize("scale", [0.5, 1.0, 3.0])
def test_temperature_undoes_the_scale_of_logits(scale: float) -> None:
    assert fit_temperature(*calibrated(20_000, scale)) == pytest.approx(scale, rel=0.05)


def test_temperature_of_two_equal_margins_by_hand() -> None:
    """Three of four cases right at margin 1: 3 + 1 of 4 + 2 with the smoothing, log-odds log(4 / 2)."""
    logits = np.array([[0.0, 1], [0, 1], [0, 1], [0, 1]])
    assert fit_temperature(logits, np.array([1, 1, 1, 0])) == pytest.approx(1 / np.log(2), rel=1e-3)


def test_few_cases_without_a_fault_do_not_make_it_certain() -> None:
    logits = np.array([[0.0, 3], [3, 0]] * 5)
    temperature = fit_temperature(logits, np.array([1, 0] * 5))
    assert 3 / temperature == pytest.approx(np.log(11), rel=1e-3)


def test_hopeless_head_is_bounded() -> None:
    logits = np.array([[0.0, 9], [9, 0]] * 5)
    assert fit_temperature(logits, np.array([0, 1] * 5)) == pytest.approx(MAX_TEMPERATURE, rel=1e-2)


def test_tempered_network_keeps_its_classes_and_areas_and_changes_no_other_head() -> None:
    network, cache = make_network(), make_cache(12)
    before = answer_all(network, cache)
    temperatures = temper(network, before, cache)
    after = answer_all(network, cache)
    assert temperatures.keys() == {CLASS, OTHER_CLASS}
    for key in KEYS:
        said, then = (np.stack([answer.astype(float) for _, answer in of[key]]) for of in (after, before))
        if key not in temperatures:
            assert np.array_equal(said, then)
            continue
        # bfloat16 rounds the divided weights anew.
        assert said == pytest.approx(then / temperatures[key], abs=0.02 * float(np.abs(said).max()))
        labels = [picture.labels[key].class_index for picture, _ in after[key]]
        assert roc_auc_score(labels, said[:, 1] - said[:, 0]) == pytest.approx(
            roc_auc_score(labels, then[:, 1] - then[:, 0]), abs=0.06
        )


def test_temperature_changes_no_class_in_full_precision() -> None:
    network, cache = make_network(), make_cache(12)
    before = answers_of(network)
    temper(network, answer_all(network, cache), cache)
    after = answers_of(network)
    for index, key in enumerate(KEYS[:2]):
        assert torch.equal(after[index].argmax(1), before[index].argmax(1)), key
        assert not torch.equal(after[index], before[index])


def test_head_that_nobody_labelled_keeps_its_temperature() -> None:
    network, cache = make_network(), make_cache(6)
    answers = {key: of for key, of in answer_all(network, cache).items() if key != CLASS}
    before = {name: weight.clone() for name, weight in network.heads[0].state_dict().items()}
    assert CLASS not in temper(network, answers, cache)
    assert is_same(dict(network.heads[0].state_dict()), before)
