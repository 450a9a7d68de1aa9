"""What a run has to do: the images with their cases, and who answers each task."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from evaluation.contract.case import Case
from evaluation.contract.manifest import Manifest
from evaluation.contract.task import Task
from model.floor import FloorModel
from model.header import NetworkHeader
from model.matching import Match, match_head


@dataclass(frozen=True)
class ImageJob:
    """An image and everything that is asked about it."""

    file: Path
    cases: tuple[Case, ...]

    @property
    def name(self) -> str:
        """Return the image as the manifest spells it."""
        return self.cases[0].image_path


@dataclass(frozen=True)
class Plan:
    """Who answers what."""

    jobs: tuple[ImageJob, ...]
    """In the manifest's order of first appearance."""
    heads: Mapping[str, int]
    """The head that answers a task, by task; the floor answers the others."""
    warnings: Mapping[str, str]
    """What is to be said of the tasks that nobody has learned, by task."""


def make_plan(manifest: Manifest, header: NetworkHeader | None, floor: FloorModel) -> Plan:
    """Sort a manifest by image and find out who answers its tasks.

    Args:
        manifest: what is asked.
        header: of the network; None to answer by the floor alone.
        floor: answers what no head is near to.
    """
    groups: dict[Path, list[Case]] = {}
    for case in manifest.cases:
        groups.setdefault(case.image_file, []).append(case)
    heads: dict[str, int] = {}
    warnings: dict[str, str] = {}
    for name, task in manifest.tasks.items():
        match = None if header is None else match_head(header.heads, task)
        if match is not None:
            heads[name] = match.index
        warning = _warn(task, match, header, is_in_floor=floor.knows(manifest.protocol, task))
        if warning:
            warnings[name] = warning
    return Plan(tuple(ImageJob(file, tuple(cases)) for file, cases in groups.items()), heads, warnings)


def _warn(task: Task, match: Match | None, header: NetworkHeader | None, *, is_in_floor: bool) -> str | None:
    if match is not None and header is not None:
        near = header.heads[match.index].task_id
        return None if match.is_exact else f"{_show(task)}: not learned, answered as {near}"
    if not is_in_floor:
        return f"{_show(task)}: not learned, answered generically"
    return None if header is None else f"{_show(task)}: not learned by the network, answered by the floor"


def _show(task: Task) -> str:
    return f"task {task.task_id} ({task.num_classes} classes or points)"
