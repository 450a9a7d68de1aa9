"""Euclidean distances from pixels to the nearest pixel of another set, for sets as thin as boundaries.

Boundaries have few pixels for the area of their box, so a tree of pixels is several times faster than a
distance transform, and knows any pixel spacing.  Distances are computed from whole-numbered offsets, so the
place of the masks in the frame changes nothing, not even the last bit.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from evaluation.metrics.crop import BinaryImage


def distances_to(
    *, targets: BinaryImage, at: BinaryImage, spacing_yx: tuple[float, float] = (1.0, 1.0)
) -> NDArray[np.float64]:
    """Measure from each pixel of `at` to the nearest pixel of `targets`.

    Args:
        targets: (h, w) of 0 and 1, at least one pixel set.
        at: (h, w) of 0 and 1, where to measure.
        spacing_yx: size of a pixel, (row step, column step), in any unit.

    Returns:
        Distances (n,) float64, one a set pixel of `at` in row order, in the spacing's unit (pixels if left
        out).  In pixels they are exact: the float64 root of a whole number.
    """
    points, target_points = _points(at), _points(targets)
    scale_yx = (spacing_yx[0] / spacing_yx[1], 1.0)
    _, nearest = KDTree(target_points * scale_yx).query(points * scale_yx)
    offsets = points - target_points[nearest]
    return offset_lengths(offsets[:, 0], offsets[:, 1], spacing_yx)


def offset_lengths(
    rows: NDArray[np.float64], cols: NDArray[np.float64], spacing_yx: tuple[float, float]
) -> NDArray[np.float64]:
    """Return the length of whole-numbered offsets, broadcast float64 in the spacing's unit.

    Equal spacing gives the root of a whole number times the spacing, the same for all offsets of one length.
    """
    step_y, step_x = spacing_yx
    return np.sqrt((rows * (step_y / step_x)) ** 2 + cols**2) * step_x


def _points(image: BinaryImage) -> NDArray[np.float64]:
    """Return the set pixels' (row, column), (n, 2) float64, in row order."""
    # A flat search of a bool array is several times faster than np.nonzero of a 2-D one.
    flat = np.flatnonzero(image.view(np.bool_))
    return np.stack(np.divmod(flat, image.shape[1]), axis=1).astype(np.float64)
