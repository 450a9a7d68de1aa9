"""AUC: scenes with ties, the undefined table, scikit-learn as the second implementation."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from evaluation.contract.errors import ConfigurationError
from evaluation.metrics import auc
from evaluation.metrics.auc import auc_binary, auc_one_vs_rest_macro, probabilities_with_failures

LABELS = np.array([0, 0, 1, 1])


def multinomial_weights(rng: np.random.Generator, n: int, n_resamples: int) -> NDArray[np.float32]:
    """Return how often each of n cases is drawn in n draws, (n_resamples, n)."""
    return rng.multinomial(n, np.full(n, 1 / n), n_resamples).astype(np.float32)


def test_three_of_four_pairs_in_order() -> None:
    assert auc_binary(labels=LABELS, scores=np.array([0.1, 0.4, 0.35, 0.8])).tolist() == [0.75]


def test_a_tie_counts_half() -> None:
    assert auc_binary(labels=LABELS, scores=np.array([0.1, 0.5, 0.5, 0.8])).tolist() == [0.875]
    assert auc_binary(labels=LABELS, scores=np.zeros(4)).tolist() == [0.5]


def test_undefined_without_weight_on_both_classes() -> None:
    scores = np.array([0.1, 0.4, 0.35, 0.8])
    weights = np.array([[1, 1, 0, 0], [0, 0, 2, 2], [0, 0, 0, 0], [1, 0, 0, 1]], dtype=np.float64)
    values = auc_binary(labels=LABELS, scores=scores, weights=weights)
    assert np.isnan(values).tolist() == [True, True, True, False]
    assert math.isnan(auc_binary(labels=np.ones(3, dtype=int), scores=np.arange(3.0))[0])
    assert math.isnan(auc_binary(labels=np.empty(0, dtype=int), scores=np.empty(0))[0])
    three = np.eye(4)[:, :3]
    assert math.isnan(auc_one_vs_rest_macro(labels=LABELS, probabilities=three)[0])


@pytest.mark.parametrize("decimals", [1, 12])
def test_binary_equals_scikit_learn_on_resampled_cases(decimals: int) -> None:
    rng = np.random.default_rng(40 + decimals)
    for _ in range(15):
        n = int(rng.integers(5, 80))
        labels = rng.integers(0, 2, n)
        scores = np.round(labels * 0.4 + rng.normal(size=n), decimals)
        weights = multinomial_weights(rng, n, 4)
        values = auc_binary(labels=labels, scores=scores, weights=weights)
        for value, weight in zip(values, weights.astype(int), strict=True):
            true = np.repeat(labels, weight)
            if 0 < true.sum() < n:
                assert value == pytest.approx(roc_auc_score(true, np.repeat(scores, weight)), abs=1e-9)
            else:
                assert math.isnan(value)


@pytest.mark.parametrize("num_classes", [3, 4, 8])
def test_one_versus_rest_equals_scikit_learn(num_classes: int) -> None:
    rng = np.random.default_rng(50 + num_classes)
    for _ in range(8):
        labels = np.concatenate((np.arange(num_classes), rng.integers(0, num_classes, 60)))
        probabilities = rng.dirichlet(np.ones(num_classes), labels.size)
        expected = roc_auc_score(labels, probabilities, multi_class="ovr", average="macro")
        value = auc_one_vs_rest_macro(labels=labels, probabilities=probabilities)
        assert value.tolist() == pytest.approx([expected], abs=1e-9)


def test_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(60)
    labels, scores = rng.integers(0, 2, 50), np.round(rng.normal(size=50), 1)
    weights = multinomial_weights(rng, 50, 23)
    whole = auc_binary(labels=labels, scores=scores, weights=weights)
    monkeypatch.setattr(auc, "_CHUNK_ENTRIES", 150)
    np.testing.assert_array_equal(auc_binary(labels=labels, scores=scores, weights=weights), whole)


def test_a_failed_case_is_last_where_true_and_first_elsewhere() -> None:
    probabilities = np.array([[0.7, 0.2, 0.1], [np.nan, 5.0, np.inf]])
    adjusted = probabilities_with_failures(
        labels=np.array([0, 1]), probabilities=probabilities, failed=np.array([False, True])
    )
    assert adjusted.tolist() == [[0.7, 0.2, 0.1], [1.0, 0.0, 1.0]]
    assert np.isnan(probabilities[1, 0])  # the input is left alone


def test_what_does_not_fit_is_refused() -> None:
    good = np.array([0.1, 0.4, 0.35, 0.8])
    with pytest.raises(ConfigurationError, match="labels"):
        auc_binary(labels=np.array([0, 1, 2, 1]), scores=good)
    with pytest.raises(ConfigurationError, match="shape"):
        auc_binary(labels=LABELS, scores=good[:3])
    with pytest.raises(ConfigurationError, match="finite"):
        auc_binary(labels=LABELS, scores=np.array([0.1, np.nan, 0.3, 0.4]))
    with pytest.raises(ConfigurationError, match="probabilities"):
        auc_one_vs_rest_macro(labels=LABELS, probabilities=good)
    with pytest.raises(ConfigurationError, match="failed"):
        probabilities_with_failures(labels=LABELS, probabilities=np.eye(4), failed=np.array([True]))
    with pytest.raises(ConfigurationError, match="shape"):
        probabilities_with_failures(
            labels=LABELS, probabilities=np.eye(3), failed=np.zeros(4, dtype=np.bool_)
        )
