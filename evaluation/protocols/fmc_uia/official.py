"""FMC_UIA's public evaluator, quirks included; checked against its own outputs in the tests.

What it skips is ``skipped``; where it stops with an exception or spreads NaN the case is ``aborted`` and its
task null.
"""

import math

import numpy as np
import pandas as pd

from evaluation.contract.case import BoxReference, Case, PointsReference
from evaluation.contract.prediction import BoxPrediction, ClassPrediction, PointsPrediction, Prediction
from evaluation.contract.problem import Code, Problem
from evaluation.contract.task import Task
from evaluation.metrics.detection import box_iou
from evaluation.metrics.landmarks import radial_errors
from evaluation.protocols.case_table import CaseScore
from evaluation.protocols.measures import FloatArray, IntArray, auc_measure, confusion_measure
from evaluation.protocols.plan import Constant, Entry

MAX_LABELS = 512
"""A resample's confusion matrix has this many squared cells at most."""
_CONFUSION = ("accuracy", "f1_macro", "f1_weighted", "mcc")
_INFINITE = 1e150
"""Errors from here on count as infinite: sums over a task's rows must not overflow."""


def score_officially(
    task: Task, case: Case, prediction: Prediction | None, problem: Problem | None
) -> CaseScore:
    """Score a class, a box or points as the public evaluator does."""
    if prediction is None and problem is not None and problem.code is Code.MALFORMED:
        return CaseScore(task, case, "aborted", problem.message, problem.code)
    if prediction is None:
        return CaseScore(task, case, "skipped", "no prediction", Code.MISSING)
    if isinstance(prediction, ClassPrediction):
        return CaseScore(task, case, "ok", prediction=prediction)
    try:
        values = _values(case, prediction)
    except ValueError as error:
        return CaseScore(task, case, "aborted", str(error), Code.MALFORMED)
    # NaN is below nothing.
    if not all(value < _INFINITE for value in values.values()):
        return CaseScore(task, case, "aborted", "NaN or infinity in the prediction", Code.MALFORMED)
    return CaseScore(task, case, "ok", values=values)


def _values(case: Case, prediction: Prediction) -> dict[str, float]:
    match case.reference, prediction:
        case BoxReference(xyxy_ref), BoxPrediction(xyxy_pred):
            if len(xyxy_pred) != 4:
                raise ValueError(f"a box of {len(xyxy_pred)} numbers")
            if not all(math.isfinite(value) for value in xyxy_pred):
                raise ValueError("NaN or infinity in a box")
            box_pred = (xyxy_pred[0], xyxy_pred[1], xyxy_pred[2], xyxy_pred[3])
            return {"iou": box_iou(box_ref=xyxy_ref, box_pred=box_pred)}
        case PointsReference(xy_px), PointsPrediction(flat_xy_px):
            return {"mre_px": _mean_radial_error(xy_px, flat_xy_px)}
    raise ValueError("a prediction of another kind")


def _mean_radial_error(xy_px: tuple[tuple[float, float] | None, ...], flat_xy_px: tuple[float, ...]) -> float:
    # A missing reference point is (0, 0) there, and numpy broadcasts a single predicted point over all.
    points_ref = np.array([point or (0.0, 0.0) for point in xy_px], dtype=np.float64)
    if len(flat_xy_px) not in (2, points_ref.size):
        raise ValueError(f"{len(flat_xy_px)} numbers for {len(points_ref)} points")
    points_pred = np.broadcast_to(np.reshape(flat_xy_px, (-1, 2)), points_ref.shape)
    with np.errstate(over="ignore"):
        return float(radial_errors(points_ref=points_ref, points_pred=points_pred).mean())


def official_class_entries(table: pd.DataFrame, positions: IntArray, num_classes: int) -> dict[str, Entry]:
    """Return AUC, accuracy, F1 and MCC over the predictions given, labels as scikit-learn sees them."""
    rows = table.iloc[positions]
    labels = rows["label"].to_numpy(dtype=np.int64)
    predicted = rows["predicted"].to_numpy(dtype=np.int64)
    # scikit-learn knows only the labels that occur, and a label outside the task's classes is one of them.
    seen, codes = np.unique(np.concatenate([labels, predicted]), return_inverse=True)
    if len(seen) > MAX_LABELS:
        reason = (
            f"{len(seen)} distinct labels for {num_classes} classes; more than {MAX_LABELS} are not counted"
        )
        return dict.fromkeys(("auc", *_CONFUSION), Constant(None, reason))
    labels_seen, predicted_seen = np.split(codes.astype(np.int64), 2)
    entries: dict[str, Entry] = {"auc": _auc_entry(rows, labels, positions, num_classes)}
    for name in _CONFUSION:
        entries[name] = confusion_measure(
            labels=labels_seen,
            predicted=predicted_seen,
            positions=positions,
            num_classes=len(seen),
            name=name,
        )
    return entries


def _auc_entry(rows: pd.DataFrame, labels: IntArray, positions: IntArray, num_classes: int) -> Entry:
    columns = [name for name in rows if str(name).startswith("probability_") and rows[name].notna().any()]
    if num_classes == 2:
        # Only the second column is looked at, whatever the first one holds.
        columns = ["probability_1"] if "probability_1" in columns else []
    probabilities = rows[columns].to_numpy(dtype=np.float64)
    refusal = _find_refusal(labels, probabilities, num_classes)
    if refusal is not None:
        return Constant(0.0, f"scikit-learn refuses ({refusal}), which counts as 0.0")
    if num_classes == 2:
        both = np.column_stack([1.0 - probabilities[:, 0], probabilities[:, 0]])
        return auc_measure(labels=labels, probabilities=both, positions=positions)
    codes = np.unique(labels, return_inverse=True)[1].astype(np.int64)
    return auc_measure(labels=codes, probabilities=probabilities, positions=positions)


def _find_refusal(labels: IntArray, probabilities: FloatArray, num_classes: int) -> str | None:
    n_seen = len(np.unique(labels))
    if num_classes == 2 and probabilities.shape[1] == 0:
        return "no probability of class 1"
    if probabilities.size == 0 or not np.isfinite(probabilities).all():
        return "a row without usable probabilities"
    if num_classes == 2:
        return "one class only" if n_seen != 2 else None
    # Two classes are a binary problem to scikit-learn, which then refuses a matrix of scores.
    if n_seen < 3 or n_seen != probabilities.shape[1]:
        return f"{n_seen} classes occur, {probabilities.shape[1]} probabilities given"
    with np.errstate(over="ignore"):
        sums = probabilities.sum(axis=1)
    if not np.allclose(1, sums):
        return "rows do not sum to 1"
    return None
