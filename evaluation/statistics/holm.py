"""Many tests at once: Holm's step-down correction."""

import numpy as np

from evaluation.statistics.resampling import Float64Array


def adjust_holm(p_values: Float64Array) -> Float64Array:
    """Return p-values that may each be held against the level of their whole family, the last axis.

    The smallest is multiplied by m, the next by m − 1, and so on; none falls below its predecessor or rises
    above 1. The probability of any false rejection stays at most the level, whatever the tests' dependence.

    Args:
        p_values: (..., m) between 0 and 1, in any order; m may be 0.

    Source: Holm, A simple sequentially rejective multiple test procedure (1979); as R's `p.adjust`.
    """
    m = p_values.shape[-1]
    order = np.argsort(p_values, axis=-1, kind="stable")
    stepped = np.take_along_axis(p_values, order, axis=-1) * np.arange(m, 0, -1)
    stepped = np.minimum(np.maximum.accumulate(stepped, axis=-1), 1.0)
    adjusted = np.empty_like(stepped)
    np.put_along_axis(adjusted, order, stepped, axis=-1)
    return adjusted
