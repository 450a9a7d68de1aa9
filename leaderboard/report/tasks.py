"""The tasks of a field as the figures draw them: main metrics, with intervals and case by case."""

import re
from collections.abc import Sequence

import numpy as np

from evaluation.contract.task import Task
from leaderboard.field import Field
from leaderboard.report.records import MAIN_METRICS, METRIC_LABELS, Estimate, MetricData, TaskData
from leaderboard.scheme import is_higher_better


def collect_tasks(field: Field, order: Sequence[str]) -> tuple[TaskData, ...]:
    """Collect the main metrics of every task that has a case, teams in the order given."""
    taken: set[str] = set()
    mode = field.teams[0].result.mode
    return tuple(
        _collect_task(field, order, task, make_slug(f"{mode}-{task_id}", taken))
        for task_id, task in field.tasks.items()
    )


def _collect_task(field: Field, order: Sequence[str], task: Task, slug: str) -> TaskData:
    teams = {team.name: team for team in field.teams}
    rows = {name: teams[name].cases.loc[teams[name].cases["task_id"] == task.task_id] for name in order}
    scores = {
        name: next(one.scores for one in teams[name].result.tasks if one.task_id == task.task_id)
        for name in order
    }
    keys = [key for key in MAIN_METRICS[task.kind] if any(key in found for found in scores.values())][:2]
    metrics = []
    for key in keys:
        has_cases = all(key in rows[name] for name in order)
        cases = tuple(rows[name][key].to_numpy(dtype=np.float64) for name in order) if has_cases else None
        metrics.append(
            MetricData(
                key=key,
                label=METRIC_LABELS[key],
                higher_is_better=is_higher_better(key),
                estimates=tuple(Estimate.of_score(scores[name].get(key)) for name in order),
                cases=cases,
            )
        )
    return TaskData(
        task_id=task.task_id,
        slug=slug,
        kind=task.kind,
        n_cases=len(rows[order[0]]),
        metrics=tuple(metrics),
    )


def make_slug(text: str, taken: set[str]) -> str:
    """Turn any text into letters, digits and hyphens, different from all in `taken`, and add it there."""
    base = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60] or "x"
    slug, n = base, 1
    while slug in taken:
        n += 1
        slug = f"{base}-{n}"
    taken.add(slug)
    return slug
