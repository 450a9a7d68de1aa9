"""Labelled UUSIC25 folders from tasks."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from evaluation.files.atomic import write_atomically
from evaluation.files.images import encode_png
from evaluation.files.json_text import dump_json
from evaluation.protocols.uusic25.layout import mask_output_path
from train.datasets.picture import Picture
from train.datasets.task import Task

PRIVATE = ("mask_name", "mask_path_relative", "seg_target_info", "class_label_index", "class_label_name")

Entry = dict[str, object]


def write_pictures(task: Task, out: Path) -> list[Entry]:
    """Write a task's images below ``images/``, masks below ``references/``; return its labelled entries."""
    return [_write_entry(task, picture, out) for picture in task.pictures]


def write_lists(entries: Sequence[Entry], out: Path) -> None:
    """Write ``ground_truth.json`` and, without labels, ``manifest.json``."""
    asked = [entry | dict.fromkeys(PRIVATE) for entry in entries]
    write_atomically(out / "ground_truth.json", dump_json(list(entries), indent=1))
    write_atomically(out / "manifest.json", dump_json(asked, indent=1))


def _write_entry(task: Task, picture: Picture, out: Path) -> Entry:
    name = f"{picture.name}{picture.suffix}"
    path = f"{task.kind}/{task.name}/imgs/{name}"
    content = picture.read_image()
    write_atomically(out / "images" / path, content)
    height, width = picture.size_hw
    entry: Entry = {
        "img_name": name,
        "img_path_relative": path,
        "img_size_bytes": len(content),
        "img_dimensions": [width, height],
        "img_format": picture.suffix.lstrip(".").upper(),
        "task": task.kind,
        "dataset_name": task.name,
        "organ": task.name,
        "data_partition_group": "public",
        **dict.fromkeys(PRIVATE),
        "patient_id": picture.group,
        "center": picture.group.split()[0],
    }
    if picture.spacing_mm_yx is not None:
        entry["spacing_mm"] = list(picture.spacing_mm_yx)
    if task.class_names:
        return entry | {"class_label_index": task.class_index(picture), "class_label_name": picture.label}
    mask_path = Path(mask_output_path(path)).with_suffix(".png").as_posix()
    binary = (picture.load_mask() > 0).astype(np.uint8)
    write_atomically(out / "references" / mask_path, encode_png(binary * 255))
    return entry | {"mask_name": Path(mask_path).name, "mask_path_relative": mask_path}
