"""Two results on the same cases, side by side.

Promises: a pair shares protocol, mode, manifest and references, and each result's own scores are what its
table of cases gives.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from evaluation.contract.errors import ConfigurationError
from evaluation.contract.result import Result, Score
from evaluation.protocols.case_table import find_units
from evaluation.protocols.plan import Entry, ScorePlan
from evaluation.statistics.resampling import ResamplingUnits
from leaderboard.field import Team, list_tasks, plan_cases, read_teams

ALL_TASKS = "all tasks"
"""Where a score of the summary stands."""
METRICS = ("dsc", "nsd", "hd_px", "accuracy", "auc", "f1_macro", "f1_weighted", "mcc", "iou", "mre_px")
"""The protocols' own metrics of a task; what a result reports beside them (single classes, success rates,
millimetres) is not compared, so that the correction for many tests stays small."""


@dataclass(frozen=True)
class Measurement:
    """One score of both results."""

    task_id: str
    """A task, or `ALL_TASKS`."""
    metric: str
    baseline: float | None
    candidate: float | None
    entry: Entry
    """Planned on the stacked cases."""

    @property
    def lower_is_better(self) -> bool:
        """Whether it is a distance in pixels."""
        return self.metric.endswith("_px")


@dataclass(frozen=True)
class Pair:
    """Two results and their cases."""

    baseline: Result
    candidate: Result
    units: ResamplingUnits
    """Of one result's cases; both results are resampled by them."""
    measurements: tuple[Measurement, ...]


def read_pair(baseline: Path, candidate: Path) -> Pair:
    """Read two result files, each with its `cases.csv` beside it; they may bear one name.

    Raises:
        ConfigurationError: a file cannot be used, or the two cannot be compared; names files and fields.
    """
    first, second = read_teams([baseline, candidate], distinct_names=False)
    return make_pair(first, second)


def make_pair(baseline: Team, candidate: Team) -> Pair:
    """Lay two results' cases on top of each other and plan every score of the stack once.

    Rows 0 … n−1 of the stack are the baseline's cases and n … 2n−1 the candidate's, in one order: weights
    that are zero on one half give the other result's score, weights that mix the halves a mixture's.

    Args:
        baseline: one result.
        candidate: another one of the same cases.

    Raises:
        ConfigurationError: their tasks differ, or the stack cannot be planned.
    """
    if list_tasks(baseline.result) != list_tasks(candidate.result):
        raise ConfigurationError("Expected results of the same tasks but they differ; score both again.")
    stack = pd.concat([baseline.cases, candidate.cases], ignore_index=True)
    plan = plan_cases(baseline.result, stack)
    return Pair(
        baseline=baseline.result,
        candidate=candidate.result,
        units=find_units(baseline.cases),
        measurements=tuple(_measure(baseline.result, candidate.result, plan)),
    )


def _measure(baseline: Result, candidate: Result, plan: ScorePlan) -> Iterator[Measurement]:
    for name in baseline.summary:
        yield _read_measurement(ALL_TASKS, name, baseline.summary, candidate.summary, plan.summary)
    others = {task.task_id: task.scores for task in candidate.tasks}
    for task in baseline.tasks:
        for name in METRICS:
            if name in task.scores:
                own, other = task.scores, others[task.task_id]
                yield _read_measurement(task.task_id, name, own, other, plan.tasks[task.task_id])


def _read_measurement(
    task_id: str, name: str, own: dict[str, Score], other: dict[str, Score], entries: Mapping[str, Entry]
) -> Measurement:
    candidate = other[name].value if name in other else None
    return Measurement(task_id, name, own[name].value, candidate, entries[name])
