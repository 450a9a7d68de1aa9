"""The floor's weights on disk: a safetensors file of which nothing is trusted.

Promises: a file that is not exactly what `save_floor` writes is refused with a sentence; loading runs no code
of the file; the same model gives the same bytes.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from evaluation.contract.errors import ConfigurationError
from evaluation.contract.record import Record
from evaluation.contract.task import Kind, Task
from model.floor import GRID, Answer, ClassPrior, FloorModel, MeanShape, MedianBox, MedianPoints, fits
from model.tensor_file import read_tensors, write_tensors

MAX_BYTES = 16 * 2**20
"""No floor comes near; larger files are refused unread."""

HEADER_NAME = "floor"

Arrays = Mapping[str, NDArray[Any]]


class LearnedTask(Record):
    """One task that the floor has learned."""

    kind: Kind
    num_classes: int = Field(ge=1)
    n_cases: int = Field(ge=1)
    """Cases with a reference that it was learned from."""


class TrainingSource(Record):
    """One folder that the floor was learned from."""

    protocol: str
    manifest_sha256: str
    n_cases: int
    generator: dict[str, str | int] | None = None
    """What the sample generator recorded beside the folder: seed, size, version."""


class FloorHeader(Record):
    """The metadata of a floor's weights."""

    format: Literal["ultrasound-bench-floor"] = "ultrasound-bench-floor"
    format_version: Literal[1] = 1
    tasks: dict[str, LearnedTask]
    """By `model.floor.answer_key`."""
    sources: tuple[TrainingSource, ...]


def save_floor(file: Path, model: FloorModel, header: FloorHeader) -> None:
    """Write the weights, replacing the file.

    Raises:
        ConfigurationError: the name does not end in ``.safetensors``, or the file cannot be written.
    """
    tensors = {
        f"{key}#{field}": array
        for key, answer in sorted(model.answers.items())
        for field, array in vars(answer).items()
    }
    write_tensors(file, tensors, HEADER_NAME, header)


def load_floor(file: Path) -> tuple[FloorModel, FloorHeader]:
    """Read and check the weights.

    Raises:
        ConfigurationError: missing, not safetensors, not a floor, another format version, tensors that are
            absent, superfluous, of another shape or type, or out of range (NaN included).
    """
    header, tensors = read_tensors(file, HEADER_NAME, FloorHeader, max_bytes=MAX_BYTES)
    answers: dict[str, Answer] = {}
    for key, learned in header.tasks.items():
        try:
            answers[key] = _read_answer(key, learned, tensors)
        except (KeyError, ValueError) as error:
            reason = f"tensor {error} is missing" if isinstance(error, KeyError) else error
            raise ConfigurationError(f"{file}: task {key}: {reason}; train the floor anew") from error
    if tensors:
        raise ConfigurationError(f"{file}: expected no tensors but those of its tasks but got {min(tensors)}")
    return FloorModel(answers), header


def _read_answer(key: str, learned: LearnedTask, tensors: dict[str, NDArray[Any]]) -> Answer:
    fields, read = _READERS[learned.kind]
    answer = read({field: tensors.pop(f"{key}#{field}") for field in fields})
    if not fits(answer, Task(task_id=key, kind=learned.kind, num_classes=learned.num_classes)):
        raise ValueError(f"tensors do not fit {learned.kind} with num_classes {learned.num_classes}")
    return answer


def _read_shape(arrays: Arrays) -> MeanShape:
    level, threshold = arrays["level"], arrays["threshold"]
    if level.dtype != np.uint8 or level.ndim != 3 or level.shape[1:] != (GRID, GRID):
        raise ValueError(f"expected uint8 levels of (classes, {GRID}, {GRID}) but got {_describe(level)}")
    if threshold.dtype != np.uint8 or threshold.shape != level.shape[:1] or not threshold.all():
        raise ValueError(f"expected one uint8 threshold above 0 a class but got {_describe(threshold)}")
    return MeanShape(level, threshold)


def _read_prior(arrays: Arrays) -> ClassPrior:
    probability = _read_unit(arrays["probability"], n_axes=1)
    if not abs(probability.sum() - 1) < 1e-9:
        raise ValueError(f"expected probabilities that sum to 1 but got {probability.sum()}")
    return ClassPrior(probability)


def _read_box(arrays: Arrays) -> MedianBox:
    xyxy = _read_unit(arrays["xyxy"], n_axes=1)
    if xyxy.shape != (4,) or not (xyxy[:2] <= xyxy[2:]).all():
        raise ValueError(f"expected x_min, y_min, x_max, y_max in order but got {xyxy.tolist()}")
    return MedianBox(xyxy)


def _read_points(arrays: Arrays) -> MedianPoints:
    xy = _read_unit(arrays["xy"], n_axes=2)
    if xy.shape[1] != 2:
        raise ValueError(f"expected (x, y) points but got {_describe(xy)}")
    return MedianPoints(xy)


def _read_unit(array: NDArray[Any], *, n_axes: int) -> NDArray[np.float64]:
    # Written so that NaN fails: every comparison with it is false.
    if array.dtype != np.float64 or array.ndim != n_axes or not ((array >= 0) & (array <= 1)).all():
        raise ValueError(f"expected float64 of {n_axes} axes between 0 and 1 but got {_describe(array)}")
    return array


def _describe(array: NDArray[Any]) -> str:
    return f"{array.dtype} of shape {array.shape}"


_READERS: dict[Kind, tuple[tuple[str, ...], Callable[[Arrays], Answer]]] = {
    Kind.SEGMENTATION: (("level", "threshold"), _read_shape),
    Kind.CLASSIFICATION: (("probability",), _read_prior),
    Kind.DETECTION: (("xyxy",), _read_box),
    Kind.REGRESSION: (("xy",), _read_points),
}
