"""FMC_UIA's masks, boxes and points: every trap in both modes, with values computed by hand."""

import math
from pathlib import Path

import numpy as np
import pytest

from evaluation.contract.errors import ManifestError
from evaluation.contract.result import Mode
from tests.protocols.folders import disc
from tests.protocols.one_task import (
    DIAGONAL_PX,
    MODES,
    SIZE_HW,
    Mask,
    box,
    points,
    score_boxes,
    score_masks,
    score_points,
    values,
)

EMPTY = np.zeros(SIZE_HW, dtype=np.uint8)
FULL = np.ones(SIZE_HW, dtype=np.uint8)
LEFT = np.pad(np.ones((30, 20), dtype=np.uint8), ((0, 0), (0, 20)))
"""The left half: 600 pixels."""
CORNER = np.pad(np.ones((1, 1), dtype=np.uint8), ((0, 29), (0, 39)))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("mask_ref", "mask_pred", "dsc", "hd_px"),
    [
        (EMPTY, EMPTY, 1.0, 0.0),
        (LEFT, EMPTY, 0.0, DIAGONAL_PX),
        (EMPTY, LEFT, 0.0, DIAGONAL_PX),
        (FULL, FULL, 1.0, 0.0),
        (LEFT, FULL, 2 * 600 / 1800, 20.0),
        (FULL, LEFT, 2 * 600 / 1800, 20.0),
        (FULL, EMPTY, 0.0, DIAGONAL_PX),
        (CORNER, FULL, 2 / 1201, math.hypot(29, 39)),
        (LEFT, LEFT * 255, 0.0, DIAGONAL_PX),  # 255 is no class of two
    ],
)
def test_binary_masks_score_as_computed_by_hand(
    tmp_path: Path, mode: Mode, mask_ref: Mask, mask_pred: Mask, dsc: float, hd_px: float
) -> None:
    task = score_masks(tmp_path, [(mask_ref, mask_pred)], mode)
    assert values(task.scores) == pytest.approx({"dsc": dsc, "hd_px": hd_px}, abs=1e-12)
    assert task.n_failed == 0


@pytest.mark.parametrize("mode", MODES)
def test_class_that_neither_mask_has_counts_as_perfect(tmp_path: Path, mode: Mode) -> None:
    found = values(score_masks(tmp_path, [(LEFT, LEFT)], mode, num_classes=3).scores)
    assert found == {
        "dsc": 1.0,
        "hd_px": 0.0,
        "dsc_class_1": 1.0,
        "hd_px_class_1": 0.0,
        "dsc_class_2": 1.0,
        "hd_px_class_2": 0.0,
    }


@pytest.mark.parametrize("mode", MODES)
def test_class_missing_from_the_reference_but_predicted(tmp_path: Path, mode: Mode) -> None:
    mask_pred = LEFT.copy()
    mask_pred[0, 39] = 2
    found = values(score_masks(tmp_path, [(LEFT, mask_pred)], mode, num_classes=3).scores)
    assert (found["dsc_class_2"], found["hd_px_class_2"]) == (0.0, DIAGONAL_PX)
    assert (found["dsc"], found["hd_px"]) == (0.5, DIAGONAL_PX / 2)


@pytest.mark.parametrize("mode", MODES)
def test_task_is_the_mean_over_rows_then_over_classes(tmp_path: Path, mode: Mode) -> None:
    both = LEFT.copy()
    both[:, 20:] = 2
    found = values(score_masks(tmp_path, [(both, both), (both, LEFT)], mode, num_classes=3).scores)
    assert found["dsc_class_2"] == pytest.approx(0.5, abs=1e-12)
    assert found["dsc"] == pytest.approx((1.0 + 0.5) / 2, abs=1e-12)
    assert found["hd_px"] == pytest.approx((0 + DIAGONAL_PX / 2) / 2, abs=1e-12)


@pytest.mark.parametrize("mask_pred", [None, b"", b"no image", np.repeat(LEFT, 2, axis=0), LEFT[:-1]])
def test_missing_unreadable_and_wrong_size_masks_are_worst_in_strict_mode(
    tmp_path: Path, mask_pred: Mask | bytes | None
) -> None:
    task = score_masks(tmp_path, [(LEFT, LEFT), (LEFT, mask_pred)], "strict")
    assert values(task.scores) == pytest.approx({"dsc": 0.5, "hd_px": DIAGONAL_PX / 2}, abs=1e-12)
    assert task.n_failed == 1


def test_missing_mask_is_skipped_officially(tmp_path: Path) -> None:
    task = score_masks(tmp_path, [(LEFT, FULL), (LEFT, None)], "official")
    assert values(task.scores) == pytest.approx({"dsc": 2 / 3, "hd_px": 20.0}, abs=1e-12)


def test_unreadable_mask_stops_the_official_evaluator(tmp_path: Path) -> None:
    task = score_masks(tmp_path, [(LEFT, LEFT), (LEFT, b"no image")], "official")
    assert values(task.scores) == {"dsc": None, "hd_px": None}


@pytest.mark.parametrize("factor", [2, 3])
def test_mask_of_another_size_is_resized_to_the_nearest_pixel_officially(tmp_path: Path, factor: int) -> None:
    labels = disc(*SIZE_HW, y=12, x=17, radius=7) + disc(*SIZE_HW, y=12, x=17, radius=3)
    large = np.kron(labels, np.ones((factor, factor), dtype=np.uint8))
    task = score_masks(tmp_path, [(labels, large)], "official", num_classes=3)
    assert task.scores["dsc"].value == 1.0
    assert task.scores["hd_px"].value == 0.0


BOX = (10.0, 10.0, 20.0, 20.0)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("given", "iou"),
    [
        (BOX, 1.0),
        ((10, 10, 20, 15), 0.5),
        ((15.0, 10.0, 25.0, 20.0), 50 / 150),
        ((20, 10, 30, 20), 0.0),
        ((-1e9, -1e9, 1e9, 1e9), 100 / 4e18),
        ((12, 12, 12, 12), 0.0),
    ],
)
def test_boxes_score_as_computed_by_hand(
    tmp_path: Path, mode: Mode, given: tuple[float, ...], iou: float
) -> None:
    task = score_boxes(tmp_path, [BOX], [box(0, list(given))], mode).tasks[0]
    assert task.scores["iou"].value == pytest.approx(iou, abs=1e-12)
    assert task.n_failed == 0


INVERTED = ([20, 10, 10, 20], [10, 20, 20, 10], [20, 20, 10, 10])


@pytest.mark.parametrize("given", INVERTED)
def test_inverted_box_is_invalid_in_strict_mode_and_zero_officially(tmp_path: Path, given: list[int]) -> None:
    strict = score_boxes(tmp_path / "a", [BOX, BOX], [box(0, given), box(1, [*BOX])], "strict").tasks[0]
    assert (strict.scores["iou"].value, strict.n_failed) == (0.5, 1)
    official = score_boxes(tmp_path / "b", [BOX, BOX], [box(0, given), box(1, [*BOX])], "official").tasks[0]
    assert (official.scores["iou"].value, official.n_failed) == (0.5, 0)


@pytest.mark.parametrize(
    "given",
    [
        [10, 10, 20],
        [10, 10, 20, 20, 0],
        [],
        None,
        [10, 10, 20, math.nan],
        [10, 10, math.inf, 20],
        ["10", 10, 20, 20],
        {"x": 1},
        [10, 10, 20, 10**400],
    ],
)
def test_unusable_box_fails_in_strict_mode_and_stops_the_official_evaluator(
    tmp_path: Path, given: object
) -> None:
    entries = [box(0, given), box(1, [*BOX])]
    strict = score_boxes(tmp_path / "a", [BOX, BOX], entries, "strict").tasks[0]
    assert (strict.scores["iou"].value, strict.n_failed) == (0.5, 1)
    official = score_boxes(tmp_path / "b", [BOX, BOX], entries, "official")
    assert official.tasks[0].scores["iou"].value is None
    assert official.summary["iou"].value is None


@pytest.mark.parametrize("mode", MODES)
def test_row_without_a_reference_box_is_not_scored(tmp_path: Path, mode: Mode) -> None:
    result = score_boxes(tmp_path, [BOX, None], [box(0, [*BOX]), box(1, [0, 0, 1, 1])], mode)
    assert (result.tasks[0].scores["iou"].value, result.n_cases) == (1.0, 1)
    assert any("no reference" in note for note in result.notes)


def test_missing_box_is_skipped_officially_and_zero_in_strict_mode(tmp_path: Path) -> None:
    for mode, iou in (("strict", 0.5), ("official", 1.0)):
        task = score_boxes(tmp_path / mode, [BOX, BOX], [box(0, [*BOX])], mode).tasks[0]  # type: ignore[arg-type] # literals
        assert (task.scores["iou"].value, task.n_failed) == (iou, 1)


TWO = ("[10, 10]", "[20.5, 10]")


@pytest.mark.parametrize("mode", MODES)
def test_points_score_as_computed_by_hand(tmp_path: Path, mode: Mode) -> None:
    # distances 5 and 0 in the first row, 0 and 3 in the second
    entries = [points(0, [13, 14, 20.5, 10]), points(1, [10, 10, 20.5, 13])]
    task = score_points(tmp_path, [TWO, TWO], entries, mode)
    assert task.scores["mre_px"].value == pytest.approx(2.0, abs=1e-12)
    if mode == "strict":
        rates = [task.scores[f"success_rate_{t}px"].value for t in (2, 4, 8)]
        assert rates == [0.5, 0.75, 1.0]


def test_spacing_gives_errors_in_mm(tmp_path: Path) -> None:
    # (3, 4) pixels at 0.5 mm a row and 2 mm a column: (6, 2) mm
    entries = [points(0, [13, 14])]
    task = score_points(tmp_path, [("[10, 10]",)], entries, "strict", spacing_mm="[0.5, 2]")
    assert task.scores["mre_mm"].value == pytest.approx(math.hypot(6, 2), abs=1e-12)


def test_no_error_counts_for_more_than_the_diagonal(tmp_path: Path) -> None:
    entries = [points(0, [1e308, -1e308, 20.5, 10])]
    task = score_points(tmp_path, [TWO], entries, "strict", spacing_mm="[2, 2]")
    assert task.scores["mre_px"].value == pytest.approx(DIAGONAL_PX / 2, abs=1e-12)
    assert task.scores["mre_mm"].value == pytest.approx(DIAGONAL_PX, abs=1e-12)


@pytest.mark.parametrize(
    "given",
    [
        [10, 10],
        [10, 10, 20.5],
        [10, 10, 20.5, 10, 0, 0],
        [],
        None,
        [10, 10, 20.5, math.nan],
        [10, 10, 20.5, math.inf],
        [[10, 10], [20.5, 10]],
        "10 10 20.5 10",
    ],
)
def test_wrong_points_count_as_the_diagonal_in_strict_mode(tmp_path: Path, given: object) -> None:
    entries = [points(0, given), points(1, [10, 10, 20.5, 10])]
    task = score_points(tmp_path, [TWO, TWO], entries, "strict")
    assert task.scores["mre_px"].value == pytest.approx(DIAGONAL_PX / 2, abs=1e-12)
    assert (task.scores["success_rate_8px"].value, task.n_failed) == (0.5, 1)


@pytest.mark.parametrize(
    "given",
    [
        [10, 10, 20.5],
        [10, 10, 20.5, 10, 0, 0],
        [],
        None,
        [10, 10, 20.5, math.nan],
        [10, 10, -math.inf, 10],
        [1e308, 1e308, -1e308, 1e308],
        [1.7e308, 0, 0, 0],  # finite in its row, infinite in the mean over rows
        "10",
    ],
)
def test_wrong_points_stop_the_official_evaluator(tmp_path: Path, given: object) -> None:
    entries = [points(0, given), points(1, [10, 10, 20.5, 10])]
    mre = score_points(tmp_path, [TWO, TWO], entries, "official").scores["mre_px"]
    assert mre.value is None
    assert "official evaluator stops" in str(mre.reason)


def test_a_single_point_is_compared_with_all_officially(tmp_path: Path) -> None:
    task = score_points(tmp_path, [("[10, 10]", "[10, 20]")], [points(0, [10, 10])], "official")
    assert (task.scores["mre_px"].value, task.n_failed) == (5.0, 0)


def test_missing_reference_point_counts_as_the_origin_officially_and_not_in_strict_mode(
    tmp_path: Path,
) -> None:
    entries = [points(0, [10, 10, 3, 4])]
    official = score_points(tmp_path / "a", [("[10, 10]", "")], entries, "official")
    assert official.scores["mre_px"].value == pytest.approx(2.5, abs=1e-12)
    strict = score_points(tmp_path / "b", [("[10, 10]", "")], entries, "strict")
    assert strict.scores["mre_px"].value == 0.0


def test_row_without_any_reference_point_is_scored_only_officially(tmp_path: Path) -> None:
    entries = [points(0, [10, 10]), points(1, [3, 4])]
    strict = score_points(tmp_path / "a", [("[10, 10]",), ("",)], entries, "strict")
    assert (strict.n_cases, strict.scores["mre_px"].value) == (1, 0.0)
    official = score_points(tmp_path / "b", [("[10, 10]",), ("",)], entries, "official")
    assert (official.n_cases, official.scores["mre_px"].value) == (2, 2.5)


def test_missing_points_are_skipped_officially(tmp_path: Path) -> None:
    task = score_points(tmp_path, [TWO, TWO], [points(0, [10, 10, 20.5, 10])], "official")
    assert (task.scores["mre_px"].value, task.n_failed) == (0.0, 1)


def test_points_without_a_known_image_size_are_the_organisers_problem(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"1 case\(s\) of points without an image size; put the images"):
        score_points(tmp_path, [TWO], [], "strict", image_width="", image_height="")
