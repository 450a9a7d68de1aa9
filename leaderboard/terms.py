"""What a scheme ranks by: one number a team and term, on the cases as they are and on every resample.

Promises: per-case ranks and tests come from the same tables as the scores; all teams share each resample.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.contract.errors import ConfigurationError
from evaluation.contract.task import Kind
from evaluation.protocols.plan import Entry, Measure
from evaluation.statistics.bootstrap import Statistic, weighted_mean
from evaluation.statistics.resampling import draw_weights
from leaderboard.case_files import SHARED_COLUMNS, is_text
from leaderboard.field import Field
from leaderboard.metric import list_metrics
from leaderboard.paired_tests import (
    approximate_flips,
    choose_n_flips,
    count_wins,
    flip_signs,
    list_pairs,
    score_differences,
)
from leaderboard.ranking import rank_with_missing
from leaderboard.samples import Term, find_entry, sample_entries
from leaderboard.scheme import Group, Scheme, is_higher_better

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
CORRECT = "correct"
"""The per-case metric of a classification: 1 where the predicted class is the true one, else 0."""


@dataclass(frozen=True, slots=True)
class SchemeTerm:
    """One number that a scheme averages."""

    group: str
    label: str
    """The metric, with its task where it is one task's."""
    task: str | None
    higher_is_better: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TermScores:
    """Every team's terms."""

    terms: tuple[SchemeTerm, ...]
    values: FloatArray
    """(n_teams, n_terms), NaN where undefined. Scores; for ranked cases mean ranks; for tests wins."""
    samples: FloatArray
    """(n_resamples, n_teams, n_terms), likewise."""


def check_metrics(field: Field, scheme: Scheme) -> None:
    """Refuse a rule that names metrics which nobody computes: left out, they would change it unseen.

    Raises:
        ConfigurationError: the scheme does not rank this protocol, or a metric is unknown at its level. All
            are named.
    """
    problems = []
    for group in scheme.groups(field.protocol):
        known = _list_known(field, group)
        unknown = [metric for metric in group.metrics if metric not in known]
        if known and unknown:
            problems.append(f"{', '.join(unknown)} in `{group.name}` (known: {', '.join(sorted(known))})")
    if problems:
        raise ConfigurationError(
            f"Expected the metrics of {scheme.name} to be ones of {field.protocol} but got "
            f"{'; '.join(problems)}."
        )


def compute_terms(
    field: Field,
    scheme: Scheme,
    *,
    n_resamples: int = 0,
    seed: int = 0,
    progress: Callable[[int], None] | None = None,
) -> TermScores:
    """Compute what a scheme averages for every team of a field.

    Args:
        field: one or more teams.
        scheme: a rule that ranks the field's protocol.
        n_resamples: 0 gives values only.
        seed: of the resamples.
        progress: called with the number of resamples finished so far.

    Raises:
        ConfigurationError: the scheme does not rank this protocol.
    """
    groups = scheme.groups(field.protocol)
    if scheme.method == "test_then_rank":
        return _count_all_wins(field, scheme, groups, n_resamples=n_resamples, seed=seed, progress=progress)
    terms: list[SchemeTerm] = []
    columns: list[list[Entry]] = []
    for group in groups:
        for task, metric in _list_group(field, group):
            if group.level == "case":
                columns.append(_rank_cases(field, str(task), metric))
            else:
                term = Term("summary" if task is None else "task", metric, task)
                columns.append([find_entry(team.plan, term) for team in field.teams])
            good = group.level != "case" and is_higher_better(metric)
            terms.append(SchemeTerm(group.name, _label(task, metric), task, good))
    if not terms:
        empty = np.empty((len(field.teams), 0))
        return TermScores(terms=(), values=empty, samples=np.empty((n_resamples, *empty.shape)))
    rows = [list(row) for row in zip(*columns, strict=True)]
    values, samples = sample_entries(field, rows, n_resamples=n_resamples, seed=seed, progress=progress)
    return TermScores(terms=tuple(terms), values=values, samples=samples)


def read_case_metric(field: Field, task: str, metric: str) -> tuple[FloatArray, IntArray]:
    """Read a per-case metric of all teams in its good direction.

    Returns:
        (n_teams, n_own) with higher better, NaN where a team's case has no value; and the cases' places
        (n_own,) in the tables.
    """
    positions = np.flatnonzero((field.teams[0].cases["task_id"] == task).to_numpy()).astype(np.int64)
    rows = []
    for team in field.teams:
        cases = team.cases.iloc[positions]
        if metric == CORRECT:
            is_right = (cases["predicted"] == cases["label"]).to_numpy(dtype=np.float64)
            left_out = (cases["status"] == "skipped").to_numpy(dtype=bool)
            rows.append(np.where(left_out, np.nan, is_right))
        elif metric in cases:
            sign = 1.0 if is_higher_better(metric) else -1.0
            rows.append(sign * cases[metric].to_numpy(dtype=np.float64))
        else:
            rows.append(np.full(len(positions), np.nan))
    return np.stack(rows), positions


def _list_known(field: Field, group: Group) -> set[str]:
    """List the metrics that a group may name; empty where the field has no task of its kind."""
    if group.level == "summary":
        shown = {metric.key for metric in list_metrics(field.protocol)}
        return shown.union(*(team.plan.summary for team in field.teams))
    tasks = [task_id for task_id, task in field.tasks.items() if task.kind is group.kind]
    if not tasks:
        return set()
    if group.level == "task":
        return {name for team in field.teams for task in tasks for name in team.plan.tasks.get(task, {})}
    columns = {str(name) for team in field.teams for name in team.cases.columns}
    metrics = {name for name in columns - {*SHARED_COLUMNS, "predicted"} if not is_text(name)}
    metrics = {name for name in metrics if not name.startswith("probability_")}
    return metrics | ({CORRECT} if group.kind is Kind.CLASSIFICATION else set())


def _list_group(field: Field, group: Group) -> Iterator[tuple[str | None, str]]:
    """List a group's terms as (task or None, metric)."""
    if group.level == "summary":
        yield from ((None, metric) for metric in group.metrics)
        return
    for task_id, task in field.tasks.items():
        if task.kind is group.kind:
            yield from ((task_id, metric) for metric in group.metrics)


def _label(task: str | None, metric: str) -> str:
    return metric if task is None else f"{metric} of {task}"


def _rank_cases(field: Field, task: str, metric: str) -> list[Entry]:
    """Rank the teams case by case; return each team's mean rank over the cases of a task."""
    values, positions = read_case_metric(field, task, metric)
    ranks = rank_with_missing(values.T, higher_is_better=True)
    return [Measure(Statistic(positions, weighted_mean(of_team))) for of_team in ranks.T]


def _count_all_wins(
    field: Field,
    scheme: Scheme,
    groups: tuple[Group, ...],
    *,
    n_resamples: int,
    seed: int,
    progress: Callable[[int], None] | None,
) -> TermScores:
    pairs = list_pairs(len(field.teams))
    chosen = [(group, str(task), metric) for group in groups for task, metric in _list_group(field, group)]
    terms = tuple(SchemeTerm(group.name, _label(task, metric), task, True) for group, task, metric in chosen)
    tested = [_contribute(field, scheme, task, metric) for _, task, metric in chosen]
    values = np.empty((len(field.teams), len(terms)))
    n_flips = choose_n_flips(len(field.teams), scheme.alpha)
    for place, (contributions, _) in enumerate(tested):
        values[:, place] = count_wins(flip_signs(contributions, n_flips=n_flips), pairs, scheme.alpha)
    samples = np.empty((n_resamples, len(field.teams), len(terms)))
    done = 0
    for weights in draw_weights(field.units, n_resamples=n_resamples, seed=seed):
        rows = slice(done, done + len(weights))
        for place, (contributions, units) in enumerate(tested):
            p = approximate_flips(weights.take(units, axis=1), contributions)
            samples[rows, :, place] = count_wins(p, pairs, scheme.alpha)
        done += len(weights)
        if progress is not None:
            progress(done)
    return TermScores(terms=terms, values=values, samples=samples)


def _contribute(field: Field, scheme: Scheme, task: str, metric: str) -> tuple[FloatArray, IntArray]:
    """Return (n_units, n_pairs) of a task's units, and which units they are; a patient's cases are averaged.

    A missing value counts as the worst that any team has in the task; where none has one, all are alike.
    """
    values, positions = read_case_metric(field, task, metric)
    worst = np.nanmin(values) if not np.isnan(values).all() else 0.0
    filled = np.where(np.isnan(values), worst, values)
    units, place = np.unique(field.units.unit_of_case[positions], return_inverse=True)
    one_hot = np.zeros((len(positions), len(units)))
    one_hot[np.arange(len(positions)), place] = 1.0
    return score_differences(filled @ one_hot / one_hot.sum(axis=0), scheme.test), units
