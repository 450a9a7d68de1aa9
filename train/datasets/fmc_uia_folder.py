"""Labelled FMC_UIA folders from collections of pictures."""

import csv
import io
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evaluation.files.atomic import write_atomically
from evaluation.files.images import encode_png
from train.datasets.picture import Picture

COLUMNS = (
    *("task_id", "task_name", "num_classes", "image_path", "mask_path", "mask"),
    *("x_min", "y_min", "x_max", "y_max", "patient_id", "spacing_mm", "image_width", "image_height"),
)
_LABELS = ("mask",)
_FOLDERS = {"segmentation": "Segmentation/Two", "classification": "Classification"}


@dataclass(frozen=True)
class CsvTask:
    """One task and the pictures that fill it."""

    kind: str
    task_id: str
    pictures: tuple[Picture, ...]
    classes: tuple[str, ...] = ()
    """Class names in the order of their indices; segmentation has background and one class."""


def write_fmc_uia(tasks: Sequence[CsvTask], out: Path) -> int:
    """Write ``input/`` (images, unlabelled CSVs) and ``references/`` (labels, masks); return the rows."""
    n_rows = 0
    for task in tasks:
        rows = [_write_row(task, picture, out) for picture in task.pictures]
        n_rows += len(rows)
        for side, hidden in (("references", ()), ("input", _LABELS)):
            shown = [{key: value for key, value in row.items() if key not in hidden} for row in rows]
            write_atomically(out / side / "csv_files" / f"{task.task_id}.csv", _as_csv(shown))
    return n_rows


def _write_row(task: CsvTask, picture: Picture, out: Path) -> dict[str, object]:
    folder = f"{_FOLDERS[task.kind]}/{task.task_id}"
    name = f"{picture.name}{picture.image_file.suffix.lower()}"
    target = out / "input" / folder / "imgs" / name
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(picture.image_file, target)
    height, width = picture.size_hw
    row: dict[str, object] = {
        "task_id": task.task_id,
        "task_name": task.kind,
        "num_classes": len(task.classes) or 2,
        "image_path": f"../{folder}/imgs/{name}",
        "patient_id": picture.group,
        "image_width": width,
        "image_height": height,
    }
    if picture.spacing_mm is not None:
        row["spacing_mm"] = f"[{picture.spacing_mm}, {picture.spacing_mm}]"
    if task.classes:
        return row | {"mask": task.classes.index(str(picture.label))}
    mask_path = f"{folder}/masks/{picture.name}.png"
    write_atomically(out / "references" / mask_path, encode_png(picture.read_mask()))
    return row | {"mask_path": f"../{mask_path}"}


def _as_csv(rows: Sequence[dict[str, object]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
