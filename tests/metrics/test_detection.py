"""IoU of boxes: scenes and the degenerate table."""

import math

import pytest

from evaluation.contract.errors import GeometryError
from evaluation.metrics.detection import box_iou

BOX = (10.0, 10.0, 20.0, 30.0)


def test_half_overlap_is_one_third() -> None:
    assert box_iou(box_ref=BOX, box_pred=(15.0, 10.0, 25.0, 30.0)) == pytest.approx(1 / 3)


def test_coordinates_are_continuous_without_plus_one() -> None:
    assert box_iou(box_ref=(0, 0, 1, 1), box_pred=(0.5, 0, 1.5, 1)) == pytest.approx(1 / 3)
    assert box_iou(box_ref=(0, 0, 1, 1), box_pred=(1, 0, 2, 1)) == 0.0


def test_identical_boxes_score_one() -> None:
    assert box_iou(box_ref=BOX, box_pred=BOX) == 1.0


@pytest.mark.parametrize(
    "box",
    [
        (20.0, 10.0, 10.0, 30.0),
        (20.0, 30.0, 10.0, 10.0),
        (10.0, 10.0, 10.0, 30.0),
        (math.nan, 10.0, 20.0, 30.0),
        (10.0, 10.0, math.inf, 30.0),
        (-1e300, -1e300, 1e300, 1e300),
    ],
    ids=["inverted x", "inverted twice", "no width", "NaN", "infinite", "overflow"],
)
def test_a_box_without_a_usable_area_scores_zero(box: tuple[float, float, float, float]) -> None:
    assert box_iou(box_ref=BOX, box_pred=box) == 0.0
    assert box_iou(box_ref=box, box_pred=BOX) == 0.0
    assert box_iou(box_ref=box, box_pred=box) == 0.0


def test_a_box_of_three_numbers_is_refused() -> None:
    with pytest.raises(GeometryError, match="box_pred"):
        box_iou(box_ref=BOX, box_pred=(1.0, 2.0, 3.0))
