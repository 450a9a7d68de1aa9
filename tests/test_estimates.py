"""Entries of a plan as scores: undefined members, rounding, constants, intervals and what they rest on."""

import numpy as np
import pytest
from scipy.stats import bootstrap as scipy_bootstrap

from evaluation.contract.result import Score
from evaluation.estimates import Estimator, IntervalMethod
from evaluation.metrics.auc import auc_binary
from evaluation.protocols.plan import Constant, Entry, Mean, Measure
from evaluation.statistics.bootstrap import Statistic, weighted_mean
from evaluation.statistics.resampling import Float32Array, Float64Array, group_units


def mean_of(values: list[float], first_case: int = 0) -> Measure:
    """Return the mean of some consecutive cases."""
    cases = np.arange(first_case, first_case + len(values), dtype=np.int64)
    return Measure(Statistic(cases, weighted_mean(np.array(values, dtype=np.float64))), "no case")


def estimate(
    entry: Entry,
    n_cases: int,
    *,
    n_resamples: int = 0,
    interval: IntervalMethod = "percentile",
    patients: list[str] | None = None,
) -> Score:
    """Score one entry over cases of one task."""
    keys = patients or [f"image {case:05d}" for case in range(n_cases)]
    units = group_units(unit_keys=keys, task_ids=["t"] * n_cases)
    return Estimator([entry], units, n_resamples=n_resamples, seed=0, interval=interval).score(entry)


NO_CASES = Measure(Statistic(np.empty(0, dtype=np.int64), weighted_mean(np.empty(0))), "no case")


def test_measure_is_its_statistic_on_the_cases_as_they_are() -> None:
    assert estimate(mean_of([0.25, 0.5]), 2) == Score(value=0.375)


def test_undefined_measure_is_null_with_its_reason() -> None:
    assert estimate(NO_CASES, 2) == Score(value=None, status="undefined", reason="no case")


def test_constants_are_reported_as_declared_and_have_no_interval() -> None:
    assert estimate(Constant(0.0, "refused"), 2, n_resamples=50) == Score(value=0.0, reason="refused")
    null = estimate(Constant(None, "stopped"), 2, n_resamples=50)
    assert (null.value, null.status, null.reason) == (None, "undefined", "stopped")


def test_mean_leaves_undefined_members_out_and_says_so() -> None:
    score = estimate(Mean((mean_of([0.2, 0.4]), NO_CASES, Constant(0.5, "declared"))), 2)
    assert score.value == pytest.approx(0.4, abs=1e-15)
    assert score.reason == "1 of 3 undefined (no case), left out of the mean"


def test_mean_that_must_be_complete_is_undefined_with_any_member() -> None:
    score = estimate(Mean((mean_of([0.2]), NO_CASES), skip_undefined=False), 1)
    assert (score.value, score.reason) == (None, "1 of 2 undefined (no case)")


def test_mean_of_undefined_members_is_undefined() -> None:
    score = estimate(Mean((NO_CASES, Constant(None, "stopped"))), 1, n_resamples=20)
    assert (score.value, score.reason) == (None, "2 of 2 undefined (no case; stopped)")


def test_members_are_rounded_before_the_mean_and_samples_move_with_it() -> None:
    members = (mean_of([0.00004, 0.00004]), mean_of([1.0, 1.0]))
    assert estimate(Mean(members, decimals=4), 2).value == 0.5
    interval = estimate(Mean(members, decimals=4), 2, n_resamples=20).interval
    assert interval is not None
    assert interval.low == interval.high == pytest.approx(0.5, abs=1e-12)


def test_mean_of_means_shares_its_members() -> None:
    inner = Mean((mean_of([0.0, 1.0]), Constant(0.25, "declared")))
    assert estimate(Mean((inner, mean_of([1.0], 1))), 2).value == pytest.approx((0.375 + 1) / 2, abs=1e-15)


def test_no_resamples_give_no_interval() -> None:
    assert estimate(mean_of([0.2, 0.4]), 2).interval is None


def test_percentile_interval_of_a_mean_is_that_of_scipy_within_monte_carlo_error() -> None:
    values = np.random.default_rng(0).beta(6, 2, 80)
    interval = estimate(mean_of(values.tolist()), 80, n_resamples=4000).interval
    expected = scipy_bootstrap(
        (values,), np.mean, n_resamples=4000, method="percentile", rng=np.random.default_rng(1)
    ).confidence_interval
    assert interval is not None
    assert (interval.method, interval.level, interval.n_resamples) == ("percentile", 0.95, 4000)
    tolerance = 0.1 * (expected.high - expected.low)
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high), abs=tolerance)


def test_bca_interval_of_a_mean_is_that_of_scipy_within_monte_carlo_error() -> None:
    values = np.random.default_rng(0).exponential(1.0, 40)
    interval = estimate(mean_of(values.tolist()), 40, n_resamples=4000, interval="bca").interval
    expected = scipy_bootstrap(
        (values,), np.mean, n_resamples=4000, method="BCa", rng=np.random.default_rng(1)
    ).confidence_interval
    assert interval is not None
    assert interval.method == "bca"
    tolerance = 0.1 * (expected.high - expected.low)
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high), abs=tolerance)


def test_bca_of_a_mean_over_tasks_leaves_units_out_of_every_member_and_skips_undefined_ones() -> None:
    # the mean of two tasks' means over the same images is the mean over images of the pairs' means
    rng = np.random.default_rng(2)
    first, second = rng.exponential(1.0, (2, 30))
    keys = [f"image {number:02d}" for number in range(30)] * 2
    units = group_units(unit_keys=keys, task_ids=["a"] * 30 + ["b"] * 30)
    mean = Mean((mean_of(first.tolist()), mean_of(second.tolist(), 30), NO_CASES))
    pairs = mean_of(((first + second) / 2).tolist())
    estimator = Estimator([mean, pairs], units, n_resamples=500, seed=0, interval="bca")
    over_tasks, over_pairs = estimator.score(mean).interval, estimator.score(pairs).interval
    assert over_tasks is not None
    assert over_pairs is not None
    assert over_tasks.method == "bca"
    assert (over_tasks.low, over_tasks.high) == pytest.approx((over_pairs.low, over_pairs.high), abs=1e-9)


def test_bca_of_a_statistic_that_never_varies_says_that_it_is_a_percentile_interval() -> None:
    interval = estimate(mean_of([0.5, 0.5, 0.5]), 3, n_resamples=50, interval="bca").interval
    assert interval is not None
    assert (interval.low, interval.high, interval.method) == (0.5, 0.5, "percentile (bca undefined)")


def rare_auc(weights: Float32Array) -> Float64Array:
    """Return the AUC of six cases with one positive, the third from below."""
    labels = np.array([0, 0, 1, 0, 0, 0])
    return auc_binary(labels=labels, scores=np.arange(6.0), weights=weights)


def test_resamples_in_which_a_statistic_is_undefined_are_left_out_and_counted() -> None:
    score = estimate(Measure(Statistic(np.arange(6), rare_auc)), 6, n_resamples=2000)
    assert score.value == pytest.approx(2 / 5, abs=1e-12)
    assert score.interval is not None
    # the one positive is absent from (5/6)^6 of the resamples
    assert score.interval.n_undefined / 2000 == pytest.approx((5 / 6) ** 6, abs=0.05)
    assert 0 <= score.interval.low <= score.interval.high <= 1


def test_statistic_that_is_mostly_undefined_has_a_value_and_no_interval() -> None:
    def seldom(weights: Float32Array) -> Float64Array:
        all_once = (weights == 1).all(axis=1)
        return np.where(all_once, 0.5, np.nan)

    score = estimate(Measure(Statistic(np.arange(8), seldom)), 8, n_resamples=100)
    assert (score.value, score.interval) == (0.5, None)


def test_interval_over_patients_is_wider_where_their_images_agree() -> None:
    values = np.repeat(np.random.default_rng(1).random(12), 10).tolist()
    patients = [f"patient {case // 10:02d}" for case in range(120)]
    by_patient = estimate(mean_of(values), 120, n_resamples=500, patients=patients).interval
    by_case = estimate(mean_of(values), 120, n_resamples=500).interval
    assert by_patient is not None
    assert by_case is not None
    # sqrt(10) in theory, for images that agree completely
    assert 2 < (by_patient.high - by_patient.low) / (by_case.high - by_case.low) < 4.5


def test_progress_is_told_the_resamples_done() -> None:
    seen: list[int] = []
    units = group_units(unit_keys=["a", "b"], task_ids=["t", "t"])
    Estimator([mean_of([0.0, 1.0])], units, n_resamples=130, seed=0, progress=seen.append)
    assert seen[-1] == 130
