"""What a submission says of a case, as read from its files and before any rule is applied."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from evaluation.contract.problem import Problem


@dataclass(frozen=True, slots=True)
class ClassPrediction:
    """A predicted class; probabilities are as given: any length, NaN possible, None when absent."""

    label: int
    probabilities: tuple[float, ...] | None


@dataclass(frozen=True, slots=True)
class BoxPrediction:
    """A predicted box: x_min, y_min, x_max, y_max in pixels of the original image, as given."""

    xyxy_px: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class PointsPrediction:
    """Predicted points, flat: x1, y1, x2, y2, … in pixels of the original image, as given."""

    flat_xy_px: tuple[float, ...]


Prediction = ClassPrediction | BoxPrediction | PointsPrediction


@dataclass(frozen=True)
class Submission:
    """One submission's output folder, read. Masks stay on disk until they are scored."""

    folder: Path
    predictions: Mapping[str, Prediction]
    """By ``case_id``; of repeated entries the last one, as the official evaluators take it."""
    problems: tuple[Problem, ...]
    """What reading found: unreadable files, malformed entries, repeats, entries for unknown cases."""
