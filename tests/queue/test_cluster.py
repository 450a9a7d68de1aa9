"""A real cluster of two workers on one host; one is killed in the middle of a run."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from evaluation.contract.errors import ConfigurationError, EngineError
from evaluation.queue.cluster import complete_slurm, open_cluster, read_slurm
from tests.queue.scenes import (
    ROOT,
    count_starts,
    find_log,
    make_answers,
    make_submission,
    start_queue,
    write_plan,
)

PATIENCE_S = 120.0


@contextmanager
def start(*words: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", *words]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_for(what: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.05)


def start_worker(address: str, tmp_path: Path, name: str):  # type: ignore[no-untyped-def] # noqa: ANN201
    words = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--memory-limit", "0", "--name", name)
    local = ("--local-directory", str(tmp_path / name), "--resources", "slot=1")
    return start("distributed.cli.dask_worker", address, *words, *local)


@pytest.mark.slow
def test_a_queue_goes_on_after_one_of_two_workers_is_killed(tmp_path: Path) -> None:
    names = [f"s{k}" for k in range(4)]
    lines = [
        make_submission(tmp_path, n, make_answers(tmp_path / "answers" / n, k), 3.0)
        for k, n in enumerate(names)
    ]
    plan, out, place = write_plan(tmp_path, lines), tmp_path / "out", tmp_path / "scheduler.json"
    scheduler = ("--port", "0", "--no-dashboard", "--host", "127.0.0.1", "--scheduler-file", str(place))
    with start("distributed.cli.dask_scheduler", *scheduler):
        wait_for(lambda: place.exists() and place.stat().st_size > 0)
        address = json.loads(place.read_text())["address"]
        with start_worker(address, tmp_path, "w1") as first, start_worker(address, tmp_path, "w2"):
            process = start_queue(plan, out, "--scheduler", address)
            wait_for(lambda: sum(find_log(tmp_path, name).exists() for name in names) >= 2)
            os.kill(first.pid, signal.SIGKILL)
            text, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, text
    entries = json.loads((out / "queue.json").read_text())["entries"]
    assert [entry["outcome"] for entry in entries] == ["ok"] * 4
    lost = [entry["name"] for entry in entries if entry["infrastructure_faults"]]
    assert len(lost) == 1
    assert {name: count_starts(tmp_path, name) for name in names} == {n: 1 + (n in lost) for n in names}
    files = [out / entry["result"] for entry in entries]
    board = [sys.executable, "-m", "leaderboard", "build", *map(str, files), "--out", str(tmp_path / "board")]
    subprocess.run(board, check=True, cwd=ROOT, capture_output=True)


def test_a_scheduler_that_does_not_answer_is_an_engine_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evaluation.queue.cluster._CONNECT_S", 0.2)
    with (
        pytest.raises(EngineError, match="no scheduler answers"),
        open_cluster("tcp://127.0.0.1:9"),
    ):
        pass


def test_slots_belong_to_the_local_scheduler() -> None:
    with pytest.raises(ConfigurationError, match="--slots"), open_cluster("tcp://127.0.0.1:9", n_slots=2):
        pass


def test_slurm_without_its_package_names_the_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "slurm.yaml"
    file.write_text("queue: gpu\ncores: 4\nmemory: 16GB\n")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(EngineError, match="pip install dask-jobqueue"), open_cluster(str(file)):
        pass


def test_a_slurm_job_is_one_worker_with_one_token() -> None:
    slurm = pytest.importorskip("dask_jobqueue.slurm")
    arguments = complete_slurm({"queue": "gpu", "cores": 4, "memory": "16GB", "n_workers": 0})
    with slurm.SLURMCluster(**arguments) as cluster:
        script = cluster.job_script()
    assert "#SBATCH --cpus-per-task=4" in script
    assert "--nworkers" not in script
    assert script.rstrip().endswith("--resources slot=1 --nthreads 1")


def test_several_workers_in_one_slurm_job_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="processes"):
        complete_slurm({"processes": 4})


@pytest.mark.parametrize("text", [None, "- a", "a: ["])
def test_what_is_no_file_of_arguments_is_refused(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "slurm.yaml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(ConfigurationError, match=r"mapping|not YAML|local, tcp"):
        read_slurm(file)
