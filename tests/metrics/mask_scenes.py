"""Masks for the tests: shapes with a computable answer, and random ones with holes, islands, edge contact."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

BoolMask = NDArray[np.bool_]


def rectangle(shape: tuple[int, int], rows: tuple[int, int], cols: tuple[int, int]) -> BoolMask:
    """Return a mask that is true in the half-open ranges of rows and columns."""
    mask = np.zeros(shape, dtype=np.bool_)
    mask[rows[0] : rows[1], cols[0] : cols[1]] = True
    return mask


def random_pair(rng: np.random.Generator) -> tuple[BoolMask, BoolMask]:
    """Return two related masks of random size: smooth or noisy, with holes, edge contact, or empty."""
    shape = (int(rng.integers(1, 40)), int(rng.integers(1, 40)))
    field = rng.normal(size=shape)
    smooth = ndimage.gaussian_filter(field, rng.uniform(0.3, 4))
    other = ndimage.gaussian_filter(field + rng.normal(size=shape) * rng.uniform(0, 1.5), rng.uniform(0.3, 4))
    ref = smooth > np.quantile(smooth, rng.uniform(0.1, 0.95))
    pred = other > np.quantile(other, rng.uniform(0.1, 0.95))
    special = rng.random()
    if special < 0.03:
        ref = np.zeros(shape, dtype=np.bool_)
    if 0.02 < special < 0.05:
        pred = np.zeros(shape, dtype=np.bool_)
    if 0.05 < special < 0.07:
        ref = np.ones(shape, dtype=np.bool_)
    if 0.06 < special < 0.08:
        pred = np.ones(shape, dtype=np.bool_)
    if 0.08 < special < 0.1:
        pred = ref.copy()
    return ref, pred


def random_pairs(count: int, seed: int) -> Iterator[tuple[BoolMask, BoolMask]]:
    """Yield `count` pairs of `random_pair` from one seed."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        yield random_pair(rng)
