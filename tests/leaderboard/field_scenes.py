"""Fields of synthetic teams whose truth is known: tables of cases as scoring writes them, and results."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.contract.manifest import Manifest
from evaluation.contract.result import Result, RunRecord, Score, TaskResult
from evaluation.contract.task import Kind, Task
from evaluation.estimates import Estimator
from evaluation.protocols.case_table import find_units, table_to_csv
from evaluation.protocols.registry import SCORES
from leaderboard.field import Field, make_field
from tests.leaderboard.result_scenes import make_result

Floats = NDArray[np.float64]

UUSIC25_TASKS = (
    Task(task_id="segmentation/Breast", kind=Kind.SEGMENTATION, num_classes=2, organ="Breast"),
    Task(task_id="segmentation/Kidney", kind=Kind.SEGMENTATION, num_classes=2, organ="Kidney"),
    Task(task_id="classification/Liver", kind=Kind.CLASSIFICATION, num_classes=2, organ="Liver"),
)


def make_answers(
    rng: np.random.Generator, n_cases: int, *, skill: float, tasks: Sequence[Task] = UUSIC25_TASKS
) -> dict[str, pd.DataFrame]:
    """Draw one team's rows of each task; higher skill is better on average.

    References (labels) and ids depend on the task and the case only, so all teams answer the same cases.
    """
    tables = {}
    for task in tasks:
        rows = pd.DataFrame({"case_id": [f"{task.task_id}|{k:04d}.png" for k in range(n_cases)]})
        if task.kind is Kind.SEGMENTATION:
            rows["dsc"] = np.clip(rng.normal(0.6 + 0.1 * skill, 0.15, n_cases), 0, 1)
            rows["nsd"] = np.clip(rng.normal(0.4 + 0.1 * skill, 0.15, n_cases), 0, 1)
        else:
            labels = np.arange(n_cases) % task.num_classes
            logits = rng.normal(0, 1, (n_cases, task.num_classes))
            logits[np.arange(n_cases), labels] += skill
            odds = np.exp(logits)
            rows["label"] = labels.astype(np.float64)
            rows["predicted"] = odds.argmax(axis=1).astype(np.float64)
            for k in range(task.num_classes):
                rows[f"probability_{k}"] = odds[:, k] / odds.sum(axis=1)
        tables[task.task_id] = rows
    return tables


def make_case_table(
    answers: Mapping[str, pd.DataFrame], tasks: Sequence[Task] = UUSIC25_TASKS, *, patients: int | None = None
) -> pd.DataFrame:
    """Join a team's rows into a table of cases; `patients` spreads a task's cases over so many patients."""
    parts = []
    for task in tasks:
        rows = answers[task.task_id].copy()
        n = len(rows)
        rows.insert(1, "task_id", task.task_id)
        rows.insert(2, "kind", str(task.kind))
        rows.insert(3, "image_path", [case.split("|")[1] + task.task_id for case in rows["case_id"]])
        rows.insert(4, "organ", task.organ)
        rows.insert(5, "center", None)
        owners = None if patients is None else [f"{task.task_id} {k % patients}" for k in range(n)]
        rows.insert(6, "patient_id", owners)
        rows.insert(7, "status", "ok")
        rows.insert(8, "reason", None)
        parts.append(rows)
    text = ["center", "patient_id", "reason"]
    return pd.concat([part.astype(dict.fromkeys(text, object)) for part in parts], ignore_index=True)


def make_scored(
    submission: str,
    table: pd.DataFrame,
    tasks: Sequence[Task] = UUSIC25_TASKS,
    *,
    protocol: str = "uusic25",
    time_s: float | None = 10.0,
    peak_gpu_mib: float = 1024.0,
) -> Result:
    """Make the result that scoring such a table gives, without intervals."""
    manifest = Manifest(protocol=protocol, tasks={task.task_id: task for task in tasks}, cases=())
    plan = SCORES[protocol].plan_scores(table, manifest, "strict")
    entries = [entry for of_task in plan.tasks.values() for entry in of_task.values()]
    estimator = Estimator([*entries, *plan.summary.values()], find_units(table), n_resamples=0, seed=0)
    run = None if time_s is None else RunRecord(runtime_s=time_s, peak_gpu_mib=peak_gpu_mib)
    scores: dict[str, dict[str, Score]] = {
        name: {metric: estimator.score(entry) for metric, entry in of_task.items()}
        for name, of_task in plan.tasks.items()
    }
    task_results = tuple(
        TaskResult(
            **task.model_dump(),
            n_cases=int((table["task_id"] == task.task_id).sum()),
            n_failed=int(((table["task_id"] == task.task_id) & (table["status"] != "ok")).sum()),
            scores=scores[task.task_id],
        )
        for task in tasks
    )
    changes = {
        "tasks": task_results,
        "summary": {name: estimator.score(entry) for name, entry in plan.summary.items()},
        "n_cases": len(table),
        "n_failed": int((table["status"] != "ok").sum()),
        "run": run,
        "protocol": protocol,
    }
    return make_result(submission, protocol=protocol).model_copy(update=changes)


def make_synthetic_field(
    skills: Mapping[str, float],
    *,
    n_cases: int = 30,
    seed: int = 0,
    tasks: Sequence[Task] = UUSIC25_TASKS,
    times_s: Mapping[str, float] | None = None,
) -> Field:
    """Draw a field of teams of stated skill, each with its own errors."""
    rng = np.random.default_rng(seed)
    tables = {
        name: make_case_table(make_answers(rng, n_cases, skill=s, tasks=tasks), tasks)
        for name, s in skills.items()
    }
    times = times_s or {}
    results = [make_scored(name, t, tasks, time_s=times.get(name, 10.0)) for name, t in tables.items()]
    return make_field(results, list(tables.values()))


def write_scored(folder: Path, result: Result, table: pd.DataFrame) -> Path:
    """Write `result.json` and `cases.csv` as scoring does, into a folder of the submission's name."""
    place = folder / result.submission
    place.mkdir(parents=True, exist_ok=True)
    content = table_to_csv(table)
    (place / "cases.csv").write_bytes(content)
    sealed = result.model_copy(update={"cases_sha256": hashlib.sha256(content).hexdigest()})
    (place / "result.json").write_text(sealed.model_dump_json(), encoding="utf-8")
    return place / "result.json"
