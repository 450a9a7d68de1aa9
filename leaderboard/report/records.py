"""What the page shows, as plain frozen records.

Promises: everything that a figure, a table or a sentence needs is in here; a null carries its reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.contract.result import Score
from evaluation.contract.task import Kind

FloatArray = NDArray[np.float64]

METRIC_LABELS: Mapping[str, str] = {
    "perf": "Perf",
    "correct": "correct class",
    "dsc": "DSC",
    "nsd": "NSD",
    "hd_px": "HD (px)",
    "auc": "AUC",
    "accuracy": "Accuracy",
    "f1_macro": "F1 macro",
    "f1_weighted": "F1 weighted",
    "mcc": "MCC",
    "iou": "IoU",
    "mre_px": "MRE (px)",
}
MAIN_METRICS: Mapping[Kind, tuple[str, ...]] = {
    Kind.SEGMENTATION: ("dsc", "nsd", "hd_px"),
    Kind.CLASSIFICATION: ("auc", "f1_macro", "accuracy"),
    Kind.DETECTION: ("iou",),
    Kind.REGRESSION: ("mre_px",),
}
"""The metrics of a task that the page draws: of these the first two that it has."""


@dataclass(frozen=True, slots=True)
class Entrant:
    """A team in the figures of one mode."""

    index: int
    """Its number on the whole page: what the page's script picks it by."""
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A score and its interval."""

    value: float | None
    low: float | None = None
    high: float | None = None
    reason: str | None = None
    """Why the value is null."""

    @classmethod
    def of_score(cls, score: Score | None) -> "Estimate":
        """Read a result's score; an absent one is null."""
        if score is None:
            return cls(value=None, reason="not in this result")
        if score.interval is None:
            return cls(value=score.value, reason=score.reason)
        return cls(value=score.value, low=score.interval.low, high=score.interval.high, reason=score.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricData:
    """One metric of one task, all teams."""

    key: str
    label: str
    higher_is_better: bool
    estimates: tuple[Estimate, ...]
    """By entrant."""
    cases: tuple[FloatArray, ...] | None
    """By entrant, (n_cases,) each, NaN where a case has no value; None for scores of whole sets (AUC)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskData:
    """One task."""

    task_id: str
    slug: str
    """Its id in letters, digits and hyphens, unique among the tasks."""
    kind: Kind
    n_cases: int
    metrics: tuple[MetricData, ...]
