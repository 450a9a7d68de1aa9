"""Which tasks may be mirrored, and in which order points stand afterwards."""

import pytest

from evaluation.contract.task import Kind
from model.network.unified import HeadKey
from train.unified.policy import allows_flip, sort_points

FETAL = HeadKey(task_id="fetal_head_landmarks", kind=Kind.REGRESSION, num_classes=4)
NAMED = HeadKey(task_id="spine", kind=Kind.REGRESSION, num_classes=4)
ENDS = [(0.2, 0.5), (0.8, 0.6), (0.5, 0.1), (0.4, 0.9)]


@pytest.mark.parametrize(
    ("kind", "task_id", "may_flip"),
    [
        (Kind.SEGMENTATION, "breast_lesion", True),
        (Kind.CLASSIFICATION, "breast_3cls", True),
        (Kind.DETECTION, "breast_lesion_det", True),
        (Kind.CLASSIFICATION, "fetal_head_pos_cls", False),
        (Kind.CLASSIFICATION, "fetal_sacral_pos_cls", False),
        (Kind.REGRESSION, "fetal_head_landmarks", True),
        (Kind.REGRESSION, "FUGC", False),
    ],
)
def test_mirrored_only_where_left_and_right_mean_nothing(kind: Kind, task_id: str, may_flip: bool) -> None:
    assert allows_flip(HeadKey(task_id=task_id, kind=kind, num_classes=2)) == may_flip


def test_mirrored_ends_are_named_anew_by_their_place() -> None:
    mirrored: list[tuple[float, float] | None] = [(1 - x, y) for x, y in ENDS]
    assert sort_points(FETAL, mirrored) == [(1 - 0.8, 0.6), (1 - 0.2, 0.5), (0.5, 0.1), (0.6, 0.9)]


def test_ends_of_the_minor_axis_stand_from_top_to_bottom() -> None:
    turned = [*ENDS[:2], ENDS[3], ENDS[2]]
    assert sort_points(FETAL, list(turned)) == ENDS


def test_points_with_names_of_their_own_keep_their_order() -> None:
    assert sort_points(NAMED, list(reversed(ENDS))) == list(reversed(ENDS))


@pytest.mark.parametrize("missing", range(4))
def test_point_whose_partner_is_out_of_view_keeps_its_place(missing: int) -> None:
    points: list[tuple[float, float] | None] = list(ENDS)
    points[missing] = None
    assert sort_points(FETAL, points) == points
