"""Area-weighted boundary metrics: contour pieces count by their length (DeepMind surface-distance).

A contour point is a corner between pixels whose 2×2 neighbourhood is mixed; outside the image is background.
The length of its piece comes from marching squares.  Geometry once (`contour_distances`), then reducers.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.metrics.crop import BinaryImage, Mask, check_spacing, crop_to_masks, frame_diagonal
from evaluation.metrics.distance import distances_to
from evaluation.metrics.surface_dice import check_tolerance


@dataclass(frozen=True)
class ContourSide:
    """One mask's contour points, sorted by distance to the other contour, then by length."""

    distances_mm: NDArray[np.float64]
    """(n,) distance of each point to the other contour; empty if either contour is."""

    lengths_mm: NDArray[np.float64]
    """(n,) length of each point's piece of contour."""

    def percentile_mm(self, percent: float) -> float:
        """Return the distance within which `percent` (0 to 100) of this contour's length lies."""
        share = np.cumsum(self.lengths_mm) / np.sum(self.lengths_mm)
        index = int(np.searchsorted(share, percent / 100))
        return float(self.distances_mm[min(index, self.distances_mm.size - 1)])


@dataclass(frozen=True)
class ContourDistances:
    """Distances between two contours with the lengths of their pieces."""

    ref: ContourSide
    """The reference's contour, measured to the prediction's."""

    pred: ContourSide
    """The prediction's contour, measured to the reference's."""

    undefined_mm: float
    """What a distance is when a mask is empty: 0.0 if both are, else the image diagonal."""

    def percentile_max_mm(self, percent: float) -> float:
        """Return the larger of both sides' length-weighted percentiles; 100 is the Hausdorff distance."""
        if not self.ref.distances_mm.size:
            return self.undefined_mm
        return max(self.ref.percentile_mm(percent), self.pred.percentile_mm(percent))

    def surface_dice(self, tolerance_mm: float) -> float:
        """Return the share of both contours' length within the tolerance; both empty 1.0, one 0.0."""
        if not self.ref.distances_mm.size:
            return 0.0 if self.undefined_mm else 1.0
        sides = (self.ref, self.pred)
        matched = sum(float(np.sum(side.lengths_mm[side.distances_mm <= tolerance_mm])) for side in sides)
        return matched / sum(float(np.sum(side.lengths_mm)) for side in sides)


def contour_distances(
    *, mask_ref: Mask, mask_pred: Mask, spacing_mm_yx: tuple[float, float]
) -> ContourDistances:
    """Measure from each contour point of either mask to the other contour.

    Args:
        mask_ref: reference (h, w), bool or integer, non-zero = inside.
        mask_pred: prediction (h, w), bool or integer, non-zero = inside.
        spacing_mm_yx: mm per row and per column.

    Returns:
        The distances; with an empty mask the arrays are empty and `undefined_mm` tells what a distance is
        then.

    Raises:
        GeometryError: not two 2-D masks of one shape, or not a spacing.

    Source: google-deepmind/surface-distance `compute_surface_distances`.
    """
    check_spacing(spacing_mm_yx)
    pair = crop_to_masks(mask_ref=mask_ref, mask_pred=mask_pred)
    codes_ref, codes_pred = _neighbour_codes(pair.mask_ref), _neighbour_codes(pair.mask_pred)
    lengths = _contour_lengths(spacing_mm_yx)
    at_ref, at_pred = ((lengths[codes] > 0).view(np.uint8) for codes in (codes_ref, codes_pred))
    any_ref, any_pred = bool(at_ref.any()), bool(at_pred.any())
    if not (any_ref and any_pred):
        nothing = ContourSide(np.empty(0), np.empty(0))
        diagonal = frame_diagonal(pair.frame_height, pair.frame_width, spacing_mm_yx)
        return ContourDistances(nothing, nothing, diagonal if any_ref or any_pred else 0.0)
    to_pred = distances_to(targets=at_pred, at=at_ref, spacing_yx=spacing_mm_yx)
    to_ref = distances_to(targets=at_ref, at=at_pred, spacing_yx=spacing_mm_yx)
    return ContourDistances(
        ref=_sorted_side(to_pred, lengths[codes_ref[at_ref.view(np.bool_)]]),
        pred=_sorted_side(to_ref, lengths[codes_pred[at_pred.view(np.bool_)]]),
        undefined_mm=0.0,
    )


def surface_dice_area_weighted(
    *, mask_ref: Mask, mask_pred: Mask, tolerance_mm: float, spacing_mm_yx: tuple[float, float]
) -> float:
    """Return the share of both contours' length within the tolerance of the other contour, from 0 to 1.

    Both masks empty: 1.0 (surface-distance: NaN).  One empty: 0.0.

    Args:
        mask_ref: reference (h, w), bool or integer, non-zero = inside.
        mask_pred: prediction (h, w), bool or integer, non-zero = inside.
        tolerance_mm: largest distance in mm that counts as matched.
        spacing_mm_yx: mm per row and per column.

    Raises:
        GeometryError: not two 2-D masks of one shape, or not a spacing.
        ConfigurationError: the tolerance is negative or not finite.

    Source: google-deepmind/surface-distance `compute_surface_dice_at_tolerance`.
    """
    check_tolerance("tolerance_mm", tolerance_mm)
    distances = contour_distances(mask_ref=mask_ref, mask_pred=mask_pred, spacing_mm_yx=spacing_mm_yx)
    return distances.surface_dice(tolerance_mm)


def hd95_area_weighted(*, mask_ref: Mask, mask_pred: Mask, spacing_mm_yx: tuple[float, float]) -> float:
    """Return the larger of the two sides' length-weighted 95th percentiles in mm; 0 is best.

    Both masks empty: 0.0.  One empty: the image diagonal (surface-distance: infinite in both cases).

    Args:
        mask_ref: reference (h, w), bool or integer, non-zero = inside.
        mask_pred: prediction (h, w), bool or integer, non-zero = inside.
        spacing_mm_yx: mm per row and per column.

    Raises:
        GeometryError: not two 2-D masks of one shape, or not a spacing.

    Source: google-deepmind/surface-distance `compute_robust_hausdorff(…, 95)`.
    """
    distances = contour_distances(mask_ref=mask_ref, mask_pred=mask_pred, spacing_mm_yx=spacing_mm_yx)
    return distances.percentile_max_mm(95.0)


def _neighbour_codes(mask: BinaryImage) -> NDArray[np.uint8]:
    """Code each pixel corner by its pixels (8 top left, 4 top right, 2 bottom left, 1), (h + 1, w + 1)."""
    padded = np.pad(mask, 1)
    return 8 * padded[:-1, :-1] + 4 * padded[:-1, 1:] + 2 * padded[1:, :-1] + padded[1:, 1:]


def _contour_lengths(spacing_mm_yx: tuple[float, float]) -> NDArray[np.float64]:
    """Return the length in mm of the contour in a 2×2 neighbourhood of each code, (16,); 0 if not mixed."""
    vertical, horizontal = spacing_mm_yx
    corner = 0.5 * math.sqrt(vertical**2 + horizontal**2)
    lengths = np.full(16, corner)  # one pixel in or one pixel out: a corner is cut
    lengths[[0b0000, 0b1111]] = 0.0
    lengths[[0b0011, 0b1100]] = horizontal
    lengths[[0b0101, 0b1010]] = vertical
    lengths[[0b0110, 0b1001]] = 2 * corner
    return lengths


def _sorted_side(distances_mm: NDArray[np.float64], lengths_mm: NDArray[np.float64]) -> ContourSide:
    """Sort by distance, then by length."""
    order = np.lexsort((lengths_mm, distances_mm))
    return ContourSide(distances_mm[order], lengths_mm[order])
