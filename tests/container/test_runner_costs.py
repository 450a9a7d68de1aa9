"""What the runner promises to cost; `measure_runner` prints the figures."""

import os
from collections.abc import Iterator

import pytest

from tests.container.engines import require
from tests.container.measure_runner import (
    CLOCK_ERROR_S,
    CPU_SHARE,
    OVERHEAD_S,
    RunnerMeter,
    measure_clock,
    measure_cpu,
    measure_overhead,
    open_meter,
)

pytestmark = [pytest.mark.container, pytest.mark.slow]


@pytest.fixture
def meter() -> Iterator[RunnerMeter]:
    require("docker")
    with open_meter() as meter:
        yield meter


def test_run_takes_little_more_than_the_engines_own(meter: RunnerMeter) -> None:
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    if load > cores:
        pytest.skip(f"the machine is busy (load {load:.1f} on {cores} cores): seconds say nothing")
    _, overhead_s = measure_overhead(meter, n=5)
    assert overhead_s <= OVERHEAD_S


def test_watching_takes_little_of_a_core(meter: RunnerMeter) -> None:
    assert 0 < measure_cpu(meter) <= CPU_SHARE


def test_recorded_time_is_the_engines(meter: RunnerMeter) -> None:
    assert measure_clock(meter, n=3) <= CLOCK_ERROR_S
