"""Hausdorff distance of two pixel sets (FMC_UIA's HD); for surfaces see `surface`."""

import numpy as np
from numpy.typing import NDArray

from evaluation.metrics.boundary import surface_pixels
from evaluation.metrics.crop import BinaryImage, Mask, check_masks, crop_to_masks, frame_diagonal
from evaluation.metrics.distance import distances_to, distances_to_whole_px, opencv_is_exact
from evaluation.metrics.overlap import check_num_classes


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
    if opencv_is_exact(*targets.shape):
        return float(distances_to_whole_px(targets=targets, at=sources).max())
    # The nearest target of a pixel that is not one is on the targets' surface.
    return float(distances_to(targets=surface_pixels(targets), at=sources).max())
