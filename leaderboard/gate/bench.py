"""The verdict on two files of `python -m evaluation bench --json`.

Ratios are measured side by side on one machine, so they are compared whatever the host; absolute figures only
within one job on one host.
"""

from dataclasses import dataclass
from pathlib import Path

from evaluation.contract.bench import BenchReport, Ratio
from evaluation.contract.errors import ConfigurationError
from leaderboard.gate.cost import CostRow, compare_cost, explain_other_job
from leaderboard.record_files import read_record


@dataclass(frozen=True)
class RatioRow:
    """One speed ratio of both reports."""

    name: str
    group: str
    baseline: float
    candidate: float | None
    """None where the candidate did not measure it."""
    slowdown: float | None
    """How many times slower the candidate is, relative to what both are measured against."""
    allowed: float
    breaks_promise: bool
    """The baseline kept the project's promise and the candidate does not."""

    @property
    def fails(self) -> bool:
        """Whether it is gone, beyond what is allowed, or breaks a promise."""
        return self.slowdown is None or self.slowdown > self.allowed or self.breaks_promise


@dataclass(frozen=True)
class BenchComparison:
    """Everything compared between two reports of the bench."""

    ratios: tuple[RatioRow, ...]
    figures: tuple[CostRow, ...]
    skipped: str | None
    """Why no figure was compared; None where they were."""


def read_bench(path: Path) -> BenchReport:
    """Read a report of the bench.

    Raises:
        ConfigurationError: unreadable, not such a report, or without any ratio.
    """
    report = read_record(path, BenchReport, what="bench report", advice="measure it again")
    if not report.ratios:
        raise ConfigurationError(f"{path}: Expected at least one ratio but got none; measure it again.")
    keys = [(ratio.name, ratio.group) for ratio in report.ratios]
    if len(set(keys)) < len(keys):
        raise ConfigurationError(f"{path}: a ratio is listed twice; measure it again.")
    return report


def compare_bench(
    baseline: BenchReport, candidate: BenchReport, *, max_slowdown: float, max_memory_growth: float
) -> BenchComparison:
    """Compare two reports; what only the candidate measured is not compared.

    Raises:
        ConfigurationError: they have no ratio in common, so nothing could fail.
    """
    others = {(ratio.name, ratio.group): ratio for ratio in candidate.ratios}
    rows = tuple(_compare(own, others.get((own.name, own.group)), max_slowdown) for own in baseline.ratios)
    if all(row.candidate is None for row in rows):
        raise ConfigurationError("Expected reports of one bench but they have no ratio in common.")
    skipped = explain_other_job((baseline.host_name, baseline.job), (candidate.host_name, candidate.job))
    shared = [name for name in baseline.figures if name in candidate.figures]
    figures = tuple(
        compare_cost(
            name,
            baseline.figures[name],
            candidate.figures[name],
            max_memory_growth if "MiB" in name else max_slowdown,
        )
        for name in ([] if skipped else shared)
    )
    return BenchComparison(ratios=rows, figures=figures, skipped=skipped)


def _compare(own: Ratio, other: Ratio | None, max_slowdown: float) -> RatioRow:
    slowdown = None
    if other is not None:
        # A ratio with an upper bound says how many times longer we take, any other how many times shorter.
        slowdown = other.ratio / own.ratio if own.at_most else own.ratio / other.ratio
    return RatioRow(
        name=own.name,
        group=own.group,
        baseline=own.ratio,
        candidate=None if other is None else other.ratio,
        slowdown=slowdown,
        allowed=max_slowdown,
        breaks_promise=own.holds and other is not None and not other.holds,
    )
