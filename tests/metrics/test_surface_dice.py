"""NSD on the inner boundary: scenes, the empty table, scikit-image with SciPy as second implementation."""

import math

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt
from skimage.segmentation import find_boundaries

from evaluation.contract.errors import ConfigurationError, GeometryError
from evaluation.metrics.surface_dice import (
    surface_dice_inner_boundary,
    surface_dice_inner_boundary_mm,
    surface_dice_uusic25,
)
from tests.metrics.mask_scenes import BoolMask, random_pairs, rectangle

EMPTY = np.zeros((10, 10), dtype=np.bool_)
FULL = ~EMPTY
SQUARE = rectangle((10, 10), (3, 7), (3, 7))
ORIGIN = rectangle((10, 10), (0, 1), (0, 1))


def plain_nsd(
    ref: BoolMask, pred: BoolMask, tolerance: float, spacing: tuple[float, float] = (1.0, 1.0)
) -> float | None:
    """Compute the definition on the full frame; None where a side has no boundary."""
    edge_ref, edge_pred = find_boundaries(ref, mode="inner"), find_boundaries(pred, mode="inner")
    if not (edge_ref.any() and edge_pred.any()):
        return None
    to_ref = distance_transform_edt(~edge_ref, sampling=spacing)
    to_pred = distance_transform_edt(~edge_pred, sampling=spacing)
    matched = (to_pred[edge_ref] <= tolerance).sum() + (to_ref[edge_pred] <= tolerance).sum()
    return float(matched / (edge_ref.sum() + edge_pred.sum()))


def test_a_square_shifted_by_two_matches_the_pixels_within_the_tolerance() -> None:
    shifted = rectangle((10, 10), (3, 7), (5, 9))
    # Each has 12 boundary pixels in columns of 4, 2, 2 and 4.  All but those of the column furthest from the
    # other square lie on its boundary or beside it.
    assert surface_dice_inner_boundary(mask_ref=SQUARE, mask_pred=shifted) == 16 / 24
    assert surface_dice_inner_boundary(mask_ref=SQUARE, mask_pred=shifted, tolerance_px=2.0) == 1.0


def test_tolerance_is_euclidean_and_inclusive() -> None:
    ref, pred = rectangle((9, 9), (2, 3), (2, 3)), rectangle((9, 9), (3, 4), (3, 4))
    assert surface_dice_inner_boundary(mask_ref=ref, mask_pred=pred, tolerance_px=1.0) == 0.0
    assert surface_dice_inner_boundary(mask_ref=ref, mask_pred=pred, tolerance_px=math.sqrt(2)) == 1.0
    assert surface_dice_inner_boundary(mask_ref=ref, mask_pred=ref, tolerance_px=0.0) == 1.0


@pytest.mark.parametrize(
    ("ref", "pred", "strict", "official"),
    [
        (EMPTY, EMPTY, 1.0, 0.0),
        (FULL, FULL, 1.0, 0.0),
        (EMPTY, FULL, 0.0, 0.0),
        (EMPTY, SQUARE, 0.0, 0.0),
        (SQUARE, FULL, 0.0, 0.0),
        (EMPTY, ORIGIN, 0.0, 1 / (1 + 1e-6)),
        (ORIGIN, FULL, 0.0, 1 / (1 + 1e-6)),
        (SQUARE, SQUARE, 1.0, 24 / (24 + 1e-6)),
    ],
    ids=[
        "both empty",
        "both full",
        "empty and full",
        "one empty",
        "one full",
        "empty and the origin",
        "full and the origin",
        "identical",
    ],
)
def test_empty_table(ref: BoolMask, pred: BoolMask, strict: float, official: float) -> None:
    for one, other in ((ref, pred), (pred, ref)):
        assert surface_dice_inner_boundary(mask_ref=one, mask_pred=other) == strict
        in_mm = surface_dice_inner_boundary_mm(
            mask_ref=one, mask_pred=other, tolerance_mm=1.0, spacing_mm_yx=(0.5, 0.25)
        )
        assert in_mm == strict
        assert surface_dice_uusic25(mask_ref=one, mask_pred=other) == official


def test_official_virtual_pixel_lies_beside_the_origin_of_the_frame_and_not_of_the_box() -> None:
    for row, col in ((0, 3), (2, 0), (2, 8), (8, 2), (8, 8)):
        pixel = rectangle((10, 10), (row, row + 1), (col, col + 1))
        expected = 1 / (1 + 1e-6) if math.hypot(row + 1, col) <= 3.2 else 0.0
        assert surface_dice_uusic25(mask_ref=pixel, mask_pred=EMPTY, tolerance_px=3.2) == expected


@pytest.mark.parametrize("tolerance", [0.0, 1.0, 1.5, 2.0, 3.7, 6.0])
def test_equal_to_full_frame_boundary_and_distance_transform(tolerance: float) -> None:
    for ref, pred in random_pairs(150, seed=5):
        expected = plain_nsd(ref, pred, tolerance)
        if expected is not None:
            value = surface_dice_inner_boundary(mask_ref=ref, mask_pred=pred, tolerance_px=tolerance)
            assert value == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("spacing", [(0.5, 0.25), (0.31, 0.17), (0.2, 0.2)])
@pytest.mark.parametrize("tolerance", [0.33, 0.55, 2.05])
def test_in_mm_equal_to_anisotropic_distance_transform(
    spacing: tuple[float, float], tolerance: float
) -> None:
    for ref, pred in random_pairs(60, seed=6):
        expected = plain_nsd(ref, pred, tolerance, spacing)
        if expected is not None:
            value = surface_dice_inner_boundary_mm(
                mask_ref=ref, mask_pred=pred, tolerance_mm=tolerance, spacing_mm_yx=spacing
            )
            assert value == pytest.approx(expected, abs=1e-12)


def test_bad_tolerance_and_spacing_are_refused() -> None:
    for tolerance in (-1.0, math.nan, math.inf):
        with pytest.raises(ConfigurationError, match="tolerance_px"):
            surface_dice_inner_boundary(mask_ref=SQUARE, mask_pred=SQUARE, tolerance_px=tolerance)
    for spacing in ((0.0, 1.0), (1.0, -1.0), (math.nan, 1.0)):
        with pytest.raises(GeometryError, match="spacing_mm_yx"):
            surface_dice_inner_boundary_mm(
                mask_ref=SQUARE, mask_pred=SQUARE, tolerance_mm=1.0, spacing_mm_yx=spacing
            )
