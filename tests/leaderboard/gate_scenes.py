"""Pairs of synthetic FMC_UIA models whose true difference is known, on all kinds of tasks."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.contract.task import Kind, Task
from leaderboard.field import Team, make_field
from leaderboard.gate.pair import Pair, make_pair
from tests.leaderboard.field_scenes import make_case_table, make_scored, write_scored

TASKS = (
    Task(task_id="fetal_head", kind=Kind.SEGMENTATION, num_classes=2),
    Task(task_id="breast_lesion", kind=Kind.SEGMENTATION, num_classes=2),
    Task(task_id="breast_2cls", kind=Kind.CLASSIFICATION, num_classes=2),
    Task(task_id="lung_disease_3cls", kind=Kind.CLASSIFICATION, num_classes=3),
    Task(task_id="thyroid_nodule_det", kind=Kind.DETECTION, num_classes=1),
    Task(task_id="FUGC", kind=Kind.REGRESSION, num_classes=2),
)
"""25 scores: 9 of the summary, 2 a mask, 5 a classification, 1 a box or points."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Model:
    """How a synthetic model errs; its expected scores depend on `skill` alone."""

    spread: float = 1.0
    """Width of its errors around each case's difficulty."""
    temperature: float = 1.0
    """Sharpens its probabilities without moving an answer or an AUC."""
    damaged: tuple[str, ...] = ()
    """Tasks whose head is broken: masks, boxes and points a fifth worse, classes by chance."""


def draw_model(rng: np.random.Generator, model: Model, difficulty: dict[str, Floats]) -> pd.DataFrame:
    """Draw a model's table of cases; `difficulty` (by task) belongs to the cases: all models share it."""
    answers = {}
    for task in TASKS:
        level = difficulty[task.task_id]
        n = len(level)
        rows = pd.DataFrame({"case_id": [f"{task.task_id}|{k:05d}.png" for k in range(n)]})
        broken = task.task_id in model.damaged
        # Errors are symmetric around the case's level, so that models of any spread are equally good.
        error = model.spread * rng.uniform(-0.2, 0.2, n) - 0.2 * broken
        match task.kind:
            case Kind.SEGMENTATION:
                rows["dsc"] = np.clip(level + error, 0.0, 1.0)
                rows["hd_px"] = (
                    100.0 * (1.0 - level) - 50.0 * model.spread * rng.uniform(-0.2, 0.2, n) + 20.0 * broken
                )
            case Kind.DETECTION:
                rows["iou"] = np.clip(level + error, 0.0, 1.0)
            case Kind.REGRESSION:
                rows["mre_px"] = 40.0 * (1.0 - level) - 40.0 * error
            case Kind.CLASSIFICATION:
                rows = rows.join(
                    _draw_classes(rng, task.num_classes, n, 0.0 if broken else 2.0, model.temperature)
                )
        answers[task.task_id] = rows
    return make_case_table(answers, TASKS, patients=max(2, n // 2))


def _draw_classes(
    rng: np.random.Generator, num_classes: int, n: int, skill: float, temperature: float
) -> pd.DataFrame:
    labels = np.arange(n) % num_classes
    logits = rng.normal(0.0, 1.0, (n, num_classes))
    logits[np.arange(n), labels] += skill
    odds = np.exp(logits * temperature)
    probabilities = odds / odds.sum(axis=1, keepdims=True)
    columns = {f"probability_{k}": probabilities[:, k] for k in range(num_classes)}
    predicted = probabilities.argmax(axis=1)
    return pd.DataFrame({"label": labels.astype(float), "predicted": predicted.astype(float), **columns})


def draw_difficulty(rng: np.random.Generator, n_cases: int) -> dict[str, Floats]:
    """Draw how well each case of each task can be answered, 0.4 to 0.6, so nothing is clipped."""
    return {task.task_id: rng.uniform(0.4, 0.6, n_cases) for task in TASKS}


def make_tables(seed: int, models: Sequence[Model], n_cases: int) -> list[pd.DataFrame]:
    """Draw one test set and every model's answers to it."""
    rng = np.random.default_rng(seed)
    difficulty = draw_difficulty(rng, n_cases)
    return [draw_model(rng, model, difficulty) for model in models]


def make_team(name: str, table: pd.DataFrame) -> Team:
    """Make one result of a table."""
    return make_field([make_scored(name, table, TASKS, protocol="fmc_uia")], [table]).teams[0]


def draw_pair(seed: int, baseline: Model, candidate: Model, n_cases: int = 200) -> Pair:
    """Draw a pair of results on one test set."""
    first, second = make_tables(seed, (baseline, candidate), n_cases)
    return make_pair(make_team("baseline", first), make_team("candidate", second))


def write_pair(folder: Path, baseline: Model, candidate: Model, n_cases: int = 200) -> tuple[Path, Path]:
    """Write a pair of results as scoring does; the same model twice is one table, written twice."""
    tables = make_tables(5, (baseline, candidate), n_cases)
    if baseline == candidate:
        tables[1] = tables[0]
    paths = [
        write_scored(folder / name, make_scored("model", table, TASKS, protocol="fmc_uia"), table)
        for name, table in zip(("baseline", "candidate"), tables, strict=True)
    ]
    return paths[0], paths[1]
