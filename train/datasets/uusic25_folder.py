"""Labelled UUSIC25 folders from collections of pictures."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evaluation.files.atomic import write_atomically
from evaluation.files.images import encode_png
from evaluation.files.json_text import dump_json
from evaluation.protocols.uusic25.layout import mask_output_path
from train.datasets.picture import Picture

PRIVATE = ("mask_name", "mask_path_relative", "seg_target_info", "class_label_index", "class_label_name")


@dataclass(frozen=True)
class DatasetTask:
    """One of the challenge's data sets and the pictures that fill it."""

    kind: str
    dataset_name: str
    pictures: tuple[Picture, ...]
    classes: tuple[str, ...] = ()
    """Class names in the order of their indices."""


def write_uusic25(tasks: Sequence[DatasetTask], out: Path) -> int:
    """Write ``images/``, ``references/``, ``manifest.json`` and ``ground_truth.json``; return the entries."""
    entries = [_write_entry(task, picture, out) for task in tasks for picture in task.pictures]
    asked = [entry | dict.fromkeys(PRIVATE) for entry in entries]
    write_atomically(out / "ground_truth.json", dump_json(entries, indent=1))
    write_atomically(out / "manifest.json", dump_json(asked, indent=1))
    return len(entries)


def _write_entry(task: DatasetTask, picture: Picture, out: Path) -> dict[str, object]:
    name = f"{picture.name}{picture.image_file.suffix.lower()}"
    path = f"{task.kind}/{task.dataset_name}/imgs/{name}"
    target = out / "images" / path
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(picture.image_file, target)
    height, width = picture.size_hw
    entry: dict[str, object] = {
        "img_name": name,
        "img_path_relative": path,
        "img_size_bytes": target.stat().st_size,
        "img_dimensions": [width, height],
        "img_format": picture.image_file.suffix.lstrip(".").upper(),
        "task": task.kind,
        "dataset_name": task.dataset_name,
        "organ": task.dataset_name,
        "data_partition_group": "public",
        **dict.fromkeys(PRIVATE),
        "patient_id": picture.group,
    }
    if picture.spacing_mm is not None:
        entry["spacing_mm"] = [picture.spacing_mm, picture.spacing_mm]
    if task.classes:
        entry["class_label_index"] = task.classes.index(str(picture.label))
        entry["class_label_name"] = picture.label
        return entry
    mask_path = Path(mask_output_path(path)).with_suffix(".png").as_posix()
    write_atomically(out / "references" / mask_path, encode_png(picture.read_mask() * 255))
    return entry | {"mask_name": Path(mask_path).name, "mask_path_relative": mask_path}
