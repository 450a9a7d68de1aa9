"""Laws of the classification metrics on generated tables, failed cases included."""

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
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

BoolMask = NDArray[np.bool_]
Pair = tuple[BoolMask, BoolMask]
MaskMetric = Callable[..., float]

CLASS_METRICS = [accuracy, balanced_accuracy, f1_macro, f1_weighted, mcc]

quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
thorough = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def class_tables(draw: st.DrawFn) -> dict[str, Any]:
    """Draw labels, predictions (some failed already), more failures, probabilities and weights."""
    num_classes = draw(st.integers(2, 8))
    n = draw(st.integers(1, 24))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    labels = rng.choice(
        num_classes, n, p=rng.dirichlet(np.full(num_classes, draw(st.sampled_from([0.2, 1, 9]))))
    )
    predicted = np.where(rng.random(n) < rng.random(), labels, rng.integers(0, num_classes, n))
    failed = rng.random(n) < rng.random() * draw(st.sampled_from([0, 1]))
    return {
        "num_classes": num_classes,
        "labels": labels,
        "predicted": np.where(failed, FAILED, predicted),
        "failed": failed,
        "fails_too": rng.random(n) < draw(st.sampled_from([0.05, 0.3, 0.7, 1.0])),
        "probabilities": np.round(rng.random((n, num_classes)), draw(st.sampled_from([0, 1, 9]))),
        "weights": np.vstack((np.ones(n), rng.multinomial(n, np.full(n, 1 / n), 3))).astype(np.float32),
    }


@given(table=class_tables())
@thorough
def test_marking_cases_failed_never_raises_a_class_metric(table: dict[str, Any]) -> None:
    given_cases = {
        "labels": table["labels"],
        "num_classes": table["num_classes"],
        "weights": table["weights"],
    }
    fewer = np.where(table["fails_too"], FAILED, table["predicted"])
    before = confusion_matrix(predicted=table["predicted"], **given_cases)
    after = confusion_matrix(predicted=fewer, **given_cases)
    for metric in CLASS_METRICS:
        assert (metric(after) <= metric(before) + 1e-12).all(), metric.__name__


@given(table=class_tables())
@thorough
def test_marking_cases_failed_never_raises_an_auc(table: dict[str, Any]) -> None:
    values = []
    for failed in (table["failed"], table["failed"] | table["fails_too"]):
        probabilities = probabilities_with_failures(
            labels=table["labels"], probabilities=table["probabilities"], failed=failed
        )
        macro = auc_one_vs_rest_macro(
            labels=table["labels"], probabilities=probabilities, weights=table["weights"]
        )
        # Binary: class 1 against the rest.
        is_one = (table["labels"] == 1).astype(np.int64)
        binary = auc_binary(labels=is_one, scores=probabilities[:, 1], weights=table["weights"])
        values.append(np.concatenate((macro, binary)))
    defined = ~np.isnan(values[0])
    assert (defined == ~np.isnan(values[1])).all()
    assert (values[1][defined] <= values[0][defined] + 1e-12).all()


@given(table=class_tables())
@quick
def test_class_metrics_stay_in_range(table: dict[str, Any]) -> None:
    counts = confusion_matrix(
        labels=table["labels"],
        predicted=table["predicted"],
        num_classes=table["num_classes"],
        weights=table["weights"],
    )
    for metric in CLASS_METRICS:
        values = metric(counts)
        assert (values >= (-1 if metric is mcc else 0)).all()
        assert (values <= 1).all()


@given(table=class_tables(), seed=st.integers(0, 99))
@quick
def test_case_order_changes_nothing(table: dict[str, Any], seed: int) -> None:
    order = np.random.default_rng(seed).permutation(table["labels"].size)
    values = []
    for at in (np.arange(order.size), order):
        labels, weights = table["labels"][at], table["weights"][:, at]
        counts = confusion_matrix(
            labels=labels,
            predicted=table["predicted"][at],
            num_classes=table["num_classes"],
            weights=weights,
        )
        auc = auc_one_vs_rest_macro(labels=labels, probabilities=table["probabilities"][at], weights=weights)
        values.append(np.concatenate([metric(counts) for metric in CLASS_METRICS] + [auc]))
    np.testing.assert_allclose(values[0], values[1], rtol=0, atol=1e-12)


@given(table=class_tables())
@quick
def test_weights_equal_repeated_cases(table: dict[str, Any]) -> None:
    weighted = confusion_matrix(
        labels=table["labels"],
        predicted=table["predicted"],
        num_classes=table["num_classes"],
        weights=table["weights"],
    )
    for row, weight in enumerate(table["weights"].astype(int)):
        repeated = confusion_matrix(
            labels=np.repeat(table["labels"], weight),
            predicted=np.repeat(table["predicted"], weight),
            num_classes=table["num_classes"],
        )
        np.testing.assert_array_equal(weighted[row], repeated[0])
