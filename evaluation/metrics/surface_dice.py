"""Normalised surface distance (NSD) on the inner boundary, UUSIC25's definition, strict and official.

The boundary is `boundary.inner_boundary`: a pixel on the image edge is not boundary by that alone, so padding
a frame changes the score of a mask that touches its edge.  For the area-weighted definition see `contour`.
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from evaluation.contract.errors import ConfigurationError
from evaluation.metrics.boundary import inner_boundary
from evaluation.metrics.crop import BinaryImage, Mask, check_spacing, crop_to_masks
from evaluation.metrics.distance import distances_to, offset_lengths
from evaluation.metrics.overlap import UUSIC25_EPSILON

_DILATION_PIXELS = 81
"""Up to this many pixels in the tolerance's disc a dilation is faster than looking up neighbours."""


def surface_dice_inner_boundary(*, mask_ref: Mask, mask_pred: Mask, tolerance_px: float = 1.0) -> float:
    """Return the share of both inner boundaries that lies within the tolerance of the other, from 0 to 1.

    Without a boundary on either side: 1.0 if the masks are equal (both empty or both full), else 0.0.
    Without one on one side: 0.0.

    Args:
        mask_ref: reference (h, w), bool or integer, non-zero = inside.
        mask_pred: prediction (h, w), bool or integer, non-zero = inside.
        tolerance_px: largest Euclidean distance in pixels that counts as matched.

    Raises:
        GeometryError: not two 2-D masks of one shape.
        ConfigurationError: the tolerance is negative or not finite.

    Source: UUSIC25 (github uusic2025/challenge), without its epsilon and its origin quirk; see
    `surface_dice_uusic25` for those.
    """
    check_tolerance("tolerance_px", tolerance_px)
    return _strict(mask_ref=mask_ref, mask_pred=mask_pred, tolerance=tolerance_px, spacing_yx=(1.0, 1.0))


def surface_dice_inner_boundary_mm(
    *, mask_ref: Mask, mask_pred: Mask, tolerance_mm: float, spacing_mm_yx: tuple[float, float]
) -> float:
    """Return `surface_dice_inner_boundary` with the tolerance in mm; boundary pixels still count alike.

    Args:
        mask_ref: reference (h, w), bool or integer, non-zero = inside.
        mask_pred: prediction (h, w), bool or integer, non-zero = inside.
        tolerance_mm: largest Euclidean distance in mm that counts as matched.
        spacing_mm_yx: mm per row and per column.

    Raises:
        GeometryError: not two 2-D masks of one shape, or not a spacing.
        ConfigurationError: the tolerance is negative or not finite.

    Source: UUSIC25's boundary with anisotropic distances; ours.
    """
    check_tolerance("tolerance_mm", tolerance_mm)
    check_spacing(spacing_mm_yx)
    return _strict(mask_ref=mask_ref, mask_pred=mask_pred, tolerance=tolerance_mm, spacing_yx=spacing_mm_yx)


def surface_dice_uusic25(*, mask_ref: Mask, mask_pred: Mask, tolerance_px: float = 1.0) -> float:
    """Return UUSIC25's official NSD, quirks included, from 0 to just under 1.

    1e-6 is added to the denominator; two masks without a boundary (both empty, both full) score 0.  Where one
    side has no boundary, SciPy's distance transform measures to a virtual pixel at row −1, column 0
    (scipy#15585), so the other side's boundary pixels near the origin count as matched.  Needs the whole
    frames: do not crop first.

    Args:
        mask_ref: reference (h, w), bool or integer, non-zero = inside.
        mask_pred: prediction (h, w), bool or integer, non-zero = inside.
        tolerance_px: largest Euclidean distance in pixels that counts as matched.

    Raises:
        GeometryError: not two 2-D masks of one shape.
        ConfigurationError: the tolerance is negative or not finite.

    Source: github uusic2025/challenge, reproduced to 1e-9.
    """
    check_tolerance("tolerance_px", tolerance_px)
    pair = crop_to_masks(mask_ref=mask_ref, mask_pred=mask_pred)
    ref, pred = inner_boundary(pair.mask_ref), inner_boundary(pair.mask_pred)
    if ref.any() and pred.any():
        matched = _count_near(ref, pred, tolerance_px) + _count_near(pred, ref, tolerance_px)
    else:
        rows, cols = np.nonzero(ref | pred)
        to_virtual = np.hypot(rows + pair.row_start + 1, cols + pair.col_start)
        matched = int(np.count_nonzero(to_virtual <= tolerance_px))
    return matched / (np.count_nonzero(ref) + np.count_nonzero(pred) + UUSIC25_EPSILON)


def check_tolerance(name: str, tolerance: float) -> None:
    """Refuse a tolerance that is negative or not finite.

    Raises:
        ConfigurationError: it is.
    """
    if not (math.isfinite(tolerance) and tolerance >= 0):
        raise ConfigurationError(
            f"Expected argument `{name}` to be a distance of 0 or more but got {tolerance}."
        )


def _strict(*, mask_ref: Mask, mask_pred: Mask, tolerance: float, spacing_yx: tuple[float, float]) -> float:
    """Return the matched share of both inner boundaries; tolerance and spacing in one unit."""
    pair = crop_to_masks(mask_ref=mask_ref, mask_pred=mask_pred)
    ref, pred = inner_boundary(pair.mask_ref), inner_boundary(pair.mask_pred)
    total = np.count_nonzero(ref) + np.count_nonzero(pred)
    if not total:
        # Without a boundary a mask is empty or full, so its first pixel tells which.
        return 1.0 if pair.mask_ref[0, 0] == pair.mask_pred[0, 0] else 0.0
    if not (ref.any() and pred.any()):
        return 0.0
    return (
        _count_near(ref, pred, tolerance, spacing_yx) + _count_near(pred, ref, tolerance, spacing_yx)
    ) / int(total)


def _count_near(
    at: BinaryImage, targets: BinaryImage, tolerance: float, spacing_yx: tuple[float, float] = (1.0, 1.0)
) -> int:
    """Count the pixels of `at` that have a target within the tolerance; both sets have pixels."""
    radius_y, radius_x = (math.ceil(tolerance / step) for step in spacing_yx)
    if (2 * radius_y + 1) * (2 * radius_x + 1) > _DILATION_PIXELS:
        return int(np.count_nonzero(distances_to(targets=targets, at=at, spacing_yx=spacing_yx) <= tolerance))
    near = cv2.dilate(targets, _disc(radius_y, radius_x, tolerance, spacing_yx)).astype(np.uint8, copy=False)
    return cv2.countNonZero(near & at)


def _disc(
    radius_y: int, radius_x: int, tolerance: float, spacing_yx: tuple[float, float]
) -> NDArray[np.uint8]:
    """Return the offsets within the tolerance as a (2·radius_y + 1, 2·radius_x + 1) image of 0 and 1."""
    rows = np.arange(-radius_y, radius_y + 1, dtype=np.float64)[:, None]
    cols = np.arange(-radius_x, radius_x + 1, dtype=np.float64)[None, :]
    return (offset_lengths(rows, cols, spacing_yx) <= tolerance).astype(np.uint8)
