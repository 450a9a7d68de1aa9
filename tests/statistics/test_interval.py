"""Intervals against scipy.stats.bootstrap on the same samples, and what happens where they are undefined."""

import numpy as np
import pytest
from scipy.stats import bootstrap as scipy_bootstrap

from evaluation.contract.errors import ConfigurationError
from evaluation.statistics.bootstrap import Statistic, bootstrap, weighted_mean
from evaluation.statistics.interval import bca_interval, percentile_interval
from evaluation.statistics.jackknife import jackknife
from evaluation.statistics.resampling import Float64Array, group_units


@pytest.mark.parametrize("level", [0.95, 0.8])
@pytest.mark.parametrize("n_steps", [2**20, 16])
def test_both_intervals_equal_scipy_given_the_same_samples(level: float, n_steps: int) -> None:
    # 16 steps make ties with the estimate; sums of binary fractions are exact, so scipy sees the ties too
    values = np.round(n_steps * np.random.default_rng(7).beta(6, 1, 64)) / n_steps
    statistic = Statistic(np.arange(64), weighted_mean(values))
    units = group_units(unit_keys=[f"{case:02d}" for case in range(64)], task_ids=["t"] * 64)
    left_out = jackknife(statistic, units)
    for method in ("percentile", "BCa"):
        reference = scipy_bootstrap(
            (values,),
            np.mean,
            n_resamples=999,
            confidence_level=level,
            method=method,
            rng=np.random.default_rng(0),
        )
        samples = reference.bootstrap_distribution
        found = (
            percentile_interval(samples, level=level)
            if method == "percentile"
            else bca_interval(samples, estimate=float(values.mean()), jackknife=left_out, level=level)
        )
        assert found is not None
        assert found.method == method.lower()
        assert found.low == pytest.approx(reference.confidence_interval.low, abs=1e-9)
        assert found.high == pytest.approx(reference.confidence_interval.high, abs=1e-9)


def test_intervals_of_our_draws_agree_with_scipys_within_monte_carlo_error() -> None:
    values = np.random.default_rng(8).beta(6, 1, 60)
    statistic = Statistic(np.arange(60), weighted_mean(values))
    units = group_units(unit_keys=[f"{case:02d}" for case in range(60)], task_ids=["t"] * 60)
    samples = bootstrap({"m": statistic}, units, n_resamples=8000)["m"]
    found = bca_interval(samples, estimate=float(values.mean()), jackknife=jackknife(statistic, units))
    reference = scipy_bootstrap((values,), np.mean, n_resamples=8000, rng=np.random.default_rng(0))
    tolerance = 0.15 * float(reference.standard_error)
    assert found is not None
    assert found.low == pytest.approx(reference.confidence_interval.low, abs=tolerance)
    assert found.high == pytest.approx(reference.confidence_interval.high, abs=tolerance)


def test_percentile_interval_of_known_samples() -> None:
    found = percentile_interval(np.arange(101.0)[::-1], level=0.9)
    assert found is not None
    assert [found.low, found.high] == pytest.approx([5.0, 95.0])
    assert (found.level, found.method, found.n_resamples, found.n_undefined) == (0.9, "percentile", 101, 0)


def test_undefined_resamples_are_left_out_and_counted() -> None:
    samples = np.concatenate([np.full(40, np.nan), np.arange(101.0)])
    for found in (
        percentile_interval(samples, level=0.9),
        bca_interval(samples, estimate=50.0, jackknife=np.array([0.0, 1.0, 2.0]), level=0.9),
    ):
        assert found is not None
        assert [found.low, found.high] == pytest.approx([5.0, 95.0])
        assert (found.n_resamples, found.n_undefined) == (141, 40)


@pytest.mark.parametrize(
    ("samples", "is_defined"),
    [
        ([np.nan, np.nan, 1.0, 2.0], True),
        ([np.nan, np.nan, np.nan, 1.0, 2.0], False),
        ([np.nan, 1.0], False),
        ([1.0], False),
        ([], False),
    ],
)
def test_mostly_undefined_or_too_few_samples_have_no_interval(samples: list[float], is_defined: bool) -> None:
    values = np.array(samples, dtype=np.float64)
    bca = bca_interval(values, estimate=1.5, jackknife=np.array([1.0, 2.0]))
    assert (percentile_interval(values) is not None) == is_defined
    assert (bca is not None) == is_defined


def test_bca_counts_ties_half_although_their_last_bits_differ() -> None:
    samples = np.repeat([0.1, 0.3, 0.3, 0.5], 100)  # 0.1 + 0.2 is one bit above 0.3
    left_out = np.array([0.2, 0.3, 0.4])
    found = bca_interval(samples, estimate=0.1 + 0.2, jackknife=left_out)
    plain = percentile_interval(samples)
    assert found is not None
    assert plain is not None
    assert (found.low, found.high, found.method) == (plain.low, plain.high, "bca")


@pytest.mark.parametrize(
    ("estimate", "jackknife_values"),
    [
        (-1.0, [0.0, 1.0, 3.0]),  # every sample above the estimate: infinite bias
        (200.0, [0.0, 1.0, 3.0]),  # every sample below it
        (np.nan, [0.0, 1.0, 3.0]),
        (50.0, [0.5, 0.5, 0.5 + 1e-16]),  # no spread
        (50.0, [0.0, np.nan, 1.0]),
        (50.0, [0.5]),
        (50.0, []),
    ],
)
def test_degenerate_bca_is_the_percentile_interval_and_says_so(
    estimate: float, jackknife_values: list[float]
) -> None:
    samples: Float64Array = np.arange(101.0)
    found = bca_interval(samples, estimate=estimate, jackknife=np.array(jackknife_values))
    plain = percentile_interval(samples)
    assert found is not None
    assert plain is not None
    assert found.method == "percentile (bca undefined)"
    assert (found.low, found.high) == (plain.low, plain.high)


def test_bca_beyond_the_range_of_its_acceleration_is_the_percentile_interval() -> None:
    # acceleration 1/6, bias 2.3 and normal quantile 3.9: 1 - (2.3 + 3.9) / 6 is below 0
    samples, left_out = np.arange(101.0), np.array([0.0] + [1.0] * 400)
    inside = bca_interval(samples, estimate=99.5, jackknife=left_out, level=0.95)
    outside = bca_interval(samples, estimate=99.5, jackknife=left_out, level=0.9999)
    assert inside is not None
    assert outside is not None
    assert (inside.method, outside.method) == ("bca", "percentile (bca undefined)")


def test_equal_samples_make_an_interval_of_no_width() -> None:
    found = bca_interval(np.full(10, 0.25), estimate=0.25, jackknife=np.full(4, 0.25))
    assert found is not None
    assert (found.low, found.high, found.method) == (0.25, 0.25, "percentile (bca undefined)")


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0])
def test_level_outside_0_and_1_is_refused(level: float) -> None:
    with pytest.raises(ConfigurationError, match=f"`level` to be above 0 and below 1 but got {level}"):
        percentile_interval(np.arange(10.0), level=level)
