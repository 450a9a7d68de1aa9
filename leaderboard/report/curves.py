"""ROC curves with their bands and calibration of classification tasks, from the tables of cases.

Promises: failed cases are as wrong as in the scores; bands come from the same draws of cases for every team.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.contract.task import Kind, Task
from evaluation.metrics.auc import probabilities_with_failures
from evaluation.metrics.calibration import Reliability, measure_reliability
from evaluation.statistics.resampling import draw_weights
from leaderboard.field import Field, Team
from leaderboard.report.records import FloatArray

N_BAND_RESAMPLES = 200
GRID = np.linspace(0, 1, 51)
"""False positive rates at which curves and bands are given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RocCurve:
    """One team's curve; for more than two classes the mean of the one-versus-rest curves."""

    rate: FloatArray
    """(51,) true positive rate at `GRID`."""
    low: FloatArray
    """(51,) 2.5th percentile over resamples."""
    high: FloatArray
    """(51,) 97.5th percentile."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """How often the predicted class is right, by the probability that it was given."""

    reliability: Reliability
    n_left_out: int
    """Failed cases, which have no probabilities."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCurves:
    """One classification task."""

    task_id: str
    num_classes: int
    roc: tuple[RocCurve | None, ...]
    """By team in the order asked for; None without probabilities or with one class only."""
    calibration: tuple[Calibration | None, ...]


def collect_curves(field: Field, order: Sequence[str], *, seed: int = 0) -> tuple[TaskCurves, ...]:
    """Collect the curves of every classification task, teams in the order of names given."""
    tasks = [task for task in field.tasks.values() if task.kind is Kind.CLASSIFICATION]
    if not tasks:
        return ()
    teams = {team.name: team for team in field.teams}
    weights = np.concatenate(list(draw_weights(field.units, n_resamples=N_BAND_RESAMPLES, seed=seed)))
    units = field.units.unit_of_case
    found = []
    for task in tasks:
        answers = [_read_answers(teams[name], task) for name in order]
        found.append(
            TaskCurves(
                task_id=task.task_id,
                num_classes=task.num_classes,
                roc=tuple(_draw_roc(one, weights[:, units[one.places]]) for one in answers),
                calibration=tuple(_calibrate(one) for one in answers),
            )
        )
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answers:
    places: NDArray[np.int64]
    labels: NDArray[np.int64]
    predicted: FloatArray
    probabilities: FloatArray
    failed: NDArray[np.bool_]

    @property
    def has_probabilities(self) -> bool:
        return bool(np.isfinite(self.probabilities[~self.failed]).all())


def _read_answers(team: Team, task: Task) -> _Answers:
    rows = team.cases.loc[(team.cases["task_id"] == task.task_id) & (team.cases["status"] != "skipped")]
    columns = [f"probability_{k}" for k in range(task.num_classes)]
    return _Answers(
        places=rows.index.to_numpy(dtype=np.int64),
        labels=rows["label"].to_numpy(dtype=np.int64),
        predicted=_numbers(rows, ["predicted"])[:, 0],
        probabilities=_numbers(rows, columns),
        failed=(rows["status"] != "ok").to_numpy(dtype=bool),
    )


def _numbers(rows: pd.DataFrame, columns: list[str]) -> FloatArray:
    return rows.reindex(columns=columns).to_numpy(dtype=np.float64)


def _draw_roc(answers: _Answers, weights: NDArray[np.float32]) -> RocCurve | None:
    num_classes = answers.probabilities.shape[1]
    if not answers.has_probabilities or len(np.unique(answers.labels)) < num_classes:
        return None
    scores = probabilities_with_failures(
        labels=answers.labels, probabilities=answers.probabilities, failed=answers.failed
    )
    classes = [1] if num_classes == 2 else list(range(num_classes))
    rows = np.concatenate([np.ones((1, len(answers.labels)), dtype=np.float32), weights])
    curves = np.mean([_trace(answers.labels == k, scores[:, k], rows) for k in classes], axis=0)
    band = curves[1:][~np.isnan(curves[1:]).any(axis=1)]
    low, high = np.quantile(band, [0.025, 0.975], axis=0) if len(band) > 1 else (curves[0], curves[0])
    return RocCurve(rate=curves[0], low=low, high=high)


def _trace(is_positive: NDArray[np.bool_], scores: FloatArray, weights: NDArray[np.float32]) -> FloatArray:
    """Return the curve of each row of weights at `GRID`, (B, 51), NaN where a class has no weight."""
    order = np.argsort(-scores, kind="stable")
    ends = np.flatnonzero(np.diff(scores[order], append=np.nan) != 0)
    weighted = weights[:, order].astype(np.float64)
    positive = is_positive[order]
    hits = np.cumsum(weighted * positive, axis=1)
    alarms = np.cumsum(weighted * ~positive, axis=1)
    curves = np.full((len(weights), len(GRID)), np.nan)
    for row in range(len(weights)):
        if hits[row, -1] > 0 and alarms[row, -1] > 0:
            x = np.concatenate([[0.0], alarms[row, ends] / alarms[row, -1]])
            y = np.concatenate([[0.0], hits[row, ends] / hits[row, -1]])
            curves[row] = np.interp(GRID, x, y)
    return curves


def _calibrate(answers: _Answers) -> Calibration | None:
    kept = ~answers.failed
    if not kept.any() or not answers.has_probabilities:
        return None
    confidence = answers.probabilities[kept].max(axis=1)
    is_right = answers.predicted[kept] == answers.labels[kept]
    return Calibration(measure_reliability(confidence, is_right), n_left_out=int((~kept).sum()))
