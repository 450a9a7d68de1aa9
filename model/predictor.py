"""The loop over a manifest: each image once, every case that asks about it, one bad case at a time."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from evaluation.contract.case import Case
from evaluation.contract.errors import UserError
from evaluation.contract.manifest import Manifest
from evaluation.contract.prediction import BoxPrediction, ClassPrediction, PointsPrediction
from evaluation.files.images import read_size
from model.floor import FloorModel


class MaskAndClassWriter(Protocol):
    """What every challenge's writer offers."""

    def add_mask(self, case: Case, mask: NDArray[np.uint8]) -> None:
        """Write a (h, w) mask of class indices."""

    def add_class(self, case: Case, prediction: ClassPrediction) -> None:
        """Note a class and its probabilities."""


class FullWriter(MaskAndClassWriter, Protocol):
    """What a writer offers whose challenge also asks for boxes and points."""

    def add_box(self, case: Case, prediction: BoxPrediction) -> None:
        """Note a box in original pixels."""

    def add_points(self, case: Case, prediction: PointsPrediction) -> None:
        """Note points in original pixels."""


@dataclass(frozen=True)
class Done:
    """What a run came to."""

    n_written: int
    """Cases that have a prediction."""
    n_problems: int
    """Images that could not be read as the manifest says, and tasks that were not learned."""
    n_readable: int
    """Images that could be read."""


def predict_all(
    model: FloorModel,
    manifest: Manifest,
    writer: MaskAndClassWriter | FullWriter,
    *,
    should_stop: Callable[[], bool],
    say: Callable[[str], None],
) -> Done:
    """Predict image by image until done or stopped; what goes wrong is said and costs its own case only.

    Args:
        model: the predictor.
        manifest: what is asked, unlabelled.
        writer: takes the predictions.
        should_stop: asked between two images.
        say: takes one line for the person who runs the container.
    """
    n_written, n_readable, n_problems = 0, 0, _report_unknown_tasks(model, manifest, say)
    groups: dict[Path, list[Case]] = {}
    for case in manifest.cases:
        groups.setdefault(case.image_file, []).append(case)
    for image_file, cases in groups.items():
        if should_stop():
            break
        try:
            size_hw: tuple[int, int] | None = _read_size(image_file, cases[0])
            n_readable += 1
        except (OSError, ValueError) as error:
            size_hw = None
            n_problems += 1
            say(f"image {cases[0].image_path}: {getattr(error, 'strerror', None) or error}")
        for case in cases:
            try:
                _write(writer, model, manifest, replace(case, size_hw=case.size_hw or size_hw))
                n_written += 1
            except UserError as error:
                say(f"case {case.case_id}: skipped: {error}")
    return Done(n_written=n_written, n_problems=n_problems, n_readable=n_readable)


def _read_size(image_file: Path, case: Case) -> tuple[int, int]:
    size_hw = read_size(image_file)
    if case.size_hw not in (None, size_hw):
        raise ValueError(f"is {size_hw} (h, w), the manifest says {case.size_hw}")
    return size_hw


def _report_unknown_tasks(model: FloorModel, manifest: Manifest, say: Callable[[str], None]) -> int:
    """Name the tasks that are answered without having been learned; return their number."""
    unknown = [task for task in manifest.tasks.values() if not model.knows(manifest.protocol, task)]
    for task in unknown:
        say(f"task {task.task_id} ({task.num_classes} classes or points): not learned, answered generically")
    return len(unknown)


def _write(
    writer: MaskAndClassWriter | FullWriter, model: FloorModel, manifest: Manifest, case: Case
) -> None:
    answer = model.predict(manifest.protocol, manifest.tasks[case.task_id], case.size_hw)
    match answer:
        case ClassPrediction():
            writer.add_class(case, answer)
        case BoxPrediction():
            writer.add_box(case, answer)  # type: ignore[union-attr] # only its challenge asks for boxes
        case PointsPrediction():
            writer.add_points(case, answer)  # type: ignore[union-attr] # and for points
        case _:
            writer.add_mask(case, answer)
