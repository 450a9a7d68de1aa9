"""The cases of a task on which a whole field does worst."""

import numpy as np
import pandas as pd

from evaluation.contract.task import Kind, Task
from leaderboard.field import Field
from leaderboard.report.records import MAIN_METRICS, FloatArray
from leaderboard.scheme import is_higher_better

N_WORST = 10


def find_worst(field: Field, task: Task, n: int = N_WORST) -> tuple[str, list[tuple[int, float]]]:
    """Find the cases of a task on which all teams together do worst.

    Returns:
        What is averaged over the teams (`dsc`, …, `probability of the true class`), and up to n pairs of
        row and mean, worst first, equals in the order of the rows; cases without any value lack.
    """
    own = np.flatnonzero((field.teams[0].cases["task_id"] == task.task_id).to_numpy())
    key = next((k for k in MAIN_METRICS[task.kind] if k in field.teams[0].cases), "")
    per_case = task.kind is not Kind.CLASSIFICATION
    measure = key if per_case else "probability of the true class"
    if per_case and not key:
        return measure, []
    columns: list[FloatArray] = []
    for team in field.teams:
        rows = team.cases.iloc[own]
        columns.append(rows[key].to_numpy(dtype=np.float64) if per_case else _true_probability(rows))
    values: FloatArray = np.stack(columns)
    known = np.logical_not(np.isnan(values).all(axis=0))
    means = np.full(len(own), np.nan)
    means[known] = np.nanmean(values[:, known], axis=0)
    sign = 1 if not per_case or is_higher_better(key) else -1
    order = np.argsort(sign * means, kind="stable")
    return measure, [(int(own[i]), float(means[i])) for i in order if known[i]][:n]


def _true_probability(rows: pd.DataFrame) -> FloatArray:
    """Return (n,) the probability of the true class: 0 where a case failed, 0 or 1 without probabilities."""
    labels = rows["label"].to_numpy(dtype=np.int64)
    found = np.asarray((rows["predicted"] == rows["label"]).to_numpy(), dtype=np.float64)
    for k in np.unique(labels):
        name = f"probability_{k}"
        if name in rows:
            column = rows[name].to_numpy(dtype=np.float64)
            use = (labels == k) & ~np.isnan(column)
            found[use] = column[use]
    return found


def say_value(value: float, measure: str) -> str:
    """Print a score: pixels with one decimal."""
    return f"{value:.1f}" if measure.endswith("_px") else f"{value:.3f}"
