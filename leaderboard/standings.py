"""A field ranked by a scheme: who is ranked, where, and why somebody is not.

Promises: nobody who is not ranked moves a rank; the order depends on the results and the scheme only, never
on the order of files or on names; ties share the smaller rank.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.contract.result import Result
from leaderboard.combining import Combined, Costs, combine
from leaderboard.field import Field, select_teams
from leaderboard.ranking import rank_descending
from leaderboard.scheme import Scheme
from leaderboard.terms import TermScores, compute_terms

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedField:
    """The ranked teams of a field with everything that their ranks come from."""

    field: Field
    """The ranked teams only; at least one."""
    scheme: Scheme
    terms: TermScores
    costs: Costs
    """(n_teams,)."""
    combined: Combined
    """(n_teams,)."""
    ranks: IntArray
    """(n_teams,) 1 is best."""
    unranked: Mapping[str, str]
    """Why the other teams are not ranked, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One line of a ranking, for a page."""

    name: str
    rank: int | None
    """None where the team is listed but not ranked."""
    score: float | None
    """What ranks; higher is better, a mean rank therefore negative."""
    accuracy: float | None
    """The accuracy term."""
    time: float | None
    """The time term; None without a run record."""
    memory: float | None
    """The memory term; None without a run record."""
    terms: Mapping[str, float | None]
    """What the scheme averaged, by its label."""
    unranked_reason: str | None = None


def rank_field(
    field: Field,
    scheme: Scheme,
    *,
    n_resamples: int = 0,
    seed: int = 0,
    progress: Callable[[int], None] | None = None,
) -> RankedField | None:
    """Rank a field by a scheme.

    Args:
        field: one or more teams.
        scheme: a rule for the field's protocol.
        n_resamples: how many resamples of the terms to draw for `leaderboard.uncertainty`.
        seed: of the resamples.
        progress: called with the number of resamples finished so far.

    Returns:
        The ranked teams, those that have a defined term and, where time or memory count, a run record; None
        where nobody can be ranked.

    Raises:
        ConfigurationError: the scheme does not rank this protocol.
    """
    terms = compute_terms(field, scheme, n_resamples=n_resamples, seed=seed, progress=progress)
    reasons = {
        team.name: why
        for team, row in zip(field.teams, terms.values, strict=True)
        if (why := _why_not(team.result, row, scheme))
    }
    ranked = [name for name in field.names if name not in reasons]
    if not ranked:
        return None
    chosen = select_teams(field, ranked) if reasons else field
    if reasons:
        # Ranks and wins count opponents, so those who are not ranked must not have been among them.
        terms = compute_terms(chosen, scheme, n_resamples=n_resamples, seed=seed, progress=progress)
    costs = read_costs(chosen)
    combined = combine(scheme, terms.terms, terms.values, costs)
    return RankedField(
        field=chosen,
        scheme=scheme,
        terms=terms,
        costs=costs,
        combined=combined,
        ranks=rank_descending(combined.score),
        unranked=reasons,
    )


def read_costs(field: Field) -> Costs:
    """Read the run records of a field, NaN where there is none."""
    runs = [team.result.run for team in field.teams]
    return Costs(
        time_s=np.array([np.nan if run is None else run.runtime_s for run in runs]),
        peak_gpu_mib=np.array([np.nan if run is None else run.peak_gpu_mib for run in runs]),
    )


def list_standings(ranked: RankedField) -> tuple[Standing, ...]:
    """List a ranking for a page: by rank, equals by name, then those that are not ranked, by name."""
    combined = ranked.combined
    labels = [term.label for term in ranked.terms.terms]
    lines = [
        Standing(
            name=name,
            rank=int(ranked.ranks[i]),
            score=float(combined.score[i]),
            accuracy=_or_none(combined.accuracy[i]),
            time=_or_none(combined.time[i]),
            memory=_or_none(combined.memory[i]),
            terms=dict(zip(labels, map(_or_none, ranked.terms.values[i]), strict=True)),
        )
        for i, name in enumerate(ranked.field.names)
    ]
    lines.sort(key=lambda line: (line.rank, line.name))
    nothing = {"rank": None, "score": None, "accuracy": None, "time": None, "memory": None}
    rest = [
        Standing(name=name, terms={}, unranked_reason=why, **nothing)
        for name, why in sorted(ranked.unranked.items())
    ]
    return (*lines, *rest)


def _why_not(result: Result, terms: FloatArray, scheme: Scheme) -> str | None:
    if np.isnan(terms).all():
        return "no score that the scheme ranks by is defined"
    if scheme.weights.counts_cost and result.run is None:
        return "it has no run record; score it with --run to have it ranked"
    return None


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
