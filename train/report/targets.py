"""What the unified model was to reach on the grouped test split, and whether it did."""

from collections.abc import Sequence
from dataclasses import dataclass

from evaluation.contract.result import Score
from train.report.attributes import LESION_TASK
from train.report.measuring import LEFT_EMPTY, LOWER_IS_BETTER
from train.report.records import Line, TargetCheck
from train.report.slices import EMPTY, LESIONS


@dataclass(frozen=True)
class Target:
    """One figure to reach; as named in `train.report.records.Line`."""

    task_id: str
    metric: str
    bound: float
    group: str = ""


TARGETS = (
    Target("fetal_head", "dsc", 0.970),
    Target(LESION_TASK, "dsc", 0.84, LESIONS),
    Target(LESION_TASK, LEFT_EMPTY, 0.70, EMPTY),
    Target("nerve_vessel_multi", "dsc", 0.65),
    Target("aponeurosis", "dsc", 0.75),
    Target("breast_3cls", "auc", 0.92),
    Target("breast_2cls", "auc", 0.85),
    Target("organ_type_cls", "accuracy", 0.98),
    Target("breast_lesion_det", "iou", 0.65),
    Target("fetal_head_landmarks", "mre_px", 12.0),
)


def check_targets(lines: Sequence[Line], rows: Sequence[str]) -> tuple[TargetCheck, ...]:
    """Compare every target with every row; null where the part lacks the task or the row its predictions."""
    found = {(line.row, line.task_id, line.group): line for line in lines if line.by in ("all", "reference")}
    return tuple(
        _check(target, row, found.get((row, target.task_id, target.group)))
        for target in TARGETS
        for row in rows
    )


def _check(target: Target, row: str, line: Line | None) -> TargetCheck:
    absent = Score(value=None, status="undefined", reason="no such case in this part")
    score = absent if line is None else line.scores[target.metric]
    at_most = target.metric in LOWER_IS_BETTER
    met = None
    if score.value is not None:
        met = score.value <= target.bound if at_most else score.value >= target.bound
    return TargetCheck(
        task_id=target.task_id,
        what=target.group,
        metric=target.metric,
        sense="at most" if at_most else "at least",
        bound=target.bound,
        row=row,
        score=score,
        met=met,
    )
