"""FMC_UIA's metrics and how they are summed up, in strict mode; `official` holds the other one.

DSC and set Hausdorff per class and row; AUC, accuracy, F1, MCC; IoU of boxes; mean radial error (MRE). A
task's score is the mean over rows, a kind's the plain mean over its tasks. Source: arXiv 2602.01055 and the
public evaluator.
"""

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.contract.case import BoxReference, Case, PointsReference
from evaluation.contract.errors import ManifestError
from evaluation.contract.manifest import Manifest
from evaluation.contract.prediction import BoxPrediction, ClassPrediction, PointsPrediction, Prediction
from evaluation.contract.problem import Code, Problem
from evaluation.contract.result import Mode
from evaluation.contract.task import Kind, Task
from evaluation.metrics.detection import box_iou
from evaluation.metrics.hausdorff import hausdorff_set_per_class
from evaluation.metrics.landmarks import radial_errors, success_rate
from evaluation.metrics.overlap import dice_per_class
from evaluation.protocols.case_table import CaseScore, Status
from evaluation.protocols.fmc_uia.official import official_class_entries, score_officially
from evaluation.protocols.measures import IntArray, mean_measure, positions_of, strict_class_measures
from evaluation.protocols.plan import Constant, Entry, Mean, ScorePlan
from evaluation.protocols.validity import find_fault

SUMMARY: Mapping[Kind, tuple[str, ...]] = {
    Kind.SEGMENTATION: ("dsc", "hd_px"),
    Kind.CLASSIFICATION: ("accuracy", "auc", "f1_macro", "f1_weighted", "mcc"),
    Kind.DETECTION: ("iou",),
    Kind.REGRESSION: ("mre_px",),
}
"""The leaderboard's nine metrics, each averaged over the tasks of its kind."""

SUCCESS_PX = (2, 4, 8)

READS_GREY = False
RESIZES_OFFICIALLY = True

RULES: dict[Mode, tuple[str, ...]] = {
    "strict": (
        "The loop goes over the manifest: a missing or invalid prediction counts as failed, at the worst "
        "value (DSC, IoU 0; HD and MRE the image diagonal, which also caps each point's error).",
        "DSC and HD per class from 1, averaged over rows and classes; both masks empty 1 and 0, one empty 0 "
        "and the image diagonal. HD is the full Hausdorff distance of the two pixel sets, in pixels.",
        "A failed classification is wrong for accuracy, a false negative of its class and a false positive "
        "of every other class for F1, last in every one-versus-rest AUC, and the worst case for MCC.",
        "AUC of class 1 if binary, else macro one-versus-rest; null where a class has no reference, and then "
        "left out of the mean over tasks.",
        "IoU of boxes in continuous pixels; MRE over the points that have a reference.",
    ),
    "official": (
        "Missing predictions are skipped; of repeated ones the last counts.",
        "DSC and HD as in strict mode; a mask of another size is resized to the reference (nearest; "
        "which pixel is nearest is ours, Pillow's)."
        "",
        "AUC is 0.0 where scikit-learn refuses: a class without reference, rows that do not sum to 1 within "
        "1e-5, missing or non-finite probabilities.",
        "A missing reference point counts as (0, 0); exactly one predicted point is compared with all.",
        "Where the public evaluator stops or yields NaN the task is null, and so is the mean over its kind.",
    ),
}


def measure_mask(
    *, mask_ref: NDArray[np.integer], mask_pred: NDArray[np.integer], num_classes: int, mode: Mode
) -> dict[str, float]:
    """Return ``dsc`` and ``hd_px`` averaged over classes 1…C−1, and of each class if there are several."""
    dsc = dice_per_class(labels_ref=mask_ref, labels_pred=mask_pred, num_classes=num_classes)
    distances = hausdorff_set_per_class(labels_ref=mask_ref, labels_pred=mask_pred, num_classes=num_classes)
    return _mask_values(dsc, distances)


def worst_mask(*, size_hw: tuple[int, int], num_classes: int) -> dict[str, float]:
    """Return what a failed case scores."""
    diagonal = float((size_hw[0] ** 2 + size_hw[1] ** 2) ** 0.5)
    return _mask_values(np.zeros(num_classes), np.full(num_classes, diagonal))


def official_status(code: Code) -> Status:
    """Return what the public evaluator does with a mask it cannot use."""
    return "skipped" if code is Code.MISSING else "aborted"


def _mask_values(dsc: NDArray[np.float64], distances: NDArray[np.float64]) -> dict[str, float]:
    values = {"dsc": float(dsc[1:].mean()), "hd_px": float(distances[1:].mean())}
    if len(dsc) > 2:
        for k in range(1, len(dsc)):
            values[f"dsc_class_{k}"] = float(dsc[k])
            values[f"hd_px_class_{k}"] = float(distances[k])
    return values


def score_prediction(
    task: Task, case: Case, prediction: Prediction | None, mode: Mode, problem: Problem | None = None
) -> CaseScore:
    """Score a class, a box or points; `problem` is what reading the submission found wrong with the case.

    Raises:
        ManifestError: a failed regression case whose image size nobody knows.
    """
    if mode == "official":
        return score_officially(task, case, prediction, problem)
    fault = problem or find_fault(task, case, prediction)
    if fault is not None:
        return CaseScore(task, case, "failed", fault.message, fault.code, _values(case, None))
    if isinstance(prediction, ClassPrediction):
        return CaseScore(task, case, "ok", prediction=prediction)
    return CaseScore(task, case, "ok", values=_values(case, prediction))


def _values(case: Case, prediction: Prediction | None) -> dict[str, float]:
    """Return the metrics of a valid prediction, or the worst ones for None."""
    match case.reference:
        case BoxReference(xyxy_px):
            given = prediction.xyxy_px if isinstance(prediction, BoxPrediction) else None
            return {"iou": 0.0 if given is None else box_iou(box_ref=xyxy_px, box_pred=given)}
        case PointsReference(xy_px):
            points = prediction.flat_xy_px if isinstance(prediction, PointsPrediction) else None
            return _point_values(case, xy_px, points)
    return {}


def _point_values(
    case: Case, xy_px: tuple[tuple[float, float] | None, ...], flat_xy_px: tuple[float, ...] | None
) -> dict[str, float]:
    if case.diagonal_px is None or case.size_hw is None:
        raise ManifestError(
            f"{case.case_id}: image size unknown; give the image or the columns image_width and image_height"
        )
    known = [k for k, point in enumerate(xy_px) if point is not None]
    points_ref = np.array([xy_px[k] for k in known], dtype=np.float64)
    points_pred = None if flat_xy_px is None else np.reshape(flat_xy_px, (-1, 2))[known]
    errors = _capped_errors(points_ref, points_pred, case.diagonal_px, None)
    values = {"mre_px": float(errors.mean())}
    for threshold in SUCCESS_PX:
        # In a tiny image even the diagonal of a failed case is a small error.
        rate = 0.0 if points_pred is None else success_rate(errors, threshold)
        values[f"success_rate_{threshold}px"] = rate
    if case.spacing_mm_yx is not None:
        height, width = case.size_hw
        spacing_y, spacing_x = case.spacing_mm_yx
        diagonal_mm = math.hypot(height * spacing_y, width * spacing_x)
        errors_mm = _capped_errors(points_ref, points_pred, diagonal_mm, case.spacing_mm_yx)
        values["mre_mm"] = float(errors_mm.mean())
    return values


def _capped_errors(
    points_ref: NDArray[np.float64],
    points_pred: NDArray[np.float64] | None,
    diagonal: float,
    spacing_mm_yx: tuple[float, float] | None,
) -> NDArray[np.float64]:
    if points_pred is None:
        return np.full(len(points_ref), diagonal)
    # A point 1e308 pixels away is far enough, overflow or not.
    with np.errstate(over="ignore"):
        errors = radial_errors(points_ref=points_ref, points_pred=points_pred, spacing_mm_yx=spacing_mm_yx)
    return np.minimum(errors, diagonal)


def is_scored(case: Case, mode: Mode) -> bool:
    """Whether a case of a labelled manifest has anything to be compared with."""
    match case.reference:
        case None:
            return False
        case PointsReference(xy_px):
            return mode == "official" or any(point is not None for point in xy_px)
    return True


def plan_scores(table: pd.DataFrame, manifest: Manifest, mode: Mode) -> ScorePlan:
    """Plan tasks and the summary over the tasks of each kind."""
    tasks: dict[str, dict[str, Entry]] = {}
    for task_id, task in manifest.tasks.items():
        own = table["task_id"] == task_id
        positions = positions_of(own & (table["status"] != "skipped"))
        tasks[task_id] = _plan_task(table, positions, task, mode)
    summary: dict[str, Entry] = {}
    for kind, names in SUMMARY.items():
        members = [tasks[name] for name, task in manifest.tasks.items() if task.kind is kind]
        for name in names:
            entries = tuple(entries[name] for entries in members)
            mean = Mean(entries, skip_undefined=mode == "strict")
            summary[name] = mean if entries else Constant(None, f"no {kind} task in the manifest")
    return ScorePlan(tasks=tasks, summary=summary)


def _plan_task(table: pd.DataFrame, positions: IntArray, task: Task, mode: Mode) -> dict[str, Entry]:
    rows = table.iloc[positions]
    aborted = rows.loc[rows["status"] == "aborted", "reason"]
    if len(aborted):
        return dict.fromkeys(
            SUMMARY[task.kind], Constant(None, f"the official evaluator stops: {aborted.iloc[0]}")
        )
    if len(rows) == 0:
        return dict.fromkeys(SUMMARY[task.kind], Constant(None, "no prediction with a reference"))
    if task.kind is Kind.CLASSIFICATION:
        if mode == "official":
            return official_class_entries(table, positions, task.num_classes)
        names = ("accuracy", "f1_macro", "f1_weighted", "mcc", "balanced_accuracy")
        return dict(strict_class_measures(table, positions, task.num_classes, names))
    return {name: mean_measure(table, positions, name) for name in _case_metrics(rows, task)}


def _case_metrics(rows: pd.DataFrame, task: Task) -> list[str]:
    """Return the per-case columns that every row of a task fills."""
    names = list(SUMMARY[task.kind])
    if task.kind is Kind.SEGMENTATION and task.num_classes > 2:
        names += [f"{name}_class_{k}" for k in range(1, task.num_classes) for name in names[:2]]
    if task.kind is Kind.REGRESSION:
        names += [*(f"success_rate_{t}px" for t in SUCCESS_PX), "mre_mm"]
    return [name for name in names if name in rows and rows[name].notna().all()]
