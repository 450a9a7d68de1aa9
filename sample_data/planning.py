"""Which pictures a data set needs and which rows point to them.

Pictures are planned one after the other from one random stream; drawing them later needs nothing but their
plan.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.contract.errors import ConfigurationError
from sample_data.cases import Plan
from sample_data.seeds import Layout, stream
from sample_data.tasks import Task

# every fourth row of a task with a donor uses one of the donor's pictures
SHARED_EVERY = 4
# pictures of one patient: one to three, mostly one
RUNS = (1, 1, 2, 3)


@dataclass(frozen=True)
class Quota:
    """How many rows a task gets from one centre.

    Attributes:
        task: the task.
        centre: `internal` or `external`.
        count: number of rows.
        start: number of the task's rows planned before; classes go round from there.
        donor: a task planned earlier whose pictures are used again in a quarter of the rows.
    """

    task: Task
    centre: str
    count: int
    start: int = 0
    donor: Task | None = None


@dataclass(frozen=True)
class Picture:
    """A picture to draw: its plan, the task whose folder it lies in, and its number there."""

    plan: Plan
    home: Task
    number: int


@dataclass(frozen=True)
class Row:
    """One (picture, task) entry; `choice` indexes the task's anatomies and is a classification's label."""

    task: Task
    choice: int
    picture: Picture


def share_out(total: int, weights: Sequence[float]) -> list[int]:
    """Return whole numbers that sum to total, close to the weights (largest remainders first)."""
    exact = np.asarray(weights, dtype=np.float64) / sum(weights) * total
    counts = np.floor(exact).astype(int)
    for index in np.argsort(counts - exact, kind="stable")[: total - int(counts.sum())]:
        counts[index] += 1
    return [int(count) for count in counts]


def check_counts(quotas: Sequence[Quota], cases: int, per_class: int = 2) -> None:
    """Refuse a plan in which a class of a task occurs too rarely.

    Args:
        quotas: the plan, or one centre's part of it.
        cases: number of rows that was asked for; the text names it.
        per_class: least number of rows for every class of a classification and for every other task.

    Raises:
        ConfigurationError: some task has fewer rows; the text names all of them.
    """
    total: dict[tuple[str, str], int] = {}
    need: dict[tuple[str, str], int] = {}
    for quota in quotas:
        key = (quota.task.name, quota.task.kind)
        total[key] = total.get(key, 0) + quota.count
        classes = len(quota.task.anatomies) if quota.task.kind == "classification" else 1
        need[key] = per_class * classes
    short = [
        f"{name} ({kind}): {total[name, kind]} of {least}"
        for (name, kind), least in need.items()
        if total[name, kind] < least
    ]
    if short:
        raise ConfigurationError(
            "Expected argument `cases` to be large enough for two rows of every class but got "
            f"{cases}; too few for {'; '.join(short)}"
        )


class _Planner:
    def __init__(self, layout: Layout, seed: int) -> None:
        self.layout, self.rng = layout, stream(seed, layout, "plan", 0)
        self.patients = 0
        self.pictures = 0
        self.numbers: dict[Task, int] = {}
        self.open_patients: dict[tuple[Task, int, str], tuple[int, int]] = {}
        self.spare: dict[tuple[Task, object, str, str], list[Picture]] = {}

    def new_picture(self, task: Task, choice: int, centre: str) -> Picture:
        key = (task, choice, centre)
        patient, left = self.open_patients.get(key, (0, 0))
        if left == 0:
            patient, left = self.patients, int(self.rng.choice(RUNS))
            self.patients += 1
        self.open_patients[key] = (patient, left - 1)
        anatomy, variant = task.anatomies[choice]
        plan = Plan(self.layout, patient, self.pictures, anatomy, variant, centre)
        picture = Picture(plan, task, self.numbers.get(task, 0))
        self.pictures += 1
        self.numbers[task] = picture.number + 1
        self.spare.setdefault((task, anatomy, variant, centre), []).append(picture)
        return picture

    def old_picture(self, donor: Task, task: Task, choice: int, centre: str) -> Picture | None:
        anatomy, variant = task.anatomies[choice]
        left = self.spare.get((donor, anatomy, variant, centre), [])
        return left.pop(0) if left else None


def plan_rows(layout: Layout, quotas: Sequence[Quota], seed: int) -> list[Row]:
    """Return the rows of a data set in the order of the quotas; donors must come before their users."""
    planner = _Planner(layout, seed)
    rows: list[Row] = []
    for quota in quotas:
        for index in range(quota.start, quota.start + quota.count):
            choice = index % len(quota.task.anatomies)
            picture = None
            if quota.donor is not None and (index + index // SHARED_EVERY) % SHARED_EVERY == 0:
                picture = planner.old_picture(quota.donor, quota.task, choice, quota.centre)
            rows.append(
                Row(quota.task, choice, picture or planner.new_picture(quota.task, choice, quota.centre))
            )
    return rows
