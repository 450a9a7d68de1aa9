"""A host's factor: what is measured, and how a time is carried over."""

import json
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evaluation.calibration.gpu import measure_gpu, run_gpu_unit
from evaluation.calibration.host import _find_notes, find_processor, measure_host
from evaluation.calibration.record import (
    REFERENCE_UNIT_S,
    Calibration,
    GpuCalibration,
    find_factor,
    read_calibration,
)
from evaluation.calibration.workload import run_unit
from evaluation.commands import app
from evaluation.contract.errors import ConfigurationError, HarnessError
from evaluation.cores import usable_cores


def make_record(**changes: object) -> Calibration:
    record = Calibration(
        created_utc="2026-01-01T00:00:00+00:00",
        code_revision=None,
        workload=1,
        processor="p",
        packages={},
        cpus=1,
        unit_s=1.0,
        repeats_s=(1.0,),
        host_factor=1.0,
        reference="r",
        load_before=0.0,
    )
    return record.model_copy(update=changes)


def test_the_workload_does_the_same_on_every_host() -> None:
    assert run_unit() == 147437581


def test_the_factor_is_the_median_over_the_reference() -> None:
    done: list[int] = []
    record = measure_host(cpus=1, n_repeats=3, progress=done.append)
    assert done == [1, 2, 3]
    assert record.unit_s == sorted(record.repeats_s)[1]
    assert record.host_factor == pytest.approx(record.unit_s / REFERENCE_UNIT_S)
    assert record.processor == find_processor() != ""


def test_a_host_cannot_lend_more_cores_than_it_has() -> None:
    with pytest.raises(ConfigurationError, match="`cpus` to be between 1 and"):
        measure_host(cpus=usable_cores() + 1)


def test_a_worker_that_ends_is_the_harnesss_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(HarnessError, match="ended"):
        measure_host(cpus=1, n_repeats=1)


def test_a_busy_or_unsteady_host_is_noted() -> None:
    notes = list(_find_notes([1.0, 1.3], load=usable_cores() + 1.0, cpus=1))
    assert "busy" in notes[0]
    assert "not steady" in notes[1]
    assert list(_find_notes([1.0, 1.1], load=usable_cores() - 1.0, cpus=1)) == []


def test_a_time_is_carried_over_by_the_ratio_of_the_hosts() -> None:
    assert find_factor(make_record(unit_s=3.0), make_record(unit_s=2.0)) == 1.5


def test_two_gpus_are_compared_rather_than_their_hosts() -> None:
    fast, slow = (GpuCalibration(name="g", unit_s=s, repeats_s=(s,)) for s in (1.0, 4.0))
    there, here = make_record(unit_s=3.0, gpu=fast), make_record(unit_s=2.0, gpu=slow)
    assert find_factor(there, here) == 0.25


@pytest.mark.parametrize("changes", [{"workload": 2}, {"cpus": 2}])
def test_different_work_is_not_compared(changes: dict[str, int]) -> None:
    with pytest.raises(ConfigurationError, match="same workload and number of CPUs"):
        find_factor(make_record(**changes), make_record())


def test_the_command_writes_what_the_reader_reads(tmp_path: Path) -> None:
    file = tmp_path / "calibration.json"
    arguments = ["calibrate", "--cpus", "1", "--repeats", "1", "--out", str(file), "--json"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0
    assert read_calibration(file) == Calibration.model_validate(json.loads(done.stdout))


def test_the_command_says_the_factor_in_a_line() -> None:
    done = CliRunner().invoke(app, ["calibrate", "--cpus", "1", "--repeats", "1"])
    assert "host factor" in done.stdout


@pytest.mark.parametrize("text", ["{}", "[", '{"unit_s": NaN}'])
def test_another_file_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "other.json"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match="file of `calibrate --out`"):
        read_calibration(file)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_calibration(tmp_path / "none.json")


def test_the_gpu_unit_runs_and_its_time_grows_with_the_work() -> None:
    torch = pytest.importorskip("torch")
    start = time.perf_counter()
    seconds = run_gpu_unit("cpu", torch.float32, n_convolutions=1)
    assert 0 < seconds <= time.perf_counter() - start


def test_a_host_without_cuda_has_no_gpu_figure() -> None:
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("this host has a GPU")
    assert measure_gpu(1) is None
