"""Command line: turn references into a deliberately mediocre submission in the official prediction format.

Masks are shifted, eroded or grown and get islands; labels flip; boxes and points are jittered. It needs
nothing of the evaluator, so it can serve as an independent writer of the formats.

Examples:
    python -m sample_data.degrade --layout uusic25 --references sample_data/uusic25 --out runs/degraded
    python -m sample_data.degrade --layout fmc_uia --references sample_data/fmc_uia/references --out runs/b
"""

import csv
import json
from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import typer
from PIL import Image
from rich.console import Console
from rich.progress import track
from scipy import ndimage

from sample_data.seeds import stream

Mask = npt.NDArray[np.uint8]
FLIP_PROBABILITY = 0.25
BOX = ("x_min", "y_min", "x_max", "y_max")
console = Console(stderr=True)


class LayoutName(StrEnum):
    """The layouts on offer."""

    UUSIC25 = "uusic25"
    FMC_UIA = "fmc_uia"


def degrade_mask(mask: Mask, rng: np.random.Generator) -> Mask:
    """Return a worse copy of an index mask (height, width): shifted, eroded or grown, perhaps with an island.

    An empty mask gets an island in half of the cases and stays empty else.
    """
    reach = max(1, round(min(mask.shape) * 0.02))
    worse = np.zeros_like(mask)
    for value in np.unique(mask[mask > 0]):
        part = mask == value
        part = np.roll(part, rng.integers(-reach, reach + 1, 2), axis=(0, 1))
        steps = int(rng.integers(0, reach + 1))
        if steps:
            change = ndimage.binary_erosion if rng.random() < 0.5 else ndimage.binary_dilation
            changed = change(part, iterations=steps)
            part = changed if changed.any() else part
        worse[part] = value
    if rng.random() < 0.5:
        row, column = (int(rng.integers(0, side - 2 * reach)) for side in mask.shape)
        worse[row : row + 2 * reach, column : column + 2 * reach] = max(1, int(mask.max()))
    return worse


def degrade_label(label: int, classes: int, rng: np.random.Generator) -> list[float]:
    """Return soft probabilities (sum 1) whose largest is mostly, not always, the label's."""
    seen = label
    if rng.random() < FLIP_PROBABILITY:
        seen = int((label + rng.integers(1, classes)) % classes)
    weights = rng.dirichlet(np.ones(classes))
    weights = 0.55 * weights
    weights[seen] += 0.45
    # the last one takes the rounding, so that the printed numbers sum to one
    rounded = [round(float(weight), 6) for weight in weights[:-1]]
    return [*rounded, round(1.0 - sum(rounded), 6)]


def degrade_numbers(
    values: Sequence[float], size_wh: tuple[int, int], rng: np.random.Generator
) -> list[float]:
    """Return x, y, x, y, ... moved by about 3 % of the picture's diagonal, kept inside the picture."""
    sigma = 0.03 * float(np.hypot(*size_wh)) / np.sqrt(2.0)
    moved = np.array(values).reshape(-1, 2) + rng.normal(0.0, sigma, (len(values) // 2, 2))
    return [round(float(v), 2) for v in np.clip(moved, 0.0, np.asarray(size_wh)).ravel()]


def _save_mask(mask: Mask, path: Path) -> None:
    """Write PNG bytes, whatever the suffix says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(mask).save(path, format="PNG", optimize=True)


def _save_json(records: object, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(records, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def degrade_uusic25(references: Path, out: Path, seed: int) -> Iterator[int]:
    """Write masks and `classification.json` for every entry, yielding the count done."""
    entries = json.loads((references / "ground_truth.json").read_text(encoding="utf-8"))
    classes: dict[str, int] = {}
    for entry in entries:
        label = entry["class_label_index"]
        if label is not None:
            classes[entry["dataset_name"]] = max(classes.get(entry["dataset_name"], 0), label + 1)
    answers: dict[str, dict[str, object]] = {}
    for index, entry in enumerate(entries):
        rng = stream(seed, "uusic25", "degrade", index)
        path = entry["img_path_relative"]
        if entry["task"] == "segmentation":
            mask = np.asarray(Image.open(references / "references" / entry["mask_path_relative"]))
            _save_mask(degrade_mask(mask, rng), out / path.replace("img", "mask"))
        else:
            odds = degrade_label(entry["class_label_index"], classes[entry["dataset_name"]], rng)
            answers[path] = {"probability": odds, "prediction": int(np.argmax(odds))}
        yield index + 1
    _save_json(answers, out / "classification.json")


def _answer(row: dict[str, str], rng: np.random.Generator) -> dict[str, object]:
    """Return the official record of a classification, detection or regression row."""
    answer: dict[str, object] = {"image_path": row["image_path"], "task_id": row["task_id"]}
    if row["task_name"] == "classification":
        odds = degrade_label(int(row["mask"]), int(row["num_classes"]), rng)
        return {**answer, "predicted_class": int(np.argmax(odds)), "predicted_probs": odds}
    size_wh = (int(row["image_width"]), int(row["image_height"]))
    scale = [size_wh[0], size_wh[1]]
    if row["task_name"] == "detection":
        moved = degrade_numbers([float(row[name]) for name in BOX], size_wh, rng)
        box = [*map(min, moved[:2], moved[2:]), *map(max, moved[:2], moved[2:])]
        relative = [value / side for value, side in zip(box, scale * 2, strict=True)]
        return {**answer, "bbox_normalized": relative, "bbox_pixels": box}
    points = [float(v) for i in range(int(row["num_classes"])) for v in json.loads(row[f"point_{i + 1}_xy"])]
    moved = degrade_numbers(points, size_wh, rng)
    relative = [value / side for value, side in zip(moved, scale * (len(moved) // 2), strict=True)]
    return {**answer, "predicted_points_normalized": relative, "predicted_points_pixels": moved}


def degrade_fmc_uia(references: Path, out: Path, seed: int) -> Iterator[int]:
    """Write masks and the three prediction files for every row of `csv_files/`, yielding the count done."""
    rows: list[dict[str, str]] = []
    for path in sorted((references / "csv_files").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            rows.extend(csv.DictReader(file))
    answers: dict[str, list[dict[str, object]]] = {"classification": [], "detection": [], "regression": []}
    for index, row in enumerate(rows):
        rng = stream(seed, "fmc_uia", "degrade", index)
        if row["task_name"] == "segmentation":
            inside = row["mask_path"].replace("../", "")
            _save_mask(degrade_mask(np.asarray(Image.open(references / inside)), rng), out / inside)
        else:
            answers[row["task_name"].lower()].append(_answer(row, rng))
        yield index + 1
    for kind, records in answers.items():
        _save_json(records, out / f"{kind}_predictions.json")


def main(
    layout: Annotated[LayoutName, typer.Option(help="The layout of the references.")],
    references: Annotated[
        Path,
        typer.Option(
            help="uusic25: the folder of ground_truth.json; fmc_uia: the one of csv_files/.", exists=True
        ),
    ],
    out: Annotated[Path, typer.Option(help="Where the predictions go.")],
    seed: Annotated[int, typer.Option(min=0, help="Of the damage.")] = 0,
) -> None:
    """Write a deliberately mediocre submission made from the references.

    Two worked examples:

    python -m sample_data.degrade --layout uusic25 --references sample_data/uusic25 --out runs/degraded

    python -m sample_data.degrade --layout fmc_uia --references sample_data/fmc_uia/references --out runs/b
    """
    if out.exists() and not out.is_dir():
        typer.echo(f"Expected argument `out` to be a folder but got {out}", err=True)
        raise typer.Exit(2)
    needed = "ground_truth.json" if layout is LayoutName.UUSIC25 else "csv_files"
    if not (references / needed).exists():
        typer.echo(f"Expected argument `references` to hold {needed} but got {references}", err=True)
        raise typer.Exit(2)
    write = degrade_uusic25 if layout is LayoutName.UUSIC25 else degrade_fmc_uia
    done = 0
    for count in track(
        write(references, out, seed), "cases", None, console=console, disable=not console.is_terminal
    ):
        done = count
    typer.echo(json.dumps({"layout": layout.value, "seed": seed, "cases": done}))


if __name__ == "__main__":
    typer.run(main)
