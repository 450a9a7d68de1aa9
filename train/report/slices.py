"""Which cases each line of the report is about: whole tasks, lesions and normals, sources, subgroups."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.contract.manifest import Manifest
from evaluation.contract.task import Kind, Task
from evaluation.protocols.measures import IntArray, positions_of
from train.report.attributes import LESION_TASK, Attributes

LESIONS = "lesions"
EMPTY = "empty masks (normals)"


@dataclass(frozen=True, eq=False)
class Slice:
    """Some cases of one task."""

    task: Task
    by: str
    group: str
    positions: IntArray
    """(n,), at least one: places of its cases in the table."""


def find_slices(
    table: pd.DataFrame, manifest: Manifest, attributes: Attributes, lesion_shares: Mapping[str, float]
) -> list[Slice]:
    """Return the slices of every task, none of them empty.

    Sources and subgroups of `LESION_TASK` hold lesions only, its empty masks are a slice of their own. A
    task is broken down only by what gives two groups or more and, for classes, where at least one group
    holds them all (elsewhere the group is the answer, or nearly so).

    Args:
        table: one row a case; see `evaluation.protocols.case_table`.
        manifest: its manifest.
        attributes: groups of images.
        lesion_shares: of `LESION_TASK`, by the image's stem.
    """
    stems = table["image_path"].map(lambda path: Path(str(path)).stem)
    is_empty = stems.map(lambda stem: lesion_shares.get(stem) == 0).to_numpy(dtype=bool)
    slices: list[Slice] = []
    for task_id, task in manifest.tasks.items():
        own = (table["task_id"] == task_id).to_numpy(dtype=bool)
        slices += _cut(task, "all", {"": own})
        if task_id == LESION_TASK:
            slices += _cut(task, "reference", {LESIONS: own & ~is_empty, EMPTY: own & is_empty})
            own = own & ~is_empty
        families = {"source": table["center"], **{by: stems.map(groups) for by, groups in attributes.items()}}
        for by, names in families.items():
            groups = {
                name: own & (names == name).to_numpy(dtype=bool)
                for name in sorted(names[own].dropna().unique())
            }
            if len(groups) > 1 and _tells_something(task, table, groups.values()):
                slices += _cut(task, by, groups)
    return slices


def _cut(task: Task, by: str, groups: Mapping[str, NDArray[np.bool_]]) -> Iterable[Slice]:
    for group, chosen in groups.items():
        if chosen.any():
            yield Slice(task, by, group, positions_of(pd.Series(chosen)))


def _tells_something(task: Task, table: pd.DataFrame, groups: Iterable[NDArray[np.bool_]]) -> bool:
    if task.kind is not Kind.CLASSIFICATION:
        return True
    return any(table.loc[chosen, "label"].nunique() == task.num_classes for chosen in groups)
