"""Calibration: how far the probabilities of the predicted class are what they say."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

N_BINS = 15
"""Of equal width, the lower bound out, the upper in."""


@dataclass(frozen=True, slots=True)
class Reliability:
    """Cases in bins of the probability that was given to the predicted class; only bins that hold a case."""

    confidence: NDArray[np.float64]
    """(n_bins,) mean probability."""
    accuracy: NDArray[np.float64]
    """(n_bins,) share of right predictions."""
    counts: NDArray[np.int64]
    """(n_bins,) cases."""

    @property
    def error(self) -> float:
        """The expected calibration error, 0 to 1: the mean distance of both, weighted by cases."""
        return float(np.sum(self.counts * np.abs(self.accuracy - self.confidence)) / self.counts.sum())


def measure_reliability(confidence: NDArray[np.float64], is_right: NDArray[np.bool_]) -> Reliability:
    """Put cases into bins of the predicted class's probability.

    Args:
        confidence: (n,) probability of the predicted class, 0 to 1, n at least 1.
        is_right: (n,) whether that class is the true one.

    Source: Guo et al., On Calibration of Modern Neural Networks, ICML 2017.
    """
    bins = np.clip(np.ceil(confidence * N_BINS).astype(np.int64) - 1, 0, N_BINS - 1)
    counts = np.bincount(bins, minlength=N_BINS)
    used = counts > 0
    means = [np.bincount(bins, values, N_BINS)[used] / counts[used] for values in (confidence, is_right)]
    return Reliability(means[0], means[1], counts[used])
