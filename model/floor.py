"""The honest floor: one answer a task, whatever the image shows.

Promises: looks at no pixel, so every score above it was earned by looking. It is learned by `train.floor`,
stored by `model.floor_file`, and stays on every leaderboard as the row to beat. Coordinates are normalised:
x by the image's width, y by its height, (0, 0) the outer corner of the top left pixel.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from evaluation.contract.errors import GeometryError
from evaluation.contract.prediction import BoxPrediction, ClassPrediction, PointsPrediction, Prediction
from evaluation.contract.task import Kind, Task

GRID = 64
"""Rows and columns of a mean shape; a 64th of an image is finer than any mean shape is sharp."""


@dataclass(frozen=True)
class MeanShape:
    """Where each foreground class of a segmentation task lies."""

    level: NDArray[np.uint8]
    """(C-1, GRID, GRID): how often a class covers a place, 255 = as often as at its commonest place."""
    threshold: NDArray[np.uint8]
    """(C-1,), 1 to 255: the level from which the class is answered."""

    def draw(self, size_hw: tuple[int, int]) -> NDArray[np.uint8]:
        """Return the (h, w) uint8 mask of class indices, 0 = background.

        Levels are interpolated linearly. Where several classes reach their threshold, the one that exceeds
        it by the largest factor wins.
        """
        height, width = size_hw
        mask = np.zeros(size_hw, dtype=np.uint8)
        best = np.ones(size_hw, dtype=np.float32)
        for index, (level, threshold) in enumerate(zip(self.level, self.threshold, strict=True), start=1):
            grid = Image.fromarray(level.astype(np.float32) / np.float32(threshold))
            factor = np.asarray(grid.resize((width, height), Image.Resampling.BILINEAR))
            # >= lets the first class in at its threshold exactly; later classes tie only on equal evidence.
            wins = factor >= best
            mask[wins] = index
            best = np.maximum(best, factor)
        return mask


@dataclass(frozen=True)
class ClassPrior:
    """How common each class is."""

    probability: NDArray[np.float64]
    """(C,), sums to 1."""


@dataclass(frozen=True)
class MedianBox:
    """The median box."""

    xyxy: NDArray[np.float64]
    """(4,) normalised x_min, y_min, x_max, y_max."""


@dataclass(frozen=True)
class MedianPoints:
    """The median of each point."""

    xy: NDArray[np.float64]
    """(K, 2) normalised (x, y)."""


Answer = MeanShape | ClassPrior | MedianBox | MedianPoints


def answer_key(protocol: str, task_id: str) -> str:
    """Return the name of a task's answer; protocols carry no slash, so names never collide."""
    return f"{protocol}/{task_id}"


def fits(answer: Answer, task: Task) -> bool:
    """Whether an answer is of the task's kind and has its number of classes or points."""
    match answer:
        case MeanShape(level=level):
            return task.kind is Kind.SEGMENTATION and len(level) == task.num_classes - 1
        case ClassPrior(probability=probability):
            return task.kind is Kind.CLASSIFICATION and len(probability) == task.num_classes
        case MedianBox():
            return task.kind is Kind.DETECTION
        case MedianPoints(xy=xy):
            return task.kind is Kind.REGRESSION and len(xy) == task.num_classes


def generic_answer(task: Task) -> Answer:
    """Return what is answered without having seen the task.

    A central ellipse (cut into upright bands, one a foreground class), equal probabilities, a central box,
    or points spread over the middle row.
    """
    n = task.num_classes
    match task.kind:
        case Kind.SEGMENTATION:
            return _central_ellipse(n - 1)
        case Kind.CLASSIFICATION:
            return ClassPrior(np.full(n, 1 / n))
        case Kind.DETECTION:
            return MedianBox(np.array([0.25, 0.25, 0.75, 0.75]))
        case Kind.REGRESSION:
            return MedianPoints(np.stack([np.arange(1, n + 1) / (n + 1), np.full(n, 0.5)], axis=1))


def _central_ellipse(n_bands: int) -> MeanShape:
    centres = (np.arange(GRID) + 0.5) / GRID
    # Half the frame wide and high; the level falls through the threshold at the outline.
    radius = np.hypot.outer((centres - 0.5) / 0.25, (centres - 0.5) / 0.25)
    ellipse = np.clip(255 - 127 * radius, 0, 255)
    band = np.clip((centres - 0.25) * 2 * n_bands, 0, n_bands - 1).astype(int)
    level = [np.where(band == index, ellipse, 0) for index in range(n_bands)]
    return MeanShape(np.array(level, dtype=np.uint8), np.full(n_bands, 128, dtype=np.uint8))


@dataclass(frozen=True)
class FloorModel:
    """The learned answers."""

    answers: Mapping[str, Answer]
    """By `answer_key`."""

    def knows(self, protocol: str, task: Task) -> bool:
        """Whether the task was learned, with this kind and number of classes or points."""
        answer = self.answers.get(answer_key(protocol, task.task_id))
        return answer is not None and fits(answer, task)

    def predict(
        self, protocol: str, task: Task, size_hw: tuple[int, int] | None
    ) -> NDArray[np.uint8] | Prediction:
        """Answer one case.

        Args:
            protocol: the manifest's protocol.
            task: what is asked; a task that is not known gets `generic_answer`.
            size_hw: the image's size in pixels; a class needs none.

        Returns:
            A (h, w) mask of class indices, or a class with its probabilities, a box or points in pixels of
            the original image.

        Raises:
            GeometryError: the size is None and the answer needs one.
        """
        known = self.knows(protocol, task)
        answer = self.answers[answer_key(protocol, task.task_id)] if known else generic_answer(task)
        if isinstance(answer, ClassPrior):
            probabilities = tuple(answer.probability.tolist())
            return ClassPrediction(int(np.argmax(answer.probability)), probabilities)
        if size_hw is None:
            raise GeometryError("neither the manifest nor the image tells the image's size")
        if isinstance(answer, MeanShape):
            return answer.draw(size_hw)
        scale_xy = np.array([size_hw[1], size_hw[0]])
        if isinstance(answer, MedianBox):
            return BoxPrediction(tuple((answer.xyxy * np.tile(scale_xy, 2)).tolist()))
        return PointsPrediction(tuple((answer.xy * scale_xy).ravel().tolist()))
