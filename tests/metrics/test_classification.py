"""Classification metrics: scenes, the empty table, scikit-learn, and MCC's bounds against all allocations."""

import itertools
import math
import warnings
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn import metrics as second

from evaluation.contract.errors import ConfigurationError
from evaluation.metrics.classification import (
    FAILED,
    accuracy,
    balanced_accuracy,
    confusion_matrix,
    f1_macro,
    f1_weighted,
    mcc,
)

METRICS = (accuracy, balanced_accuracy, f1_macro, f1_weighted, mcc)


def confusion_of(labels: list[int], predicted: list[int], num_classes: int) -> NDArray[np.float64]:
    """Return the confusion matrix of one unweighted table."""
    return confusion_matrix(labels=np.array(labels), predicted=np.array(predicted), num_classes=num_classes)


def draw_cases(
    rng: np.random.Generator, num_classes: int, n_resamples: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Return labels, predictions that are often right, and multinomial weights."""
    n = int(rng.integers(1, 40))
    labels = rng.integers(0, num_classes, n)
    predicted = np.where(rng.random(n) < 0.6, labels, rng.integers(0, num_classes, n))
    weights = rng.multinomial(n, np.full(n, 1 / n), n_resamples).astype(np.float32)
    return labels, predicted, weights


def brute_force_mcc(labels: NDArray[np.int64], predicted: NDArray[np.int64], num_classes: int) -> float:
    """Search all wrong classes for the numerator and all allocations for the denominator."""
    n, failed = labels.size, np.flatnonzero(predicted == FAILED)
    true = np.bincount(labels, minlength=num_classes).astype(float)
    valid = np.bincount(predicted[predicted != FAILED], minlength=num_classes).astype(float)
    hits = float(np.sum(labels == predicted))
    numerators, spreads = [], []
    for wrong in itertools.product(range(num_classes), repeat=failed.size):
        counts = valid + np.bincount(np.array(wrong, dtype=int), minlength=num_classes)
        spreads.append(n * n - float(counts @ counts))
        if all(k != labels[case] for k, case in zip(wrong, failed, strict=True)):
            numerators.append(hits * n - float(counts @ true))
    numerator = min(numerators)
    spread = max(spreads) if numerator > 0 else min(spreads)
    denominator = math.sqrt(spread * (n * n - float(true @ true)))
    if denominator == 0:
        return -1.0 if numerator < 0 else 0.0
    return max(-1.0, numerator / denominator)


def test_counts_of_a_small_table() -> None:
    counts = confusion_of([0, 0, 1, 1, 1], [0, 1, 1, FAILED, 1], 2)
    assert counts.tolist() == [[[1.0, 1.0, 0.0], [0.0, 2.0, 1.0]]]


def test_weights_count_cases_several_times_or_not_at_all() -> None:
    weights = np.array([[2, 0, 1], [0, 0, 0]], dtype=np.float32)
    counts = confusion_matrix(
        labels=np.array([0, 1, 1]), predicted=np.array([0, 0, FAILED]), num_classes=2, weights=weights
    )
    assert counts.tolist() == [[[2, 0, 0], [0, 0, 1]], [[0, 0, 0], [0, 0, 0]]]


def test_scores_of_a_small_table() -> None:
    counts = confusion_of([0, 0, 1, 1], [0, 1, 1, 1], 2)
    assert accuracy(counts)[0] == 0.75
    assert balanced_accuracy(counts)[0] == 0.75
    assert f1_macro(counts)[0] == pytest.approx((2 / 3 + 4 / 5) / 2)
    assert f1_weighted(counts)[0] == pytest.approx((2 / 3 + 4 / 5) / 2)
    assert mcc(counts)[0] == pytest.approx(1 / math.sqrt(3))


def test_failed_case_is_a_miss_of_its_class_and_a_false_alarm_of_all_others() -> None:
    counts = confusion_of([0, 0, 1, 2], [0, FAILED, 1, 2], 3)
    assert accuracy(counts)[0] == 0.75
    assert balanced_accuracy(counts)[0] == pytest.approx((0.5 + 1 + 1) / 3)
    # Class 0: one hit, one miss.  Classes 1 and 2: one hit, one false alarm.
    assert f1_macro(counts)[0] == pytest.approx(2 / 3)
    # t = (2, 1, 1), p = (1, 1, 1) and one open: numerator 12 − (2 + 1 + 1) − 1 = 7, spreads 16 − (4 + 1 + 1).
    assert mcc(counts)[0] == pytest.approx(7 / math.sqrt(10 * 10))


def test_empty_table() -> None:
    nothing = confusion_matrix(
        labels=np.array([0, 1]),
        predicted=np.array([0, 1]),
        num_classes=2,
        weights=np.zeros((3, 2), dtype=np.float32),
    )
    for metric in METRICS:
        assert np.isnan(metric(nothing)).tolist() == [True] * 3
    all_failed = confusion_of([0, 1, 1], [FAILED] * 3, 2)
    assert [float(metric(all_failed)[0]) for metric in METRICS[:4]] == [0.0] * 4
    assert mcc(all_failed)[0] == -1.0
    one_class = confusion_of([0, 0], [0, 0], 1)
    assert [float(metric(one_class)[0]) for metric in METRICS] == [1.0, 1.0, 1.0, 1.0, 0.0]
    assert mcc(confusion_of([1, 1], [1, 1], 2))[0] == 0.0


@pytest.mark.parametrize("num_classes", [2, 3, 5, 8])
def test_without_failed_cases_equal_to_scikit_learn(num_classes: int) -> None:
    rng = np.random.default_rng(num_classes)
    for _ in range(12):
        labels, predicted, weights = draw_cases(rng, num_classes, 3)
        counts = confusion_matrix(
            labels=labels, predicted=predicted, num_classes=num_classes, weights=weights
        )
        for row, weight in enumerate(weights.astype(int)):
            true, chosen = np.repeat(labels, weight), np.repeat(predicted, weight)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # a predicted class without a true case
                expected: list[Any] = [
                    second.accuracy_score(true, chosen),
                    second.balanced_accuracy_score(true, chosen),
                    second.f1_score(true, chosen, average="macro", zero_division=0),
                    second.f1_score(true, chosen, average="weighted", zero_division=0),
                    second.matthews_corrcoef(true, chosen),
                ]
            values = [float(metric(counts)[row]) for metric in METRICS]
            np.testing.assert_allclose(values, expected, atol=1e-9)


@pytest.mark.parametrize("num_classes", [2, 3, 4])
def test_mcc_equals_the_search_of_all_allocations(num_classes: int) -> None:
    rng = np.random.default_rng(20 + num_classes)
    for _ in range(120):
        n = int(rng.integers(2, 12))
        skew = rng.dirichlet(np.ones(num_classes))
        labels = rng.choice(num_classes, n, p=skew)
        predicted = np.where(rng.random(n) < rng.random(), labels, rng.integers(0, num_classes, n))
        predicted[rng.choice(n, min(n, int(rng.integers(0, 5))), replace=False)] = FAILED
        counts = confusion_matrix(labels=labels, predicted=predicted, num_classes=num_classes)
        assert mcc(counts)[0] == pytest.approx(brute_force_mcc(labels, predicted, num_classes), abs=1e-12)


def test_float32_and_float64_weights_count_alike() -> None:
    labels, predicted, weights = draw_cases(np.random.default_rng(30), 4, 50)
    one, other = (
        confusion_matrix(labels=labels, predicted=predicted, num_classes=4, weights=w)
        for w in (weights, weights.astype(np.float64))
    )
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("labels", "predicted", "weights", "message"),
    [
        ([0, 2], [0, 1], None, "labels"),
        ([0, -1], [0, 1], None, "labels"),
        ([0, 1], [0, 2], None, "predicted"),
        ([0, 1], [0, -2], None, "predicted"),
        ([0, 1], [0], None, "predicted"),
        ([0.5, 1], [0, 1], None, "labels"),
        ([0, 1], [0, 1], np.ones((2, 3)), "weights"),
        ([0, 1], [0, 1], np.ones(2), "weights"),
        ([0, 1], [0, 1], np.ones((1, 2), dtype=np.int64), "weights"),
    ],
)
def test_what_is_no_table_of_classes_is_refused(
    labels: list[int], predicted: list[int], weights: NDArray[np.float64] | None, message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        confusion_matrix(
            labels=np.array(labels), predicted=np.array(predicted), num_classes=2, weights=weights
        )
    with pytest.raises(ConfigurationError, match="num_classes"):
        confusion_matrix(labels=np.array([0]), predicted=np.array([0]), num_classes=0)
