"""How often nominal 95 % intervals hold the true score: ``python -m tests.statistics.simulate_coverage``."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.progress import Progress

from evaluation.statistics.bootstrap import Statistic, bootstrap
from evaluation.statistics.interval import IntervalEstimate, bca_interval, percentile_interval
from evaluation.statistics.jackknife import jackknife
from tests.statistics.coverage_scenarios import Scenario, list_scenarios


@dataclass(frozen=True)
class Coverage:
    """The share of simulated test sets whose interval holds the true score."""

    n_runs: int
    percentile: float
    bca: float

    def standard_error(self, share: float) -> float:
        """Return the Monte-Carlo standard error of a share."""
        return float(np.sqrt(share * (1 - share) / self.n_runs))


def measure_coverage(
    scenario: Scenario,
    *,
    n_runs: int,
    n_resamples: int = 1000,
    progress: Callable[[int], None] | None = None,
) -> Coverage:
    """Simulate test sets, bootstrap each and count the intervals that hold the truth.

    Run r draws its test set from seed r, so lines with the same population see the same test sets.
    """
    cases = np.arange(len(scenario.units.unit_of_case))
    hits = np.zeros(2, dtype=np.int64)
    for run in range(n_runs):
        statistic = Statistic(cases, scenario.simulate(np.random.default_rng(run)))
        samples = bootstrap({"score": statistic}, scenario.units, n_resamples=n_resamples, seed=run)["score"]
        estimate = float(statistic.evaluate(np.ones((1, len(cases)), dtype=np.float32))[0])
        left_out = jackknife(statistic, scenario.units)
        hits[0] += _holds(percentile_interval(samples), scenario.truth)
        hits[1] += _holds(bca_interval(samples, estimate=estimate, jackknife=left_out), scenario.truth)
        if progress is not None:
            progress(run + 1)
    percentile, bca = hits / n_runs
    return Coverage(n_runs=n_runs, percentile=float(percentile), bca=float(bca))


def _holds(interval: IntervalEstimate | None, truth: float) -> bool:
    return interval is not None and interval.low <= truth <= interval.high


def print_table(runs: Annotated[int, typer.Option(min=1, help="simulated test sets a line")] = 2000) -> None:
    """Print the coverage of nominal 95 % intervals with its Monte-Carlo standard error.

    In full: `python -m tests.statistics.simulate_coverage`

    A first look: `python -m tests.statistics.simulate_coverage --runs 200`
    """
    typer.echo(f"coverage of nominal 95 % intervals, % ± standard error ({runs} runs, 1000 resamples)\n")
    typer.echo(f"{'line':<46} {'percentile':>12} {'BCa':>12}  percentile is")
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not sys.stderr.isatty()) as bar:
        for scenario in list_scenarios():
            typer.echo(_make_row(scenario, runs, bar))


def _make_row(scenario: Scenario, n_runs: int, bar: Progress) -> str:
    task = bar.add_task(scenario.name, total=n_runs)

    def show(done: int) -> None:
        bar.update(task, completed=done)

    found = measure_coverage(scenario, n_runs=n_runs, progress=show)
    bar.remove_task(task)
    percentile, bca = (
        f"{100 * share:.1f} ± {100 * found.standard_error(share):.1f}"
        for share in (found.percentile, found.bca)
    )
    return f"{scenario.name:<46} {percentile:>12} {bca:>12}  {scenario.claim.value}"


if __name__ == "__main__":
    typer.run(print_table)
