"""Faults that a review found and mutants that survived: each would let a number be wrong without a word."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import roc_auc_score

from evaluation.contract.errors import ManifestError
from evaluation.contract.result import Mode
from evaluation.protocols.fmc_uia.layout import read_manifest as read_fmc_uia
from evaluation.protocols.uusic25.layout import read_manifest as read_uusic25
from evaluation.scoring import ScoringOptions, score_submission
from tests.protocols.folders import FMC_FILES, disc, uusic25_entry, write_csv, write_json
from tests.protocols.one_task import classes, points, score_classes, score_masks, score_points, values
from tests.protocols.test_uusic25_scores import answer, score

LABELS = [0, 1, 2, 0, 1, 2, 0, 1]
# The first two sums differ in the last bit, so that dividing by them would break the tie at 0.7.
ROWS = [[0.1, 0.2, 0.7], [0.2, 0.1, 0.7], [0.3, 0.3, 0.4], [0.2, 0.1, 0.7]] * 2


def test_rows_that_sum_to_one_but_for_rounding_keep_their_ties(tmp_path: Path) -> None:
    entries = [classes(k, LABELS[k], ROWS[k]) for k in range(8)]
    auc = score_classes(tmp_path, LABELS, entries, "strict", 3).scores["auc"].value
    assert auc == pytest.approx(roc_auc_score(LABELS, ROWS, multi_class="ovr"), abs=1e-12)


@pytest.mark.parametrize(("total", "n_failed"), [(1.00095, 0), (0.99905, 0), (1.0011, 1), (0.998, 1)])
def test_sum_of_a_row_may_miss_one_by_a_thousandth(tmp_path: Path, total: float, n_failed: int) -> None:
    row = [total - 0.75, 0.25, 0.25, 0.25]
    entries = [classes(0, 0, row), *(classes(k, k, np.eye(4)[k].tolist()) for k in (1, 2, 3))]
    assert score_classes(tmp_path, [0, 1, 2, 3], entries, "strict", 4).n_failed == n_failed


def test_reference_of_0_and_255_is_refused_where_masks_are_class_indices(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"holds the value 255, which is no class of 0 to 1"):
        score_masks(tmp_path, [(disc() * 255, disc())], "strict")


def test_a_copy_of_the_reference_scores_one_whatever_its_palette(tmp_path: Path) -> None:
    image = Image.fromarray(1 - disc()).convert("P")
    image.putpalette([255, 255, 255, 0, 0, 0])
    for file in ("references/0.png", "out/segmentation/Kidney/masks/us.png"):
        (tmp_path / file).parent.mkdir(parents=True)
        image.save(tmp_path / file)
    entry = uusic25_entry(
        "segmentation/Kidney/imgs/us.png", "segmentation", "Kidney", mask_path_relative="references/0.png"
    )
    manifest = read_uusic25(write_json(tmp_path / "truth.json", [entry]), images_dir=tmp_path, labelled=True)
    options = ScoringOptions(n_resamples=0)
    (task,) = score_submission(manifest, tmp_path / "out", options, name="copy").result.tasks
    assert values(task.scores) == {"dsc": 1.0, "nsd": 1.0}


def test_a_task_that_stops_the_official_evaluator_makes_the_mean_over_its_kind_null(tmp_path: Path) -> None:
    rows, entries = [], []
    for task_id in ("good", "bad"):
        path = f"../Detection/{task_id}.png"
        box = dict(zip(("x_min", "y_min", "x_max", "y_max"), (0, 0, 10, 10), strict=True))
        rows.append(
            {"task_id": task_id, "task_name": "detection", "num_classes": 1, "image_path": path, **box}
        )
        pixels = [0, 0, 10, float("nan") if task_id == "bad" else 10]
        entries.append({"task_id": task_id, "image_path": path, "bbox_pixels": pixels})
    write_csv(tmp_path / "reference", rows)
    write_json(tmp_path / "out" / FMC_FILES["detection"], entries)
    manifest = read_fmc_uia(tmp_path / "reference", labelled=True)
    found: dict[Mode, float | None] = {}
    for mode in ("strict", "official"):
        options = ScoringOptions(mode=mode, n_resamples=0)
        result = score_submission(manifest, tmp_path / "out", options, name="x").result
        found[mode] = result.summary["iou"].value
    assert found == {"strict": 0.5, "official": None}


def test_the_official_binary_auc_looks_at_the_second_column_only(tmp_path: Path) -> None:
    rows = [[float("nan"), 0.2], [float("inf"), 0.9], [0.5, 0.6], [5.0, 0.1]]
    entries = [classes(k, label, rows[k]) for k, label in enumerate([0, 1, 1, 0])]
    assert score_classes(tmp_path, [0, 1, 1, 0], entries, "official").scores["auc"].value == 1.0


def test_a_missing_point_is_no_success_and_costs_the_diagonal_in_mm(tmp_path: Path) -> None:
    task = score_points(
        tmp_path,
        [("[1, 1]",)],
        [],
        "strict",
        image_width=4,
        image_height=2,
        spacing_mm="[0.5, 0.25]",
    )
    found = values(task.scores)
    assert found["success_rate_8px"] == 0.0
    assert found["mre_px"] == pytest.approx(np.hypot(4, 2), abs=1e-12)
    assert found["mre_mm"] == pytest.approx(np.hypot(2 * 0.5, 4 * 0.25), abs=1e-12)


def test_an_official_error_of_a_million_pixels_is_a_number(tmp_path: Path) -> None:
    task = score_points(tmp_path, [("[0, 0]",)], [points(0, [1e6, 0.0])], "official")
    assert task.scores["mre_px"].value == 1e6


def test_subtype_auc_differs_from_the_whole_tasks_where_centres_differ_in_size(tmp_path: Path) -> None:
    wrong = {4, 5}
    cases, centers = [], {}
    for number in range(16):
        label = number % 4
        row = np.eye(4)[(label + 1) % 4 if number in wrong else label]
        cases.append(("Breast_luminal", label, answer(*row)))
        centers[number] = "NKI " if 4 <= number < 8 else "Internal"
    result = score(tmp_path, "strict", classes=cases, centers=centers)
    internal, external = (group.scores["auc"].value for group in result.groups)
    assert internal == 1.0
    assert external is not None
    subtype, whole = result.summary["mean_auc_subtype"].value, result.tasks[0].scores["auc"].value
    assert subtype == pytest.approx((1.0 + external) / 2, abs=1e-12)
    assert subtype is not None
    assert whole is not None
    assert abs(subtype - whole) > 0.01
    assert [(group.by, group.n_cases) for group in result.groups] == [("center", 12), ("center", 4)]


def test_keys_given_twice_inside_an_entry_are_told(tmp_path: Path) -> None:
    entry = uusic25_entry("classification/Liver/imgs/0.png", "classification", "Liver", class_label_index=0)
    (tmp_path / "out").mkdir()
    text = '{"prediction": 1, "prediction": 0, "probability": [1, 0]}'
    (tmp_path / "out" / "classification.json").write_text(f'{{"{entry["img_path_relative"]}": {text}}}')
    truth = write_json(tmp_path / "truth.json", [entry])
    manifest = read_uusic25(truth, images_dir=tmp_path, labelled=True)
    options = ScoringOptions(n_resamples=0)
    result = score_submission(manifest, tmp_path / "out", options, name="x").result
    (problem,) = result.problems
    assert (problem.code, problem.severity) == ("repeated", "warning")
    assert "keys given twice in one entry (prediction)" in problem.message


def test_nan_as_pandas_writes_it_is_no_patient(tmp_path: Path) -> None:
    entries = [uusic25_entry(f"segmentation/Kidney/imgs/{k}.png", "segmentation", "Kidney") for k in range(3)]
    text = json.dumps([entry | {"patient_id": float("nan"), "center": float("nan")} for entry in entries])
    file = tmp_path / "manifest.json"
    file.write_text(text)
    manifest = read_uusic25(file, images_dir=tmp_path)
    assert {(case.patient_id, case.center) for case in manifest.cases} == {(None, None)}


def test_one_row_of_an_image_tells_the_patient_of_all_its_rows(tmp_path: Path) -> None:
    rows = []
    for k in range(6):
        for task_id, patient in (("a", f"p{k // 2}"), ("b", "")):
            rows.append(
                {
                    "task_id": task_id,
                    "task_name": "classification",
                    "num_classes": 2,
                    "image_path": f"../{k}.png",
                    "mask": k % 2,
                    "patient_id": patient,
                }
            )
    write_csv(tmp_path / "reference", rows)
    answers = [
        {"task_id": r["task_id"], **classes(0, 1, [0, 1]), "image_path": r["image_path"]} for r in rows
    ]
    write_json(tmp_path / "out" / FMC_FILES["classification"], answers)
    manifest = read_fmc_uia(tmp_path / "reference", labelled=True)
    scored = score_submission(manifest, tmp_path / "out", ScoringOptions(n_resamples=300), name="x").result
    a, b = (task.scores["accuracy"].interval for task in scored.tasks)
    # every patient has one right and one wrong image: resampling patients changes nothing, in either task
    assert a is not None
    assert b is not None
    assert (a.low, a.high, b.low, b.high) == (0.5, 0.5, 0.5, 0.5)
    assert "6 case(s) have no patient_id" in " ".join(scored.notes)


def test_the_organ_of_a_foreign_data_set_is_told_by_its_entry(tmp_path: Path) -> None:
    entry = uusic25_entry("segmentation/CAMUS/imgs/0.png", "segmentation", "CAMUS", organ="Heart")
    manifest = read_uusic25(write_json(tmp_path / "m.json", [entry]), images_dir=tmp_path)
    assert manifest.tasks["segmentation/CAMUS"].organ == "Cardiac"
