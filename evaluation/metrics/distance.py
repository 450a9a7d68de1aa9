"""Euclidean distances from pixels to the nearest pixel of another set, exact whatever the way.

Boundaries have few pixels for the area of their box, so in a large box a tree of pixels is faster than a
distance transform, and it knows any pixel spacing. Distances are computed from whole-numbered offsets, so
the place of the masks in the frame changes nothing, not even the last bit.

OpenCV's distance transform is fast in a small box but returns float32. A squared distance in pixels is a
whole number n, so rounding the square finds it again, and its root is taken in float64: while float32's
error is below the gap between neighbouring roots. OpenCV's own code rounds correctly, which is enough for n
< 2^22 (error 2^-14 at 2048, gap 2^-12); its intermediate values are whole numbers that float32 holds, and
it misplaces no border between two cells by as much as would reach another pixel. Intel's IPP, which OpenCV
uses instead for small images and wherever it runs on one thread, is up to about 7e-7 off (885² + 1 comes
back as 885²), so it is switched off for the call.
"""

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from evaluation.metrics.crop import BinaryImage

_EXACT_BELOW = 1 << 22
"""Squared box diagonal below which OpenCV's distance identifies its whole-numbered square."""

_SMALL_BOX_PIXELS = 80_000
"""Boxes up to this size are transformed faster than a tree is built and searched."""


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
    small = targets.size <= _SMALL_BOX_PIXELS and opencv_is_exact(*targets.shape)
    if small and spacing_yx[0] == spacing_yx[1]:
        return distances_to_whole_px(targets=targets, at=at) * spacing_yx[0]
    points, target_points = _points(at), _points(targets)
    scale_yx = (spacing_yx[0] / spacing_yx[1], 1.0)
    _, nearest = KDTree(target_points * scale_yx).query(points * scale_yx)
    offsets = points - target_points[nearest]
    return offset_lengths(offsets[:, 0], offsets[:, 1], spacing_yx)


def distances_to_whole_px(*, targets: BinaryImage, at: BinaryImage) -> NDArray[np.float64]:
    """Measure like `distances_to`, in pixels, in a box for which `opencv_is_exact`."""
    rounded = transform_distances(targets)
    lengths = rounded[at.view(np.bool_)].astype(np.float64)
    return np.sqrt(np.rint(lengths * lengths))


def transform_distances(targets: BinaryImage) -> NDArray[np.float32]:
    """Return (h, w) float32 distances to the pixels of `targets`, by OpenCV's own code on any machine."""
    was_used = cv2.ipp.useIPP()
    # A switch of this thread alone.
    cv2.ipp.setUseIPP(False)
    try:
        return np.asarray(cv2.distanceTransform(1 - targets, cv2.DIST_L2, cv2.DIST_MASK_PRECISE))
    finally:
        cv2.ipp.setUseIPP(was_used)


def opencv_is_exact(height: int, width: int) -> bool:
    """Tell whether OpenCV's float32 distances in such a box identify their whole-numbered squares."""
    return height * height + width * width < _EXACT_BELOW


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
