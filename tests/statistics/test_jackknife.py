"""Leave-one-unit-out values against a loop that really leaves the unit out."""

import numpy as np
from sklearn.metrics import roc_auc_score

from evaluation.metrics.auc import auc_binary
from evaluation.statistics.bootstrap import Statistic, WeightedFunction, weighted_mean
from evaluation.statistics.jackknife import jackknife
from evaluation.statistics.resampling import Float32Array, Float64Array, IntArray, group_units


def binary_auc(labels: IntArray, scores: Float64Array) -> WeightedFunction:
    def evaluate(weights: Float32Array) -> Float64Array:
        return auc_binary(labels=labels, scores=scores, weights=weights)

    return evaluate


def test_each_patient_is_left_out_with_all_its_images() -> None:
    rng = np.random.default_rng(0)
    patients = rng.integers(0, 90, 300)
    labels, scores = rng.integers(0, 2, 300), np.round(rng.random(300), 1)
    units = group_units(unit_keys=[f"{p:03d}" for p in patients], task_ids=["t"] * 300)
    found = jackknife(Statistic(np.arange(300), binary_auc(labels, scores)), units)
    expected = [
        roc_auc_score(labels[patients != patient], scores[patients != patient])
        for patient in np.unique(patients)
    ]
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_only_units_of_the_statistic_are_left_out() -> None:
    units = group_units(unit_keys=list("abcdef"), task_ids=["t"] * 6)
    found = jackknife(Statistic(np.array([5, 1, 3]), weighted_mean(np.array([1.0, 2.0, 6.0]))), units)
    # units in the order b, d, f: without 2, without 6, without 1
    np.testing.assert_allclose(found, [3.5, 1.5, 4.0], atol=1e-15)


def test_leaving_out_the_only_positive_is_undefined() -> None:
    units = group_units(unit_keys=list("abc"), task_ids=["t"] * 3)
    labels, scores = np.array([0, 1, 0]), np.array([0.1, 0.9, 0.4])
    found = jackknife(Statistic(np.arange(3), binary_auc(labels, scores)), units)
    np.testing.assert_array_equal(found, [1.0, np.nan, 1.0])


def test_statistic_without_cases_has_no_jackknife_values() -> None:
    units = group_units(unit_keys=["a"], task_ids=["t"])
    assert jackknife(Statistic(np.empty(0, dtype=np.int64), weighted_mean(np.empty(0))), units).shape == (0,)
