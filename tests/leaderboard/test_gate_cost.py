"""Time, memory and speed ratios: what is compared, what is skipped, what fails."""

import json
from pathlib import Path

import pytest

from evaluation.contract.bench import BenchReport, Ratio
from evaluation.contract.errors import ConfigurationError
from evaluation.contract.result import RunRecord
from leaderboard.gate.bench import compare_bench, read_bench
from leaderboard.gate.cost import CostComparison, compare_costs


def make_run(seconds: float, mib: float = 0.0, host: str | None = "h", job: str | None = "7") -> RunRecord:
    """Make a run record."""
    return RunRecord(runtime_s=seconds, peak_gpu_mib=mib, host_name=host, job=job)


def compare(baseline: RunRecord | None, candidate: RunRecord | None) -> CostComparison:
    """Compare with the command's own limits."""
    return compare_costs(baseline, candidate, max_slowdown=1.1, max_memory_growth=1.1)


def test_twice_as_slow_fails_and_a_tenth_slower_does_not() -> None:
    assert [row.fails for row in compare(make_run(10), make_run(20)).rows] == [True, False]
    assert [row.fails for row in compare(make_run(10), make_run(11)).rows] == [False, False]
    assert [row.fails for row in compare(make_run(10), make_run(5)).rows] == [False, False]


def test_memory_that_grew_fails_also_from_nothing() -> None:
    assert [row.fails for row in compare(make_run(10, 100), make_run(10, 111)).rows] == [False, True]
    assert [row.fails for row in compare(make_run(10, 0), make_run(10, 1)).rows] == [False, True]


@pytest.mark.parametrize(
    ("baseline", "candidate", "reason"),
    [
        (None, make_run(1), "baseline has no run record"),
        (make_run(1), None, "candidate has no run record"),
        (make_run(1), make_run(9, host=None), "do not both name"),
        (make_run(1), make_run(9, job=None), "do not both name"),
        (make_run(1), make_run(9, host="other"), "different hosts"),
        (make_run(1), make_run(9, job="8"), "different jobs"),
    ],
)
def test_other_hosts_and_jobs_are_skipped_with_the_reason(
    baseline: RunRecord | None, candidate: RunRecord | None, reason: str
) -> None:
    comparison = compare(baseline, candidate)
    assert comparison.rows == ()
    assert reason in str(comparison.skipped)


def make_ratio(
    value: float, name: str = "NSD", *, required: float | None = None, at_most: bool = False
) -> Ratio:
    """Make one ratio of a bench."""
    return Ratio(
        name=name,
        group="all",
        n=3,
        baseline_s=1.0,
        ours_s=1 / value,
        ratio=value,
        required=required,
        at_most=at_most,
    )


def make_report(*ratios: Ratio, job: str | None = None, **figures: float) -> BenchReport:
    """Make a report of the bench."""
    return BenchReport(
        created_utc="2026-01-01T00:00:00+00:00",
        code_revision=None,
        cpus=2,
        load_before=0.0,
        ratios=ratios,
        figures=figures,
        host_name="h",
        job=job,
    )


def fails(baseline: BenchReport, candidate: BenchReport) -> list[bool]:
    """Return which ratios fail at a slowdown of 1.1."""
    comparison = compare_bench(baseline, candidate, max_slowdown=1.1, max_memory_growth=1.1)
    return [row.fails for row in comparison.ratios]


def test_speed_ratio_that_halved_fails_and_a_bound_from_above_is_read_the_other_way() -> None:
    assert fails(make_report(make_ratio(100)), make_report(make_ratio(50))) == [True]
    assert fails(make_report(make_ratio(100)), make_report(make_ratio(95))) == [False]
    above = [make_report(make_ratio(value, required=1.5, at_most=True)) for value in (1.2, 1.4)]
    assert fails(*above) == [True]
    assert fails(*reversed(above)) == [False]


def test_broken_promise_fails_within_the_allowed_slowdown() -> None:
    before, after = (make_report(make_ratio(value, required=50)) for value in (51, 49))
    assert fails(before, after) == [True]
    assert fails(after, after) == [False]


def test_ratio_that_was_not_measured_again_fails() -> None:
    both = make_report(make_ratio(10, "a"), make_ratio(10, "b"))
    assert fails(both, make_report(make_ratio(10, "a"))) == [False, True]
    with pytest.raises(ConfigurationError, match="no ratio in common"):
        fails(both, make_report(make_ratio(10, "c")))


def test_figures_are_compared_within_one_job_only() -> None:
    before, same, other = (
        make_report(make_ratio(9), job=job, **{"peak MiB": mib, "seconds": 1.0})
        for job, mib in (("1", 100.0), ("1", 200.0), ("2", 200.0))
    )
    compared = compare_bench(before, same, max_slowdown=1.1, max_memory_growth=1.5)
    assert [row.fails for row in compared.figures] == [True, False]
    skipped = compare_bench(before, other, max_slowdown=1.1, max_memory_growth=1.5)
    assert skipped.figures == ()
    assert "different jobs" in str(skipped.skipped)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not JSON"),
        ("[]", "not a valid bench report"),
        ('{"format_version": 9}', "another version"),
        (make_report().model_dump_json(), "at least one ratio"),
        (make_report(make_ratio(1), make_ratio(2)).model_dump_json(), "listed twice"),
        (make_report(make_ratio(1)).model_dump_json().replace('"ratio":1.0', '"ratio":NaN'), "ratio"),
        (make_report(make_ratio(1)).model_dump_json().replace('"ratio":1.0', '"ratio":0.0'), "ratio"),
    ],
)
def test_file_that_is_no_bench_report_is_named(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "bench.json"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=words) as refused:
        read_bench(file)
    assert str(file) in str(refused.value)


def test_report_written_by_the_bench_is_read_back(tmp_path: Path) -> None:
    report = make_report(make_ratio(3), job="1", seconds=2.0)
    file = tmp_path / "bench.json"
    file.write_text(report.model_dump_json(indent=1))
    assert read_bench(file) == report
    # A file from before hosts were recorded.
    content = json.loads(file.read_text())
    del content["host_name"], content["job"]
    file.write_text(json.dumps(content))
    assert read_bench(file).host_name is None
