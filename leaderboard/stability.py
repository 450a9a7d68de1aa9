"""How far an order can be trusted: rank distributions, tau, pairwise tests, rank sets and tiers, from arrays.

Promises: nothing here depends on the teams' names or order; a pair of teams that never differs is never told
apart.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from evaluation.statistics.holm import adjust_holm
from leaderboard.paired_tests import Pairs, list_pairs
from leaderboard.ranking import RANK_DECIMALS

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
_NOISE = 1e-12


def count_ranks(ranks: IntArray) -> FloatArray:
    """Return the share of resamples in which each team takes each rank, (n_teams, n_teams).

    Args:
        ranks: (n_resamples, n_teams) from 1; no resample gives NaN.
    """
    n_resamples, n_teams = ranks.shape
    if n_resamples == 0:
        return np.full((n_teams, n_teams), np.nan)
    places = (ranks - 1) + np.arange(n_teams) * n_teams
    counts = np.bincount(places.ravel(), minlength=n_teams * n_teams)
    return np.asarray(counts.reshape(n_teams, n_teams) / n_resamples)


def correlate_orders(score: FloatArray, samples: FloatArray) -> FloatArray:
    """Return Kendall's tau-b between an order and each resampled one, by one matrix product.

    Args:
        score: (n_teams,).
        samples: (n_resamples, n_teams); scores equal to nine decimals are tied in both.

    Returns:
        (n_resamples,) from −1 to 1, NaN where one of the two orders ties everybody.

    Source: Kendall 1945; equal to `scipy.stats.kendalltau` to 1e-12.
    """
    signs = _pair_signs(score[np.newaxis])[0]
    others = _pair_signs(samples)
    strength = np.sqrt(np.abs(signs).sum() * np.abs(others).sum(axis=1))
    taus: FloatArray = np.divide(
        others @ signs, strength, out=np.full(len(samples), np.nan), where=strength > 0
    )
    return taus


def compare_pairs(score: FloatArray, samples: FloatArray, *, freedom: int) -> FloatArray:
    """Test for every pair of teams whether their scores differ; Holm-adjusted over all pairs.

    Two-sided: t is the difference over the standard deviation of its resamples, with the resamples' missing
    factor √(n/(n − 1)) put back, against Student's t. A pair without a difference has p 1; one whose
    difference never varies (equal answers at another cost) has p 0.

    Args:
        score: (n_teams,).
        samples: (n_resamples, n_teams) of the same scores on paired resamples, two or more.
        freedom: degrees of freedom, units of the smallest task − 1; 0 tells nobody apart.

    Returns:
        (n_teams, n_teams) symmetric adjusted p, 1 on the diagonal.

    Source: bootstrap standard error, Efron and Tibshirani 1993 chapter 6; Holm 1979.
    """
    pairs = list_pairs(len(score))
    if freedom < 1 or len(samples) < 2:
        return np.ones((len(score), len(score)))
    differences = score[pairs.first] - score[pairs.second]
    spread = _spread_of_pairs(samples, pairs) * np.sqrt((freedom + 1) / freedom)
    is_same = np.abs(differences) < 0.5 * 10.0**-RANK_DECIMALS
    varies = spread > _NOISE
    t = np.divide(np.abs(differences), spread, out=np.full(len(differences), np.inf), where=varies)
    p = np.where(is_same, 1.0, 2 * stdtr(freedom, -t))
    adjusted = adjust_holm(p)
    return pairs.to_matrix(adjusted, adjusted)


def find_rank_sets(score: FloatArray, p: FloatArray, *, alpha: float = 0.05) -> IntArray:
    """Return for each team the ranks that the pairwise tests leave open, (n_teams, 2) from best to worst.

    A team's best rank is 1 + how many are significantly better, its worst is n − how many are significantly
    worse. Unless a test errs, which happens with a probability of at most alpha over all pairs together,
    every set holds its team's true rank, and all ranks of a true tie.

    Args:
        score: (n_teams,) higher is better.
        p: (n_teams, n_teams) of `compare_pairs`.
        alpha: familywise level.

    Source: Mogstad, Romano, Shaikh and Wilhelm, Inference for ranks, Review of Economic Studies 2024.
    """
    differs = p <= alpha
    better = (differs & (score[np.newaxis, :] > score[:, np.newaxis])).sum(axis=1)
    worse = (differs & (score[np.newaxis, :] < score[:, np.newaxis])).sum(axis=1)
    return np.stack([1 + better, len(score) - worse], axis=1).astype(np.int64)


def find_tiers(ranks: IntArray, p: FloatArray, *, alpha: float = 0.05) -> IntArray:
    """Return each team's tier, 1 is best: whoever cannot be told apart from the tier's first.

    Going down the ranks, a new tier opens with the first team that is significantly worse than a leader of
    the open one; teams that share a rank share a tier, so identical submissions do.

    Args:
        ranks: (n_teams,) from 1, ties share the smaller.
        p: (n_teams, n_teams) of `compare_pairs`.
        alpha: familywise level.
    """
    tiers = np.zeros(len(ranks), dtype=np.int64)
    leaders = np.zeros(len(ranks), dtype=bool)
    tier = 0
    for rank in np.unique(ranks):
        block = ranks == rank
        if tier == 0 or (p[np.ix_(block, leaders)] <= alpha).any():
            tier += 1
            leaders = block
        tiers[block] = tier
    return tiers


def _pair_signs(scores: FloatArray) -> FloatArray:
    pairs = list_pairs(scores.shape[1])
    rounded = np.round(scores, RANK_DECIMALS)
    return np.sign(rounded[:, pairs.first] - rounded[:, pairs.second])


def _spread_of_pairs(samples: FloatArray, pairs: Pairs) -> FloatArray:
    """Return the standard deviation of every pair's difference, (n_pairs,)."""
    # Not from a covariance matrix: for near-equal teams that would be rounding noise.
    return np.asarray((samples[:, pairs.first] - samples[:, pairs.second]).std(axis=0, ddof=1))
