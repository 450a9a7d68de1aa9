"""The committed UUSIC25 sample, read plainly: complete, labelled, and what its seed makes."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sample_data import layout_uusic25
from sample_data.cases import draw
from sample_data.seeds import COMMITTED_SEED
from sample_data.writing import save_picture

ROOT = Path(layout_uusic25.__file__).parent / "uusic25"
KEYS = [
    "img_name",
    "img_path_relative",
    "img_size_bytes",
    "img_dimensions",
    "img_format",
    "task",
    "dataset_name",
    "organ",
    "data_partition_group",
    "mask_name",
    "mask_path_relative",
    "seg_target_info",
    "class_label_index",
    "class_label_name",
]
OURS = ["patient_id", "center", "spacing_mm"]
HIDDEN = KEYS[9:]
Entry = dict[str, Any]


def entries(name: str) -> list[Entry]:
    loaded: list[Entry] = json.loads((ROOT / name).read_text(encoding="utf-8"))
    return loaded


TRUTH = entries("ground_truth.json")


def test_keys_are_the_official_ones_and_our_three() -> None:
    for entry in TRUTH + entries("manifest.json"):
        assert list(entry) == KEYS + OURS


def test_manifest_differs_from_the_truth_in_hidden_fields_only() -> None:
    for blind, entry in zip(entries("manifest.json"), TRUTH, strict=True):
        assert all(blind[key] is None for key in HIDDEN)
        assert {k: v for k, v in blind.items() if k not in HIDDEN} == {
            k: v for k, v in entry.items() if k not in HIDDEN
        }


def test_every_entry_describes_its_image_file() -> None:
    for entry in TRUTH:
        path = ROOT / "images" / entry["img_path_relative"]
        with Image.open(path) as image:
            assert list(image.size) == entry["img_dimensions"]
            assert image.size[0] != image.size[1]
            assert image.mode == "L"
        assert path.stat().st_size == entry["img_size_bytes"]
        assert path.name == entry["img_name"]
        assert path.suffix == f".{entry['img_format']}"
        assert all(0.03 < step < 3.0 for step in entry["spacing_mm"])


def test_every_segmentation_has_a_mask_of_its_image_size_that_is_not_empty() -> None:
    for entry in TRUTH:
        if entry["task"] != "segmentation":
            continue
        with Image.open(ROOT / "references" / entry["mask_path_relative"]) as image:
            assert image.mode == "L"
            assert list(image.size) == entry["img_dimensions"]
            assert set(np.unique(np.asarray(image)).tolist()) == {0, 255}
        assert entry["mask_path_relative"].endswith(".png")
        assert "img" not in entry["mask_path_relative"]


def test_every_class_occurs_in_every_dataset_and_centre() -> None:
    counts = Counter(
        (e["dataset_name"], e["center"], e["class_label_index"])
        for e in TRUTH
        if e["task"] == "classification"
    )
    for dataset in ("Appendix", "Breast", "Liver"):
        assert all(counts[dataset, "internal", label] >= 5 for label in (0, 1)), dataset
    for centre in ("internal", "external"):
        assert all(counts["Breast_luminal", centre, label] >= 3 for label in range(4)), centre
    assert all(label in (0, 1, 2, 3) for *_, label in counts)


def test_every_segmentation_dataset_has_at_least_six_entries() -> None:
    counts = Counter(entry["dataset_name"] for entry in TRUTH if entry["task"] == "segmentation")
    assert set(counts) == {"Breast", "Breast_luminal", "Cardiac", "Fetal_Head", "Kidney", "Thyroid"}
    assert min(counts.values()) >= 6


def test_traps_are_in_the_sample() -> None:
    organs = {entry["organ"] for entry in TRUTH}
    assert organs >= {"Heart", "Cardiac", "Head", "Fetal Head"}
    assert {entry["img_format"] for entry in TRUTH} == {"jpg", "png"}
    assert any(Path(e["img_path_relative"]).suffix == ".jpg" for e in TRUTH if e["task"] == "segmentation")
    assert any(e["img_path_relative"].count("img") > 1 for e in TRUTH)
    tasks_of_image: dict[str, set[str]] = {}
    for entry in TRUTH:
        tasks_of_image.setdefault(entry["img_path_relative"], set()).add(entry["task"])
    assert any(len(tasks) == 2 for tasks in tasks_of_image.values())
    keys = [(entry["img_path_relative"], entry["task"]) for entry in TRUTH]
    assert len(keys) == len(set(keys))


def test_patients_have_one_to_three_images_of_one_class() -> None:
    images: dict[str, set[str]] = {}
    labels: dict[str, set[int]] = {}
    for entry in TRUTH:
        images.setdefault(entry["patient_id"], set()).add(entry["img_path_relative"])
        if entry["class_label_index"] is not None:
            labels.setdefault(entry["patient_id"], set()).add(entry["class_label_index"])
    assert {len(paths) for paths in images.values()} == {1, 2, 3}
    assert all(len(classes) == 1 for classes in labels.values())


@pytest.mark.parametrize("index", range(0, len(TRUTH), 11))
def test_the_committed_seed_makes_the_committed_pixels(index: int, tmp_path: Path) -> None:
    row, entry = layout_uusic25.plan(len(TRUTH), COMMITTED_SEED)[index], TRUTH[index]
    drawn = draw(row.picture.plan, COMMITTED_SEED, "small")
    copy = tmp_path / entry["img_name"]
    save_picture(drawn.picture, copy, "small")
    with Image.open(copy) as ours, Image.open(ROOT / "images" / entry["img_path_relative"]) as committed:
        difference = np.abs(np.asarray(ours, dtype=int) - np.asarray(committed, dtype=int))
    assert difference.max() <= 1
    if entry["task"] == "segmentation":
        with Image.open(ROOT / "references" / entry["mask_path_relative"]) as mask:
            np.testing.assert_array_equal(drawn.index_mask(row.task.structures) * 255, np.asarray(mask))
