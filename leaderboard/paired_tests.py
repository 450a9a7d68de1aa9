"""One-sided paired tests of all pairs of teams at once.

Promises: all pairs are tested under the same sign flips, so of two pairs the one that differs more clearly
in every unit never gets the larger p; both directions of a pair are tested.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr
from scipy.stats import rankdata

from evaluation.contract.errors import ConfigurationError
from evaluation.statistics.holm import adjust_holm

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
N_FLIPS = 9999
"""The smallest p is 1/10,000; `choose_n_flips` tells where that is not small enough."""
_CHUNK_CELLS = 2**24
"""Signs, and sums of them, held in memory at once: 128 MiB each."""
_TOLERANCE = 1e-12


@dataclass(frozen=True, slots=True)
class Pairs:
    """The pairs i < j of n teams."""

    first: NDArray[np.intp]
    """(n_pairs,)."""
    second: NDArray[np.intp]
    """(n_pairs,)."""
    n_teams: int

    def to_matrix(self, forward: FloatArray, backward: FloatArray) -> FloatArray:
        """Put (..., n_pairs) values of i over j and of j over i into (..., n, n); 1 on the diagonal."""
        matrix = np.ones((*forward.shape[:-1], self.n_teams, self.n_teams))
        matrix[..., self.first, self.second] = forward
        matrix[..., self.second, self.first] = backward
        return matrix


def list_pairs(n_teams: int) -> Pairs:
    """List the pairs i < j, row by row."""
    first, second = np.triu_indices(n_teams, k=1)
    return Pairs(first=first, second=second, n_teams=n_teams)


def score_differences(values: FloatArray, test: Literal["wilcoxon", "permutation"]) -> FloatArray:
    """Return what the flips add up: differences, or their signed ranks.

    Args:
        values: (n_teams, n_units) finite, higher is better.
        test: `permutation`: the differences themselves; `wilcoxon`: ranks of their sizes (average ranks for
            ties, zero differences dropped), with the sign of the difference.

    Returns:
        (n_units, n_pairs) of team i over team j for the pairs of `list_pairs`.

    Source: Wilcoxon 1945 with zeros dropped, as R's `wilcox.test` and challengeR; Fisher's sign flips.
    """
    pairs = list_pairs(len(values))
    differences = (values[pairs.first] - values[pairs.second]).T
    scale = np.max(np.abs(values), initial=0.0)
    differences = np.where(np.abs(differences) <= _TOLERANCE * scale, 0.0, differences)
    if test == "permutation" or not differences.size:
        return differences
    # Noise in the last bits must not tell equal sizes apart.
    sizes = np.round(np.abs(differences) / (scale or 1.0), 12)
    ranks = rankdata(sizes, method="average", axis=0) - np.count_nonzero(sizes == 0, axis=0)
    return np.sign(differences) * np.where(sizes == 0, 0.0, ranks)


def choose_n_flips(n_teams: int, alpha: float) -> int:
    """Return how many flips let one clear pair of n teams pass Holm's first step, alpha/n(n − 1).

    At least 9,999; so many more that the smallest p there is at most half of that step, without which nobody
    could ever win in a large field or at a small alpha.
    """
    return max(N_FLIPS, math.ceil(2 * n_teams * (n_teams - 1) / alpha) - 1)


def flip_signs(contributions: FloatArray, *, seed: int = 0, n_flips: int = N_FLIPS) -> FloatArray:
    """Test every pair by flipping signs unit by unit.

    Args:
        contributions: (n_units, n_pairs) of `score_differences`.
        seed: of the flips, which are the same for all pairs.
        n_flips: how many are drawn.

    Returns:
        (2, n_pairs) one-sided p: that i is no better than j, that j is no better than i; each counts the data
        as they are among the flips, so none is 0. 1 where the pair does not differ at all, and without units.

    Raises:
        ConfigurationError: a contribution is not finite, or there is no flip.

    Source: Monte Carlo randomisation test (Dwass 1957), p = (1 + count)/(1 + flips).
    """
    if n_flips < 1 or not np.isfinite(contributions).all():
        raise ConfigurationError("Expected arguments of finite contributions and at least one flip.")
    stream = np.random.default_rng(seed)
    observed = contributions.sum(axis=0)
    slack = _TOLERANCE * np.abs(contributions).sum(axis=0)
    counts = np.zeros((2, contributions.shape[1]), dtype=np.int64)
    n_units = len(contributions)
    rows = max(1, _CHUNK_CELLS // max(1, *contributions.shape))
    for start in range(0, n_flips, rows):
        signs = stream.integers(0, 2, size=(min(rows, n_flips - start), n_units)) * 2.0 - 1.0
        sums = signs @ contributions
        counts[0] += np.count_nonzero(sums >= observed - slack, axis=0)
        counts[1] += np.count_nonzero(sums <= observed + slack, axis=0)
    return np.asarray((1 + counts) / (1 + n_flips))


def approximate_flips(weights: NDArray[np.floating], contributions: FloatArray) -> FloatArray:
    """Return what `flip_signs` tends to on resamples of the units, by the normal approximation.

    Under flips the sum has mean 0 and variance Σ w·d², both of them matrix products. Signed ranks stay those
    of the whole set.

    Args:
        weights: (b, n_units) how often each unit is drawn.
        contributions: (n_units, n_pairs).

    Returns:
        (2, b, n_pairs) one-sided p of both directions; 1 where a pair does not differ.
    """
    rows = weights.astype(np.float64)
    spread = np.sqrt(rows @ contributions**2)
    sums = rows @ contributions
    z = np.divide(sums, spread, out=np.full_like(sums, -np.inf), where=spread > 0)
    backward = np.divide(-sums, spread, out=np.full_like(sums, -np.inf), where=spread > 0)
    return np.stack([ndtr(-z), ndtr(-backward)])


def count_wins(p: FloatArray, pairs: Pairs, alpha: float) -> FloatArray:
    """Count how many teams each team beats at familywise level alpha.

    Args:
        p: (2, ..., n_pairs) one-sided p-values of both directions.
        pairs: which they are.
        alpha: familywise level over all n(n − 1) tests.

    Returns:
        (..., n_teams) whole numbers.
    """
    family = adjust_holm(np.concatenate([p[0], p[1]], axis=-1))
    n_pairs = len(pairs.first)
    matrix = pairs.to_matrix(family[..., :n_pairs], family[..., n_pairs:])
    return np.asarray((matrix <= alpha).sum(axis=-1), dtype=np.float64)
