"""Laws of the metrics: symmetry, identity, range, flips, padding, case order, and that failing never pays.

Two exceptions: `surface_dice_uusic25` sees the frame's origin, so flips and padding may change it; and the
inner boundary leaves out the image edge, so padding changes `surface_dice_inner_boundary` of masks there.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy
from numpy.typing import NDArray

from evaluation.metrics.contour import hd95_area_weighted, surface_dice_area_weighted
from evaluation.metrics.detection import box_iou
from evaluation.metrics.hausdorff import hausdorff_set_px
from evaluation.metrics.landmarks import mean_radial_error_px
from evaluation.metrics.overlap import dice, dice_per_class, dice_uusic25, mask_iou
from evaluation.metrics.surface import hausdorff_surface, hd95_directed_max, hd95_pooled
from evaluation.metrics.surface_dice import (
    surface_dice_inner_boundary,
    surface_dice_inner_boundary_mm,
    surface_dice_uusic25,
)

BoolMask = NDArray[np.bool_]
Pair = tuple[BoolMask, BoolMask]
MaskMetric = Callable[..., float]


def inner_boundary_mm(*, mask_ref: BoolMask, mask_pred: BoolMask) -> float:
    """Fix tolerance and spacing."""
    return surface_dice_inner_boundary_mm(
        mask_ref=mask_ref, mask_pred=mask_pred, tolerance_mm=0.7, spacing_mm_yx=(0.5, 0.3)
    )


def area_weighted(*, mask_ref: BoolMask, mask_pred: BoolMask) -> float:
    """Fix tolerance and spacing."""
    return surface_dice_area_weighted(
        mask_ref=mask_ref, mask_pred=mask_pred, tolerance_mm=0.7, spacing_mm_yx=(0.5, 0.3)
    )


def hd95_contour(*, mask_ref: BoolMask, mask_pred: BoolMask) -> float:
    """Fix the spacing."""
    return hd95_area_weighted(mask_ref=mask_ref, mask_pred=mask_pred, spacing_mm_yx=(1.0, 1.0))


STRICT_OVERLAPS: list[MaskMetric] = [
    dice,
    mask_iou,
    surface_dice_inner_boundary,
    inner_boundary_mm,
    area_weighted,
]
OFFICIAL_OVERLAPS: list[MaskMetric] = [dice_uusic25, surface_dice_uusic25]
DISTANCES: list[MaskMetric] = [
    hausdorff_set_px,
    hausdorff_surface,
    hd95_pooled,
    hd95_directed_max,
    hd95_contour,
]

quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def mask_pairs(draw: st.DrawFn) -> Pair:
    """Draw two masks of one shape from 1×1 to 12×12."""
    shape = draw(st.tuples(st.integers(1, 12), st.integers(1, 12)))
    fill = st.booleans()
    masks = [draw(st_numpy.arrays(np.bool_, shape, elements=st.booleans(), fill=fill)) for _ in range(2)]
    return masks[0], masks[1]


def are_off_the_edge(pair: Pair) -> bool:
    """Tell whether no mask has a pixel on the frame's edge."""
    union = pair[0] | pair[1]
    return not (union[0].any() or union[-1].any() or union[:, 0].any() or union[:, -1].any())


@pytest.mark.parametrize("metric", STRICT_OVERLAPS + OFFICIAL_OVERLAPS + DISTANCES)
@given(pair=mask_pairs())
@quick
def test_reference_and_prediction_are_interchangeable(metric: MaskMetric, pair: Pair) -> None:
    one = metric(mask_ref=pair[0], mask_pred=pair[1])
    assert one == pytest.approx(metric(mask_ref=pair[1], mask_pred=pair[0]), abs=1e-12)


@pytest.mark.parametrize("metric", STRICT_OVERLAPS)
@given(pair=mask_pairs())
@quick
def test_overlap_is_between_zero_and_one_and_one_for_identical_masks(metric: MaskMetric, pair: Pair) -> None:
    assert 0 <= metric(mask_ref=pair[0], mask_pred=pair[1]) <= 1
    assert metric(mask_ref=pair[0], mask_pred=pair[0]) == 1


@pytest.mark.parametrize("metric", OFFICIAL_OVERLAPS)
@given(pair=mask_pairs())
@quick
def test_official_overlap_is_between_zero_and_one_and_best_for_identical_masks(
    metric: MaskMetric, pair: Pair
) -> None:
    value, best = metric(mask_ref=pair[0], mask_pred=pair[1]), metric(mask_ref=pair[0], mask_pred=pair[0])
    assert 0 <= value < 1
    assert best == 0 or best > 1 - 1e-6


@pytest.mark.parametrize("metric", DISTANCES)
@given(pair=mask_pairs())
@quick
def test_distance_is_between_zero_and_the_diagonal_and_zero_for_identical_masks(
    metric: MaskMetric, pair: Pair
) -> None:
    assert 0 <= metric(mask_ref=pair[0], mask_pred=pair[1]) <= math.hypot(*pair[0].shape)
    assert metric(mask_ref=pair[0], mask_pred=pair[0]) == 0


@pytest.mark.parametrize("metric", STRICT_OVERLAPS + DISTANCES + [dice_uusic25])
@given(pair=mask_pairs())
@quick
def test_flips_change_nothing(metric: MaskMetric, pair: Pair) -> None:
    value = metric(mask_ref=pair[0], mask_pred=pair[1])
    for flip in (np.flipud, np.fliplr):
        flipped = metric(mask_ref=flip(pair[0]), mask_pred=flip(pair[1]))
        assert flipped == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize("metric", [dice, dice_uusic25, mask_iou, area_weighted, *DISTANCES])
@given(pair=mask_pairs(), widths=st.tuples(*[st.integers(0, 3)] * 4))
@quick
def test_padding_changes_nothing(metric: MaskMetric, pair: Pair, widths: tuple[int, int, int, int]) -> None:
    # With one mask empty the distances are the diagonal, which grows with the frame.
    assume(metric not in DISTANCES or pair[0].any() == pair[1].any())
    padded = [np.pad(mask, (widths[:2], widths[2:])) for mask in pair]
    value = metric(mask_ref=pair[0], mask_pred=pair[1])
    assert metric(mask_ref=padded[0], mask_pred=padded[1]) == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize("metric", [surface_dice_inner_boundary, inner_boundary_mm])
@given(pair=mask_pairs(), widths=st.tuples(*[st.integers(0, 3)] * 4))
@quick
def test_padding_changes_no_inner_boundary_of_masks_off_the_edge(
    metric: MaskMetric, pair: Pair, widths: tuple[int, int, int, int]
) -> None:
    inside = np.pad(pair[0], 1), np.pad(pair[1], 1)
    assert are_off_the_edge(inside)
    padded = [np.pad(mask, (widths[:2], widths[2:])) for mask in inside]
    value = metric(mask_ref=inside[0], mask_pred=inside[1])
    assert metric(mask_ref=padded[0], mask_pred=padded[1]) == value


def test_padding_does_change_the_inner_boundary_of_a_mask_on_the_edge() -> None:
    ref, pred = np.zeros((2, 6, 6), dtype=np.bool_)
    ref[:3], pred[:4] = True, True
    value = surface_dice_inner_boundary(mask_ref=ref, mask_pred=pred, tolerance_px=0.0)
    padded = surface_dice_inner_boundary(mask_ref=np.pad(ref, 1), mask_pred=np.pad(pred, 1), tolerance_px=0.0)
    assert value == 0.0
    assert padded > 0.0


@given(pair=mask_pairs(), seed=st.integers(0, 99))
@quick
def test_a_larger_tolerance_never_lowers_the_surface_dice(pair: Pair, seed: int) -> None:
    low, high = np.sort(np.random.default_rng(seed).uniform(0, 6, 2))
    values = [
        surface_dice_inner_boundary(mask_ref=pair[0], mask_pred=pair[1], tolerance_px=tolerance)
        for tolerance in (low, high)
    ]
    assert values[0] <= values[1]


@given(pair=mask_pairs())
@quick
def test_no_percentile_exceeds_the_surface_hausdorff(pair: Pair) -> None:
    largest = hausdorff_surface(mask_ref=pair[0], mask_pred=pair[1])
    for metric in (hd95_pooled, hd95_directed_max):
        assert metric(mask_ref=pair[0], mask_pred=pair[1]) <= largest + 1e-12


@given(pair=mask_pairs())
@quick
def test_two_classes_are_the_mask_and_its_complement(pair: Pair) -> None:
    values = dice_per_class(
        labels_ref=pair[0].astype(np.uint8), labels_pred=pair[1].astype(np.uint8), num_classes=2
    )
    assert values[0] == dice(mask_ref=~pair[0], mask_pred=~pair[1])
    assert values[1] == dice(mask_ref=pair[0], mask_pred=pair[1])


@given(boxes=st.tuples(*[st.tuples(*[st.floats(-50, 50)] * 4)] * 2))
@quick
def test_box_iou_is_symmetric_and_between_zero_and_one(boxes: tuple[Any, Any]) -> None:
    value = box_iou(box_ref=boxes[0], box_pred=boxes[1])
    assert 0 <= value <= 1
    assert value == box_iou(box_ref=boxes[1], box_pred=boxes[0])


@given(points=st_numpy.arrays(np.float64, (2, 3, 2), elements=st.floats(-1e3, 1e3)), shift=st.floats(-9, 9))
@quick
def test_radial_error_is_symmetric_and_does_not_see_a_common_shift(
    points: NDArray[np.float64], shift: float
) -> None:
    value = mean_radial_error_px(points_ref=points[0], points_pred=points[1])
    assert value == mean_radial_error_px(points_ref=points[1], points_pred=points[0])
    moved = mean_radial_error_px(points_ref=points[0] + shift, points_pred=points[1] + shift)
    assert moved == pytest.approx(value, abs=1e-9)
