"""The bootstrap against plain loops over resampled cases, and how it treats units and undefined values."""

import tracemalloc

import numpy as np
import pytest
from sklearn.metrics import f1_score, roc_auc_score

from evaluation.contract.errors import ConfigurationError
from evaluation.metrics.auc import auc_binary
from evaluation.metrics.classification import confusion_matrix, f1_macro
from evaluation.statistics.bootstrap import Statistic, bootstrap, combine_mean, weighted_mean
from evaluation.statistics.resampling import (
    Float32Array,
    Float64Array,
    ResamplingUnits,
    draw_weights,
    group_units,
)


def separate_units(n_cases: int, task_id: str = "t") -> ResamplingUnits:
    return group_units(unit_keys=[f"{case:06d}" for case in range(n_cases)], task_ids=[task_id] * n_cases)


def test_mean_auc_and_f1_equal_a_loop_over_the_resampled_cases() -> None:
    rng = np.random.default_rng(0)
    n = 120
    labels = rng.integers(0, 2, n)
    scores = np.round(rng.random(n) + 0.3 * labels, 1).astype(np.float64)  # one decimal: with ties
    predicted = (scores > 0.6).astype(np.int64)
    values = rng.random(n)
    units = separate_units(n)

    def evaluate_auc(weights: Float32Array) -> Float64Array:
        return auc_binary(labels=labels, scores=scores, weights=weights)

    def evaluate_f1(weights: Float32Array) -> Float64Array:
        return f1_macro(confusion_matrix(labels=labels, predicted=predicted, num_classes=2, weights=weights))

    every_case = np.arange(n)
    samples = bootstrap(
        {
            "mean": Statistic(every_case, weighted_mean(values)),
            "auc": Statistic(every_case, evaluate_auc),
            "f1": Statistic(every_case, evaluate_f1),
        },
        units,
        n_resamples=150,
        seed=4,
    )
    counts = np.concatenate(list(draw_weights(units, n_resamples=150, seed=4))).astype(np.int64)
    for row, count in enumerate(counts):
        drawn = np.repeat(every_case, count)
        assert samples["mean"][row] == pytest.approx(values[drawn].mean(), abs=1e-12)
        assert samples["auc"][row] == pytest.approx(roc_auc_score(labels[drawn], scores[drawn]), abs=1e-12)
        f1 = f1_score(labels[drawn], predicted[drawn], average="macro", zero_division=0)
        assert samples["f1"][row] == pytest.approx(f1, abs=1e-12)


def test_samples_have_the_distribution_of_independent_draws() -> None:
    # numpy's choice with another stream: same population of resamples, so mean and spread agree
    rng = np.random.default_rng(1)
    values = rng.beta(8, 2, 80)
    samples = bootstrap(
        {"m": Statistic(np.arange(80), weighted_mean(values))}, separate_units(80), n_resamples=4000
    )
    plain = np.array([rng.choice(values, size=80).mean() for _ in range(4000)])
    assert samples["m"].mean() == pytest.approx(plain.mean(), abs=5 * plain.std() / np.sqrt(2000))
    assert samples["m"].std() == pytest.approx(plain.std(), rel=0.08)


def test_all_images_of_a_patient_are_drawn_together() -> None:
    patients = ["p1", "p1", "p1", "p2", "p3", "p3"]
    units = group_units(unit_keys=patients, task_ids=["t"] * 6)
    seen: list[Float32Array] = []

    def remember(weights: Float32Array) -> Float64Array:
        seen.append(weights)
        return np.zeros(len(weights))

    bootstrap({"s": Statistic(np.arange(6), remember)}, units, n_resamples=30)
    weights = np.concatenate(seen)
    np.testing.assert_array_equal(weights[:, [0, 0, 4]], weights[:, [1, 2, 5]])
    np.testing.assert_array_equal(weights[:, [0, 3, 4]].sum(axis=1), 3)
    assert (weights[:, 0] != weights[:, 3]).any()


def test_patients_with_one_image_each_give_the_samples_of_case_level() -> None:
    values = np.random.default_rng(2).random(40)
    statistic = {"m": Statistic(np.arange(40), weighted_mean(values))}
    patients = group_units(unit_keys=[f"patient {p:02d}" for p in range(40)], task_ids=["t"] * 40)
    np.testing.assert_array_equal(
        bootstrap(statistic, patients, n_resamples=99, seed=3)["m"],
        bootstrap(statistic, separate_units(40), n_resamples=99, seed=3)["m"],
    )


def test_cases_of_a_statistic_keep_their_own_order_and_weights() -> None:
    values = np.random.default_rng(3).random(30)
    cases = np.array([29, 3, 17, 8])
    units = separate_units(30)
    found = bootstrap({"m": Statistic(cases, weighted_mean(values[cases]))}, units, n_resamples=50)["m"]
    weights = np.concatenate(list(draw_weights(units, n_resamples=50, seed=0)))[:, cases].astype(np.float64)
    expected = (weights * values[cases]).sum(axis=1)[weights.any(axis=1)] / weights.sum(axis=1)[
        weights.any(axis=1)
    ]
    np.testing.assert_allclose(found[weights.any(axis=1)], expected, atol=1e-14)


def test_a_tasks_samples_are_the_same_to_the_bit_beside_another_task() -> None:
    values = np.random.default_rng(4).random(700)
    keys = [f"m{case:05d}" for case in range(700)]
    alone = group_units(unit_keys=keys, task_ids=["m"] * 700)
    more = [f"a{case:05d}" for case in range(3001)]
    beside = group_units(unit_keys=more + keys, task_ids=["a"] * 3001 + ["m"] * 700)
    first = bootstrap({"m": Statistic(np.arange(700), weighted_mean(values))}, alone, n_resamples=200)
    second = bootstrap(
        {"m": Statistic(np.arange(700) + 3001, weighted_mean(values))}, beside, n_resamples=200
    )
    np.testing.assert_array_equal(first["m"], second["m"])


def test_one_image_in_two_tasks_keeps_their_correlation() -> None:
    values = np.random.default_rng(5).random(50)
    keys = [f"{image:03d}" for image in range(50)] * 2
    units = group_units(unit_keys=keys, task_ids=["a"] * 50 + ["b"] * 50)
    samples = bootstrap(
        {
            "a": Statistic(np.arange(50), weighted_mean(values)),
            "b": Statistic(np.arange(50, 100), weighted_mean(1 - values)),
        },
        units,
        n_resamples=100,
    )
    np.testing.assert_allclose(combine_mean([samples["a"], samples["b"]]), 0.5, atol=1e-12)
    assert samples["a"].std() > 0.01


def test_resamples_without_any_case_of_a_statistic_are_undefined() -> None:
    samples = bootstrap({"m": Statistic(np.array([0]), weighted_mean(np.array([0.7])))}, separate_units(3))[
        "m"
    ]
    absent = np.concatenate(list(draw_weights(separate_units(3), n_resamples=1000, seed=0)))[:, 0] == 0
    np.testing.assert_array_equal(np.isnan(samples), absent)
    assert 0 < absent.sum() < 1000
    np.testing.assert_allclose(samples[~absent], 0.7, atol=1e-15)


def test_mean_of_no_cases_is_undefined() -> None:
    no_cases = Statistic(np.empty(0, dtype=np.int64), weighted_mean(np.empty(0)))
    assert np.isnan(bootstrap({"m": no_cases}, separate_units(3), n_resamples=4)["m"]).all()


def test_mean_is_summed_in_float64() -> None:
    values = np.full(5000, 0.1) + np.arange(5000) * 1e-12
    found = weighted_mean(values)(np.ones((1, 5000), dtype=np.float32))[0]
    assert found == pytest.approx(values.mean(), abs=1e-14)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_mean_refuses_values_that_are_no_numbers(bad: float) -> None:
    with pytest.raises(ConfigurationError, match="1 NaN or infinite of 2"):
        weighted_mean(np.array([0.5, bad]))


def test_macro_mean_is_undefined_where_one_task_is() -> None:
    found = combine_mean([np.array([0.2, np.nan, 0.4]), np.array([0.4, 0.5, 0.8])])
    np.testing.assert_allclose(found, [0.3, np.nan, 0.6])


def test_macro_mean_of_nothing_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="at least one array but got none"):
        combine_mean([])


def test_progress_reports_the_resamples_finished() -> None:
    seen: list[int] = []
    bootstrap({}, separate_units(5), n_resamples=150, progress=seen.append)
    assert seen[-1] == 150
    assert seen == sorted(set(seen))


def test_no_resamples_make_empty_samples() -> None:
    assert bootstrap(
        {"m": Statistic(np.arange(2), weighted_mean(np.ones(2)))}, separate_units(2), n_resamples=0
    )["m"].shape == (0,)


def test_memory_stays_flat_at_25_000_cases() -> None:
    n = 25_000
    units = separate_units(n)
    statistic = Statistic(np.arange(n), weighted_mean(np.random.default_rng(0).random(n)))
    tracemalloc.start()
    bootstrap({"m": statistic}, units, n_resamples=1000)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 50e6  # all weights at once would be 100 MB, and the products as much again
