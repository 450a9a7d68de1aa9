"""The jackknife: a statistic with one unit left out, for each unit; BCa intervals take their skew from it."""

import numpy as np

from evaluation.statistics.bootstrap import Statistic
from evaluation.statistics.resampling import ROWS_PER_CHUNK, Float64Array, ResamplingUnits


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
