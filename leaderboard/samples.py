"""The scores of a whole field on the cases as they are and on paired resamples of them.

Promises: row b of every sample is the same draw of cases (or patients) for every team and every score; an
undefined value is NaN and never a number.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from evaluation.estimates import Estimator
from evaluation.protocols.plan import Constant, Entry, ScorePlan
from leaderboard.field import Field

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Term:
    """One score of a result: a summary score, or a task's."""

    level: Literal["summary", "task"]
    metric: str
    """The score's key in the result, such as `perf`, `dsc`, `auc`."""
    task: str | None = None
    """The task's id; None for a summary score."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldScores:
    """Some scores of every team."""

    names: tuple[str, ...]
    """(n_teams,) as in the field."""
    terms: tuple[Term, ...]
    """(n_terms,)."""
    values: FloatArray
    """(n_teams, n_terms) on the cases as they are, NaN where undefined."""
    samples: FloatArray
    """(n_resamples, n_teams, n_terms), NaN where undefined."""


def sample_scores(
    field: Field,
    terms: Sequence[Term],
    *,
    n_resamples: int = 1000,
    seed: int = 0,
    progress: Callable[[int], None] | None = None,
) -> FieldScores:
    """Evaluate scores of all teams on the same resamples.

    Args:
        field: one or more teams.
        terms: which scores; one that a team's plan does not hold is NaN for it.
        n_resamples: 0 gives values only.
        seed: 0 or more; the same seed gives the same resamples as scoring with it did.
        progress: called with the number of resamples finished so far.
    """
    entries = [[find_entry(team.plan, term) for term in terms] for team in field.teams]
    values, samples = sample_entries(field, entries, n_resamples=n_resamples, seed=seed, progress=progress)
    return FieldScores(names=field.names, terms=tuple(terms), values=values, samples=samples)


def sample_entries(
    field: Field,
    entries: Sequence[Sequence[Entry]],
    *,
    n_resamples: int,
    seed: int,
    progress: Callable[[int], None] | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Evaluate entries over the rows of a field's tables; see `sample_scores`.

    A mean whose members are not all defined on a resample is the mean of those that are: what is undefined
    (a class that was not drawn) is so for every team alike.

    Args:
        field: whose cases are drawn.
        entries: (n_teams)(n_terms), a row a team.
        n_resamples: 0 gives values only.
        seed: 0 or more.
        progress: called with the number of resamples finished so far.

    Returns:
        values (n_teams, n_terms) and samples (n_resamples, n_teams, n_terms), NaN where undefined.
    """
    flat = [entry for row in entries for entry in row]
    estimator = Estimator(flat, field.units, n_resamples=n_resamples, seed=seed, progress=progress)
    shape = (len(entries), len(entries[0]))
    values = np.array([_or_nan(estimator.value(entry)) for entry in flat]).reshape(shape)
    samples = np.empty((n_resamples, len(flat)))
    for place, entry in enumerate(flat):
        samples[:, place] = estimator.samples(entry, leave_out_undefined=True)
    return values, samples.reshape(n_resamples, *shape)


def find_entry(plan: ScorePlan, term: Term) -> Entry:
    """Return a plan's entry for a term; a null constant where it has none."""
    entries = plan.summary if term.task is None else plan.tasks.get(term.task, {})
    return entries.get(term.metric) or Constant(None, f"no {term.metric} in {term.task or 'the summary'}")


def list_task_terms(field: Field) -> tuple[Term, ...]:
    """List every task's scores that all teams report, in the result's order."""
    terms = []
    for task in field.teams[0].plan.tasks:
        for metric in field.teams[0].plan.tasks[task]:
            if all(metric in team.plan.tasks.get(task, {}) for team in field.teams):
                terms.append(Term("task", metric, task))
    return tuple(terms)


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else value
