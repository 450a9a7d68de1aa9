"""Coverage of nominal 95 % intervals: in full (slow), and a short version that can still fail."""

import pytest

from tests.statistics.coverage_scenarios import Claim, Scenario, list_scenarios
from tests.statistics.simulate_coverage import measure_coverage, print_table

CLAIMED = [scenario for scenario in list_scenarios() if scenario.claim is not Claim.SHOWN]


@pytest.mark.parametrize("scenario", CLAIMED, ids=lambda scenario: scenario.name)
def test_few_runs_do_not_contradict_the_claimed_coverage(scenario: Scenario) -> None:
    found = measure_coverage(scenario, n_runs=120, n_resamples=200)
    # a true 95 % has a standard error of 2 % at 120 runs; case-level on clusters lies below 80 %
    if scenario.claim is Claim.HOLDS:
        assert 0.87 <= found.percentile <= 0.995
        assert 0.87 <= found.bca <= 0.995
    else:
        assert found.percentile < 0.87


@pytest.mark.slow
@pytest.mark.parametrize("scenario", CLAIMED, ids=lambda scenario: scenario.name)
def test_coverage_is_as_claimed(scenario: Scenario) -> None:
    found = measure_coverage(scenario, n_runs=2000)
    if scenario.claim is Claim.HOLDS:
        assert 0.93 <= found.percentile <= 0.97
    else:
        assert found.percentile < 0.90


def test_printed_table_has_every_line_with_its_error(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(runs=2)
    lines = capsys.readouterr().out.splitlines()
    for scenario in list_scenarios():
        (row,) = [line for line in lines if line.startswith(scenario.name + " ")]
        assert row.endswith(scenario.claim.value)
        assert row.count(" ± ") == 2
