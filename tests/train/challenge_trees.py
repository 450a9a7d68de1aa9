"""Tiny labelled trees in both layouts, with answers that can be computed by hand."""

import csv
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIZES_HW = ((64, 96), (128, 64), (80, 80))
"""The images' sizes; different, so that only normalised coordinates agree."""


def quarter(size_hw: tuple[int, int], *, value: int = 1) -> NDArray[np.uint8]:
    """Return a mask whose top left quarter has `value`."""
    mask = np.zeros(size_hw, dtype=np.uint8)
    mask[: size_hw[0] // 2, : size_hw[1] // 2] = value
    return mask


def write_uusic25(folder: Path) -> None:
    """Write three images of segmentation/Breast, three of classification/Liver and four of Breast_luminal.

    Every mask is the top left quarter; Liver's labels are 0, 1, 1; Breast_luminal's 0 to 3.
    """
    entries = [_uusic25_mask(folder, number, size_hw) for number, size_hw in enumerate(SIZES_HW)]
    for dataset, labels in (("Liver", (0, 1, 1)), ("Breast_luminal", (0, 1, 2, 3))):
        entries += [_uusic25_class(folder, dataset, number, label) for number, label in enumerate(labels)]
    blank = dict.fromkeys(("mask_name", "mask_path_relative", "class_label_index", "class_label_name"))
    (folder / "ground_truth.json").write_text(json.dumps(entries))
    (folder / "manifest.json").write_text(json.dumps([entry | blank for entry in entries]))


def _uusic25_mask(folder: Path, number: int, size_hw: tuple[int, int]) -> dict[str, object]:
    path = f"segmentation/Breast/imgs/us_{number}.jpg"
    mask_path = f"segmentation/Breast/masks/us_{number}.png"
    _write_image(folder / "images" / path, np.full(size_hw, 90, dtype=np.uint8))
    _write_image(folder / "references" / mask_path, quarter(size_hw, value=255))
    return _uusic25_entry("segmentation", "Breast", path, size_hw) | {"mask_path_relative": mask_path}


def _uusic25_class(folder: Path, dataset: str, number: int, label: int) -> dict[str, object]:
    path = f"classification/{dataset}/imgs/cls_{number}.png"
    _write_image(folder / "images" / path, np.full(SIZES_HW[0], 90, dtype=np.uint8))
    return _uusic25_entry("classification", dataset, path, SIZES_HW[0]) | {"class_label_index": label}


def _uusic25_entry(task: str, dataset: str, path: str, size_hw: tuple[int, int]) -> dict[str, object]:
    return {
        "img_path_relative": path,
        "img_dimensions": [size_hw[1], size_hw[0]],
        "task": task,
        "dataset_name": dataset,
        "organ": dataset,
        "mask_path_relative": None,
        "class_label_index": None,
    }


def write_fmc_uia(folder: Path) -> None:
    """Write three images, each asked by five tasks, as ``labelled/`` and as ``input/`` without labels.

    Task ``quarters`` is the top left quarter as class 1, ``halves`` the left half as 2 beside the right half
    as 1, ``kinds`` has the classes 2, 2, 0, ``box`` the box from a quarter to three quarters (once with
    another x_min) and ``ends`` two points at (0.25, 0.5) and (0.75, 0.5), the second once absent.
    """
    rows: list[dict[str, object]] = []
    for number, size_hw in enumerate(SIZES_HW):
        image_path = f"../Segmentation/Two/imgs [a], {number}\u00a0x/us.png"
        for tree in ("labelled", "input"):
            file = folder / tree / image_path.removeprefix("../")
            _write_image(file, np.full(size_hw, 90, dtype=np.uint8))
        rows += [{"image_path": image_path, **row} for row in _fmc_uia_rows(folder, number, size_hw)]
    columns = sorted({column for row in rows for column in row})
    labels = {"mask", "x_min", "y_min", "x_max", "y_max", "point_1_xy", "point_2_xy"}
    _write_rows(folder / "labelled", columns, rows)
    _write_rows(folder / "input", [column for column in columns if column not in labels], rows)


def _fmc_uia_rows(folder: Path, number: int, size_hw: tuple[int, int]) -> list[dict[str, object]]:
    height, width = size_hw
    halves = np.full(size_hw, 1, dtype=np.uint8)
    halves[:, : width // 2] = 2
    masks = {"quarters": quarter(size_hw), "halves": halves}
    for task_id, mask in masks.items():
        _write_image(folder / "labelled" / "Segmentation" / task_id / f"{number}.png", mask)
    x_min = 0 if number == 0 else width / 4
    ends = {"point_1_xy": json.dumps([width / 4, height / 2])}
    if number:
        ends["point_2_xy"] = json.dumps([width * 3 / 4, height / 2])
    box = {"x_min": x_min, "y_min": height / 4, "x_max": width * 3 / 4, "y_max": height * 3 / 4}
    return [
        *(
            _row(task_id, "segmentation", int(mask.max()) + 1)
            | {"mask_path": f"../Segmentation/{task_id}/{number}.png"}
            for task_id, mask in masks.items()
        ),
        _row("kinds", "classification", 3) | {"mask": (2, 2, 0)[number]},
        _row("box", "detection", 1) | box | {"mask_path": "../never/read.xml"},
        _row("ends", "Regression", 2) | ends,
    ]


def _row(task_id: str, task_name: str, num_classes: int) -> dict[str, object]:
    return {"task_id": task_id, "task_name": task_name, "num_classes": num_classes}


def _write_rows(tree: Path, columns: list[str], rows: list[dict[str, object]]) -> None:
    file = tree / "csv_files" / "all.csv"
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


def _write_image(file: Path, pixels: NDArray[np.uint8]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(file)
