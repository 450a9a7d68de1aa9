"""Mask metrics against their plain definitions, pair by pair."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import SimpleITK
from numpy.typing import NDArray
from scipy import ndimage
from skimage.segmentation import find_boundaries
from surface_distance import (
    compute_robust_hausdorff,
    compute_surface_dice_at_tolerance,
    compute_surface_distances,
)

from evaluation.bench.pairs import Pair
from evaluation.bench.ratio import summarise, time_twice
from evaluation.contract.bench import Ratio
from evaluation.metrics.crop import crop_to_masks
from evaluation.metrics.hausdorff import hausdorff_set_px
from evaluation.metrics.surface import surface_distances
from evaluation.metrics.surface_dice import surface_dice_inner_boundary

Mask = NDArray[np.bool_]


def plain_nsd(mask_ref: Mask, mask_pred: Mask) -> float:
    """Return NSD at 1 pixel as one would write it down: boundaries and distances on the full frame."""
    boundary_ref = find_boundaries(mask_ref, mode="inner")
    boundary_pred = find_boundaries(mask_pred, mode="inner")
    to_ref = ndimage.distance_transform_edt(~boundary_ref)
    to_pred = ndimage.distance_transform_edt(~boundary_pred)
    matched = (to_pred[boundary_ref] <= 1).sum() + (to_ref[boundary_pred] <= 1).sum()
    return float(matched / (boundary_ref.sum() + boundary_pred.sum()))


def plain_hausdorff(mask_ref: Mask, mask_pred: Mask) -> float:
    """Return SimpleITK's set Hausdorff distance."""
    hausdorff = SimpleITK.HausdorffDistanceImageFilter()
    reference = SimpleITK.GetImageFromArray(mask_ref.astype(np.uint8))
    hausdorff.Execute(reference, SimpleITK.GetImageFromArray(mask_pred.astype(np.uint8)))
    return float(hausdorff.GetHausdorffDistance())


def plain_surfaces(mask_ref: Mask, mask_pred: Mask) -> tuple[float, float, float]:
    """Return surface-distance's Hausdorff, HD95 and surface Dice, its distances computed once."""
    distances = compute_surface_distances(mask_ref, mask_pred, (1.0, 1.0))
    return (
        float(compute_robust_hausdorff(distances, 100)),
        float(compute_robust_hausdorff(distances, 95)),
        float(compute_surface_dice_at_tolerance(distances, 1.0)),
    )


def our_surfaces(mask_ref: Mask, mask_pred: Mask) -> tuple[float, float, float]:
    """Return the surface Hausdorff, pooled HD95 and NSD at 1 pixel."""
    pair = crop_to_masks(mask_ref=mask_ref, mask_pred=mask_pred)
    distances = surface_distances(mask_ref=pair.mask_ref, mask_pred=pair.mask_pred)
    nsd = surface_dice_inner_boundary(mask_ref=pair.mask_ref, mask_pred=pair.mask_pred)
    return distances.maximum(), distances.pooled_percentile(95.0), nsd


def measure_masks(pairs: Sequence[Pair], progress: Callable[[int], None]) -> Iterator[Ratio]:
    """Time every pair with both codes in turn; yield ratios overall and by third of size."""
    rows: list[list[float]] = []
    for number, pair in enumerate(pairs):
        ref, pred = pair.mask_ref, pair.mask_pred
        rows.append(
            [
                time_twice(lambda: plain_nsd(ref, pred)),  # noqa: B023 - called at once
                time_twice(lambda: surface_dice_inner_boundary(mask_ref=ref, mask_pred=pred)),  # noqa: B023
                time_twice(lambda: plain_hausdorff(ref, pred)),  # noqa: B023
                time_twice(lambda: hausdorff_set_px(mask_ref=ref, mask_pred=pred)),  # noqa: B023
                time_twice(lambda: plain_surfaces(ref, pred)),  # noqa: B023
                time_twice(lambda: our_surfaces(ref, pred)),  # noqa: B023
            ]
        )
        progress(number + 1)
    times = np.array(rows).reshape(len(rows), 3, 2)
    names = (
        ("NSD at 1 px / scikit-image + scipy", 50.0, 50.0),
        ("set Hausdorff / SimpleITK", 8.0, 4.0),
        ("HD + HD95 + NSD / surface-distance", 3.0, None),
    )
    for k, (name, overall, per_third) in enumerate(names):
        for group, part in _thirds(len(pairs)):
            required = overall if group == "all" else per_third
            yield summarise(name, group, times[part, k, 0].tolist(), times[part, k, 1].tolist(), required)


def _thirds(n_pairs: int) -> list[tuple[str, slice]]:
    first, second = n_pairs // 3, 2 * n_pairs // 3
    return [
        ("all", slice(None)),
        ("small", slice(0, first)),
        ("medium", slice(first, second)),
        ("large", slice(second, None)),
    ]
