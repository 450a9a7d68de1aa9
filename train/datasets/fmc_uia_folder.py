"""Labelled FMC_UIA folders from tasks."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from evaluation.files.atomic import write_atomically
from evaluation.files.images import encode_png
from train.datasets.picture import Picture
from train.datasets.task import Task

COLUMNS = (
    *("task_id", "task_name", "num_classes", "image_path", "mask_path", "mask"),
    *("x_min", "y_min", "x_max", "y_max"),
)
OPTIONAL = ("patient_id", "center", "spacing_mm", "image_width", "image_height")
_BOX = ("x_min", "y_min", "x_max", "y_max")
_KINDS = {"classification": "Classification", "detection": "Detection", "Regression": "Regression"}
_SEGMENTATION = {2: "Two", 3: "Three", 4: "Four", 5: "Five"}

Row = dict[str, object]


def write_task(task: Task, out: Path, stored: dict[str, str]) -> int:
    """Write ``input/`` (images, unlabelled CSV) and ``references/`` (labels, masks); return the rows.

    Args:
        task: what to write.
        out: the folder that gets both.
        stored: where earlier tasks put an image, by the picture's name; an image is stored once, so that a
            predictor looks at it once. This task's are added.
    """
    kind = (
        f"Segmentation/{_SEGMENTATION[task.num_classes]}"
        if task.kind == "segmentation"
        else _KINDS[task.kind]
    )
    folder = f"{kind}/{task.name}"
    rows = [_write_row(task, picture, folder, out, stored) for picture in task.pictures]
    points = [f"point_{k + 1}_xy" for k in range(task.num_classes)] if task.kind == "Regression" else []
    columns = (*COLUMNS, *points, *OPTIONAL)
    for side, hidden in (("references", ()), ("input", ("mask", *_BOX, *points))):
        shown = [{key: value for key, value in row.items() if key not in hidden} for row in rows]
        write_atomically(out / side / "csv_files" / f"{task.name}.csv", _as_csv(shown, columns))
    return len(rows)


def _write_row(task: Task, picture: Picture, folder: str, out: Path, stored: dict[str, str]) -> Row:
    if picture.name not in stored:
        stored[picture.name] = f"{folder}/imgs/{picture.name}{picture.suffix}"
        write_atomically(out / "input" / stored[picture.name], picture.read_image())
    height, width = picture.size_hw
    row: Row = {
        "task_id": task.name,
        "task_name": task.kind,
        "num_classes": task.num_classes,
        "image_path": f"../{stored[picture.name]}",
        "patient_id": picture.group,
        "center": picture.group.split()[0],
        "image_width": width,
        "image_height": height,
    }
    if picture.spacing_mm_yx is not None:
        row["spacing_mm"] = str(list(picture.spacing_mm_yx))
    return row | _label(task, picture, folder, out)


def _label(task: Task, picture: Picture, folder: str, out: Path) -> Row:
    if task.class_names:
        return {"mask": task.class_index(picture)}
    if task.kind == "detection":
        return dict(zip(_BOX, picture.box_xyxy or (), strict=True))
    if task.kind == "Regression":
        return {f"point_{k + 1}_xy": f"[{x:.3f}, {y:.3f}]" for k, (x, y) in enumerate(picture.points_xy)}
    mask_path = f"{folder}/masks/{picture.name}.png"
    write_atomically(out / "references" / mask_path, encode_png(picture.load_mask()))
    return {"mask_path": f"../{mask_path}"}


def _as_csv(rows: Sequence[Row], columns: Sequence[str]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
