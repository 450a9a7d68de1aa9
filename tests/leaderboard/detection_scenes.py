"""Fields of one kind, detection, made straight from tables of IoU: small, and quick to make in hundreds."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evaluation.contract.task import Kind
from leaderboard.field import Field, make_field
from leaderboard.scheme import Group, Level, Method, Scheme, Weights
from tests.leaderboard.result_scenes import make_result

Table = Sequence[Sequence[float]]
METHODS: tuple[tuple[Method, Level], ...] = (
    ("min_max", "task"),
    ("aggregate_then_rank", "task"),
    ("rank_then_aggregate", "case"),
    ("test_then_rank", "case"),
)
"""Every method as an accuracy-only scheme of per-case values."""


def make_scheme(method: Method, level: Level) -> Scheme:
    """Make an accuracy-only scheme over every detection task."""
    group = Group(name="all", level=level, kind=Kind.DETECTION, metrics=("iou",))
    return Scheme(
        name="x",
        title="x",
        method=method,
        accuracy={"fmc_uia": (group,)},
        weights=Weights(accuracy=1, time=0, memory=0),
    )


def make_detection_field(tables: Sequence[Table], names: Sequence[str] | None = None) -> Field:
    """Make a field of FMC_UIA from a table (team, case) of IoU for each task; NaN is missing.

    In official mode, where a missing case is left out of a mean.
    """
    titles = list(names or (f"team {k:02d}" for k in range(len(tables[0]))))
    sizes = [len(table[0]) for table in tables]
    task_ids = [f"det_{k}" for k, size in enumerate(sizes) for _ in range(size)]
    images = [f"{k}_{i:03d}.png" for k, size in enumerate(sizes) for i in range(size)]
    shared = {
        "case_id": [f"{task}|{image}" for task, image in zip(task_ids, images, strict=True)],
        "task_id": task_ids,
        "kind": ["detection"] * len(images),
        "image_path": images,
        **dict.fromkeys(("organ", "center", "patient_id", "reason"), [None] * len(images)),
    }
    results, cases = [], []
    for team, title in enumerate(titles):
        iou = np.array([value for table in tables for value in table[team]], dtype=np.float64)
        status = np.where(np.isnan(iou), "skipped", "ok")
        cases.append(pd.DataFrame({**shared, "status": status, "iou": iou}))
        base = make_result(title, protocol="fmc_uia", time_s=None)
        task_results = tuple(
            base.tasks[0].model_copy(update={"task_id": f"det_{k}"}) for k in range(len(tables))
        )
        results.append(base.model_copy(update={"tasks": task_results, "mode": "official"}))
    return make_field(results, cases)
