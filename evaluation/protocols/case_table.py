"""Per-case scores as a table: the bootstrap, the ranking and the report all start from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from evaluation.contract.case import SUBGROUP_PREFIX, Case, ClassReference
from evaluation.contract.prediction import ClassPrediction
from evaluation.contract.problem import Code
from evaluation.contract.task import Task
from evaluation.statistics.resampling import ResamplingUnits, group_units

Status = Literal["ok", "failed", "skipped", "aborted"]


@dataclass(frozen=True, slots=True)
class CaseScore:
    """What one case scored."""

    task: Task
    case: Case
    status: Status
    """``failed``: missing or invalid, worst values; ``skipped``: left out, ``aborted``: where the official
    evaluator leaves the case out or stops."""
    reason: str | None = None
    fault: Code | None = None
    """What kind of problem the prediction has; None when it is ok."""
    values: Mapping[str, float] = field(default_factory=dict)
    """By metric; a failed case holds the worst values, a skipped one none."""
    prediction: ClassPrediction | None = None
    """Of a classification case that is ok."""


def make_table(scores: Sequence[CaseScore]) -> pd.DataFrame:
    """Return one row a case, in the order given.

    Columns: case_id, task_id, kind, image_path, organ, center, patient_id, status, reason, subgroup_<name> …
    where the manifest has them, label, predicted, probability_0 …, then one column a metric. Cells that do
    not apply are missing.
    """
    return pd.DataFrame([_row(score) for score in scores], columns=_columns(scores))


def _row(score: CaseScore) -> dict[str, object]:
    row: dict[str, object] = {
        "case_id": score.case.case_id,
        "task_id": score.task.task_id,
        "kind": str(score.task.kind),
        "image_path": score.case.image_path,
        "organ": score.task.organ,
        "center": score.case.center,
        "patient_id": score.case.patient_id,
        **{f"{SUBGROUP_PREFIX}{name}": value for name, value in score.case.subgroups},
        "status": score.status,
        "reason": score.reason,
        **score.values,
    }
    if isinstance(score.case.reference, ClassReference):
        row["label"] = score.case.reference.label
    if score.prediction is not None:
        row["predicted"] = score.prediction.label
        for k, probability in enumerate(score.prediction.probabilities or ()):
            row[f"probability_{k}"] = probability
    return row


def _columns(scores: Sequence[CaseScore]) -> list[str]:
    subgroups = sorted({f"{SUBGROUP_PREFIX}{name}" for score in scores for name, _ in score.case.subgroups})
    first = ["case_id", "task_id", "kind", "image_path", "organ", "center", "patient_id", "status", "reason"]
    widths = [len(s.prediction.probabilities or ()) for s in scores if s.prediction is not None]
    classes = ["label", "predicted", *(f"probability_{k}" for k in range(max(widths, default=0)))]
    metrics = dict.fromkeys(name for score in scores for name in score.values)
    return [*first, *subgroups, *classes, *metrics]


def table_to_csv(table: pd.DataFrame) -> bytes:
    """Return the table as CSV; numbers keep every bit, classes stay whole."""
    table = table.copy()
    for name in ("label", "predicted"):
        if name in table:
            table[name] = table[name].astype("Int64")
    text: str = table.to_csv(index=False, lineterminator="\n")
    return text.encode("utf-8", "backslashreplace")


def find_units(table: pd.DataFrame) -> ResamplingUnits:
    """Find what a resample draws: patients where they are known, else images; (n_cases,) in table order.

    One row of an image may tell its patient where another row does not: then it counts for both.
    """
    images = [str(path) for path in table["image_path"]]
    patients = [None if pd.isna(patient) or not patient else str(patient) for patient in table["patient_id"]]
    known = {image: patient for image, patient in zip(images, patients, strict=True) if patient}
    keys = []
    for image, patient in zip(images, patients, strict=True):
        unit = patient or known.get(image)
        keys.append(f"patient {unit}" if unit else f"image {image}")
    return group_units(unit_keys=keys, task_ids=[str(task) for task in table["task_id"]])
