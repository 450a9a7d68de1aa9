"""Hausdorff distance of two pixel sets (FMC_UIA's HD); for surfaces see `surface`.

OpenCV's distance transform is many times faster than SciPy's but returns float32.  A squared distance in
pixels is a whole number n, so rounding the square finds it again, and its root is taken in float64: while
float32's error is below the gap between neighbouring roots.  OpenCV's own code rounds correctly, which is
enough for n < 2^22 (error 2^-14 at 2048, gap 2^-12); its intermediate values are whole numbers that float32
holds, and it misplaces no border between two cells by as much as would reach another pixel.  Images of fewer
than 2^14 pixels it hands to Intel's IPP where that is built in, whose roots are up to about 7e-7 off: 885² +
1 comes back as 885² from a box 7 pixels high.  That is enough for n < 2^18; we ask for 2^16.  Boxes that are
not safe go to a tree of pixels, exact but slower.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from evaluation.metrics.boundary import surface_pixels
from evaluation.metrics.crop import BinaryImage, Mask, check_masks, crop_to_masks, frame_diagonal
from evaluation.metrics.distance import distances_to
from evaluation.metrics.overlap import check_num_classes

_EXACT_BELOW = 1 << 22
"""Squared box diagonal below which OpenCV's distance identifies its whole-numbered square."""

_IPP_PIXELS_BELOW = 1 << 14
"""Images with fewer pixels may be transformed by IPP."""

_IPP_EXACT_BELOW = 1 << 16
"""Squared box diagonal below which IPP's distance identifies its whole-numbered square."""


def hausdorff_set_px(*, mask_ref: Mask, mask_pred: Mask) -> float:
    """Return the Hausdorff distance of the two pixel sets, in pixels: 0 is best, the image diagonal worst.

    The larger of the two directed distances: the furthest that a pixel of one mask lies from the other mask.
    All pixels count, not only surfaces, so it differs from `hausdorff_surface` in both directions.
    Both masks empty: 0.0.  One empty: the image diagonal sqrt(h² + w²).

    Args:
        mask_ref: reference (h, w), bool or integer, non-zero = inside.
        mask_pred: prediction (h, w), bool or integer, non-zero = inside.

    Raises:
        GeometryError: not two 2-D masks of one shape.

    Source: FMC_UIA's public evaluator; equal to SimpleITK's HausdorffDistanceImageFilter to the last bit.
    """
    pair = crop_to_masks(mask_ref=mask_ref, mask_pred=mask_pred)
    if pair.one_is_empty:
        return frame_diagonal(pair.frame_height, pair.frame_width)
    # A pixel of both masks is at distance 0, so only pixels of one mask alone are measured.
    only_one = pair.mask_ref ^ pair.mask_pred
    return max(
        _furthest_px(sources=only_one & pair.mask_ref, targets=pair.mask_pred),
        _furthest_px(sources=only_one & pair.mask_pred, targets=pair.mask_ref),
    )


def hausdorff_set_per_class(*, labels_ref: Mask, labels_pred: Mask, num_classes: int) -> NDArray[np.float64]:
    """Return `hausdorff_set_px` of each class 0 … C−1, (C,) float64 in pixels.

    A class that neither image has: 0.0; that one has not: the image diagonal.  A pixel whose value is no
    class matches no class.

    Args:
        labels_ref: reference (h, w), a class index a pixel.
        labels_pred: prediction (h, w), a class index a pixel.
        num_classes: C, background included.

    Raises:
        GeometryError: not two 2-D label images of one shape.
        ConfigurationError: `num_classes` is less than 1.

    Source: FMC_UIA's public evaluator.
    """
    check_masks(mask_ref=labels_ref, mask_pred=labels_pred)
    check_num_classes(num_classes)
    return np.array(
        [hausdorff_set_px(mask_ref=labels_ref == k, mask_pred=labels_pred == k) for k in range(num_classes)]
    )


def _furthest_px(*, sources: BinaryImage, targets: BinaryImage) -> float:
    """Return the furthest distance in pixels from a source to the targets; 0 without a source."""
    if not sources.any():
        return 0.0
    if not _opencv_is_exact(*targets.shape):
        # The nearest target of a pixel that is not one is on the targets' surface.
        return float(distances_to(targets=surface_pixels(targets), at=sources).max())
    rounded = cv2.distanceTransform(1 - targets, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    furthest = float(rounded[sources.view(np.bool_)].max())
    return float(np.sqrt(np.rint(furthest * furthest)))


def _opencv_is_exact(height: int, width: int) -> bool:
    """Tell whether OpenCV's float32 distances in such a box identify their whole-numbered squares."""
    squared_diagonal = height * height + width * width
    if height * width < _IPP_PIXELS_BELOW:
        return squared_diagonal < _IPP_EXACT_BELOW
    return squared_diagonal < _EXACT_BELOW
