"""Calibration: how far probabilities are what they say. Failed cases have none and are left out."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.contract.manifest import Manifest
from evaluation.contract.result import Score
from evaluation.contract.task import Kind, Task
from evaluation.metrics.calibration import N_BINS, measure_reliability
from train.report.records import Calibration

DEFINITIONS = (
    f"ECE: {N_BINS} bins of equal width (lower bound out, upper in) of the largest probability; the mean, "
    "weighted by cases, of |share of right answers − mean probability| (Guo et al., ICML 2017). It is biased "
    "upward in small samples, and its resamples once more, so it has no interval.",
    "Brier score: the mean over cases of the sum over all classes of (probability − 1 if true else 0)², from "
    "0 to 2 (Brier 1950).",
    "Both leave failed cases out; the scores above count them.",
)


def expected_calibration_error(probabilities: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """Return the ECE of the top class, 0 to 1; of equal largest probabilities the first is the answer.

    Args:
        probabilities: (n, K), n at least 1, rows sum to 1.
        labels: (n,) true classes.

    Source: Guo et al., On Calibration of Modern Neural Networks, ICML 2017.
    """
    confidence = probabilities.max(axis=1)
    is_right = probabilities.argmax(axis=1) == labels
    return measure_reliability(confidence, is_right).error


def brier_score(probabilities: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """Return the Brier score in its first form, the sum over all classes, 0 to 2.

    Args:
        probabilities: (n, K), n at least 1, rows sum to 1.
        labels: (n,) true classes.

    Source: Brier, Verification of Forecasts Expressed in Terms of Probability, 1950; for two classes it is
        twice scikit-learn's `brier_score_loss`.
    """
    is_true = np.arange(probabilities.shape[1]) == labels[:, np.newaxis]
    return float(((probabilities - is_true) ** 2).sum(axis=1).mean())


def measure_calibration(manifest: Manifest, tables: Mapping[str, pd.DataFrame]) -> list[Calibration]:
    """Return a line for every classification task and row; null where a row predicted none of its cases."""
    return [
        _measure(manifest.protocol, task, table.loc[table["task_id"] == task.task_id], row)
        for task in manifest.tasks.values()
        if task.kind is Kind.CLASSIFICATION
        for row, table in tables.items()
    ]


def _measure(protocol: str, task: Task, cases: pd.DataFrame, row: str) -> Calibration:
    usable = cases.loc[cases["status"] == "ok"]
    ece = brier = Score(value=None, status="undefined", reason="no case has a usable prediction")
    if len(usable):
        columns = [f"probability_{k}" for k in range(task.num_classes)]
        given = usable[columns].to_numpy(dtype=np.float64)
        probabilities = given / given.sum(axis=1, keepdims=True)
        labels = usable["label"].to_numpy(dtype=np.int64)
        ece = Score(value=expected_calibration_error(probabilities, labels))
        brier = Score(value=brier_score(probabilities, labels))
    return Calibration(
        protocol=protocol,
        task_id=task.task_id,
        row=row,
        n_images=len(cases),
        n_failed=len(cases) - len(usable),
        ece=ece,
        brier=brier,
    )
