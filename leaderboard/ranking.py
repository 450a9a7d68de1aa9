"""The 70/30 formula: min-max rescaling, efficiency, final score and competition ranks.

Promises: pure functions over the last axis (the field), so that a stack of resampled fields is ranked in one
call; nothing here knows a file, a protocol or a name.

Source: derived from UUSIC25's published tables (arXiv 2512.17279); reproduces the organisers' sheet to 1e-9.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from evaluation.contract.errors import ConfigurationError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

PERFORMANCE_WEIGHT = 0.7
EFFICIENCY_WEIGHT = 0.3
RANK_DECIMALS = 9
"""Finals equal to this many decimals are tied: rounding noise must not break a tie."""


def rescale_min_max(values: ArrayLike, *, higher_is_better: bool) -> FloatArray:
    """Rescale each field so that its best entry is 1 and its worst 0.

    Args:
        values: (..., n) finite numbers, any unit.
        higher_is_better: False for times, memory and distances.

    Returns:
        (..., n) float64 in [0, 1]. Where max == min (one entry, or all alike) every entry is 1 [ours: the
        published rule does not say]; an empty field stays empty.

    Raises:
        ConfigurationError: a value is NaN or infinite.
    """
    field = _read_finite("values", values)
    if field.shape[-1] == 0:
        return field
    return rescale(field, higher_is_better=higher_is_better)


def rescale(values: FloatArray, *, higher_is_better: bool) -> FloatArray:
    """Rescale each field so that its best defined value is 1 and its worst 0.

    Args:
        values: (..., n), NaN where undefined.
        higher_is_better: the good direction.

    Returns:
        (..., n): 0 for an undefined value, unless all are: then all stay NaN. Where max == min every defined
        value is 1 [ours].
    """
    defined = ~np.isnan(values)
    low = np.where(defined, values, np.inf).min(axis=-1, keepdims=True)
    high = np.where(defined, values, -np.inf).max(axis=-1, keepdims=True)
    any_defined = defined.any(axis=-1, keepdims=True)
    span = np.where(any_defined, high, 0.0) - np.where(any_defined, low, 0.0)
    gained = np.where(defined, values - low if higher_is_better else high - values, 0.0)
    ratio = np.divide(gained, span, out=np.ones_like(gained), where=span > 0)
    return np.where(any_defined, np.where(defined, ratio, 0.0), np.nan)


def compute_efficiency(*, time_s: ArrayLike, peak_gpu: ArrayLike) -> FloatArray:
    """Average the rescaled runtime and the rescaled peak GPU memory; not rescaled again.

    Args:
        time_s: (..., n) seconds for all cases.
        peak_gpu: (..., n) peak GPU memory in any one unit: rescaling removes it.

    Returns:
        (..., n) float64 in [0, 1], higher is better; empty for an empty field.

    Raises:
        ConfigurationError: a value is NaN or infinite.
    """
    time_term = rescale_min_max(time_s, higher_is_better=False)
    memory_term = rescale_min_max(peak_gpu, higher_is_better=False)
    return 0.5 * time_term + 0.5 * memory_term


def compute_final(*, performance: ArrayLike, efficiency: ArrayLike) -> FloatArray:
    """Weigh rescaled performance 0.7 and efficiency 0.3.

    Args:
        performance: (..., n) in [0, 1], rescaled over the field.
        efficiency: (..., n) in [0, 1].

    Returns:
        (..., n) float64 in [0, 1], higher is better.

    Raises:
        ConfigurationError: a value is NaN or infinite.
    """
    p = _read_finite("performance", performance)
    return PERFORMANCE_WEIGHT * p + EFFICIENCY_WEIGHT * _read_finite("efficiency", efficiency)


def rank_descending(final: ArrayLike) -> IntArray:
    """Give competition ranks: 1 is the highest, tied entries share the smaller rank (1, 2, 2, 4).

    Args:
        final: (..., n) finite scores; equal to nine decimals is a tie.

    Returns:
        (..., n) int64, empty for an empty field.

    Raises:
        ConfigurationError: a score is NaN or infinite.
    """
    scores = np.round(_read_finite("final", final), RANK_DECIMALS)
    return np.asarray(rankdata(-scores, method="min", axis=-1), dtype=np.int64)


def rank_with_missing(values: ArrayLike, *, higher_is_better: bool) -> FloatArray:
    """Rank each field; a missing value comes after all others, and missing ones share that place.

    Args:
        values: (..., n), NaN where missing; equal to nine decimals is a tie.
        higher_is_better: the metric's good direction.

    Returns:
        (..., n) float64: ties share the smaller rank (1, 2, 2, 4); missing values the largest rank given plus
        1, so 1 where all are missing.

    Source: challengeR's `rankNA2` with `ties.method="min"` (github wiesenfa/challengeR).
    """
    scores: FloatArray = np.asarray(values, dtype=np.float64).round(RANK_DECIMALS)
    missing = np.isnan(scores)
    if scores.size == 0:
        return scores
    filled = np.where(missing, -np.inf, scores if higher_is_better else -scores)
    ranks = rankdata(-filled, method="min", axis=-1).astype(np.float64)
    last = np.where(missing, 0.0, ranks).max(axis=-1, keepdims=True)
    placed: FloatArray = np.where(missing, last + 1.0, ranks)
    return placed


def _read_finite(name: str, values: ArrayLike) -> FloatArray:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim == 0:
        raise ConfigurationError(f"Expected argument `{name}` to be an array of a field but got one number.")
    if not np.isfinite(array).all():
        raise ConfigurationError(f"Expected argument `{name}` to be finite but got {array.tolist()}.")
    return array
