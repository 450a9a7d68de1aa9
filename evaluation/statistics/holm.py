"""Many tests at once: Holm's step-down correction."""

import numpy as np

from evaluation.statistics.resampling import Float64Array


def adjust_holm(p_values: Float64Array) -> Float64Array:
    """Return p-values (m,) that may each be held against the level of the whole family.

    The smallest is multiplied by m, the next by m − 1, and so on; none falls below its predecessor or rises
    above 1. The probability of any false rejection stays at most the level, whatever the tests' dependence.

    Args:
        p_values: (m,) between 0 and 1, in any order; m may be 0.

    Source: Holm, A simple sequentially rejective multiple test procedure (1979).
    """
    order = np.argsort(p_values, kind="stable")
    factors = np.arange(len(p_values), 0, -1)
    adjusted = np.empty(len(p_values), dtype=np.float64)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(p_values[order] * factors))
    return adjusted
