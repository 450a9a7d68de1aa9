"""A segmentation task in nnU-Net's raw format.

Promises: the picture is what the unified model sees (grey, squashed to a square) unless full resolution is
asked; the split is ours, written where nnU-Net looks for one, so that it never draws its own.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from evaluation.contract.case import Case, MaskReference
from evaluation.contract.errors import ConfigurationError, ManifestError
from evaluation.contract.manifest import Manifest
from evaluation.contract.task import Task
from evaluation.files.atomic import write_atomically
from evaluation.files.images import encode_png
from evaluation.files.json_text import dump_json
from evaluation.protocols.uusic25 import layout as uusic25
from model.pictures import squash
from train.datasets.files import read_indices, read_union
from train.unified.cache import squash_mask

SIDE_PX = 256
"""The unified model's input size."""
DATASET_ID = 1
"""nnU-Net numbers data sets; every run has its own folders, so one number does."""

Pixels = NDArray[np.uint8]
Pair = tuple[str, Case]
"""nnU-Net's name of a case, and the case."""
Watch = Callable[[Sequence[Pair]], Iterable[Pair]]


@dataclass(frozen=True)
class Exported:
    """What was written for nnU-Net."""

    dataset: str
    """nnU-Net's name of the data set, such as ``Dataset001_fetal_head``."""
    n_train: int
    n_val: int


def export_task(
    train: Manifest, val: Manifest, *, raw: Path, preprocessed: Path, side_px: int | None, watch: Watch = list
) -> Exported:
    """Write images, labels, ``dataset.json`` and ``splits_final.json``.

    Args:
        train: one segmentation task with references.
        val: the same task's validation part; nnU-Net measures both parts to plan, and trains on `train` only.
        raw: nnU-Net's folder of raw data sets.
        preprocessed: its folder of preprocessed data sets, which gets the split.
        side_px: width and height to squash to; None keeps the original size.
        watch: hands out the cases, for a progress bar.

    Raises:
        ConfigurationError: the parts differ in task or protocol, or share an image.
        ManifestError: an image or mask cannot be used.
    """
    task = _shared_task(train, val)
    dataset = f"Dataset{DATASET_ID:03d}_{re.sub('[^A-Za-z0-9]+', '_', task.task_id)}"
    parts = {
        part: [(f"{part}_{number:05d}", case) for number, case in enumerate(manifest.cases)]
        for part, manifest in (("train", train), ("val", val))
    }
    pairs = [*parts["train"], *parts["val"]]
    for name, case in watch(pairs):
        image, mask = load_pair(case, task, train.protocol)
        if side_px is not None:
            image, mask = squash(image, side_px), squash_mask(mask, task.num_classes, side_px)
        write_atomically(raw / dataset / "imagesTr" / f"{name}_0000.png", encode_png(image))
        write_atomically(raw / dataset / "labelsTr" / f"{name}.png", encode_png(mask))
    write_atomically(raw / dataset / "dataset.json", dump_json(_describe(task, len(pairs)), indent=1))
    split = [{part: [name for name, _ in named] for part, named in parts.items()}]
    write_atomically(preprocessed / dataset / "splits_final.json", dump_json(split, indent=1))
    return Exported(dataset=dataset, n_train=len(train.cases), n_val=len(val.cases))


def load_image(file: Path) -> Pixels:
    """Return an image as (h, w) uint8 grey.

    Raises:
        ManifestError: it cannot be read.
    """
    try:
        content = np.frombuffer(file.read_bytes(), np.uint8)
    except OSError as error:
        raise ManifestError(f"{file}: cannot be read ({error.strerror})") from error
    # Both challenges count pixels as they are stored, whatever orientation the file notes.
    way = cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        image = cv2.imdecode(content, way) if content.size else None
    except cv2.error as error:
        raise ManifestError(f"{file}: cannot be decoded ({error.err})") from error
    if image is None:
        raise ManifestError(f"{file}: expected a PNG, JPEG or BMP image")
    return np.asarray(image, np.uint8)


def load_pair(case: Case, task: Task, protocol: str) -> tuple[Pixels, Pixels]:
    """Return a case's (h, w) uint8 image and its (h, w) uint8 mask of class indices.

    Raises:
        ManifestError: a file cannot be read, sizes differ, or the mask holds a value that is no class.
    """
    image = load_image(case.image_file)
    if not isinstance(case.reference, MaskReference):
        raise ManifestError(f"{case.case_id}: no reference mask")
    size_hw = (image.shape[0], image.shape[1])
    try:
        # UUSIC25's masks are zero or not, whatever the value.
        is_binary = protocol == uusic25.PROTOCOL
        file = case.reference.file
        mask = read_union([file], size_hw) if is_binary else read_indices(file, size_hw)
    except (OSError, ValueError) as error:
        raise ManifestError(f"{case.case_id}: {error}") from error
    if mask.max() >= task.num_classes:
        expected = f"classes 0 to {task.num_classes - 1}"
        raise ManifestError(f"{case.case_id}: the reference mask holds {mask.max()}, expected {expected}")
    return image, mask


def _shared_task(train: Manifest, val: Manifest) -> Task:
    if train.protocol != val.protocol or dict(train.tasks) != dict(val.tasks):
        raise ConfigurationError("Expected `--train` and `--val` to hold the same task in the same layout")
    shared = {case.case_id for case in train.cases} & {case.case_id for case in val.cases}
    if shared:
        raise ConfigurationError(
            f"Expected `--val` to hold other images than `--train` but both have {shared}"
        )
    (task,) = train.tasks.values()
    return task


def _describe(task: Task, n_cases: int) -> dict[str, object]:
    labels = {"background": 0} | {f"class_{label}": label for label in range(1, task.num_classes)}
    return {
        "channel_names": {"0": "ultrasound"},
        "labels": labels,
        "numTraining": n_cases,
        "file_ending": ".png",
        "overwrite_image_reader_writer": "NaturalImage2DIO",
    }
