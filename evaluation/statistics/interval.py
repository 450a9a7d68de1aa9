"""Confidence intervals from bootstrap samples; resamples without a value are left out and counted."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import ndtr, ndtri

from evaluation.contract.errors import ConfigurationError
from evaluation.statistics.resampling import Float64Array

Method = Literal["percentile", "bca", "percentile (bca undefined)"]

# values that are equal in theory may differ in their last bits, by the way they are summed
_TIE_TOLERANCE = 1e-12


@dataclass(frozen=True)
class IntervalEstimate:
    """A confidence interval and what it rests on."""

    low: float
    """Lower end, in the unit of the statistic."""

    high: float
    """Upper end, in the unit of the statistic."""

    level: float
    """Nominal coverage, e.g. 0.95."""

    method: Method
    """How it was made; the third one says that BCa was asked for and could not be computed."""

    n_resamples: int
    """Resamples drawn, undefined ones included."""

    n_undefined: int
    """Resamples on which the statistic was undefined; they are left out of the interval."""


def percentile_interval(samples: Float64Array, *, level: float = 0.95) -> IntervalEstimate | None:
    """Return the interval between two percentiles of the samples (linear between order statistics).

    Args:
        samples: (n_resamples,) values of the statistic, NaN where undefined.
        level: nominal coverage, inside (0, 1).

    Returns:
        The interval, or None if more than half of the samples are undefined or fewer than two are defined.

    Raises:
        ConfigurationError: level is not inside (0, 1).

    Source: Efron and Tibshirani (1993), section 13.3.
    """
    tails = _tails(level)
    defined = _defined_samples(samples)
    if defined is None:
        return None
    return _cut(defined, tails, level=level, method="percentile", n_resamples=len(samples))


def bca_interval(
    samples: Float64Array, *, estimate: float, jackknife: Float64Array, level: float = 0.95
) -> IntervalEstimate | None:
    """Return the bias-corrected and accelerated interval.

    Where its corrections are undefined (all samples on one side of the estimate, a jackknife without spread
    or with an undefined value, an acceleration out of range) it is the percentile interval, and `method` says
    so.

    Args:
        samples: (n_resamples,) values of the statistic, NaN where undefined.
        estimate: the statistic on all cases; samples within 1e-12 of it count half below and half above.
        jackknife: (n_own_units,) values without each unit.
        level: nominal coverage, inside (0, 1).

    Returns:
        The interval, or None if more than half of the samples are undefined or fewer than two are defined.

    Raises:
        ConfigurationError: level is not inside (0, 1).

    Source: Efron and Tibshirani (1993), section 14.3. As scipy.stats.bootstrap(method="BCa"), apart from the
        fallback (scipy returns NaN) and the tolerance for ties.
    """
    tails = _tails(level)
    defined = _defined_samples(samples)
    if defined is None:
        return None
    corrected = _correct_tails(tails, defined, estimate, jackknife)
    if corrected is None:
        method: Method = "percentile (bca undefined)"
        return _cut(defined, tails, level=level, method=method, n_resamples=len(samples))
    return _cut(defined, corrected, level=level, method="bca", n_resamples=len(samples))


def _tails(level: float) -> Float64Array:
    """Return the two cumulative probabilities (2,) at the ends of a central interval."""
    if not 0 < level < 1:
        raise ConfigurationError(f"Expected argument `level` to be above 0 and below 1 but got {level}.")
    return np.array([(1 - level) / 2, (1 + level) / 2])


def _defined_samples(samples: Float64Array) -> Float64Array | None:
    """Return the samples that have a value, or None if they are too few for an interval."""
    defined = samples[~np.isnan(samples)]
    if len(defined) < 2 or 2 * len(defined) < len(samples):
        return None
    return defined


def _correct_tails(
    tails: Float64Array, defined: Float64Array, estimate: float, jackknife: Float64Array
) -> Float64Array | None:
    """Shift the two cumulative probabilities for bias and skew; None where a correction is undefined."""
    acceleration = _acceleration(jackknife)
    offsets = defined - estimate
    is_tied = np.abs(offsets) <= _TIE_TOLERANCE * max(1.0, abs(estimate))
    share_below = np.mean(np.where(is_tied, 0.5, offsets < 0))
    if acceleration is None or not 0 < share_below < 1:
        return None
    bias = ndtri(share_below)
    shifted = bias + ndtri(tails)
    shrink = 1 - acceleration * shifted
    if np.any(shrink <= 0):
        return None
    corrected: Float64Array = ndtr(bias + shifted / shrink)
    return corrected


def _acceleration(jackknife: Float64Array) -> float | None:
    """Return a sixth of the skewness of the jackknife values, turned round; None without a spread."""
    if len(jackknife) < 2 or not np.isfinite(jackknife).all():
        return None
    influence = jackknife.mean() - jackknife
    if np.max(np.abs(influence)) <= _TIE_TOLERANCE * max(1.0, abs(jackknife.mean())):
        return None
    return float(np.sum(influence**3) / (6 * np.sum(influence**2) ** 1.5))


def _cut(
    defined: Float64Array, tails: Float64Array, *, level: float, method: Method, n_resamples: int
) -> IntervalEstimate:
    """Read the interval off the defined samples."""
    low, high = np.quantile(defined, tails)
    return IntervalEstimate(
        low=float(low),
        high=float(high),
        level=level,
        method=method,
        n_resamples=n_resamples,
        n_undefined=n_resamples - len(defined),
    )
