"""From the sample folder to the full test set."""

from pathlib import Path

import pytest

from evaluation.contract.errors import ConfigurationError
from evaluation.rehearsal.forecast import Forecast, forecast_memory, forecast_time
from evaluation.rehearsal.limits_file import LIMITS_DIR, read_limits


def test_start_up_is_paid_once_at_best_and_for_every_entry_at_worst() -> None:
    forecast = forecast_time(12.0, 2.0, n_sample=10, n_full=100, factor=1.0)
    assert (forecast.low, forecast.high) == (2.0 + 100.0, 120.0)


def test_a_slower_host_takes_its_factor() -> None:
    assert forecast_time(10.0, None, n_sample=10, n_full=20, factor=1.5) == Forecast(30.0, 30.0)


def test_a_smaller_test_set_never_takes_longer_at_best_than_at_worst() -> None:
    forecast = forecast_time(10.0, 8.0, n_sample=10, n_full=5, factor=1.0)
    assert forecast.low <= forecast.high


def test_steady_memory_stays() -> None:
    assert forecast_memory([100.0, 101.0] * 20, 101.0, n_sample=10, n_full=1000) == Forecast(101.0, 101.0)


def test_memory_that_grows_with_every_entry_goes_on_growing() -> None:
    forecast = forecast_memory([float(k) for k in range(400)], 399.0, n_sample=100, n_full=1100)
    assert forecast.low == 399.0
    assert forecast.high == pytest.approx(399.0 + 1000 * 4.0, rel=0.05)


def test_few_samples_tell_no_growth() -> None:
    assert forecast_memory([1.0, 50.0], 50.0, n_sample=10, n_full=1000) == Forecast(50.0, 50.0)


@pytest.mark.parametrize("protocol", ["uusic25", "fmc_uia"])
def test_every_shipped_limit_says_whose_it_is(protocol: str) -> None:
    limits = read_limits(LIMITS_DIR / f"{protocol}.yaml")
    assert limits.test_entries.value > 100


def test_the_test_set_of_uusic25_is_the_published_one() -> None:
    assert read_limits(LIMITS_DIR / "uusic25.yaml").test_entries.value == 2479


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("test_entries: {value: 1, source: somebody}", "published"),
        ("a: [", "not YAML"),
        ("cpus: {value: 0, source: 'ours: x'}", "cpus.value"),
    ],
)
def test_a_wrong_limits_file_is_refused(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "limits.yaml"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=words):
        read_limits(file)


def test_a_missing_limits_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_limits(tmp_path / "no.yaml")
