"""Distances between the surfaces of two masks: geometry once, then small reducers.

The surface is MedPy's (`boundary.surface_pixels`: outside the image is background).  HD95 means three
different things in the field; each has its own name here: `hd95_pooled` (MedPy), `hd95_directed_max` (MONAI
and others) and `contour.hd95_area_weighted` (DeepMind surface-distance).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.metrics.boundary import surface_pixels
from evaluation.metrics.crop import BinaryImage, Mask, check_spacing, crop_to_masks, frame_diagonal
from evaluation.metrics.distance import distances_to


@dataclass(frozen=True)
class SurfaceDistances:
    """Distances between two sets of surface pixels, in mm if a spacing was given, else in pixels."""

    ref_to_pred: NDArray[np.float64]
    """(n,) one a surface pixel of the reference; empty if either surface is."""

    pred_to_ref: NDArray[np.float64]
    """(m,) one a surface pixel of the prediction; empty if either surface is."""

    undefined: float
    """What a distance is when a surface is empty: 0.0 if both are, else the image diagonal, same unit."""

    def maximum(self) -> float:
        """Return the surface Hausdorff distance, the largest of all distances."""
        if not self.ref_to_pred.size:
            return self.undefined
        return float(max(self.ref_to_pred.max(), self.pred_to_ref.max()))

    def pooled_percentile(self, percent: float) -> float:
        """Return the percentile (0 to 100, linear) of the distances of both directions taken together."""
        if not self.ref_to_pred.size:
            return self.undefined
        return float(np.percentile(np.concatenate((self.ref_to_pred, self.pred_to_ref)), percent))

    def directed_percentile_max(self, percent: float) -> float:
        """Return the larger of the two directions' percentiles (0 to 100, linear)."""
        if not self.ref_to_pred.size:
            return self.undefined
        return max(float(np.percentile(to, percent)) for to in (self.ref_to_pred, self.pred_to_ref))


def surface_distances(
    *, mask_ref: Mask, mask_pred: Mask, spacing_mm_yx: tuple[float, float] | None = None
) -> SurfaceDistances:
    """Measure from each surface pixel of either mask to the other surface.

    Args:
        mask_ref: reference (h, w), bool or integer, non-zero = inside.
        mask_pred: prediction (h, w), bool or integer, non-zero = inside.
        spacing_mm_yx: mm per row and per column; None measures in pixels.

    Returns:
        The distances; with an empty mask both arrays are empty and `undefined` tells what a distance is then.

    Raises:
        GeometryError: not two 2-D masks of one shape, or not a spacing.

    Source: MedPy `metric.binary`, connectivity 1.
    """
    step_yx = (1.0, 1.0) if spacing_mm_yx is None else spacing_mm_yx
    check_spacing(step_yx)
    pair = crop_to_masks(mask_ref=mask_ref, mask_pred=mask_pred)
    return distances_between(
        surface_pixels(pair.mask_ref),
        surface_pixels(pair.mask_pred),
        spacing_yx=step_yx,
        diagonal=frame_diagonal(pair.frame_height, pair.frame_width, step_yx),
    )


def distances_between(
    boundary_ref: BinaryImage, boundary_pred: BinaryImage, *, spacing_yx: tuple[float, float], diagonal: float
) -> SurfaceDistances:
    """Measure between two sets of pixels.

    Args:
        boundary_ref: (h, w) of 0 and 1.
        boundary_pred: (h, w) of 0 and 1.
        spacing_yx: size of a pixel, (row step, column step), in any unit.
        diagonal: the worst distance, for the case that one set is empty, in the same unit.

    Returns:
        The distances in both directions.
    """
    any_ref, any_pred = bool(boundary_ref.any()), bool(boundary_pred.any())
    if not (any_ref and any_pred):
        return SurfaceDistances(np.empty(0), np.empty(0), diagonal if any_ref or any_pred else 0.0)
    return SurfaceDistances(
        ref_to_pred=distances_to(targets=boundary_pred, at=boundary_ref, spacing_yx=spacing_yx),
        pred_to_ref=distances_to(targets=boundary_ref, at=boundary_pred, spacing_yx=spacing_yx),
        undefined=diagonal,
    )


def hausdorff_surface(
    *, mask_ref: Mask, mask_pred: Mask, spacing_mm_yx: tuple[float, float] | None = None
) -> float:
    """Return the Hausdorff distance of the two surfaces, 0 is best; in mm with a spacing, else in pixels.

    Both masks empty: 0.0.  One empty: the image diagonal (MedPy raises in both cases).

    Args:
        mask_ref: reference (h, w), bool or integer, non-zero = inside.
        mask_pred: prediction (h, w), bool or integer, non-zero = inside.
        spacing_mm_yx: mm per row and per column; None measures in pixels.

    Raises:
        GeometryError: not two 2-D masks of one shape, or not a spacing.

    Source: MedPy `metric.binary.hd`, connectivity 1.
    """
    return surface_distances(mask_ref=mask_ref, mask_pred=mask_pred, spacing_mm_yx=spacing_mm_yx).maximum()


def hd95_pooled(
    *, mask_ref: Mask, mask_pred: Mask, spacing_mm_yx: tuple[float, float] | None = None
) -> float:
    """Return the 95th percentile of both directions' surface distances pooled, in mm or pixels; 0 is best.

    Both masks empty: 0.0.  One empty: the image diagonal (MedPy raises in both cases).

    Args:
        mask_ref: reference (h, w), bool or integer, non-zero = inside.
        mask_pred: prediction (h, w), bool or integer, non-zero = inside.
        spacing_mm_yx: mm per row and per column; None measures in pixels.

    Raises:
        GeometryError: not two 2-D masks of one shape, or not a spacing.

    Source: MedPy `metric.binary.hd95`, connectivity 1.
    """
    distances = surface_distances(mask_ref=mask_ref, mask_pred=mask_pred, spacing_mm_yx=spacing_mm_yx)
    return distances.pooled_percentile(95.0)


def hd95_directed_max(
    *, mask_ref: Mask, mask_pred: Mask, spacing_mm_yx: tuple[float, float] | None = None
) -> float:
    """Return the larger of the two directions' 95th percentiles (linear), in mm or pixels; 0 is best.

    Usually more than `hd95_pooled`; less is possible on short contours, where the percentile is interpolated.
    Both masks empty: 0.0.  One empty: the image diagonal.

    Args:
        mask_ref: reference (h, w), bool or integer, non-zero = inside.
        mask_pred: prediction (h, w), bool or integer, non-zero = inside.
        spacing_mm_yx: mm per row and per column; None measures in pixels.

    Raises:
        GeometryError: not two 2-D masks of one shape, or not a spacing.

    Source: the definition of MONAI's and DeepMind's robust Hausdorff distance without area weights, on
    MedPy's surface.
    """
    distances = surface_distances(mask_ref=mask_ref, mask_pred=mask_pred, spacing_mm_yx=spacing_mm_yx)
    return distances.directed_percentile_max(95.0)
