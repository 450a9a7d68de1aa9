"""The committed FMC_UIA sample, read plainly: complete, labelled, and what its seed makes."""

import csv
import json
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sample_data import layout_fmc_uia
from sample_data.cases import draw
from sample_data.seeds import COMMITTED_SEED
from sample_data.tasks import FMC_UIA_TASKS
from sample_data.writing import save_picture

ROOT = Path(layout_fmc_uia.__file__).parent / "fmc_uia"
OFFICIAL = [
    "task_id",
    "task_name",
    "num_classes",
    "image_path",
    "mask_path",
    "mask",
    "x_min",
    "y_min",
    "x_max",
    "y_max",
    "point_1_xy",
    "point_2_xy",
    "point_3_xy",
]
BOX = ("x_min", "y_min", "x_max", "y_max")
Row = dict[str, str]


def rows_of(tree: str) -> list[Row]:
    found: list[Row] = []
    for path in sorted((ROOT / tree / "csv_files").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            found.extend(csv.DictReader(file))
    return found


ROWS = rows_of("references")


def of_kind(kind: str) -> list[Row]:
    return [row for row in ROWS if row["task_name"] == kind]


def points_of(row: Row) -> list[list[float]]:
    return [json.loads(row[f"point_{i + 1}_xy"]) for i in range(int(row["num_classes"]))]


def test_unlabelled_rows_are_the_labelled_ones_without_labels() -> None:
    blind = rows_of("input")
    assert len(blind) == len(ROWS)
    for without, row in zip(blind, ROWS, strict=True):
        assert list(without) == [*OFFICIAL, "patient_id", "center", "spacing_mm"]
        assert list(row) == [*without, "image_width", "image_height"]
        for key, value in without.items():
            hidden = key == "mask" or key in BOX or key.startswith("point_")
            assert value == ("" if hidden else row[key]), key


def test_every_image_exists_once_and_matches_its_row() -> None:
    for row in ROWS:
        path = ROOT / "input" / "csv_files" / row["image_path"]
        with Image.open(path) as image:
            assert image.size == (int(row["image_width"]), int(row["image_height"]))
            assert image.mode == "L"
    assert not [path for path in (ROOT / "references").rglob("images")]
    assert not any(path.is_symlink() for path in ROOT.rglob("*"))


def test_no_label_lies_in_the_input_tree() -> None:
    assert not [path for path in (ROOT / "input").rglob("*") if path.name in ("masks", "Annotations")]


def test_masks_hold_every_class_and_only_normal_breasts_are_empty() -> None:
    empty = Counter[str]()
    for row in of_kind("segmentation"):
        with Image.open(ROOT / "references" / "csv_files" / row["mask_path"]) as image:
            assert image.mode == "L"
            assert image.size == (int(row["image_width"]), int(row["image_height"]))
            values = set(np.unique(np.asarray(image)).tolist())
        if values == {0}:
            empty[row["task_id"]] += 1
        else:
            assert values == set(range(int(row["num_classes"]))), row["mask_path"]
    assert list(empty) == ["breast_lesion"]


def test_every_class_of_every_task_occurs_at_least_four_times() -> None:
    counts = Counter((row["task_id"], row["mask"]) for row in ROWS)
    for task in FMC_UIA_TASKS:
        labels = [str(i) for i in range(task.num_classes)] if task.kind == "classification" else [""]
        assert all(counts[task.name, label] >= 4 for label in labels), task.name
    assert {row["task_id"] for row in ROWS} == {task.name for task in FMC_UIA_TASKS}


def test_boxes_and_points_lie_in_the_image_and_other_kinds_have_none() -> None:
    for row in ROWS:
        width, height = int(row["image_width"]), int(row["image_height"])
        assert any(row[name] for name in BOX) == (row["task_name"] == "detection")
        assert bool(row["point_1_xy"]) == (row["task_name"] == "Regression")
        if row["task_name"] == "detection":
            x_min, y_min, x_max, y_max = (int(row[name]) for name in BOX)
            assert 0 <= x_min < x_max <= width
            assert 0 <= y_min < y_max <= height
        if row["task_name"] == "Regression":
            assert all(0 <= x <= width - 1 and 0 <= y <= height - 1 for x, y in points_of(row))


def test_box_of_a_shared_image_is_the_extent_of_its_mask() -> None:
    masks = {row["image_path"]: row["mask_path"] for row in ROWS if row["task_id"] == "thyroid_nodule"}
    shared = [row for row in of_kind("detection") if row["image_path"] in masks]
    assert shared
    for row in shared:
        with Image.open(ROOT / "references" / "csv_files" / masks[row["image_path"]]) as image:
            found = np.nonzero(np.asarray(image))
        extent = (found[1].min(), found[0].min(), found[1].max() + 1, found[0].max() + 1)
        assert tuple(int(row[name]) for name in BOX) == extent


def test_traps_are_in_the_sample() -> None:
    paths = [row["image_path"] for row in ROWS]
    assert all(path.startswith("../") for path in paths)
    assert any(all(mark in path for mark in (" ", ",", "[", "]", "\u00a0")) for path in paths)
    assert {Path(path).suffix for path in paths} == {".png", ".jpg", ".jpeg", ".bmp"}
    assert any("/Segmentation/" in row["image_path"] for row in of_kind("classification"))
    folders_of_name = defaultdict(set)
    for path in paths:
        folders_of_name[Path(path).name].add(Path(path).parent)
    assert any(len(folders) > 1 for folders in folders_of_name.values())
    tasks_of_image = defaultdict(set)
    for row in ROWS:
        tasks_of_image[row["image_path"]].add(row["task_id"])
    together = list(tasks_of_image.values())
    assert {"breast_lesion", "breast_3cls"} in together
    assert {"thyroid_nodule", "thyroid_nodule_det"} in together
    assert all(row["mask_path"].endswith(".xml") for row in of_kind("detection"))
    assert not list(ROOT.rglob("*.xml"))


def test_one_task_spans_several_csv_files() -> None:
    files_of_task = defaultdict(set)
    for path in (ROOT / "references" / "csv_files").glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                files_of_task[row["task_id"]].add(path.name)
    assert len(files_of_task["thyroid_nodule"]) == 2


def test_both_centres_occur_in_every_task() -> None:
    centres = defaultdict(set)
    for row in ROWS:
        centres[row["task_id"]].add(row["center"])
    assert all(found == {"internal", "external"} for found in centres.values())


def test_committed_samples_stay_under_five_megabytes() -> None:
    files = [
        path for name in ("uusic25", "fmc_uia") for path in (ROOT.parent / name).rglob("*") if path.is_file()
    ]
    assert sum(path.stat().st_size for path in files) < 5_000_000


@pytest.mark.parametrize("index", range(0, len(ROWS), 19))
def test_the_committed_seed_makes_the_committed_pixels(index: int, tmp_path: Path) -> None:
    plan = layout_fmc_uia.plan(len(ROWS), COMMITTED_SEED)[index]
    drawn = draw(plan.picture.plan, COMMITTED_SEED, "small")
    path = f"../{layout_fmc_uia.image_path(plan.picture)}"
    row = next(row for row in ROWS if row["image_path"] == path and row["task_id"] == plan.task.name)
    copy = tmp_path / Path(path).name
    save_picture(drawn.picture, copy, "small")
    with Image.open(copy) as ours, Image.open(ROOT / "input" / "csv_files" / path) as committed:
        difference = np.abs(np.asarray(ours, dtype=int) - np.asarray(committed, dtype=int))
    assert difference.max() <= 1
    if plan.task.kind == "Regression":
        np.testing.assert_allclose(points_of(row), drawn.points(plan.task.landmarks), atol=0.011)
    if plan.task.kind == "classification":
        assert row["mask"] == str(plan.choice)
