"""One measured ratio, and how two pieces of work are timed side by side."""

import time
from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np

from evaluation.contract.record import Record


class Ratio(Record):
    """How many times faster our code is than a plain one."""

    name: str
    """What is compared."""
    group: str
    """On which part of the inputs."""
    n: int
    """Number of side-by-side measurements."""
    baseline_s: float
    """Median seconds of the plain code."""
    ours_s: float
    """Median seconds of ours."""
    ratio: float
    """Median of the ratios baseline / ours, measurement by measurement."""
    required: float | None = None
    """What the project promises; None where it promises nothing."""
    at_most: bool = False
    """The promise is an upper bound."""

    @property
    def holds(self) -> bool:
        """Whether the promise is kept."""
        if self.required is None:
            return True
        return self.ratio <= self.required if self.at_most else self.ratio >= self.required


class BenchReport(Record):
    """All ratios of one run, and the machine they come from."""

    format_version: Literal[1] = 1
    created_utc: str
    code_revision: str | None
    cpus: int
    load_before: float
    """One-minute load average at the start: near 0 on an idle machine."""
    ratios: tuple[Ratio, ...]
    figures: dict[str, float]
    """Absolute figures: seconds and MiB, by name."""


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
