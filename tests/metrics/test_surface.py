"""Surface Hausdorff and HD95: scenes, the empty table, MedPy and NumPy as second implementations."""

import math

import numpy as np
import pytest
from medpy.metric import binary
from scipy.ndimage import binary_erosion, distance_transform_edt

from evaluation.metrics.surface import hausdorff_surface, hd95_directed_max, hd95_pooled, surface_distances
from tests.metrics.mask_scenes import BoolMask, random_pairs, rectangle

EMPTY = np.zeros((30, 40), dtype=np.bool_)
SQUARE = rectangle((30, 40), (10, 15), (10, 15))
SPACINGS = [None, (0.2, 0.2), (0.5, 0.25)]


def plain_directed(source: BoolMask, target: BoolMask, spacing: tuple[float, float]) -> np.ndarray:
    """Measure from the source's surface to the target's on the full frame."""
    surface = target ^ binary_erosion(target)
    return np.asarray(distance_transform_edt(~surface, sampling=spacing)[source ^ binary_erosion(source)])


def test_two_separate_pixels() -> None:
    ref, pred = rectangle((30, 40), (5, 6), (5, 6)), rectangle((30, 40), (8, 9), (9, 10))
    for metric in (hausdorff_surface, hd95_pooled, hd95_directed_max):
        assert metric(mask_ref=ref, mask_pred=pred) == 5.0
        in_mm = metric(mask_ref=ref, mask_pred=pred, spacing_mm_yx=(0.5, 0.25))
        assert in_mm == pytest.approx(math.hypot(1.5, 1.0))


def test_an_island_far_away_is_seen_by_the_maximum_and_not_by_the_percentile() -> None:
    ref = rectangle((30, 40), (2, 22), (2, 22))
    pred = ref | rectangle((30, 40), (2, 3), (31, 32))
    assert hausdorff_surface(mask_ref=ref, mask_pred=pred) == 10.0
    assert hd95_pooled(mask_ref=ref, mask_pred=pred) == 0.0


def test_pooled_and_directed_percentiles_differ_where_a_bump_is_in_one_mask() -> None:
    ref = rectangle((30, 40), (2, 22), (2, 22))
    pred = ref | rectangle((30, 40), (2, 7), (22, 24))
    distances = surface_distances(mask_ref=ref, mask_pred=pred)
    assert np.bincount(distances.pred_to_ref.astype(int)).tolist() == [72, 2, 5]
    assert np.bincount(distances.ref_to_pred.astype(int)).tolist() == [72, 3, 1]
    assert hd95_directed_max(mask_ref=ref, mask_pred=pred) == 2.0
    assert hd95_pooled(mask_ref=ref, mask_pred=pred) == 1.0


def test_on_short_contours_the_pooled_percentile_can_be_the_larger() -> None:
    ref, pred = rectangle((1, 3), (0, 1), (0, 2)), rectangle((1, 3), (0, 1), (1, 3))
    # Both directions are (0, 1): the percentile of one is interpolated, that of all four is one of the ones.
    assert hd95_directed_max(mask_ref=ref, mask_pred=pred) == pytest.approx(0.95)
    assert hd95_pooled(mask_ref=ref, mask_pred=pred) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("ref", "pred", "pixels", "millimetres"),
    [
        (EMPTY, EMPTY, 0.0, 0.0),
        (EMPTY, SQUARE, 50.0, 25.0),
        (SQUARE, EMPTY, 50.0, 25.0),
        (~EMPTY, ~EMPTY, 0.0, 0.0),
    ],
    ids=["both empty", "reference empty", "prediction empty", "both full"],
)
def test_empty_table(ref: BoolMask, pred: BoolMask, pixels: float, millimetres: float) -> None:
    for metric in (hausdorff_surface, hd95_pooled, hd95_directed_max):
        assert metric(mask_ref=ref, mask_pred=pred) == pixels
        assert metric(mask_ref=ref, mask_pred=pred, spacing_mm_yx=(0.5, 0.5)) == pytest.approx(millimetres)


@pytest.mark.parametrize("spacing", SPACINGS)
def test_hausdorff_and_pooled_percentile_equal_medpy(spacing: tuple[float, float] | None) -> None:
    for ref, pred in random_pairs(120, seed=7):
        if ref.any() and pred.any():
            given = {"mask_ref": ref, "mask_pred": pred}
            largest, pooled = binary.hd(ref, pred, spacing), binary.hd95(ref, pred, spacing)
            assert hausdorff_surface(**given, spacing_mm_yx=spacing) == pytest.approx(largest, abs=1e-9)
            assert hd95_pooled(**given, spacing_mm_yx=spacing) == pytest.approx(pooled, abs=1e-9)


@pytest.mark.parametrize("spacing", SPACINGS)
def test_directed_percentile_equals_the_plain_definition(spacing: tuple[float, float] | None) -> None:
    for ref, pred in random_pairs(120, seed=8):
        if ref.any() and pred.any():
            steps = spacing or (1.0, 1.0)
            expected = max(
                np.percentile(plain_directed(one, other, steps), 95)
                for one, other in ((ref, pred), (pred, ref))
            )
            value = hd95_directed_max(mask_ref=ref, mask_pred=pred, spacing_mm_yx=spacing)
            assert value == pytest.approx(expected, abs=1e-9)
