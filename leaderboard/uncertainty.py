"""What a ranking's uncertainty is, as records that a page can dump.

Promises: percentile intervals of ranks are called descriptive, because none covers a rank under ties; the
simultaneous rank sets are the ones with a level.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leaderboard.combining import Costs, combine, has_own_scale
from leaderboard.field import Field
from leaderboard.ranking import rank_descending
from leaderboard.scheme import Scheme
from leaderboard.stability import compare_pairs, correlate_orders, count_ranks, find_rank_sets, find_tiers
from leaderboard.standings import RankedField, rank_field
from leaderboard.timing import sample_times

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """The central part of a distribution over resamples."""

    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamUncertainty:
    """How sure one team's place is."""

    name: str
    rank: int
    tier: int
    """1 is best; teams of one tier cannot be told apart from its first."""
    score: float
    score_range: Range
    """Percentiles of the score over resamples."""
    rank_range: Range
    """Percentiles of the rank over resamples: descriptive, without a level."""
    mean_rank: float
    rank_shares: tuple[float, ...]
    """Share of resamples at rank 1, 2, …; ties count at the smaller rank."""
    first_share: float
    """Share of resamples at rank 1, shared first places included."""
    best_rank: int
    """Simultaneous rank set: the best rank that the pairwise tests leave open."""
    worst_rank: int
    """And the worst."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncertainty:
    """How sure a whole ranking is."""

    scheme: str
    level: float
    n_resamples: int
    n_undefined: int
    """Resamples on which a score was undefined: left out."""
    seed: int
    teams: tuple[TeamUncertainty, ...]
    """By rank, equals by name."""
    p_adjusted: tuple[tuple[float, ...], ...]
    """Holm-adjusted p that two teams' scores differ, in the order of `teams`; 1 on the diagonal."""
    freedom: int
    """Degrees of freedom of these tests: units of the smallest task − 1."""
    sets_have_level: bool
    """Whether the rank sets hold all true ranks with the level; not for ranks and wins, which jump, nor where
    the field's own best and worst make the scale."""
    tau_median: float | None
    """Kendall's tau-b between the ranking and a resample's; None where every order ties everybody."""
    tau_range: Range | None
    taus: tuple[float, ...]
    """Of every defined resample."""
    times_vary: bool
    """Whether repeated runs were drawn for the time term."""


def measure_uncertainty(
    field: Field,
    scheme: Scheme,
    *,
    n_resamples: int = 1000,
    seed: int = 0,
    level: float = 0.95,
    progress: Callable[[int], None] | None = None,
) -> Uncertainty | None:
    """Rank a field on resamples of its cases, the whole scheme anew on each.

    Args:
        field: one or more teams.
        scheme: a rule for the field's protocol.
        n_resamples: two or more.
        seed: 0 or more; the same seed gives the same resamples as scoring with it did.
        level: of percentiles, rank sets and tiers.
        progress: called with the number of resamples finished so far.

    Returns:
        None where nobody can be ranked.

    Raises:
        ConfigurationError: the scheme does not rank this protocol.
    """
    ranked = rank_field(field, scheme, n_resamples=n_resamples, seed=seed, progress=progress)
    return None if ranked is None else describe_uncertainty(ranked, seed=seed, level=level)


def describe_uncertainty(ranked: RankedField, *, seed: int, level: float = 0.95) -> Uncertainty:
    """Describe a ranking whose terms were resampled; see `measure_uncertainty`."""
    scores, times_vary = sample_final(ranked, seed=seed)
    defined = ~np.isnan(scores).any(axis=1)
    kept = scores[defined]
    ranks = rank_descending(kept)
    freedom = count_freedom(ranked.field)
    p = compare_pairs(ranked.combined.score, kept, freedom=freedom)
    sets = find_rank_sets(ranked.combined.score, p, alpha=1 - level)
    tiers = find_tiers(ranked.ranks, p, alpha=1 - level)
    shares = count_ranks(ranks)
    order = sorted(range(len(ranked.ranks)), key=lambda i: (ranked.ranks[i], ranked.field.names[i]))
    taus = correlate_orders(ranked.combined.score, kept)
    taus = taus[~np.isnan(taus)]
    teams = tuple(
        TeamUncertainty(
            name=ranked.field.names[i],
            rank=int(ranked.ranks[i]),
            tier=int(tiers[i]),
            score=float(ranked.combined.score[i]),
            score_range=_cut(kept[:, i], level, float(ranked.combined.score[i])),
            rank_range=_cut(ranks[:, i], level, float(ranked.ranks[i])),
            mean_rank=float(ranks[:, i].mean()) if len(ranks) else float(ranked.ranks[i]),
            rank_shares=tuple(np.nan_to_num(shares[i]).tolist()),
            first_share=float(np.nan_to_num(shares[i, 0])),
            best_rank=int(sets[i, 0]),
            worst_rank=int(sets[i, 1]),
        )
        for i in order
    )
    return Uncertainty(
        scheme=ranked.scheme.name,
        level=level,
        n_resamples=len(scores),
        n_undefined=int((~defined).sum()),
        seed=seed,
        teams=teams,
        p_adjusted=tuple(tuple(p[i, order].tolist()) for i in order),
        freedom=freedom,
        sets_have_level=has_own_scale(ranked.scheme, ranked.terms.terms),
        tau_median=float(np.median(taus)) if len(taus) else None,
        tau_range=_cut(taus, level, 1.0) if len(taus) else None,
        taus=tuple(taus.tolist()),
        times_vary=times_vary,
    )


def sample_final(ranked: RankedField, *, seed: int) -> tuple[FloatArray, bool]:
    """Combine every resample into scores, repeated runs' times drawn beside the cases.

    Returns:
        (n_resamples, n_teams), NaN where undefined; and whether any team's time varied.
    """
    n_resamples = len(ranked.terms.samples)
    times = sample_times(ranked.field, n_resamples=n_resamples, seed=seed)
    memory = np.broadcast_to(ranked.costs.peak_gpu_mib, times.shape)
    costs = Costs(time_s=times, peak_gpu_mib=memory)
    combined = combine(ranked.scheme, ranked.terms.terms, ranked.terms.samples, costs)
    return combined.score, bool((times != times[:1]).any() and not np.isnan(times).all())


def count_freedom(field: Field) -> int:
    """Return how many units the smallest task has, less one."""
    cases = field.teams[0].cases["task_id"].to_numpy()
    return (
        min(len(np.unique(field.units.unit_of_case[np.flatnonzero(cases == task)])) for task in field.tasks)
        - 1
    )


def _cut(values: NDArray[np.floating] | NDArray[np.integer], level: float, otherwise: float) -> Range:
    if len(values) == 0:
        return Range(low=otherwise, high=otherwise)
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return Range(low=float(low), high=float(high))
