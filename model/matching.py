"""Which head answers a task: its own, else the nearest."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from evaluation.contract.task import Task
from model.header import LearnedHead

LEAST_COMMON = 3
"""Letters; a shorter common beginning is chance."""


@dataclass(frozen=True, slots=True)
class Match:
    """A task's head."""

    index: int
    """Of the head, in the network's order."""
    is_exact: bool
    """Whether the head was trained on this very task."""


def match_head(heads: Sequence[LearnedHead], task: Task) -> Match | None:
    """Return the head of a task.

    The task's own; else, among the heads of its kind and number of classes or points, one of the same organ
    where the challenge tells it; else the one whose name begins like the task's for longest. Of equals, the
    longer common beginning and then the first in order wins. None when nothing is near.
    """
    fitting = [i for i, h in enumerate(heads) if (h.kind, h.num_classes) == (task.kind, task.num_classes)]
    for index in fitting:
        if heads[index].task_id == task.task_id:
            return Match(index, is_exact=True)
    common = {index: _count_common(heads[index].task_id, task.task_id) for index in fitting}
    same_organ = [i for i in fitting if task.organ is not None and heads[i].organ == task.organ]
    near = same_organ or [index for index in fitting if common[index] >= LEAST_COMMON]
    return Match(max(near, key=lambda index: common[index]), is_exact=False) if near else None


def _count_common(first: str, second: str) -> int:
    # UUSIC25's names start with their kind, which all candidates share.
    letters = zip(*(name.rpartition("/")[2].lower() for name in (first, second)), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], letters))
