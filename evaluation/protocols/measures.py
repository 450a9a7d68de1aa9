"""Plan entries that both protocols share: means of per-case columns and measures of classes.

Rows are cases of the table; `positions` are their places in it, which the bootstrap's weights follow.
"""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.metrics.auc import auc_binary, auc_one_vs_rest_macro, probabilities_with_failures
from evaluation.metrics.classification import (
    FAILED,
    accuracy,
    balanced_accuracy,
    confusion_matrix,
    f1_macro,
    f1_weighted,
    mcc,
)
from evaluation.protocols.plan import Measure
from evaluation.statistics.bootstrap import Statistic, weighted_mean

ROUNDING = 1e-6
"""How far the sum of float32 probabilities may be from 1."""

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

CONFUSION_MEASURES: Mapping[str, Callable[[FloatArray], FloatArray]] = {
    "accuracy": accuracy,
    "balanced_accuracy": balanced_accuracy,
    "f1_macro": f1_macro,
    "f1_weighted": f1_weighted,
    "mcc": mcc,
}


def positions_of(chosen: pd.Series) -> IntArray:
    """Return the places (n,) of the rows where `chosen` is true."""
    return np.flatnonzero(chosen.to_numpy(dtype=bool)).astype(np.int64)


def mean_measure(table: pd.DataFrame, positions: IntArray, column: str) -> Measure:
    """Return the mean of a per-case column over some rows."""
    values = table[column].to_numpy(dtype=np.float64)[positions]
    return Measure(Statistic(cases=positions, evaluate=weighted_mean(values)), "no case")


def confusion_measure(
    *, labels: IntArray, predicted: IntArray, positions: IntArray, num_classes: int, name: str
) -> Measure:
    """Return a measure of the confusion matrix; `predicted` marks failed cases with FAILED."""
    reduce = CONFUSION_MEASURES[name]

    def evaluate(weights: NDArray[np.float32]) -> FloatArray:
        return reduce(
            confusion_matrix(labels=labels, predicted=predicted, num_classes=num_classes, weights=weights)
        )

    return Measure(Statistic(cases=positions, evaluate=evaluate), "no case")


def auc_measure(*, labels: IntArray, probabilities: FloatArray, positions: IntArray) -> Measure:
    """Return the AUC: of class 1 for two columns, else macro one-versus-rest.

    Args:
        labels: (n,) true classes.
        probabilities: (n, K).
        positions: (n,) places in the table.
    """

    def evaluate(weights: NDArray[np.float32]) -> FloatArray:
        if probabilities.shape[1] == 2:
            return auc_binary(labels=labels, scores=probabilities[:, 1], weights=weights)
        return auc_one_vs_rest_macro(labels=labels, probabilities=probabilities, weights=weights)

    present = np.unique(labels)
    missing = sorted(set(range(probabilities.shape[1])) - set(present.tolist()))
    reason = f"no reference of class {', '.join(map(str, missing))}" if missing else "undefined"
    return Measure(Statistic(cases=positions, evaluate=evaluate), reason)


def strict_class_measures(
    table: pd.DataFrame, positions: IntArray, num_classes: int, names: tuple[str, ...]
) -> dict[str, Measure]:
    """Return ``auc`` and the named measures of the confusion matrix, failed cases counted as failed.

    Rows of probabilities that miss 1 by more than float32 rounding are renormalised.
    """
    rows = table.iloc[positions]
    failed = (rows["status"] == "failed").to_numpy(dtype=bool)
    labels = rows["label"].to_numpy(dtype=np.int64)
    predicted = np.full(len(rows), FAILED, dtype=np.int64)
    probabilities = np.full((len(rows), num_classes), 1.0 / num_classes)
    if not failed.all():
        predicted[~failed] = rows["predicted"].to_numpy(dtype=np.float64)[~failed].astype(np.int64)
        columns = [f"probability_{k}" for k in range(num_classes)]
        given = rows[columns].to_numpy(dtype=np.float64)[~failed]
        totals = given.sum(axis=1, keepdims=True)
        # Dividing by 1 - 1e-16 would tell equal probabilities apart and so break ties in the AUC.
        probabilities[~failed] = given / np.where(np.abs(totals - 1.0) <= ROUNDING, 1.0, totals)
    scores = probabilities_with_failures(labels=labels, probabilities=probabilities, failed=failed)
    measures = {"auc": auc_measure(labels=labels, probabilities=scores, positions=positions)}
    for name in names:
        measures[name] = confusion_measure(
            labels=labels, predicted=predicted, positions=positions, num_classes=num_classes, name=name
        )
    return measures
