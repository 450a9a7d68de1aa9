"""The bootstrap: all statistics of a result over the same resamples, in one pass over the weights.

Promise: an undefined value is NaN in the samples and never a number.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.contract.errors import ConfigurationError
from evaluation.statistics.resampling import (
    Float32Array,
    Float64Array,
    IntArray,
    ResamplingUnits,
    draw_weights,
)

WeightedFunction = Callable[[Float32Array], Float64Array]
"""(b, n) weights of n cases -> (b,) values, NaN where undefined."""


@dataclass(frozen=True)
class Statistic:
    """A number computed from some of the cases, written as a function of their weights."""

    cases: IntArray
    """(n_own,): the cases it is computed from, as positions in `ResamplingUnits.unit_of_case`."""

    evaluate: WeightedFunction
    """(b, n_own) float32 weights of those cases, in that order -> (b,) float64, NaN where undefined."""


def bootstrap(
    statistics: Mapping[str, Statistic],
    units: ResamplingUnits,
    *,
    n_resamples: int = 1000,
    seed: int = 0,
    progress: Callable[[int], None] | None = None,
) -> dict[str, Float64Array]:
    """Evaluate every statistic on the same resamples of the units.

    A case weighs as much as its unit: with patients as units this is the cluster bootstrap.

    Args:
        statistics: what to evaluate, by name.
        units: what is drawn; covers the cases of all statistics.
        n_resamples: 0 or more.
        seed: 0 or more; the same seed gives the same samples.
        progress: called after each chunk with the number of resamples finished so far.

    Returns:
        (n_resamples,) float64 by name, NaN where the statistic is undefined on a resample. Row b of every
        array belongs to the same resample, so differences and means across names are paired.

    Raises:
        ConfigurationError: a negative number of resamples or a negative seed.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), sections 6.2 and 13.3; clusters:
        Davison and Hinkley, Bootstrap Methods and their Application (1997), section 3.8, first scheme (whole
        clusters are drawn, the cases within them are kept).
    """
    samples = {name: np.full(n_resamples, np.nan) for name in statistics}
    names_by_columns: dict[bytes, list[str]] = {}
    for name, statistic in statistics.items():
        columns = units.unit_of_case[statistic.cases]
        names_by_columns.setdefault(columns.tobytes(), []).append(name)
    done = 0
    for weights in draw_weights(units, n_resamples=n_resamples, seed=seed):
        rows = slice(done, done + len(weights))
        for columns_key, names in names_by_columns.items():
            own_weights = weights.take(np.frombuffer(columns_key, dtype=np.int64), axis=1)
            for name in names:
                samples[name][rows] = statistics[name].evaluate(own_weights)
        done += len(weights)
        if progress is not None:
            progress(done)
    return samples


def weighted_mean(values: Float64Array) -> WeightedFunction:
    """Return the mean of `values` as a function of the cases' weights.

    Args:
        values: (n,) finite scores; cases without a score are left out of the statistic, not passed as NaN.

    Returns:
        A function (b, n) -> (b,) float64, summed in float64; NaN where the weights sum to 0 (no cases).

    Raises:
        ConfigurationError: a value is NaN or infinite.
    """
    if not np.isfinite(values).all():
        n_bad = np.count_nonzero(~np.isfinite(values))
        raise ConfigurationError(
            f"Expected argument `values` to be finite but got {n_bad} NaN or infinite of {len(values)}; "
            "leave cases without a score out of the statistic."
        )

    def evaluate(weights: Float32Array) -> Float64Array:
        totals = weights.sum(axis=1, dtype=np.float64)
        means = np.full(len(weights), np.nan)
        np.divide(weights.astype(np.float64) @ values, totals, out=means, where=totals > 0)
        return means

    return evaluate


def combine_mean(samples: Sequence[Float64Array], *, leave_out_undefined: bool = False) -> Float64Array:
    """Average several statistics resample by resample: the samples of a macro mean.

    Args:
        samples: one array (n_resamples,) a statistic, all from one call of `bootstrap`.
        leave_out_undefined: average those that are defined on a resample.

    Returns:
        (n_resamples,) float64, NaN where any of them is NaN; with `leave_out_undefined` where all are.

    Raises:
        ConfigurationError: there is nothing to average.
    """
    if not samples:
        raise ConfigurationError("Expected argument `samples` to be at least one array but got none.")
    stacked = np.stack(samples)
    if not leave_out_undefined:
        return np.asarray(np.mean(stacked, axis=0))
    defined = ~np.isnan(stacked)
    counts = defined.sum(axis=0)
    sums = np.where(defined, stacked, 0.0).sum(axis=0)
    means: Float64Array = np.divide(sums, counts, out=np.full(stacked.shape[1], np.nan), where=counts > 0)
    return means
