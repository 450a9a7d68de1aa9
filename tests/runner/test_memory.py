"""The report over a run's samples."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from evaluation.runner.gpu import GpuProbe, NoGpu, open_gpus
from evaluation.runner.host_memory import HostBasis
from evaluation.runner.memory import MemorySample, MemoryWatch, write_memory_csv
from tests.runner.conftest import NO_PERMISSION, FakeDriver


@dataclass
class Host:
    """A host probe whose memory and processes the test sets."""

    mib: float | None = 10.0
    peak_mib: float | None = None
    pids: frozenset[int] = frozenset({100})
    basis: HostBasis = "cgroup_v2"

    def read_mib(self) -> float | None:
        return self.mib

    def read_peak_mib(self) -> float | None:
        return self.peak_mib

    def find_pids(self) -> frozenset[int]:
        return self.pids


def start_watch(host: Host) -> MemoryWatch:
    gpu = open_gpus("all")
    assert isinstance(gpu, GpuProbe)
    watch = MemoryWatch(gpu=gpu)
    watch.baseline()
    watch.attach(host)
    return watch


def test_no_gpu_is_zero_with_a_reason() -> None:
    watch = MemoryWatch(host=Host(), gpu=NoGpu("the run was given no GPU"))
    watch.baseline()
    watch.sample(0.0)
    report = watch.finish()
    assert (report.peak_gpu_mib, report.gpu_area_mib_s, report.gpu_basis) == (0.0, 0.0, "none")
    assert report.notes == ("no GPU memory: the run was given no GPU",)


def test_a_run_without_samples_is_zero() -> None:
    report = MemoryWatch().finish()
    assert (report.n_samples, report.peak_host_mib, report.host_basis) == (0, 0.0, "none")


def test_the_area_is_a_trapezoid_over_the_real_timestamps(driver: FakeDriver) -> None:
    driver.boot(1)
    watch = start_watch(Host())
    watch.sample(0.0)
    driver.start_process(100, 100)
    watch.sample(0.1)
    watch.sample(2.1)  # the watcher was held up
    report = watch.finish()
    assert report.gpu_area_mib_s == pytest.approx(0.1 * 50 + 2.0 * 100)
    assert (report.peak_gpu_mib, report.gpu_basis) == (100.0, "process")


def test_the_cards_idle_memory_is_not_the_submissions(driver: FakeDriver) -> None:
    driver.boot(1, used_mib=600)
    driver.start_process(7, 600)
    watch = start_watch(Host())
    watch.sample(0.0)
    report = watch.finish()
    assert (report.peak_gpu_mib, report.gpu_basis) == (0.0, "process")


def test_hidden_processes_are_measured_as_the_devices_rise_and_marked(driver: FakeDriver) -> None:
    driver.boot(1, used_mib=600)
    driver.refuse_lists(NO_PERMISSION)
    watch = start_watch(Host())
    driver.set_used(0, 1500)
    watch.sample(0.0)
    report = watch.finish()
    assert (report.peak_gpu_mib, report.gpu_basis) == (900.0, "device")
    assert "does not show" in report.notes[0]


def test_a_stranger_that_came_with_the_run_is_not_taken_for_nobody(driver: FakeDriver) -> None:
    driver.boot(1, used_mib=600)
    watch = start_watch(Host())
    driver.set_used(0, 800)
    driver.start_process(424242, 200)  # the submission, as another process namespace numbers it
    watch.sample(0.0)
    report = watch.finish()
    assert (report.peak_gpu_mib, report.gpu_basis) == (200.0, "device")


def test_memory_without_any_process_is_the_devices_rise(driver: FakeDriver) -> None:
    driver.boot(1, used_mib=600)
    watch = start_watch(Host())
    driver.set_used(0, 1000)
    watch.sample(0.0)
    assert (watch.finish().peak_gpu_mib, watch.finish().gpu_basis) == (400.0, "device")


def test_a_process_that_the_driver_lists_after_its_end_stays_ours(driver: FakeDriver) -> None:
    driver.boot(1)
    host = Host()
    watch = start_watch(host)
    driver.start_process(100, 300)
    watch.sample(0.0)
    host.pids = frozenset()
    watch.sample(0.1)
    driver.end_processes()
    watch.sample(0.2)
    assert [row.gpu_mib for row in watch.series] == [300.0, 300.0, 0.0]


def test_samples_that_could_not_be_read_are_counted_in_a_note(driver: FakeDriver) -> None:
    driver.boot(1)
    watch = start_watch(Host())
    driver.start_process(100, 300)
    watch.sample(0.0)
    driver.refuse_lists(NO_PERMISSION)
    watch.sample(0.1)
    report = watch.finish()
    assert (report.peak_gpu_mib, report.gpu_basis) == (300.0, "process")
    assert report.notes == ("GPU memory could not be read in 1 of 2 samples",)


def test_the_last_high_water_mark_outlives_the_container() -> None:
    host = Host(mib=50.0, peak_mib=80.0)
    watch = MemoryWatch(host=host)
    watch.sample(0.0)
    host.mib = host.peak_mib = None
    watch.sample(0.1)
    report = watch.finish()
    assert (report.peak_host_mib, report.peak_charged_mib, report.host_basis) == (50.0, 80.0, "cgroup_v2")


def test_memory_csv_leaves_unread_fields_empty(tmp_path: Path) -> None:
    rows = (MemorySample(0.0, 0.5, 12.0), MemorySample(0.1, None, 13.25))
    write_memory_csv(rows, tmp_path / "memory.csv")
    assert (tmp_path / "memory.csv").read_text() == (
        "t_s,gpu_mib,host_mib\n0.000,0.500,12.000\n0.100,,13.250\n"
    )
