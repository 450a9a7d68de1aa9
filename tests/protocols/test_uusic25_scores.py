"""UUSIC25's scores: every trap in both modes, and the summary, with values computed by hand."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from evaluation.contract.result import Mode, Result
from evaluation.protocols.uusic25.layout import mask_output_path, read_manifest
from evaluation.scoring import ScoringOptions, score_submission
from tests.protocols.folders import uusic25_entry, write_json, write_mask
from tests.protocols.one_task import MODES, values

Mask = NDArray[np.uint8]
SIZE_HW = (30, 40)
EMPTY = np.zeros(SIZE_HW, dtype=np.uint8)
FULL = np.full(SIZE_HW, 255, dtype=np.uint8)
BLOCK = EMPTY.copy()
BLOCK[10:20, 10:20] = 255
"""100 pixels, 36 of them boundary."""
SHIFTED = np.roll(BLOCK, 2, axis=1)
"""Two columns to the right: 80 pixels in common; of either boundary 2 · 9 + 2 pixels lie within one pixel."""
ORIGIN = EMPTY.copy()
ORIGIN[0, 0] = 255


def score(
    folder: Path,
    mode: Mode,
    masks: Sequence[tuple[str, Mask, Mask | bytes | None]] = (),
    classes: Sequence[tuple[str, int, object]] = (),
    centers: Mapping[int, str] | None = None,
) -> Result:
    """Score masks (data set, reference, prediction) and classes (data set, label, entry or None)."""
    entries = []
    for number, (dataset, mask_ref, mask_pred) in enumerate(masks):
        path = f"segmentation/{dataset}/imgs/us_{number}.png"
        mask_path = f"references/{number}.png"
        write_mask(folder / mask_path, mask_ref)
        dimensions = [mask_ref.shape[1], mask_ref.shape[0]]
        entries.append(
            uusic25_entry(
                path, "segmentation", dataset, mask_path_relative=mask_path, img_dimensions=dimensions
            )
        )
        file = folder / "out" / mask_output_path(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(mask_pred, bytes):
            file.write_bytes(mask_pred)
        elif mask_pred is not None:
            write_mask(file, mask_pred)
    answers = {}
    for number, (dataset, label, answer) in enumerate(classes):
        path = f"classification/{dataset}/imgs/cls_{number}.png"
        center = (centers or {}).get(number)
        entries.append(uusic25_entry(path, "classification", dataset, class_label_index=label, center=center))
        if answer is not None:
            answers[path] = answer
    write_json(folder / "out" / "classification.json", answers)
    manifest = read_manifest(write_json(folder / "truth.json", entries), images_dir=folder, labelled=True)
    options = ScoringOptions(mode=mode, n_resamples=0, n_processes=1)
    return score_submission(manifest, folder / "out", options, name="test").result


def answer(*probabilities: float) -> dict[str, object]:
    """Return an entry that answers the likeliest class."""
    return {"probability": list(probabilities), "prediction": int(np.argmax(probabilities))}


@pytest.mark.parametrize(
    ("mask_ref", "mask_pred", "strict", "official"),
    [
        (EMPTY, EMPTY, (1.0, 1.0), (0.0, 0.0)),
        (BLOCK, EMPTY, (0.0, 0.0), (0.0, 0.0)),
        (EMPTY, BLOCK, (0.0, 0.0), (0.0, 0.0)),
        (FULL, FULL, (1.0, 1.0), (2400 / (2400 + 1e-6), 0.0)),
        (FULL, EMPTY, (0.0, 0.0), (0.0, 0.0)),
        (FULL, BLOCK, (200 / 1300, 0.0), (200 / (1300 + 1e-6), 0.0)),
        (ORIGIN, EMPTY, (0.0, 0.0), (0.0, 1 / (1 + 1e-6))),
        (EMPTY, ORIGIN, (0.0, 0.0), (0.0, 1 / (1 + 1e-6))),
        (BLOCK, BLOCK, (1.0, 1.0), (200 / (200 + 1e-6), 72 / (72 + 1e-6))),
        (BLOCK, SHIFTED, (0.8, 40 / 72), (160 / (200 + 1e-6), 40 / (72 + 1e-6))),
        (BLOCK, BLOCK // 255, (1.0, 1.0), (200 / (200 + 1e-6), 72 / (72 + 1e-6))),
    ],
)
def test_masks_score_as_computed_by_hand(
    tmp_path: Path,
    mask_ref: Mask,
    mask_pred: Mask,
    strict: tuple[float, float],
    official: tuple[float, float],
) -> None:
    for mode, (dsc, nsd) in zip(MODES, (strict, official), strict=True):
        result = score(tmp_path / mode, mode, [("Kidney", mask_ref, mask_pred)])
        assert values(result.tasks[0].scores) == pytest.approx({"dsc": dsc, "nsd": nsd}, abs=1e-12), mode
        assert result.n_failed == 0


@pytest.mark.parametrize("mask_pred", [None, b"no image", BLOCK[:-1], np.zeros((3, 3), dtype=np.uint8)])
def test_missing_unreadable_and_wrong_size_masks_are_worst_in_strict_mode(
    tmp_path: Path, mask_pred: Mask | bytes | None
) -> None:
    result = score(tmp_path, "strict", [("Kidney", BLOCK, BLOCK), ("Kidney", BLOCK, mask_pred)])
    assert values(result.tasks[0].scores) == pytest.approx({"dsc": 0.5, "nsd": 0.5}, abs=1e-12)
    assert (result.n_failed, result.tasks[0].n_failed) == (1, 1)


def test_missing_mask_counts_as_zero_officially_too(tmp_path: Path) -> None:
    result = score(tmp_path, "official", [("Kidney", EMPTY, EMPTY), ("Kidney", BLOCK, None)])
    assert values(result.tasks[0].scores) == {"dsc": 0.0, "nsd": 0.0}


def test_mask_of_another_size_makes_its_official_task_and_all_means_of_it_null(tmp_path: Path) -> None:
    masks = [("Kidney", BLOCK, BLOCK), ("Cardiac", BLOCK, BLOCK[:-1])]
    result = score(tmp_path, "official", masks, [("Liver", 0, answer(1, 0)), ("Liver", 1, answer(0, 1))])
    kidney, cardiac, liver = result.tasks
    assert kidney.scores["dsc"].value == pytest.approx(1.0, abs=1e-6)
    assert values(cardiac.scores) == {"dsc": None, "nsd": None}
    assert "official evaluator stops" in str(cardiac.scores["dsc"].reason)
    assert liver.scores["auc"].value == 1.0
    names = ("perf", "seg", "mean_dsc", "mean_nsd")
    assert [result.summary[name].value for name in names] == [None] * 4
    assert result.summary["cls"].value == 1.0


def test_breast_pools_the_images_of_both_data_sets(tmp_path: Path) -> None:
    masks = [("Breast", BLOCK, BLOCK), ("Breast", BLOCK, BLOCK), ("private_Breast_luminal", BLOCK, EMPTY)]
    result = score(tmp_path, "strict", masks)
    assert [task.scores["dsc"].value for task in result.tasks] == [1.0, 0.0]
    (breast,) = result.groups
    assert (breast.name, breast.tasks) == ("Breast", ("segmentation/Breast", "segmentation/Breast_luminal"))
    assert breast.scores["dsc"].value == pytest.approx(2 / 3, abs=1e-12)


def test_both_spellings_of_the_heart_are_one_organ(tmp_path: Path) -> None:
    result = score(tmp_path, "strict", [("Heart", BLOCK, BLOCK), ("Cardiac", BLOCK, EMPTY)])
    assert [(group.name, group.scores["dsc"].value) for group in result.groups] == [("Cardiac", 0.5)]


def test_summary_rounds_each_score_to_four_decimals_before_averaging(tmp_path: Path) -> None:
    # Kidney: DSC 2/3 → 0.6667 and NSD 2/3 → 0.6667; Thyroid 1 and 1; Liver AUC 1, ACC 2/3 → 0.6667
    masks = [("Kidney", BLOCK, BLOCK)] * 2 + [("Kidney", BLOCK, EMPTY), ("Thyroid", BLOCK, BLOCK)]
    classes = [
        ("Liver", 0, answer(0.9, 0.1)),
        ("Liver", 0, answer(0.4, 0.6)),
        ("Liver", 1, answer(0.3, 0.7)),
    ]
    summary = values(score(tmp_path, "strict", masks, classes).summary)
    seg, cls = (0.6667 * 2 + 2) / 4, (1 + 0.6667) / 2
    assert summary["seg"] == pytest.approx(seg, abs=1e-12)
    assert summary["cls"] == pytest.approx(cls, abs=1e-12)
    assert summary["perf"] == pytest.approx((seg + cls) / 2, abs=1e-12)
    assert summary["mean_dsc"] == pytest.approx((2 / 3 + 1) / 2, abs=1e-12)
    assert summary["mean_acc_binary"] == pytest.approx(2 / 3, abs=1e-12)
    assert summary["mean_auc_subtype"] is None


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "bad",
    [
        None,
        {"probability": [0.5, 0.6], "prediction": 1},
        {"probability": [0.1, math.nan], "prediction": 1},
        {"probability": [0.0, math.inf], "prediction": 1},
        {"probability": [0.1, 0.2, 0.7], "prediction": 1},
        {"probability": [0.1, 0.9], "prediction": 2},
        {"probability": [0.1, 0.9]},
        [0.1, 0.9],
    ],
)
def test_missing_or_invalid_class_is_wrong_and_ranks_last_in_both_modes(
    tmp_path: Path, mode: Mode, bad: object
) -> None:
    good = [("Liver", 0, answer(0.8, 0.2)), ("Liver", 1, answer(0.4, 0.6)), ("Liver", 0, answer(0.3, 0.7))]
    result = score(tmp_path, mode, classes=[*good, ("Liver", 1, bad)])
    # positives 0.6 and 0 (failed) against 0.2 and 0.7: one of four pairs; two of four right
    assert values(result.tasks[0].scores) == pytest.approx({"auc": 0.25, "accuracy": 0.5}, abs=1e-12)
    assert result.tasks[0].n_failed == 1


@pytest.mark.parametrize(("mode", "accuracy"), [("strict", 0.5), ("official", 1.0)])
def test_of_a_repeated_key_the_last_counts_officially_and_none_in_strict_mode(
    tmp_path: Path, mode: Mode, accuracy: float
) -> None:
    score(tmp_path, mode, classes=[("Liver", 0, answer(1, 0)), ("Liver", 1, answer(0, 1))])
    file = tmp_path / "out" / "classification.json"
    first = '{"classification/Liver/imgs/cls_1.png": {"probability": [1, 0], "prediction": 0}, '
    file.write_text(first + file.read_text()[1:])
    manifest = read_manifest(tmp_path / "truth.json", images_dir=tmp_path, labelled=True)
    options = ScoringOptions(mode=mode, n_resamples=0)
    task = score_submission(manifest, tmp_path / "out", options, name="test").result.tasks[0]
    assert task.scores["accuracy"].value == accuracy


@pytest.mark.parametrize("mode", MODES)
def test_single_class_task_has_no_auc_and_is_left_out_of_the_mean_with_a_note(
    tmp_path: Path, mode: Mode
) -> None:
    classes = [("Liver", 1, answer(0, 1)), ("Breast", 1, answer(0, 1)), ("Breast", 0, answer(1, 0))]
    result = score(tmp_path, mode, classes=classes)
    liver = result.tasks[0]
    assert (liver.scores["auc"].value, liver.scores["auc"].reason) == (None, "no reference of class 0")
    assert result.summary["mean_auc_binary"].value == 1.0
    assert "1 of 2 undefined" in str(result.summary["mean_auc_binary"].reason)
    assert "left out of the mean" in str(result.summary["cls"].reason)


def subtype(label: int, right: bool) -> tuple[str, int, object]:
    """Return a subtyping case, right or as wrong as can be."""
    row = np.zeros(4)
    row[label if right else (label + 1) % 4] = 1
    return "Breast_luminal", label, answer(*row)


def test_subtype_auc_is_the_mean_of_the_internal_and_the_external_one(tmp_path: Path) -> None:
    # internal: all right, 1. External: the case of class 0 answered as 1.
    classes = [*(subtype(k, True) for k in range(4)), *(subtype(k, k != 0) for k in range(4))]
    centers = {number: ("Internal A", "External")[number // 4] for number in range(8)}
    result = score(tmp_path, "strict", classes=classes, centers=centers)
    internal, external = result.groups
    assert (internal.name, external.name) == ("internal", "external")
    assert internal.scores["auc"].value == 1.0
    # class 0: all scores 0, 1/2; class 1: positive ties one negative of three, 5/6; others 1
    expected = (1 / 2 + 5 / 6 + 1 + 1) / 4
    assert external.scores["auc"].value == pytest.approx(expected, abs=1e-12)
    assert external.scores["accuracy"].value == 0.75
    assert result.summary["mean_auc_subtype"].value == pytest.approx((1 + expected) / 2, abs=1e-12)


@pytest.mark.parametrize("centers", [{}, dict.fromkeys(range(4), "external"), {0: "internal"}])
def test_subtype_auc_is_the_whole_tasks_where_centers_are_not_told_apart(
    tmp_path: Path, centers: dict[int, str]
) -> None:
    classes = [subtype(k, True) for k in range(4)]
    result = score(tmp_path, "strict", classes=classes, centers=centers)
    assert result.groups == ()
    assert result.summary["mean_auc_subtype"].value == 1.0


def test_subtype_without_a_reference_of_every_class_has_no_auc(tmp_path: Path) -> None:
    result = score(tmp_path, "strict", classes=[subtype(k, True) for k in (0, 1, 2)])
    assert result.tasks[0].scores["auc"].reason == "no reference of class 3"


def test_everything_missing_scores_nothing(tmp_path: Path) -> None:
    classes: list[tuple[str, int, object]] = [("Liver", 0, None), ("Liver", 1, None)]
    result = score(tmp_path, "strict", [("Kidney", BLOCK, None)], classes)
    assert result.n_failed == 3
    assert result.summary["perf"].value == 0.0


def test_colour_reference_is_read_as_grey(tmp_path: Path) -> None:
    colour = np.repeat(BLOCK[..., np.newaxis], 3, axis=2)
    result = score(tmp_path, "strict", [("Kidney", colour, BLOCK)])
    assert result.tasks[0].scores["dsc"].value == 1.0


@pytest.mark.parametrize(("mode", "n_failed"), [("strict", 1), ("official", 0)])
def test_colour_prediction_is_invalid_in_strict_mode_and_grey_officially(
    tmp_path: Path, mode: Mode, n_failed: int
) -> None:
    colour = np.repeat(BLOCK[..., np.newaxis], 3, axis=2)
    assert score(tmp_path, mode, [("Kidney", BLOCK, colour)]).n_failed == n_failed
