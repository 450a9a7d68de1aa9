"""`python -m leaderboard gate`."""

import math
import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from evaluation.contract.errors import ConfigurationError
from leaderboard.gate.bench import compare_bench, read_bench
from leaderboard.gate.comparison import compare_scores
from leaderboard.gate.cost import compare_costs
from leaderboard.gate.pair import read_pair
from leaderboard.gate.report import GateReport, render_json, report_bench, report_scores, write_markdown
from leaderboard.terminal import print_gate, resampling_bar, user_errors

# The \b line keeps the lines below it from being filled into one paragraph.
EXAMPLES = """\b
Examples:
  python -m leaderboard gate --baseline main/result.json --candidate branch/result.json --summary
  python -m leaderboard gate --bench before.json after.json --max-slowdown 1.2
"""
SUMMARY_VARIABLE = "GITHUB_STEP_SUMMARY"


def gate(
    baseline: Annotated[Path | None, typer.Option(help="The result.json to hold against.")] = None,
    candidate: Annotated[Path | None, typer.Option(help="The result.json that is judged.")] = None,
    bench: Annotated[
        tuple[Path, Path] | None, typer.Option(help="Two bench --json files instead: baseline, candidate.")
    ] = None,
    max_drop: Annotated[
        float, typer.Option(help="Worse by so much is let pass; of a distance, that share of it.")
    ] = 0.005,
    max_slowdown: Annotated[float, typer.Option(help="So many times the time is let pass.")] = 1.1,
    max_memory_growth: Annotated[float, typer.Option(help="So many times the memory is let pass.")] = 1.1,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the resamples.")] = 0,
    markdown: Annotated[Path | None, typer.Option(help="Also write GitHub-flavoured Markdown here.")] = None,
    summary: Annotated[
        bool, typer.Option("--summary", help=f"Also append the Markdown to ${SUMMARY_VARIABLE}.")
    ] = False,
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Judge a candidate against a baseline on the same cases.

    Exit status 1 when a score is significantly worse and by more than is allowed, or time or memory grew
    beyond the ratio (only between runs of one job on one host), 2 when the files cannot be compared, else 0.
    """
    with user_errors():
        _check_limits(max_drop, max_slowdown, max_memory_growth)
        places = [place for place in (markdown, _summary_file() if summary else None) if place is not None]
        if bench is not None:
            if baseline is not None or candidate is not None:
                raise ConfigurationError(
                    "Expected either --bench or --baseline and --candidate but got both."
                )
            report = _judge_bench(bench, max_slowdown, max_memory_growth)
        elif baseline is None or candidate is None:
            raise ConfigurationError("Expected --baseline and --candidate, or --bench with two files.")
        else:
            report = _judge_results(baseline, candidate, max_drop, max_slowdown, max_memory_growth, seed)
        for place in places:
            write_markdown(report, place, append=place != markdown)
    if json_output:
        typer.echo(render_json(report))
    else:
        print_gate(report, Console())
    raise typer.Exit(0 if report.passes else 1)


def _judge_results(
    baseline: Path, candidate: Path, max_drop: float, max_slowdown: float, max_memory_growth: float, seed: int
) -> GateReport:
    pair = read_pair(baseline, candidate)
    with resampling_bar() as progress:
        rows = compare_scores(pair, max_drop=max_drop, seed=seed, progress=progress)
    cost = compare_costs(
        pair.baseline.run,
        pair.candidate.run,
        max_slowdown=max_slowdown,
        max_memory_growth=max_memory_growth,
    )
    names = (f"{pair.baseline.submission} ({baseline})", f"{pair.candidate.submission} ({candidate})")
    return report_scores(rows, cost, names=names)


def _judge_bench(files: tuple[Path, Path], max_slowdown: float, max_memory_growth: float) -> GateReport:
    before, after = (read_bench(file) for file in files)
    return report_bench(
        compare_bench(before, after, max_slowdown=max_slowdown, max_memory_growth=max_memory_growth)
    )


def _check_limits(max_drop: float, max_slowdown: float, max_memory_growth: float) -> None:
    for name, value, least in (
        ("max-drop", max_drop, 0.0),
        ("max-slowdown", max_slowdown, 1.0),
        ("max-memory-growth", max_memory_growth, 1.0),
    ):
        if not (math.isfinite(value) and value >= least):
            raise ConfigurationError(f"Expected `--{name}` to be {least:g} or more but got {value}.")


def _summary_file() -> Path:
    name = os.environ.get(SUMMARY_VARIABLE)
    if not name:
        raise ConfigurationError(
            f"Expected ${SUMMARY_VARIABLE} to name a file; leave --summary out elsewhere."
        )
    return Path(name)
