"""Learns `model.floor` from labelled manifests.

Promises: the same folders give the same model, in whatever order their cases are listed.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from evaluation.contract.case import BoxReference, Case, ClassReference, MaskReference, PointsReference
from evaluation.contract.errors import ManifestError
from evaluation.contract.manifest import Manifest
from evaluation.contract.task import Kind, Task
from evaluation.files.images import decode_mask
from evaluation.protocols.uusic25 import layout as uusic25
from model.floor import (
    GRID,
    Answer,
    ClassPrior,
    FloorModel,
    MeanShape,
    MedianBox,
    MedianPoints,
    answer_key,
)
from model.floor_file import LearnedTask

THRESHOLDS = tuple(range(7, 255, 12))
"""Levels tried for each class: 3 % to 97 % of the commonest place, just under a half among them."""


@dataclass(frozen=True)
class Lesson:
    """What one task can be learned from."""

    protocol: str
    task: Task
    cases: tuple[Case, ...]
    """At least one; all with a reference and, for boxes and points, with a size."""


def learn_floor(
    manifests: Sequence[Manifest], *, watch: Callable[[list[Lesson]], Iterable[Lesson]] = iter
) -> tuple[FloorModel, dict[str, LearnedTask]]:
    """Learn one answer for every task that has references; cases without one teach nothing.

    Args:
        manifests: read with `labelled`; a task may be in several of them.
        watch: passes the lessons through one by one, for a progress bar.

    Raises:
        ManifestError: a reference mask cannot be read, a task differs between manifests, or nothing at all
            can be learned.
    """
    answers: dict[str, Answer] = {}
    learned: dict[str, LearnedTask] = {}
    for lesson in watch(gather_lessons(manifests)):
        task, key = lesson.task, answer_key(lesson.protocol, lesson.task.task_id)
        answers[key] = _LEARNERS[task.kind](lesson)
        learned[key] = LearnedTask(kind=task.kind, num_classes=task.num_classes, n_cases=len(lesson.cases))
    if not answers:
        raise ManifestError("Expected at least one case with a reference but got none; label the folder")
    return FloorModel(answers), learned


def gather_lessons(manifests: Sequence[Manifest]) -> list[Lesson]:
    """Sort the cases that can teach by task.

    Raises:
        ManifestError: a task differs between manifests of one protocol.
    """
    tasks: dict[tuple[str, str], Task] = {}
    cases: dict[tuple[str, str], list[Case]] = {}
    for manifest in manifests:
        for case in manifest.cases:
            key, task = (manifest.protocol, case.task_id), manifest.tasks[case.task_id]
            if tasks.setdefault(key, task) != task:
                raise ManifestError(f"task {'/'.join(key)}: kind or num_classes differ between the folders")
            needs_size = task.kind in (Kind.DETECTION, Kind.REGRESSION)
            if case.reference is not None and not (needs_size and case.size_hw is None):
                cases.setdefault(key, []).append(case)
    return [
        # Sorted, so that sums of floats do not depend on the order of the listing.
        Lesson(key[0], tasks[key], tuple(sorted(cases[key], key=lambda case: case.case_id)))
        for key in sorted(cases)
    ]


def _learn_prior(lesson: Lesson) -> Answer:
    labels = [c.reference.label for c in lesson.cases if isinstance(c.reference, ClassReference)]
    counts = np.bincount(labels, minlength=lesson.task.num_classes)
    return ClassPrior(counts / counts.sum())


def _learn_box(lesson: Lesson) -> Answer:
    boxes = [
        np.array(case.reference.xyxy_px) / np.tile(_scale_xy(case), 2)
        for case in lesson.cases
        if isinstance(case.reference, BoxReference)
    ]
    return MedianBox(np.clip(np.median(boxes, axis=0), 0, 1))


def _learn_points(lesson: Lesson) -> Answer:
    rows = [case.reference.xy_px for case in lesson.cases if isinstance(case.reference, PointsReference)]
    scales = [_scale_xy(case) for case in lesson.cases if isinstance(case.reference, PointsReference)]
    points = np.full((lesson.task.num_classes, 2), 0.5)
    for index in range(len(points)):
        known = [np.array(row[index]) / scale for row, scale in zip(rows, scales, strict=True) if row[index]]
        if known:
            points[index] = np.clip(np.median(known, axis=0), 0, 1)
    return MedianPoints(points)


def _scale_xy(case: Case) -> NDArray[np.int64]:
    # Only cases of known size are gathered.
    height, width = case.size_hw or (1, 1)
    return np.array([width, height])


def _learn_shape(lesson: Lesson) -> Answer:
    n_classes = lesson.task.num_classes - 1
    covers = np.stack([_read_cover(lesson, case) for case in lesson.cases])
    levels = np.zeros((n_classes, GRID, GRID), dtype=np.uint8)
    thresholds = np.full(n_classes, 255, dtype=np.uint8)
    for index in range(n_classes):
        cover = covers[:, index].astype(np.float32)
        frequency = cover.mean(axis=0)
        if frequency.max() > 0:
            levels[index] = np.rint(frequency * (255 / frequency.max()))
            thresholds[index] = choose_threshold(levels[index], cover)
    return MeanShape(levels, thresholds)


def choose_threshold(level: NDArray[np.uint8], cover: NDArray[np.float32]) -> int:
    """Return the level from which to answer a class, so that the mean training DSC is largest.

    Each class is chosen for by itself. Images without the class score 0 at every level, since an answer is
    never empty, and so have no say. Ties go to the level nearest to a half, where interpolation between two
    grid places puts the outline midway.

    Args:
        level: (GRID, GRID) mean shape, 255 at its commonest place.
        cover: (n, GRID, GRID) coverage of each training mask, 255 = covered.
    """
    total = cover.sum(axis=(1, 2))

    def merit(threshold: int) -> tuple[float, float]:
        shape = level >= threshold
        dsc = 2 * cover[:, shape].sum(axis=1) / (total + np.float32(255) * shape.sum())
        return float(dsc.mean()), -abs(threshold - 255 / 2)

    return max(THRESHOLDS, key=merit)


def _read_cover(lesson: Lesson, case: Case) -> NDArray[np.uint8]:
    """Return (C-1, GRID, GRID): the share of each place that a class covers, 255 = all of it."""
    if not isinstance(case.reference, MaskReference):
        raise ManifestError(f"{case.case_id}: expected a mask as reference")
    # UUSIC25's masks are zero and non-zero, in any mode; FMC_UIA's hold class indices.
    is_binary = lesson.protocol == uusic25.PROTOCOL
    try:
        mask = decode_mask(case.reference.file.read_bytes(), flatten_colour=is_binary)
    except (OSError, ValueError) as error:
        raise ManifestError(f"{case.case_id}: reference {case.reference.file.name}: {error}") from error
    members = [mask > 0] if is_binary else [mask == index for index in range(1, lesson.task.num_classes)]
    grids = [
        Image.fromarray(member.astype(np.uint8) * np.uint8(255)).resize((GRID, GRID), Image.Resampling.BOX)
        for member in members
    ]
    return np.stack([np.asarray(grid) for grid in grids])


_LEARNERS: Mapping[Kind, Callable[[Lesson], Answer]] = {
    Kind.SEGMENTATION: _learn_shape,
    Kind.CLASSIFICATION: _learn_prior,
    Kind.DETECTION: _learn_box,
    Kind.REGRESSION: _learn_points,
}
