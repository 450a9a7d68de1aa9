"""What a mode shows beside rankings and tasks: strengths, costs, gaps between centres."""

from collections.abc import Sequence
from dataclasses import dataclass

from evaluation.contract.task import Kind
from leaderboard.board import Board
from leaderboard.cells import clean_text
from leaderboard.field import Field
from leaderboard.generalisation import Gap
from leaderboard.report.figures.cost import CostPoint
from leaderboard.report.records import MAIN_METRICS, Entrant, Estimate, TaskData

MAX_GAPS = 12
"""Pairs of centres that are drawn; the largest first."""

Axis = tuple[str, tuple[Estimate, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class GapGroup:
    """One task, metric and pair of centres, all teams."""

    gaps: tuple[Gap, ...]
    n_smaller: int
    """Cases of the smaller part."""


def collect_axes(field: Field, tasks: Sequence[TaskData], entrants: Sequence[Entrant]) -> tuple[Axis, ...]:
    """Collect scores from 0 to 1: DSC by organ where results have organs, else by task; AUC, IoU by task."""
    results = {team.name: team.result for team in field.teams}
    first = field.teams[0].result
    organs = [group.name for group in first.groups if group.by == "organ"]
    axes: list[Axis] = []
    for organ in organs:
        found = []
        for entrant in entrants:
            groups = {group.name: group for group in results[entrant.name].groups if group.by == "organ"}
            found.append(Estimate.of_score(groups[organ].scores.get("dsc") if organ in groups else None))
        axes.append((f"{organ} DSC", tuple(found)))
    for task in tasks:
        if organs and task.kind is Kind.SEGMENTATION:
            continue
        if task.metrics and not task.metrics[0].key.endswith("_px"):
            metric = task.metrics[0]
            axes.append((f"{task.task_id.split('/')[-1]} {metric.label}", metric.estimates))
    return tuple(axes)


def collect_costs(board: Board, entrants: Sequence[Entrant]) -> tuple[CostPoint, ...]:
    """Collect accuracy and cost of the teams that have both, in the order given."""
    found = {clean_text(entry.result.submission): entry for entry in board.entries}
    points = []
    for entrant in entrants:
        entry = found.get(entrant.name)
        if entry is not None and entry.perf is not None and entry.result.run is not None:
            run = entry.result.run
            points.append(
                CostPoint(
                    entrant=entrant,
                    accuracy=entry.perf,
                    time_s=run.runtime_s,
                    peak_gpu_mib=run.peak_gpu_mib,
                )
            )
    return tuple(points)


def group_gaps(gaps: Sequence[Gap], field: Field) -> tuple[GapGroup, ...]:
    """Group gaps of each task's main metric by pair of centres, those with the most cases first.

    Pairs on which no team's gap is defined (an AUC where a centre has one class) are left out.
    """
    main = {}
    for task_id, task in field.tasks.items():
        present = {gap.metric for gap in gaps if gap.task == task_id}
        main[task_id] = next((key for key in MAIN_METRICS[task.kind] if key in present), None)
    groups: dict[tuple[str, str, str], list[Gap]] = {}
    for gap in gaps:
        if gap.metric == main.get(gap.task):
            groups.setdefault((gap.task, gap.inside, gap.outside), []).append(gap)
    found = [
        GapGroup(
            gaps=tuple(group),
            n_smaller=min(group[0].inside_score.n_cases, group[0].outside_score.n_cases),
        )
        for group in groups.values()
        if any(gap.gap is not None for gap in group)
    ]
    return tuple(sorted(found, key=lambda group: -group.n_smaller))


def name_accuracy(protocol: str) -> str:
    """Name what a board's accuracy is."""
    return "Perf" if protocol == "uusic25" else "P (rescaled)"
