"""Command line: turn references into a deliberately mediocre submission in the official prediction format.

Masks are shifted, eroded or grown and get islands; labels flip; boxes and points are jittered. It needs nothing of the
evaluator, so it can serve as an independent writer of the formats.

Examples:
    python -m sample_data.degrade --layout uusic25 --references sample_data/uusic25 --out runs/degraded
    python -m sample_data.degrade --layout fmc_uia --references sample_data/fmc_uia/references --out runs/degraded --seed 3
"""

import csv
import json
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import typer
from PIL import Image
from rich.console import Console
from rich.progress import track
from scipy import ndimage

from sample_data.seeds import Layout, stream

Mask = npt.NDArray[np.uint8]
FLIP_PROBABILITY = 0.25
console = Console(stderr=True)


class LayoutName(StrEnum):
    """The layouts on offer."""

    UUSIC25 = "uusic25"
    FMC_UIA = "fmc_uia"


def degrade_mask(mask: Mask, rng: np.random.Generator) -> Mask:
    """Return a worse copy of an index mask (height, width): shifted, eroded or grown, with an island or without.

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


def degrade_numbers(values: Iterable[float], size_wh: tuple[int, int], rng: np.random.Generator) -> list[float]:
    """Return x, y, x, y, ... moved by about 3 % of the picture's diagonal, kept inside the picture."""
    jitter = 0.03 * float(np.hypot(*size_wh))
    moved = np.array(list(values)).reshape(-1, 2) + rng.normal(0.0, jitter / np.sqrt(2.0), (len(list(values)) // 2, 2))
    return [round(float(v), 2) for v in np.clip(moved, 0.0, np.asarray(size_wh)).ravel()]
