"""Area-weighted contour metrics: scenes, the empty table, surface-distance as the second implementation."""

import math
import warnings

import numpy as np
import pytest

from evaluation.metrics.contour import contour_distances, hd95_area_weighted, surface_dice_area_weighted
from tests.metrics.mask_scenes import BoolMask, random_pairs, rectangle

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the package uses names that SciPy has deprecated
    from surface_distance import metrics as second

EMPTY = np.zeros((30, 40), dtype=np.bool_)
SQUARE = rectangle((30, 40), (10, 15), (10, 15))


def test_one_pixel_has_four_cut_corners() -> None:
    pixel = rectangle((9, 9), (4, 5), (4, 5))
    distances = contour_distances(mask_ref=pixel, mask_pred=pixel, spacing_mm_yx=(0.3, 0.4))
    np.testing.assert_allclose(distances.ref.lengths_mm, [0.25] * 4)
    assert distances.ref.distances_mm.tolist() == [0.0] * 4


def test_a_square_grown_by_one_pixel_is_matched_within_one_diagonal() -> None:
    grown = rectangle((30, 40), (9, 16), (9, 16))
    distances = contour_distances(mask_ref=SQUARE, mask_pred=grown, spacing_mm_yx=(1.0, 1.0))
    # Corners of the grown square are sqrt(2) away; each is half a diagonal long, all else lies at 1.
    cut = 4 * math.sqrt(0.5)
    expected = 1 - cut / ((16 + cut) + (24 + cut))
    assert distances.surface_dice(1.0) == pytest.approx(expected)
    assert distances.surface_dice(1.42) == 1.0
    assert distances.percentile_max_mm(100.0) == math.sqrt(2)


@pytest.mark.parametrize(
    ("ref", "pred", "overlap", "distance_mm"),
    [
        (EMPTY, EMPTY, 1.0, 0.0),
        (EMPTY, SQUARE, 0.0, 25.0),
        (SQUARE, EMPTY, 0.0, 25.0),
        (~EMPTY, ~EMPTY, 1.0, 0.0),
    ],
    ids=["both empty", "reference empty", "prediction empty", "both full"],
)
def test_empty_table(ref: BoolMask, pred: BoolMask, overlap: float, distance_mm: float) -> None:
    spacing = (0.5, 0.5)
    value = surface_dice_area_weighted(mask_ref=ref, mask_pred=pred, tolerance_mm=1.0, spacing_mm_yx=spacing)
    assert value == overlap
    distance = hd95_area_weighted(mask_ref=ref, mask_pred=pred, spacing_mm_yx=spacing)
    assert distance == pytest.approx(distance_mm)


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.5, 0.25), (0.31, 0.17)])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # SciPy's old names inside surface-distance
def test_equal_to_surface_distance(spacing: tuple[float, float]) -> None:
    for ref, pred in random_pairs(120, seed=9):
        if ref.any() and pred.any():
            theirs = second.compute_surface_distances(ref, pred, spacing)
            ours = contour_distances(mask_ref=ref, mask_pred=pred, spacing_mm_yx=spacing)
            np.testing.assert_allclose(ours.ref.distances_mm, theirs["distances_gt_to_pred"], atol=1e-9)
            np.testing.assert_allclose(ours.pred.distances_mm, theirs["distances_pred_to_gt"], atol=1e-9)
            np.testing.assert_allclose(ours.ref.lengths_mm, theirs["surfel_areas_gt"], atol=1e-9)
            for tolerance in (0.4, 1.1, 2.3):
                value = surface_dice_area_weighted(
                    mask_ref=ref, mask_pred=pred, tolerance_mm=tolerance, spacing_mm_yx=spacing
                )
                expected = second.compute_surface_dice_at_tolerance(theirs, tolerance)
                assert value == pytest.approx(expected, abs=1e-9)
            robust = second.compute_robust_hausdorff(theirs, 95)
            value = hd95_area_weighted(mask_ref=ref, mask_pred=pred, spacing_mm_yx=spacing)
            assert value == pytest.approx(robust, abs=1e-9)
