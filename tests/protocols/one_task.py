"""FMC_UIA folders of one task: references and predictions in, the task's result out."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evaluation.contract.result import Mode, Result, Score, TaskResult
from evaluation.protocols.fmc_uia.layout import read_manifest
from evaluation.scoring import ScoringOptions, score_submission
from tests.protocols.folders import FMC_FILES, write_csv, write_json, write_mask

MODES: tuple[Mode, ...] = ("strict", "official")
SIZE_HW = (30, 40)
DIAGONAL_PX = 50.0
"""Of every image in these folders: 30 rows, 40 columns."""

Entry = Mapping[str, object]
Mask = NDArray[np.uint8]


def image_path(number: int) -> str:
    """Return the image path of a case, as the CSV spells it."""
    return f"../images/case {number}.png"


def score_folder(root: Path, predictions: Path, mode: Mode) -> Result:
    """Score a folder without intervals."""
    options = ScoringOptions(mode=mode, n_resamples=0, n_processes=1)
    return score_submission(read_manifest(root, labelled=True), predictions, options, name="test").result


def score_entries(
    folder: Path, kind: str, references: Sequence[Entry], entries: Sequence[Entry], mode: Mode, size: int
) -> Result:
    """Score one task `t` of classes, boxes or points; `size` is its num_classes."""
    height, width = SIZE_HW
    rows = [
        {
            "task_id": "t",
            "task_name": "Regression" if kind == "regression" else kind,
            "num_classes": size,
            "image_path": image_path(number),
            "image_width": width,
            "image_height": height,
            **reference,
        }
        for number, reference in enumerate(references)
    ]
    write_csv(folder / "reference", rows)
    write_json(folder / "out" / FMC_FILES[kind], [{"task_id": "t", **entry} for entry in entries])
    return score_folder(folder / "reference", folder / "out", mode)


def score_classes(
    folder: Path, labels: Sequence[int], entries: Sequence[Entry], mode: Mode, num_classes: int = 2
) -> TaskResult:
    """Score one classification task."""
    references = [{"mask": label} for label in labels]
    return score_entries(folder, "classification", references, entries, mode, num_classes).tasks[0]


def score_boxes(
    folder: Path, boxes: Sequence[Sequence[float] | None], entries: Sequence[Entry], mode: Mode
) -> Result:
    """Score one detection task; a box of None is a row without a reference."""
    names = ("x_min", "y_min", "x_max", "y_max")
    references = [dict(zip(names, box, strict=True)) if box else {} for box in boxes]
    return score_entries(folder, "detection", references, entries, mode, 1)


def score_points(
    folder: Path, points: Sequence[Sequence[str]], entries: Sequence[Entry], mode: Mode, **columns: object
) -> TaskResult:
    """Score one regression task; points are the CSV's own strings, "" where one is missing."""
    references = [{**{f"point_{k}_xy": text for k, text in enumerate(row, 1)}, **columns} for row in points]
    return score_entries(folder, "regression", references, entries, mode, len(points[0])).tasks[0]


def score_masks(
    folder: Path, pairs: Sequence[tuple[Mask, Mask | bytes | None]], mode: Mode, num_classes: int = 2
) -> TaskResult:
    """Score one segmentation task; a prediction is a mask, a file's bytes, or None for no file."""
    rows = []
    for number, (mask_ref, mask_pred) in enumerate(pairs):
        write_mask(folder / "reference" / "masks" / f"{number}.png", mask_ref)
        rows.append(
            {
                "task_id": "t",
                "task_name": "segmentation",
                "num_classes": num_classes,
                "image_path": image_path(number),
                "mask_path": f"../masks/{number}.png",
                "image_width": mask_ref.shape[1],
                "image_height": mask_ref.shape[0],
            }
        )
        file = folder / "out" / "masks" / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(mask_pred, bytes):
            file.write_bytes(mask_pred)
        elif mask_pred is not None:
            write_mask(file, mask_pred)
    write_csv(folder / "reference", rows)
    return score_folder(folder / "reference", folder / "out", mode).tasks[0]


def classes(number: int, label: object, probabilities: object) -> dict[str, object]:
    """Return an entry of ``classification_predictions.json``."""
    return {"image_path": image_path(number), "predicted_class": label, "predicted_probs": probabilities}


def box(number: int, xyxy_px: object) -> dict[str, object]:
    """Return an entry of ``detection_predictions.json``."""
    return {"image_path": image_path(number), "bbox_pixels": xyxy_px}


def points(number: int, flat_xy_px: object) -> dict[str, object]:
    """Return an entry of ``regression_predictions.json``."""
    return {"image_path": image_path(number), "predicted_points_pixels": flat_xy_px}


def values(scores: Mapping[str, Score]) -> dict[str, float | None]:
    """Return the bare values of some scores."""
    return {name: score.value for name, score in scores.items()}
