"""Area under the ROC curve for many resampling weights at once.

A resample is a row of weights, so B resamples cost one sort and cumulative sums instead of B sorts.
"""

import numpy as np
from numpy.typing import NDArray

from evaluation.contract.errors import ConfigurationError
from evaluation.metrics.resampled import (
    BoolArray,
    Float64Array,
    IntArray,
    Weights,
    check_classes,
    weights_or_ones,
)

_CHUNK_ENTRIES = 1 << 19
"""Weights worked on at a time: the intermediates stay in the cache, and the memory flat."""


def auc_binary(*, labels: IntArray, scores: Float64Array, weights: Weights | None = None) -> Float64Array:
    """Return the area under the ROC curve of each resample, (B,) float64 between 0 and 1; ties count half.

    NaN where one of the two classes has no weight.

    Args:
        labels: (n,) true class, 0 or 1.
        scores: (n,) finite score of class 1, higher = more likely.
        weights: (B, n) weight of each case in each resample, 0 or more; None is one row of ones.

    Raises:
        ConfigurationError: shapes differ, a label is neither 0 nor 1, or a score is not finite.

    Source: Mann and Whitney 1947; equal to scikit-learn's `roc_auc_score` to 1e-9.
    """
    check_classes("labels", labels, 2)
    _check_scores(scores, (labels.size,))
    return _area(is_positive=labels == 1, scores=scores, weights=weights_or_ones(weights, labels.size))


def auc_one_vs_rest_macro(
    *, labels: IntArray, probabilities: Float64Array, weights: Weights | None = None
) -> Float64Array:
    """Return the plain mean over classes of the AUC of each against all others, (B,) float64, 0 to 1.

    NaN where any class has no weight or all of it.

    Args:
        labels: (n,) true class, 0 … K−1.
        probabilities: (n, K) finite score of each class.
        weights: (B, n) weight of each case in each resample, 0 or more; None is one row of ones.

    Raises:
        ConfigurationError: shapes differ, a label is no class, or a score is not finite.

    Source: equal to scikit-learn's `roc_auc_score(multi_class="ovr", average="macro")` to 1e-9.
    """
    num_classes = _check_probabilities(labels, probabilities)
    rows = weights_or_ones(weights, labels.size)
    total = np.zeros(rows.shape[0])
    for k in range(num_classes):
        total += _area(is_positive=labels == k, scores=probabilities[:, k], weights=rows)
    return total / num_classes


def probabilities_with_failures(
    *, labels: IntArray, probabilities: Float64Array, failed: BoolArray
) -> Float64Array:
    """Return probabilities in which each failed case is as wrong as it can be, (n, K) float64.

    A failed case gets 0 for its true class and 1 for every other one.  With scores between 0 and 1 that is
    the last place of a positive case and the first of a negative one in each one-versus-rest column, so
    marking a case as failed never raises an AUC.

    Args:
        labels: (n,) true class, 0 … K−1.
        probabilities: (n, K) between 0 and 1; rows of failed cases are not looked at.
        failed: (n,) bool.

    Raises:
        ConfigurationError: shapes differ, a label is no class, or a valid case's probability is not finite.
    """
    if failed.shape != labels.shape:
        raise ConfigurationError(f"Expected argument `failed` to be {labels.shape} but got {failed.shape}.")
    adjusted = np.array(probabilities, dtype=np.float64)
    if adjusted.ndim == 2 and adjusted.shape[0] == failed.size:
        adjusted[failed] = 1.0
    _check_probabilities(labels, adjusted)
    where = np.flatnonzero(failed)
    adjusted[where, labels[where]] = 0.0
    return adjusted


def _area(*, is_positive: BoolArray, scores: Float64Array, weights: Weights) -> Float64Array:
    """Return P(positive's score > negative's) + P(equal)/2 for each row of weights; NaN where undefined."""
    positives, negatives = np.flatnonzero(is_positive), np.flatnonzero(~is_positive)
    negatives = negatives[np.argsort(scores[negatives], kind="stable")]
    below = np.searchsorted(scores[negatives], scores[positives], side="left")
    up_to = np.searchsorted(scores[negatives], scores[positives], side="right")
    tied = np.flatnonzero(up_to > below)
    areas = np.empty(weights.shape[0])
    step = max(1, _CHUNK_ENTRIES // max(1, scores.size))
    for start in range(0, weights.shape[0], step):
        rows = weights[start : start + step]
        weight_positive = np.take(rows, positives, axis=1).astype(np.float64, copy=False)
        cumulative = np.zeros((rows.shape[0], negatives.size + 1))
        np.cumsum(np.take(rows, negatives, axis=1), axis=1, dtype=np.float64, out=cumulative[:, 1:])
        wins = np.einsum("bp,bp->b", weight_positive, np.take(cumulative, below, axis=1))
        ties = np.take(cumulative, up_to[tied], axis=1) - np.take(cumulative, below[tied], axis=1)
        wins += 0.5 * np.einsum("bp,bp->b", weight_positive[:, tied], ties)
        pairs = weight_positive.sum(axis=1) * cumulative[:, -1]
        areas[start : start + step] = np.divide(wins, pairs, out=np.full_like(wins, np.nan), where=pairs > 0)
    return areas


def _check_probabilities(labels: IntArray, probabilities: Float64Array) -> int:
    """Refuse probabilities that do not fit the labels; return the number of classes."""
    if probabilities.ndim != 2 or probabilities.shape[1] < 1:
        raise ConfigurationError(
            f"Expected argument `probabilities` to be of shape (n, K) but got {probabilities.shape}."
        )
    check_classes("labels", labels, probabilities.shape[1])
    _check_scores(probabilities, (labels.size, probabilities.shape[1]))
    return int(probabilities.shape[1])


def _check_scores(scores: NDArray[np.float64], shape: tuple[int, ...]) -> None:
    """Refuse scores of another shape and scores that are not finite."""
    if scores.shape != shape:
        raise ConfigurationError(f"Expected the scores to be of shape {shape} but got {scores.shape}.")
    if not np.isfinite(scores).all():
        raise ConfigurationError("Expected the scores to be finite but got NaN or infinite values.")
