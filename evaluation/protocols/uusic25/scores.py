"""UUSIC25's metrics and how they are summed up.

Segmentation: DSC and NSD at 1 pixel; classification: AUC and accuracy. Organs are averaged over images,
breast pooled over Breast and Breast_luminal; Seg, Cls and Perf as the official ranking derives them.
Source: arXiv 2512.17279 and the public evaluator; the composition of Cls is the natural reading.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.contract.case import Case
from evaluation.contract.manifest import Manifest
from evaluation.contract.prediction import ClassPrediction, Prediction
from evaluation.contract.problem import Code, Problem
from evaluation.contract.result import Mode
from evaluation.contract.task import Kind, Task
from evaluation.metrics.crop import crop_to_masks
from evaluation.metrics.overlap import dice, dice_uusic25
from evaluation.metrics.surface_dice import surface_dice_inner_boundary, surface_dice_uusic25
from evaluation.protocols.case_table import CaseScore, Status
from evaluation.protocols.measures import IntArray, mean_measure, positions_of, strict_class_measures
from evaluation.protocols.plan import Constant, Entry, GroupPlan, Mean, ScorePlan
from evaluation.protocols.validity import find_fault

EXTERNAL_CENTERS = frozenset({"external", "nki"})
"""Names, in small letters, of the unseen centre; NKI is the challenge's own."""
DECIMALS = 4
"""The official table rounds each organ's score before averaging."""

READS_GREY = True
RESIZES_OFFICIALLY = False

RULES: dict[Mode, tuple[str, ...]] = {
    "strict": (
        "The loop goes over the manifest: a missing or invalid prediction counts as failed, at the worst "
        "value.",
        "DSC = 2|A∩B| / (|A| + |B|); both masks empty 1, one empty 0.",
        "NSD: share of both inner boundaries within 1 pixel of the other one, at original resolution; "
        "masks without a boundary (empty, full frame) 1 if equal, else 0.",
        "A failed classification is wrong for accuracy and ranks last in every one-versus-rest AUC.",
        "AUC of class 1; for four subtypes macro one-versus-rest; null where a class has no reference.",
        "Subtype AUC: mean of the internal and the external AUC where a centre is called external or NKI, "
        "else the AUC of all subtype cases.",
    ),
    "official": (
        "DSC = 2|A∩B| / (|A| + |B| + 1e-6); both masks empty 0.",
        "NSD at 1 pixel, 1e-6 in the denominator, with the public evaluator's virtual pixel at row -1, "
        "column 0.",
        "Masks are read as grey and binarised with > 0; a mask of another size stops the official evaluator: "
        "its task is null, and so are the means that it belongs to.",
        "Not public, therefore as in strict mode: missing predictions, invalid class entries, undefined AUC.",
    ),
}


def measure_mask(
    *, mask_ref: NDArray[np.integer], mask_pred: NDArray[np.integer], num_classes: int, mode: Mode
) -> dict[str, float]:
    """Return ``dsc`` and ``nsd`` of two (h, w) masks; non-zero is inside."""
    # Unsigned pixels are compared after the crop, where there are fewer of them.
    inside_ref = mask_ref if mask_ref.dtype == np.uint8 else mask_ref > 0
    inside_pred = mask_pred if mask_pred.dtype == np.uint8 else mask_pred > 0
    if mode == "official":
        # The origin quirk looks at the frame itself, so nothing is cropped here.
        return {
            "dsc": dice_uusic25(mask_ref=inside_ref, mask_pred=inside_pred),
            "nsd": surface_dice_uusic25(mask_ref=inside_ref, mask_pred=inside_pred),
        }
    pair = crop_to_masks(mask_ref=inside_ref, mask_pred=inside_pred)
    return {
        "dsc": dice(mask_ref=pair.mask_ref, mask_pred=pair.mask_pred),
        "nsd": surface_dice_inner_boundary(mask_ref=pair.mask_ref, mask_pred=pair.mask_pred),
    }


def worst_mask(*, size_hw: tuple[int, int], num_classes: int) -> dict[str, float]:
    """Return what a failed case scores."""
    return {"dsc": 0.0, "nsd": 0.0}


def official_status(code: Code) -> Status:
    """Return what becomes of an unusable mask; only a wrong size is known to stop the public evaluator."""
    return "aborted" if code is Code.WRONG_SIZE else "failed"


def score_prediction(
    task: Task, case: Case, prediction: Prediction | None, mode: Mode, problem: Problem | None = None
) -> CaseScore:
    """Judge a classification; both modes by the strict rules, because no public rule exists.

    `problem` is what reading the submission found wrong with the case; of repeated keys the official JSON
    reader takes the last one.
    """
    if mode == "official" and problem is not None and problem.code is Code.REPEATED:
        problem = None
    fault = problem or find_fault(task, case, prediction)
    if fault is not None:
        return CaseScore(task, case, "failed", fault.message, fault.code)
    return CaseScore(
        task, case, "ok", prediction=prediction if isinstance(prediction, ClassPrediction) else None
    )


def is_scored(case: Case, mode: Mode) -> bool:
    """Whether a case of a labelled manifest has anything to be compared with: here always."""
    return case.reference is not None


def plan_scores(table: pd.DataFrame, manifest: Manifest, mode: Mode) -> ScorePlan:
    """Plan tasks, organs, centres and the summary."""
    tasks: dict[str, dict[str, Entry]] = {}
    for task_id, task in manifest.tasks.items():
        positions = positions_of(table["task_id"] == task_id)
        tasks[task_id] = _plan_task(table, positions, task)
    groups = [*_plan_organs(table, manifest), *_plan_centers(table, manifest)]
    return ScorePlan(tasks=tasks, groups=tuple(groups), summary=_plan_summary(manifest, tasks, groups))


def _plan_task(table: pd.DataFrame, positions: IntArray, task: Task) -> dict[str, Entry]:
    if task.kind is Kind.SEGMENTATION:
        return _plan_masks(table, positions)
    return dict(strict_class_measures(table, positions, task.num_classes, ("accuracy",)))


def _plan_organs(table: pd.DataFrame, manifest: Manifest) -> list[GroupPlan]:
    by_organ: dict[str, list[str]] = {}
    for task_id, task in manifest.tasks.items():
        if task.kind is Kind.SEGMENTATION:
            by_organ.setdefault(str(task.organ), []).append(task_id)
    groups = []
    for organ in sorted(by_organ):
        positions = positions_of(table["task_id"].isin(by_organ[organ]))
        entries = _plan_masks(table, positions)
        tasks = tuple(by_organ[organ])
        groups.append(GroupPlan("organ", organ, Kind.SEGMENTATION, tasks, positions, entries))
    return groups


def _plan_masks(table: pd.DataFrame, positions: IntArray) -> dict[str, Entry]:
    rows = table.iloc[positions]
    aborted = rows.loc[rows["status"] == "aborted", "reason"]
    if len(aborted):
        reason = f"the official evaluator stops: {aborted.iloc[0]}"
        return {"dsc": Constant(None, reason), "nsd": Constant(None, reason)}
    return {name: mean_measure(table, positions, name) for name in ("dsc", "nsd")}


def _plan_centers(table: pd.DataFrame, manifest: Manifest) -> list[GroupPlan]:
    """Split each subtyping task into its internal centres and the external one."""
    groups = []
    for task_id, task in _subtype_tasks(manifest).items():
        own = table["task_id"] == task_id
        external = own & table["center"].astype("string").str.strip().str.lower().isin(EXTERNAL_CENTERS)
        if not external.any() or external.sum() == own.sum():
            continue
        for name, chosen in (("internal", own & ~external), ("external", external)):
            positions = positions_of(chosen)
            measures = strict_class_measures(table, positions, task.num_classes, ("accuracy",))
            plan = GroupPlan("center", name, Kind.CLASSIFICATION, (task_id,), positions, dict(measures))
            groups.append(plan)
    return groups


def _subtype_tasks(manifest: Manifest) -> dict[str, Task]:
    tasks = manifest.tasks.items()
    return {name: t for name, t in tasks if t.kind is Kind.CLASSIFICATION and t.num_classes > 2}


def _plan_summary(
    manifest: Manifest, tasks: dict[str, dict[str, Entry]], groups: list[GroupPlan]
) -> dict[str, Entry]:
    organs = [group.entries for group in groups if group.by == "organ"]
    binary = [
        tasks[name]
        for name, task in manifest.tasks.items()
        if task.kind is Kind.CLASSIFICATION and task.num_classes == 2
    ]
    no_masks, no_classes = "no segmentation task", "no binary classification task"
    by_organ = [entries[name] for entries in organs for name in ("dsc", "nsd")]
    # Where the official evaluator stops, the means stop too: leaving the organ out could raise them.
    stops = any(isinstance(entry, Constant) for entry in by_organ)
    seg = _mean(by_organ, no_masks, DECIMALS, skip_undefined=not stops)
    cls = _mean([entries[name] for entries in binary for name in ("auc", "accuracy")], no_classes, DECIMALS)
    return {
        "perf": Mean((seg, cls), skip_undefined=not stops),
        "seg": seg,
        "cls": cls,
        "mean_dsc": _mean([entries["dsc"] for entries in organs], no_masks, skip_undefined=not stops),
        "mean_nsd": _mean([entries["nsd"] for entries in organs], no_masks, skip_undefined=not stops),
        "mean_auc_binary": _mean([entries["auc"] for entries in binary], no_classes),
        "mean_acc_binary": _mean([entries["accuracy"] for entries in binary], no_classes),
        "mean_auc_subtype": _plan_subtype(manifest, tasks, groups),
    }


def _plan_subtype(manifest: Manifest, tasks: dict[str, dict[str, Entry]], groups: list[GroupPlan]) -> Entry:
    """Mean of the internal and the external AUC; of the whole task's where centres are not told."""
    centers = [group.entries["auc"] for group in groups if group.by == "center"]
    whole = [tasks[name]["auc"] for name in _subtype_tasks(manifest)]
    return _mean(centers or whole, "no subtyping task")


def _mean(
    members: list[Entry], reason: str, decimals: int | None = None, *, skip_undefined: bool = True
) -> Entry:
    if not members:
        return Constant(None, f"{reason} in the manifest")
    return Mean(tuple(members), decimals, skip_undefined)
