"""Classification metrics from weighted confusion matrices, failed cases included.

A resample is a row of weights: `confusion_matrix` turns (B, n) weights into (B, K, K+1) counts by one matrix
product, and every metric is a function of those counts.  The last column counts failed cases (no valid
prediction). Without failed cases all equal scikit-learn (zero_division=0).  With them they are strict:
marking any case as failed never raises a metric, whatever was predicted for it before.
"""

import numpy as np

from evaluation.contract.errors import ConfigurationError
from evaluation.metrics.overlap import check_num_classes
from evaluation.metrics.resampled import Float64Array, IntArray, Weights, check_classes, weights_or_ones

FAILED = -1
"""In `predicted`: the case has no valid prediction."""


def confusion_matrix(
    *, labels: IntArray, predicted: IntArray, num_classes: int, weights: Weights | None = None
) -> Float64Array:
    """Count true class against predicted class in each resample, (B, K, K+1) float64.

    Rows are true classes; the last column counts failed cases.  No case at all: zeros.

    Args:
        labels: (n,) true class, 0 … K−1.
        predicted: (n,) predicted class, 0 … K−1, or `FAILED`.
        num_classes: K.
        weights: (B, n) how often each case occurs in each resample; None is one row of ones.  float32 is
        exact for
            whole numbers while a row's sum is below 2^24.

    Raises:
        ConfigurationError: shapes differ, a label or a prediction is no class, or K is less than 1.
    """
    check_num_classes(num_classes)
    check_classes("labels", labels, num_classes)
    check_classes("predicted", predicted, num_classes, lowest=FAILED)
    if predicted.shape != labels.shape:
        raise ConfigurationError(
            f"Expected argument `predicted` to have {labels.size} cases but got {predicted.size}."
        )
    rows = weights_or_ones(weights, labels.size)
    columns = np.where(predicted == FAILED, num_classes, predicted).astype(np.intp)
    cells = labels.astype(np.intp) * (num_classes + 1) + columns
    # Only cells that occur become columns of the product: K may be large.
    occurring, place = np.unique(cells, return_inverse=True)
    one_hot = np.zeros((labels.size, occurring.size), dtype=rows.dtype)
    one_hot[np.arange(labels.size), place] = 1
    counts = np.zeros((rows.shape[0], num_classes * (num_classes + 1)))
    counts[:, occurring] = rows @ one_hot
    return counts.reshape(-1, num_classes, num_classes + 1)


def accuracy(confusion: Float64Array) -> Float64Array:
    """Return the share of correct cases, (B,) between 0 and 1; a failed case is wrong; NaN without a case.

    Args:
        confusion: (B, K, K+1) of `confusion_matrix`.
    """
    return _divide(_hits(confusion).sum(axis=1), confusion.sum(axis=(1, 2)))


def balanced_accuracy(confusion: Float64Array) -> Float64Array:
    """Return the mean recall over the classes with true cases, (B,) between 0 and 1; NaN without a case.

    A failed case is a miss of its class.

    Args:
        confusion: (B, K, K+1) of `confusion_matrix`.
    """
    support = confusion.sum(axis=2)
    recall = np.divide(_hits(confusion), support, out=np.zeros_like(support), where=support > 0)
    return _divide(recall.sum(axis=1), (support > 0).sum(axis=1))


def f1_macro(confusion: Float64Array) -> Float64Array:
    """Return the mean F1 of the classes seen in truth or prediction, (B,) from 0 to 1; NaN without a case.

    A failed case is a false negative of its class and a false positive of every other class, which makes all
    those classes seen.  So each class's F1 can only fall, and a class that becomes seen adds a zero.

    Args:
        confusion: (B, K, K+1) of `confusion_matrix`.
    """
    values, seen = _f1_per_class(confusion)
    return _divide(values.sum(axis=1), seen.sum(axis=1))


def f1_weighted(confusion: Float64Array) -> Float64Array:
    """Return the mean F1 weighted by each class's true cases, (B,) between 0 and 1; NaN without a case.

    A failed case counts as in `f1_macro`.

    Args:
        confusion: (B, K, K+1) of `confusion_matrix`.
    """
    values, _ = _f1_per_class(confusion)
    support = confusion.sum(axis=2)
    return _divide((values * support).sum(axis=1), support.sum(axis=1))


def mcc(confusion: Float64Array) -> Float64Array:
    """Return Matthews' correlation for K classes, (B,) between −1 and 1; NaN without a case.

    With s cases, c of them correct, t_k true and p_k predicted of class k::

        (c·s − Σ p_k·t_k) / sqrt((s² − Σ p_k²)·(s² − Σ t_k²)),   0 where the denominator is 0

    Failed cases leave the predictions open.  The numerator takes each as predicted as the commonest other
    class, the smallest that wrong classes allow.  The denominator is the largest over all ways to hand the
    failed cases to the K classes (their own included) if the numerator is positive, the smallest if it is
    negative; the value never falls below −1 (a negative numerator over 0 is −1).

    Marking one more case as failed never raises it: t and s stay.  The case's part of the numerator was
    s − t_true ≥ 0 if right and −t_predicted if wrong; now it is −max over the other classes of t, no more
    than either.  What was predicted for it is one of the ways to hand it out, so the set of ways over which
    the denominator is taken only grows: the largest does not fall, the smallest does not rise.  A quotient
    whose numerator falls and whose denominator moves against it does not rise, nor does it where its sign
    changes. Resampling weights must be whole numbers for this: cases are handed out whole.

    Args:
        confusion: (B, K, K+1) of `confusion_matrix`.

    Source: Gorodkin 2004; equal to scikit-learn's `matthews_corrcoef` to 1e-9 without failed cases.
    """
    true = confusion.sum(axis=2)
    predicted = confusion[:, :, :-1].sum(axis=1)
    failed = confusion[:, :, -1]
    cases = true.sum(axis=1)
    numerator = _hits(confusion).sum(axis=1) * cases - (predicted * true).sum(axis=1)
    numerator -= (failed * _commonest_other(true)).sum(axis=1)
    spread_true = cases**2 - (true**2).sum(axis=1)
    squares = np.where(
        numerator > 0,
        _smallest_sum_of_squares(predicted, failed.sum(axis=1)),
        _largest_sum_of_squares(predicted, failed.sum(axis=1)),
    )
    denominator = np.sqrt(np.maximum((cases**2 - squares) * spread_true, 0))
    at_zero = np.where(numerator < 0, -1.0, 0.0)
    value = np.divide(numerator, denominator, out=at_zero, where=denominator > 0)
    result: Float64Array = np.where(cases > 0, np.clip(value, -1.0, 1.0), np.nan)
    return result


def _hits(confusion: Float64Array) -> Float64Array:
    """Return the correct cases of each class, (B, K)."""
    hits: Float64Array = np.diagonal(confusion, axis1=1, axis2=2)
    return hits


def _divide(numerator: Float64Array, denominator: Float64Array) -> Float64Array:
    """Divide, giving NaN where the denominator is 0."""
    out: Float64Array = np.full(numerator.shape, np.nan)
    np.divide(numerator, denominator, out=out, where=denominator > 0)
    return out


def _f1_per_class(confusion: Float64Array) -> tuple[Float64Array, Float64Array]:
    """Return each class's F1 (0 if not seen) and whether it is seen (1.0 or 0.0), both (B, K)."""
    failed = confusion[:, :, -1]
    failed_elsewhere = failed.sum(axis=1, keepdims=True) - failed
    # 2·TP + FN + FP = true cases + predicted cases, with a failed case predicted as every other class.
    total = confusion.sum(axis=2) + confusion[:, :, :-1].sum(axis=1) + failed_elsewhere
    values = np.divide(2 * _hits(confusion), total, out=np.zeros_like(total), where=total > 0)
    return values, (total > 0).astype(np.float64)


def _commonest_other(true: Float64Array) -> Float64Array:
    """Return for each class the largest number of true cases among the other classes, (B, K)."""
    if true.shape[1] == 1:
        return np.zeros_like(true)
    ordered = np.sort(true, axis=1)
    is_top = true == ordered[:, -1:]
    # If several share the top, the second largest equals the largest.
    return np.where(is_top, ordered[:, -2:-1], ordered[:, -1:])


def _largest_sum_of_squares(counts: Float64Array, extra: Float64Array) -> Float64Array:
    """Return Σ (p_k + x_k)² with all of `extra` (B,) handed to the largest of `counts` (B, K), (B,)."""
    top = counts.max(axis=1)
    squares: Float64Array = (counts**2).sum(axis=1) - top**2 + (top + extra) ** 2
    return squares


def _smallest_sum_of_squares(counts: Float64Array, extra: Float64Array) -> Float64Array:
    """Return the smallest Σ (p_k + x_k)² over whole x_k ≥ 0 with Σ x_k = `extra`, (B,).

    Water-filling: the m smallest counts are raised to a common level, the rest stay.
    """
    ordered = np.sort(counts, axis=1)
    sums = np.cumsum(ordered, axis=1)
    widths = np.arange(1, counts.shape[1] + 1)
    cost = ordered * widths - sums  # what it takes to raise all smaller counts to each count
    m = (cost <= extra[:, None]).sum(axis=1)
    row = np.arange(counts.shape[0])
    total = sums[row, m - 1] + extra
    level = np.floor(total / m)
    one_higher = total - level * m
    raised = (m - one_higher) * level**2 + one_higher * (level + 1) ** 2
    untouched = (counts**2).sum(axis=1) - np.cumsum(ordered**2, axis=1)[row, m - 1]
    squares: Float64Array = raised + untouched
    return squares
