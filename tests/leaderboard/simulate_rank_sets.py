"""How often rank sets hold every true rank: ``python -m tests.leaderboard.simulate_rank_sets``."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress, TaskID
from scipy.special import ndtr

from evaluation.metrics.auc import auc_binary
from evaluation.statistics.resampling import draw_weights, group_units
from leaderboard.combining import Costs, combine
from leaderboard.ranking import rank_descending
from leaderboard.scheme import load_scheme
from leaderboard.stability import compare_pairs, find_rank_sets
from leaderboard.terms import SchemeTerm

Floats = NDArray[np.float64]
N_TEAMS = 10
N_RESAMPLES = 500
TERM = (SchemeTerm("all", "score", None, higher_is_better=True),)
FieldOfCases = Callable[[Floats], Floats]
"""(b, n_units) weights to (b, n_teams) accuracies."""


@dataclass(frozen=True)
class Scenario:
    """A population of fields."""

    name: str
    n_cases: int
    draw: Callable[[np.random.Generator, int, Floats], FieldOfCases]
    """Draws a test set for teams of the stated levels."""
    truth: Callable[[Floats], Floats]
    """The true accuracy of teams of the stated levels."""
    levels: tuple[float, ...]
    """What a team's level is drawn from: few values make many exact ties."""
    scheme: str = "aggregate-then-rank"


@dataclass(frozen=True)
class Coverage:
    """Shares of fields."""

    n_fields: int
    whole_ties: float
    """Every set holds all ranks of its team's true tie."""
    any_rank: float
    """Every set holds at least one of them, which is what counts as true."""
    mean_width: float
    """Mean number of ranks in a set."""

    @property
    def standard_error(self) -> float:
        """Monte-Carlo standard error of `any_rank`."""
        return float(np.sqrt(self.any_rank * (1 - self.any_rank) / self.n_fields))


def list_scenarios() -> tuple[Scenario, ...]:
    """List the populations of the README's table."""
    some = (0.0, 0.03, 0.1)
    return (
        Scenario("mean of 50 cases, normal", 50, _draw_normal, _same, some),
        Scenario("mean of 50 cases, skewed", 50, _draw_skewed, _same, some),
        Scenario("mean of 50 cases, all teams tied", 50, _draw_skewed, _same, (0.0,)),
        Scenario("mean of 200 cases, half identical", 200, _draw_twins, _same, some),
        Scenario("AUC of 200 cases", 200, _draw_auc, _true_auc, (0.8, 1.0, 1.4)),
        Scenario("70/30 min-max, 200 cases, skewed", 200, _draw_skewed, _same, some, "uusic25"),
    )


def measure_rank_sets(
    scenario: Scenario, *, n_fields: int, progress: Callable[[int], None] | None = None
) -> Coverage:
    """Simulate fields, find every field's rank sets by the project's code and hold them against the truth.

    Field k is drawn from seed k.
    """
    whole = lenient = 0
    widths = []
    for k in range(n_fields):
        sets, low, high = _simulate(scenario, np.random.default_rng(k), seed=k)
        whole += bool(np.all((sets[:, 0] <= low) & (sets[:, 1] >= high)))
        lenient += bool(np.all((sets[:, 0] <= high) & (sets[:, 1] >= low)))
        widths.append(float((sets[:, 1] - sets[:, 0] + 1).mean()))
        if progress is not None:
            progress(k + 1)
    return Coverage(n_fields, whole / n_fields, lenient / n_fields, float(np.mean(widths)))


def _simulate(
    scenario: Scenario, rng: np.random.Generator, *, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return a field's rank sets (n_teams, 2) and each team's best and worst true rank."""
    scheme = load_scheme(scenario.scheme)
    levels = rng.choice(scenario.levels, N_TEAMS)
    # A team's last places in the draw decide whether it is a twin, so levels are paired first.
    if scenario.draw is _draw_twins:
        levels[1::2] = levels[::2]
    costs = Costs(time_s=rng.choice([10.0, 20.0], N_TEAMS), peak_gpu_mib=rng.choice([1e3, 2e3], N_TEAMS))
    true_score = combine(scheme, TERM, scenario.truth(levels)[:, np.newaxis], costs).score
    best = rank_descending(true_score)
    ties = (np.abs(true_score[:, np.newaxis] - true_score) < 1e-9).sum(axis=1)
    accuracy = scenario.draw(rng, scenario.n_cases, levels)
    units = group_units(
        unit_keys=[str(k) for k in range(scenario.n_cases)], task_ids=["task"] * scenario.n_cases
    )
    rows = [np.ones((1, scenario.n_cases)), *draw_weights(units, n_resamples=N_RESAMPLES, seed=seed)]
    found = np.concatenate([accuracy(np.asarray(part, dtype=np.float64)) for part in rows])
    score = combine(scheme, TERM, found[..., np.newaxis], costs).score
    p = compare_pairs(score[0], score[1:], freedom=scenario.n_cases - 1)
    return find_rank_sets(score[0], p), best, best + ties - 1


def _means(scores: Floats) -> FieldOfCases:
    return lambda weights: (weights @ scores.T) / weights.sum(axis=1, keepdims=True)


def _draw_normal(rng: np.random.Generator, n_cases: int, levels: Floats) -> FieldOfCases:
    difficulty = rng.normal(0, 0.1, n_cases)
    return _means(levels[:, np.newaxis] + difficulty + rng.normal(0, 0.1, (len(levels), n_cases)))


def _draw_skewed(rng: np.random.Generator, n_cases: int, levels: Floats) -> FieldOfCases:
    """Most cases are good, a few fail badly, as overlap scores are."""
    difficulty = 0.1 * (1 - rng.exponential(1, n_cases))
    errors = 0.1 * (1 - rng.exponential(1, (len(levels), n_cases)))
    return _means(levels[:, np.newaxis] + difficulty + errors)


def _draw_twins(rng: np.random.Generator, n_cases: int, levels: Floats) -> FieldOfCases:
    """Every second team hands in the answers of the one before it."""
    errors = 0.1 * (1 - rng.exponential(1, (len(levels), n_cases)))
    errors[1::2] = errors[::2]
    return _means(levels[:, np.newaxis] + errors)


def _draw_auc(rng: np.random.Generator, n_cases: int, levels: Floats) -> FieldOfCases:
    labels = (np.arange(n_cases) % 2).astype(np.int64)
    shared = rng.normal(0, 0.6, n_cases)
    own = rng.normal(0, 0.8, (len(levels), n_cases))
    scores = levels[:, np.newaxis] * labels + shared + own

    def evaluate(weights: Floats) -> Floats:
        return np.stack([auc_binary(labels=labels, scores=row, weights=weights) for row in scores], axis=1)

    return evaluate


def _same(levels: Floats) -> Floats:
    return levels


def _true_auc(levels: Floats) -> Floats:
    """Two normal populations of variance 0.36 + 0.64 = 1, `level` apart."""
    return np.asarray(ndtr(levels / np.sqrt(2)))


def print_table(fields: Annotated[int, typer.Option(min=1, help="simulated fields a line")] = 2000) -> None:
    """Print how often the rank sets of a whole field hold every team's true rank.

    In full: `python -m tests.leaderboard.simulate_rank_sets`

    A first look: `python -m tests.leaderboard.simulate_rank_sets --fields 200`
    """
    typer.echo(
        f"fields whose 95 % rank sets hold every true rank, % ± standard error "
        f"({fields} fields of {N_TEAMS} teams, {N_RESAMPLES} resamples)\n"
    )
    typer.echo(f"{'fields':<36} {'any rank of a tie':>18} {'whole tie':>10} {'ranks in a set':>15}")
    for line in _make_lines(fields):
        typer.echo(line)


def _make_lines(n_fields: int) -> Iterator[str]:
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        for scenario in list_scenarios():
            row = bar.add_task(scenario.name, total=n_fields)

            def show(done: int, row: TaskID = row) -> None:
                bar.update(row, completed=done)

            found = measure_rank_sets(scenario, n_fields=n_fields, progress=show)
            lenient = f"{100 * found.any_rank:.1f} ± {100 * found.standard_error:.1f}"
            whole = f"{100 * found.whole_ties:.1f}"
            yield f"{scenario.name:<36} {lenient:>18} {whole:>10} {found.mean_width:>15.1f}"


if __name__ == "__main__":
    typer.run(print_table)
