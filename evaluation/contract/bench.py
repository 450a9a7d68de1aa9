"""The report of the bench: ratios measured side by side, and a few absolute figures."""

from typing import Literal

from pydantic import Field

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
    ratio: float = Field(gt=0)
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
    host_name: str | None = None
    """The machine's name."""
    job: str | None = None
    """What it ran in, such as a CI run's number: figures are compared only within one job on one host."""
