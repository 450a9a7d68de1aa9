"""How two pieces of work are timed side by side."""

import time
from collections.abc import Callable, Sequence

import numpy as np

from evaluation.contract.bench import Ratio


def time_once(work: Callable[[], object]) -> float:
    """Return the seconds that one call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def time_twice(work: Callable[[], object]) -> float:
    """Return the seconds of the faster of two calls in a row: short work without its cold start."""
    return min(time_once(work), time_once(work))


def summarise(
    name: str, group: str, baseline_s: Sequence[float], ours_s: Sequence[float], required: float | None
) -> Ratio:
    """Make a ratio from paired measurements."""
    baseline, ours = np.asarray(baseline_s), np.asarray(ours_s)
    return Ratio(
        name=name,
        group=group,
        n=len(ours),
        baseline_s=float(np.median(baseline)),
        ours_s=float(np.median(ours)),
        ratio=float(np.median(baseline / ours)),
        required=required,
    )
