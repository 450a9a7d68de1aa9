"""The strict rules a prediction must keep; both protocols share them.

A prediction that breaks one is invalid: its case counts as failed, exactly like a missing one.
"""

import math

from evaluation.contract.case import Case
from evaluation.contract.prediction import BoxPrediction, ClassPrediction, PointsPrediction, Prediction
from evaluation.contract.problem import Code, Problem
from evaluation.contract.task import Task

SUM_TOLERANCE = 1e-3
"""Largest distance of a row's sum from 1; smaller deviations are renormalised."""


def find_fault(task: Task, case: Case, prediction: Prediction | None) -> Problem | None:
    """Return what makes a prediction invalid, or None when nothing does."""
    match prediction:
        case None:
            fault: tuple[Code, str] | None = (Code.MISSING, "no prediction; write one entry for every case")
        case ClassPrediction():
            fault = _find_class_fault(task, prediction)
        case BoxPrediction(xyxy_px):
            fault = _find_box_fault(xyxy_px)
        case PointsPrediction(flat_xy_px):
            fault = _find_points_fault(task, flat_xy_px)
    if fault is None:
        return None
    code, message = fault
    return Problem(code=code, case_id=case.case_id, message=message)


def _find_class_fault(task: Task, prediction: ClassPrediction) -> tuple[Code, str] | None:
    if not 0 <= prediction.label < task.num_classes:
        return Code.WRONG_CLASS, f"class {prediction.label}, expected 0 to {task.num_classes - 1}"
    row = prediction.probabilities
    if row is None or len(row) != task.num_classes:
        given = "none" if row is None else str(len(row))
        return Code.WRONG_PROBABILITIES, f"expected {task.num_classes} probabilities but got {given}"
    if not all(0.0 <= p <= 1.0 for p in row):
        return Code.WRONG_PROBABILITIES, f"probabilities must lie in [0, 1] but are {_show(row)}"
    total = math.fsum(row)
    if abs(total - 1.0) > SUM_TOLERANCE:
        return Code.WRONG_PROBABILITIES, f"probabilities must sum to 1 but sum to {total:.6g}"
    return None


def _find_box_fault(xyxy_px: tuple[float, ...]) -> tuple[Code, str] | None:
    if len(xyxy_px) != 4:
        return Code.WRONG_BOX, f"expected x_min, y_min, x_max, y_max but got {len(xyxy_px)} numbers"
    if not all(math.isfinite(v) for v in xyxy_px):
        return Code.WRONG_BOX, f"box holds NaN or infinity: {_show(xyxy_px)}"
    x_min, y_min, x_max, y_max = xyxy_px
    if x_max < x_min or y_max < y_min:
        return Code.WRONG_BOX, f"box is inverted: {_show(xyxy_px)}; write x_min, y_min, x_max, y_max"
    return None


def _find_points_fault(task: Task, flat_xy_px: tuple[float, ...]) -> tuple[Code, str] | None:
    if len(flat_xy_px) != 2 * task.num_classes:
        expected = f"{task.num_classes} points ({2 * task.num_classes} numbers)"
        return Code.WRONG_POINTS, f"expected {expected} but got {len(flat_xy_px)} numbers"
    if not all(math.isfinite(v) for v in flat_xy_px):
        return Code.WRONG_POINTS, f"points hold NaN or infinity: {_show(flat_xy_px)}"
    return None


def _show(values: tuple[float, ...]) -> str:
    shown = ", ".join(f"{v:.6g}" for v in values[:8])
    return f"[{shown}{', …' if len(values) > 8 else ''}]"
