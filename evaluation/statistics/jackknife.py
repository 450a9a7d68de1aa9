"""The jackknife: a statistic with one unit left out, for each unit; BCa intervals take their skew from it."""

from collections.abc import Sequence

import numpy as np

from evaluation.contract.errors import ConfigurationError
from evaluation.statistics.bootstrap import Statistic
from evaluation.statistics.resampling import ROWS_PER_CHUNK, Float64Array, IntArray, ResamplingUnits


def jackknife(statistic: Statistic, units: ResamplingUnits) -> Float64Array:
    """Evaluate a statistic without each of its units in turn.

    A unit is left out with all of its cases, so with patients as units this is the cluster jackknife. Time
    grows with units times cases; memory does not, because it goes chunk by chunk.

    Args:
        statistic: what to evaluate.
        units: what is left out.

    Returns:
        (n_own_units,) float64 in the order of the unit numbers, only units that have a case in the statistic;
        NaN where the statistic is undefined without the unit.
    """
    unit_of_own_case = units.unit_of_case[statistic.cases]
    left_out = np.unique(unit_of_own_case)
    values = np.empty(len(left_out))
    for start in range(0, len(left_out), ROWS_PER_CHUNK):
        rows = slice(start, start + ROWS_PER_CHUNK)
        weights = (unit_of_own_case != left_out[rows, np.newaxis]).astype(np.float32)
        values[rows] = statistic.evaluate(weights)
    return values


def combine_mean_jackknife(
    statistics: Sequence[Statistic],
    units: ResamplingUnits,
    *,
    estimates: Sequence[float],
    jackknives: Sequence[Float64Array],
) -> Float64Array:
    """Jackknife the mean of several statistics from their own jackknives, without evaluating anything again.

    Leaving out a unit changes only the statistics that it has cases in; the others keep their estimate.

    Args:
        statistics: what is averaged.
        units: what is left out.
        estimates: the value of each statistic on all cases.
        jackknives: the result of `jackknife` for each statistic.

    Returns:
        (n_any_units,) float64 in the order of the unit numbers, units that have a case in any of the
        statistics; NaN where any statistic is undefined without the unit.

    Raises:
        ConfigurationError: nothing to average, or not one estimate and one jackknife a statistic.
    """
    if not len(statistics) == len(estimates) == len(jackknives) > 0:
        raise ConfigurationError(
            "Expected arguments `statistics`, `estimates` and `jackknives` to be of one length above 0 "
            f"but got {len(statistics)}, {len(estimates)} and {len(jackknives)}."
        )
    own_units: list[IntArray] = [np.unique(units.unit_of_case[statistic.cases]) for statistic in statistics]
    totals = np.full(len(units.block_of_unit), np.sum(estimates))
    for own, estimate, values in zip(own_units, estimates, jackknives, strict=True):
        totals[own] += values - estimate
    return totals[np.unique(np.concatenate(own_units))] / len(statistics)
