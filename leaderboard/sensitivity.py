"""What a ranking hangs on: which team takes part, which task is asked, what accuracy, time and memory weigh.

Promises: each what-if is the whole scheme anew on the changed field.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kendalltau

from leaderboard.combining import combine
from leaderboard.field import select_cases, select_teams
from leaderboard.ranking import rank_descending
from leaderboard.scheme import Scheme, Weights
from leaderboard.standings import RankedField, rank_field

IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """The ranking without one team or one task."""

    name: str
    """Which was left out."""
    ranks: dict[str, int]
    """Of the others, by name."""
    tau: float | None
    """Kendall's tau-b with their order in the whole field; None where an order ties everybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepPoint:
    """The ranking at one setting of the weights."""

    accuracy_weight: float
    time_weight: float
    memory_weight: float
    ranks: dict[str, int]
    scores: dict[str, float]


def leave_out_teams(ranked: RankedField) -> tuple[LeftOut, ...]:
    """Rank the field without each of its teams in turn; empty where only one is ranked."""
    names = ranked.field.names
    found = []
    for left_out in names if len(names) > 1 else ():
        rest = [name for name in names if name != left_out]
        others = rank_field(select_teams(ranked.field, rest), ranked.scheme)
        found.append(
            _compare(left_out, ranked, None if others is None else (others.field.names, others.ranks))
        )
    return tuple(found)


def leave_out_tasks(ranked: RankedField) -> tuple[LeftOut, ...]:
    """Rank the field without each of its tasks in turn; empty where there is only one."""
    tasks = list(ranked.field.tasks)
    cases = ranked.field.teams[0].cases
    found = []
    for task in tasks if len(tasks) > 1 else ():
        if any(term.task is None for term in ranked.terms.terms):
            rest = rank_field(select_cases(ranked.field, cases["task_id"] != task), ranked.scheme)
            after = None if rest is None else (rest.field.names, rest.ranks)
        else:
            after = _rank_without_terms(ranked, task)
        found.append(_compare(task, ranked, after))
    return tuple(found)


def _rank_without_terms(ranked: RankedField, task: str) -> tuple[tuple[str, ...], IntArray] | None:
    """Rank without a task's own terms: where no term spans tasks, the other ones stay as they are."""
    kept = [place for place, term in enumerate(ranked.terms.terms) if term.task != task]
    if not kept:
        return None
    terms = [ranked.terms.terms[place] for place in kept]
    values = ranked.terms.values[:, kept]
    if np.isnan(values).all(axis=1).any():
        return None
    score = combine(ranked.scheme, terms, values, ranked.costs).score
    return ranked.field.names, rank_descending(score)


def sweep_accuracy_weight(
    ranked: RankedField, weights: Sequence[float] | None = None
) -> tuple[SweepPoint, ...]:
    """Rank at accuracy weights from 0 to 1; time and memory share the rest as in the scheme, else evenly.

    Args:
        ranked: the field; empty where a team has no run record or the scheme has no scale for costs.
        weights: in [0, 1]; None is 0, 0.05 … 1.
    """
    own = ranked.scheme.weights
    share = own.time / (own.time + own.memory) if own.counts_cost else 0.5
    chosen = np.linspace(0, 1, 21).round(2).tolist() if weights is None else weights
    return _sweep(ranked, [(w, (1 - w) * share, (1 - w) * (1 - share)) for w in chosen])


def sweep_time_share(ranked: RankedField, shares: Sequence[float] | None = None) -> tuple[SweepPoint, ...]:
    """Rank at shares of time in efficiency from 0 (memory alone) to 1; accuracy keeps its weight.

    Args:
        ranked: the field; empty where a team has no run record, the scheme has no scale for costs or gives
            them no weight.
        shares: in [0, 1]; None is 0, 0.05 … 1.
    """
    own = ranked.scheme.weights
    if not own.counts_cost:
        return ()
    rest = own.time + own.memory
    chosen = np.linspace(0, 1, 21).round(2).tolist() if shares is None else shares
    return _sweep(ranked, [(own.accuracy, rest * s, rest * (1 - s)) for s in chosen])


def correlate(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Return Kendall's tau-b of two orders; None where one of them ties everybody or holds one team."""
    if len(set(first)) < 2 or len(set(second)) < 2:
        return None
    return float(kendalltau(first, second).statistic)


def _sweep(ranked: RankedField, settings: Sequence[tuple[float, float, float]]) -> tuple[SweepPoint, ...]:
    has_costs = not np.isnan(ranked.costs.time_s).any()
    if not has_costs or ranked.scheme.method == "aggregate_then_rank":
        return ()
    points = []
    for accuracy, time, memory in settings:
        scheme = _reweigh(ranked.scheme, accuracy, time, memory)
        score = combine(scheme, ranked.terms.terms, ranked.terms.values, ranked.costs).score
        names = ranked.field.names
        points.append(
            SweepPoint(
                accuracy_weight=accuracy,
                time_weight=time,
                memory_weight=memory,
                ranks=dict(zip(names, rank_descending(score).tolist(), strict=True)),
                scores=dict(zip(names, score.tolist(), strict=True)),
            )
        )
    return tuple(points)


def _reweigh(scheme: Scheme, accuracy: float, time: float, memory: float) -> Scheme:
    return scheme.model_copy(update={"weights": Weights(accuracy=accuracy, time=time, memory=memory)})


def _compare(left_out: str, whole: RankedField, rest: tuple[tuple[str, ...], IntArray] | None) -> LeftOut:
    if rest is None:
        return LeftOut(name=left_out, ranks={}, tau=None)
    before = dict(zip(whole.field.names, whole.ranks.tolist(), strict=True))
    names, ranks = rest
    after = dict(zip(names, ranks.tolist(), strict=True))
    tau = correlate([before[name] for name in after], list(after.values()))
    return LeftOut(name=left_out, ranks=after, tau=tau)
