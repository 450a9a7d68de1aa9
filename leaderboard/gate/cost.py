"""The verdict on time and memory.

Seconds differ between machines and between days on one machine, so two runs are compared only when both
records name the same host and the same job; otherwise nothing is compared, and the reason says so.
"""

from dataclasses import dataclass

from evaluation.contract.result import RunRecord


@dataclass(frozen=True)
class CostRow:
    """One cost of both sides."""

    name: str
    baseline: float
    candidate: float
    growth: float | None
    """candidate / baseline; None where the baseline is 0."""
    allowed: float
    """The largest growth let pass."""

    @property
    def fails(self) -> bool:
        """Whether it grew beyond what is allowed; from nothing to something always does."""
        return self.candidate > 0 if self.growth is None else self.growth > self.allowed


@dataclass(frozen=True)
class CostComparison:
    """What was compared, or why nothing was."""

    rows: tuple[CostRow, ...]
    skipped: str | None = None


def compare_costs(
    baseline: RunRecord | None, candidate: RunRecord | None, *, max_slowdown: float, max_memory_growth: float
) -> CostComparison:
    """Compare two runs' seconds and GPU memory, by their medians where runs were repeated."""
    if baseline is None or candidate is None:
        lacking = "the baseline" if baseline is None else "the candidate"
        return CostComparison((), f"{lacking} has no run record")
    reason = explain_other_job((baseline.host_name, baseline.job), (candidate.host_name, candidate.job))
    if reason is not None:
        return CostComparison((), reason)
    return CostComparison(
        (
            compare_cost("runtime, s", baseline.runtime_s, candidate.runtime_s, max_slowdown),
            compare_cost(
                "peak GPU memory, MiB", baseline.peak_gpu_mib, candidate.peak_gpu_mib, max_memory_growth
            ),
        )
    )


def compare_cost(name: str, baseline: float, candidate: float, allowed: float) -> CostRow:
    """Put two costs beside each other; each 0 or more."""
    growth = candidate / baseline if baseline > 0 else None
    return CostRow(name=name, baseline=baseline, candidate=candidate, growth=growth, allowed=allowed)


def explain_other_job(
    baseline: tuple[str | None, str | None], candidate: tuple[str | None, str | None]
) -> str | None:
    """Return why two (host, job) are not one job on one host; None when they are."""
    if None in baseline or None in candidate:
        return "the records do not both name their `host_name` and `job`"
    if baseline[0] != candidate[0]:
        return f"they ran on different hosts ({baseline[0]} and {candidate[0]})"
    if baseline[1] != candidate[1]:
        return f"they ran in different jobs ({baseline[1]} and {candidate[1]})"
    return None
