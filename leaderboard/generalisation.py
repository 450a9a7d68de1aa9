"""Does a score hold elsewhere: gaps between centres, and scores by subgroup, with intervals.

Promises: each part of the cases is planned and resampled as a whole test set of its own; a gap's interval
takes both parts' draws into account.

Source: the form of UUSIC25's Table 2 (arXiv 2512.17279): gap = external − internal.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.contract.case import SUBGROUP_PREFIX
from evaluation.protocols.uusic25.scores import EXTERNAL_CENTERS
from evaluation.statistics.interval import percentile_interval
from leaderboard.field import Field, select_cases
from leaderboard.samples import FieldScores, Term, list_task_terms, sample_scores

FloatArray = NDArray[np.float64]
INTERNAL, EXTERNAL = "internal", "external"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartScore:
    """One team's score of one task on part of the cases."""

    value: float | None
    """None where it is undefined there, such as an AUC of one class."""
    low: float | None
    high: float | None
    n_cases: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """How a score changes from one centre to another."""

    team: str
    task: str
    metric: str
    inside: str
    """The centre that is subtracted."""
    outside: str
    inside_score: PartScore
    outside_score: PartScore
    gap: float | None
    """Outside − inside; for distances (px, mm) above 0 is worse."""
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubgroupScore:
    """A team's score in one subgroup."""

    team: str
    task: str
    metric: str
    subgroup: str
    """What is split by, such as ``sex``."""
    group: str
    """The part, such as ``f``."""
    score: PartScore


@dataclass(frozen=True, slots=True)
class _Part:
    scores: FieldScores
    n_cases: dict[str, int]


def measure_gaps(
    field: Field,
    *,
    n_resamples: int = 1000,
    seed: int = 0,
    level: float = 0.95,
    pairs: Sequence[tuple[str, str]] | None = None,
    progress: Callable[[int], None] | None = None,
) -> tuple[Gap, ...]:
    """Measure every task's gap between centres for every team.

    Args:
        field: one or more teams.
        n_resamples: two or more.
        seed: each centre draws from a stream of its own.
        level: of the intervals.
        pairs: (inside, outside) centres as the manifest spells them, or ``internal`` and ``external``, which
            pool the centres by name (external, NKI); None is that pair where both exist, then all pairs of
            centres in the order of their names.
        progress: called with the number of centres finished so far.

    Returns:
        Gaps of tasks with cases in both centres; empty where the manifest tells fewer than two centres.
    """
    centers = _list_centers(field)
    chosen = list(pairs) if pairs is not None else _list_pairs(centers)
    wanted = list(dict.fromkeys(name for pair in chosen for name in pair if name in centers))
    parts: dict[str, _Part] = {}
    for done, name in enumerate(wanted):
        parts[name] = _score_part(field, centers[name], n_resamples=n_resamples, seed=[seed, done])
        if progress is not None:
            progress(done + 1)
    gaps: list[Gap] = []
    for inside, outside in chosen:
        if inside in parts and outside in parts:
            gaps += _compare(field, parts, inside, outside, level)
    return tuple(gaps)


def measure_subgroups(
    field: Field, *, n_resamples: int = 1000, seed: int = 0, level: float = 0.95
) -> tuple[SubgroupScore, ...]:
    """Score every task in every subgroup of the manifest; empty where it tells none.

    Args:
        field: one or more teams.
        n_resamples: two or more.
        seed: each subgroup draws from a stream of its own.
        level: of the intervals.
    """
    cases = field.teams[0].cases
    found: list[SubgroupScore] = []
    stream = 0
    for column in (name for name in cases.columns if name.startswith(SUBGROUP_PREFIX)):
        for group in sorted(cases[column].dropna().unique()):
            stream += 1
            part = _score_part(field, cases[column] == group, n_resamples=n_resamples, seed=[seed, stream])
            found += [
                SubgroupScore(
                    team=team,
                    task=str(term.task),
                    metric=term.metric,
                    subgroup=column.removeprefix(SUBGROUP_PREFIX),
                    group=str(group),
                    score=_describe(part, i, j, level),
                )
                for i, team in enumerate(field.names)
                for j, term in enumerate(part.scores.terms)
            ]
    return tuple(found)


def _list_centers(field: Field) -> dict[str, pd.Series]:
    """Return which cases belong to each centre, the two pools first where both exist."""
    told = field.teams[0].cases["center"]
    names = sorted(told.dropna().unique())
    is_external = told.map(lambda name: isinstance(name, str) and name.strip().lower() in EXTERNAL_CENTERS)
    centers: dict[str, pd.Series] = {}
    if is_external.any() and (~is_external & told.notna()).any():
        centers = {INTERNAL: ~is_external & told.notna(), EXTERNAL: is_external}
    for name in names:
        centers.setdefault(str(name), told == name)
    return centers


def _list_pairs(centers: dict[str, pd.Series]) -> list[tuple[str, str]]:
    names = list(centers)
    pools = [(INTERNAL, EXTERNAL)] if names[:2] == [INTERNAL, EXTERNAL] else []
    single = names if not pools else names[2:]
    return pools + [(a, b) for i, a in enumerate(single) for b in single[i + 1 :]]


def _score_part(field: Field, chosen: pd.Series, *, n_resamples: int, seed: list[int]) -> _Part:
    part = select_cases(field, chosen)
    # The stream of a block is named by its tasks and the seed: two parts must not share both.
    own_seed = int(np.random.SeedSequence(seed).generate_state(1, np.uint64)[0])
    terms = list_task_terms(part)
    scores = sample_scores(part, terms, n_resamples=n_resamples, seed=own_seed)
    counts = part.teams[0].cases["task_id"].value_counts()
    return _Part(scores, {str(task): int(n) for task, n in counts.items()})


def _compare(field: Field, parts: dict[str, _Part], inside: str, outside: str, level: float) -> list[Gap]:
    first, second = parts[inside], parts[outside]
    shared = [term for term in first.scores.terms if term in second.scores.terms]
    gaps = []
    for i, team in enumerate(field.names):
        for term in shared:
            a, b = first.scores.terms.index(term), second.scores.terms.index(term)
            change = float(second.scores.values[i, b] - first.scores.values[i, a])
            low, high = _cut(second.scores.samples[:, i, b] - first.scores.samples[:, i, a], change, level)
            gaps.append(
                Gap(
                    team=team,
                    task=str(term.task),
                    metric=term.metric,
                    inside=inside,
                    outside=outside,
                    inside_score=_describe(first, i, a, level),
                    outside_score=_describe(second, i, b, level),
                    gap=None if np.isnan(change) else change,
                    low=low,
                    high=high,
                )
            )
    return gaps


def _describe(part: _Part, team: int, place: int, level: float) -> PartScore:
    value = float(part.scores.values[team, place])
    low, high = _cut(part.scores.samples[:, team, place], value, level)
    term: Term = part.scores.terms[place]
    return PartScore(
        value=None if np.isnan(value) else value, low=low, high=high, n_cases=part.n_cases[str(term.task)]
    )


def _cut(samples: FloatArray, value: float, level: float) -> tuple[float | None, float | None]:
    found = None if np.isnan(value) else percentile_interval(samples, level=level)
    return (None, None) if found is None else (found.low, found.high)
