"""Builders of small challenge folders and submissions, in the official formats."""

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Row = Mapping[str, object]

FMC_FILES = {
    "classification": "classification_predictions.json",
    "detection": "detection_predictions.json",
    "regression": "regression_predictions.json",
}


def write_csv(root: Path, rows: Sequence[Row], name: str = "tasks.csv") -> Path:
    """Write rows as one of FMC_UIA's CSV files; absent keys become empty cells."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    file = root / "csv_files" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, columns)
        writer.writeheader()
        writer.writerows(rows)
    return file


def write_mask(file: Path, mask: NDArray[np.uint8], file_format: str = "PNG") -> Path:
    """Write a mask or an image, making its folder."""
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(mask).save(file, format=file_format)
    return file


def write_json(file: Path, value: Any) -> Path:  # noqa: ANN401 - any JSON value
    """Write JSON as a careless submission would, NaN included."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(value))
    return file


def disc(
    height: int = 40, width: int = 50, *, y: int = 20, x: int = 25, radius: int = 8
) -> NDArray[np.uint8]:
    """Return a (h, w) mask of 0 and 1 that holds one disc."""
    rows, columns = np.mgrid[:height, :width]
    mask: NDArray[np.uint8] = ((rows - y) ** 2 + (columns - x) ** 2 <= radius**2).astype(np.uint8)
    return mask


def uusic25_entry(path: str, task: str, dataset: str, **fields: object) -> dict[str, object]:
    """Return one manifest entry with every official key."""
    entry: dict[str, object] = {
        "img_name": path.rsplit("/", 1)[-1],
        "img_path_relative": path,
        "img_size_bytes": 1000,
        "img_dimensions": [50, 40],
        "img_format": path.rsplit(".", 1)[-1],
        "task": task,
        "dataset_name": dataset,
        "organ": dataset,
        "data_partition_group": "private_val",
        "mask_name": None,
        "mask_path_relative": None,
        "seg_target_info": None,
        "class_label_index": None,
        "class_label_name": None,
    }
    return entry | fields
