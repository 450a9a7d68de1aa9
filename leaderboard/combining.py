"""Terms and costs into one score a team: rescaling, averaging within and over groups, weighing.

Promises: pure functions whose last axis but one (terms) or last axis (costs, scores) is the field, so a stack
of resampled fields is combined in one call; a higher score is always better.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leaderboard.ranking import rank_with_missing, rescale
from leaderboard.scheme import Scheme
from leaderboard.terms import SchemeTerm

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What running the teams cost."""

    time_s: FloatArray
    """(..., n_teams) seconds, NaN without a run record."""
    peak_gpu_mib: FloatArray
    """(..., n_teams) MiB, NaN without a run record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Combined:
    """Scores of a field, each (..., n_teams), NaN where undefined; higher is better."""

    accuracy: FloatArray
    """P in [0, 1] for min_max (anchored fields may leave that range), the aggregate, or the negative mean
    rank."""
    time: FloatArray
    """The time term: in [0, 1] for min_max, else the negative rank; NaN where it has no weight or no run."""
    memory: FloatArray
    """The memory term, likewise."""
    score: FloatArray
    """The weighted sum that ranks."""


def combine(scheme: Scheme, terms: Sequence[SchemeTerm], values: FloatArray, costs: Costs) -> Combined:
    """Combine the terms of a field by a scheme.

    Args:
        scheme: the rule.
        terms: (n_terms,) what the columns are.
        values: (..., n_teams, n_terms), NaN where undefined. A term that no team has is left out; where only
            some lack it they get the worst place: 0 of a rescaled term, the last rank.
        costs: of the same teams; not looked at where the scheme gives them no weight.
    """
    by_rank = scheme.by_rank
    columns = [
        _scale(
            scheme,
            values[..., place],
            higher=term.higher_is_better,
            by_rank=by_rank,
            raw=_is_raw(scheme, terms),
        )
        for place, term in enumerate(terms)
    ]
    accuracy = _average_groups(terms, columns, values.shape[:-1])
    anchors = scheme.anchors
    time = _scale_cost(costs.time_s, anchors.time_s if anchors else None, by_rank)
    memory = _scale_cost(costs.peak_gpu_mib / 1024, anchors.peak_gpu_gib if anchors else None, by_rank)
    weights = scheme.weights
    score = weights.accuracy * accuracy
    for weight, part in ((weights.time, time), (weights.memory, memory)):
        if weight > 0:
            score = score + weight * part
    return Combined(accuracy=accuracy, time=time, memory=memory, score=score)


def has_own_scale(scheme: Scheme, terms: Sequence[SchemeTerm]) -> bool:
    """Whether a team's accuracy is a number of its own, not one relative to the field's best and worst."""
    return scheme.anchors is not None or _is_raw(scheme, terms)


def _is_raw(scheme: Scheme, terms: Sequence[SchemeTerm]) -> bool:
    """Whether values are averaged as they are: fractions are on one scale, pixels are not."""
    return scheme.method == "aggregate_then_rank" and all(term.higher_is_better for term in terms)


def _scale(scheme: Scheme, column: FloatArray, *, higher: bool, by_rank: bool, raw: bool) -> FloatArray:
    """Bring one term (..., n_teams) to the scheme's scale, higher better; all NaN where nobody has it."""
    if by_rank:
        nobody = np.isnan(column).all(axis=-1, keepdims=True)
        return np.where(nobody, np.nan, -rank_with_missing(column, higher_is_better=higher))
    if scheme.anchors is not None:
        worst, best = scheme.anchors.accuracy
        return (column - worst) / (best - worst)
    if raw:
        nobody = np.isnan(column).all(axis=-1, keepdims=True)
        return np.where(np.isnan(column) & ~nobody, 0.0, column)
    return rescale(column, higher_is_better=higher)


def _scale_cost(cost: FloatArray, anchor: tuple[float, float] | None, by_rank: bool) -> FloatArray:
    if by_rank:
        return np.where(np.isnan(cost), np.nan, -rank_with_missing(cost, higher_is_better=False))
    if anchor is not None:
        worst, best = anchor
        return (worst - cost) / (worst - best)
    return np.where(np.isnan(cost), np.nan, rescale(cost, higher_is_better=False))


def _average_groups(
    terms: Sequence[SchemeTerm], columns: Sequence[FloatArray], shape: tuple[int, ...]
) -> FloatArray:
    """Average within groups, then over groups, leaving out what is NaN for a whole field."""
    names = list(dict.fromkeys(term.group for term in terms))
    means = [
        _mean_defined([column for term, column in zip(terms, columns, strict=True) if term.group == name])
        for name in names
    ]
    return _mean_defined(means) if means else np.full(shape, np.nan)


def _mean_defined(parts: Sequence[FloatArray]) -> FloatArray:
    stacked = np.stack(parts)
    defined = ~np.isnan(stacked)
    counts = defined.sum(axis=0)
    sums = np.where(defined, stacked, 0.0).sum(axis=0)
    means: FloatArray = np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)
    return means
