"""What a worker does, in this process."""

import os
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from evaluation.contract.errors import ConfigurationError
from evaluation.queue import jobs
from evaluation.queue.jobs import RunJob, run_one, score_one
from evaluation.queue.plan import QueuePlan, read_plan
from evaluation.runner.folder import RunFolder
from tests.queue.scenes import count_starts, make_answers, make_submission, write_plan


class Worker:
    """Keeps what is told to the queue."""

    def __init__(self) -> None:
        self.told: list[dict[str, str]] = []

    def log_event(self, topic: str, message: dict[str, str]) -> None:
        assert topic == jobs.TOPIC
        self.told.append(message)


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Worker:
    worker = Worker()
    monkeypatch.setattr(jobs, "get_worker", lambda: worker)
    monkeypatch.setattr(os, "setpriority", lambda *_: None)  # it could not be taken back
    return worker


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_answers(tmp_path_factory.mktemp("answers") / "a", seed=1)


def make_plan(folder: Path, answers: Path) -> QueuePlan:
    return read_plan(write_plan(folder, [make_submission(folder, "a", answers, 0.2)]))


def make_job(plan: QueuePlan, out: Path) -> RunJob:
    return RunJob(plan, plan.submissions[0], out, tuple(os.sched_getaffinity(0)), None)


def test_a_run_is_made_once_and_scored_once(tmp_path: Path, answers: Path, worker: Worker) -> None:
    plan, out = make_plan(tmp_path, answers), tmp_path / "out" / "a"
    first = run_one(make_job(plan, out))
    assert (first.outcome, first.fault, first.is_resumed, first.has_predictions) == (
        "ok",
        "none",
        False,
        True,
    )
    assert worker.told[0]["name"] == "a"
    assert run_one(make_job(plan, out)).is_resumed
    assert count_starts(tmp_path, "a") == 1
    scored = score_one(plan, out)
    again = score_one(plan, out)
    assert (scored.is_resumed, again.is_resumed) == (False, True)
    assert scored.summary == again.summary
    assert 0 < (scored.summary["perf"] or 0) < 1
    assert run_one(make_job(plan, out)).is_resumed  # the score beside it does not make it another run


def test_a_changed_result_or_other_options_are_scored_again(
    tmp_path: Path, answers: Path, worker: Worker
) -> None:
    plan, out = make_plan(tmp_path, answers), tmp_path / "out" / "a"
    run_one(make_job(plan, out))
    score_one(plan, out)
    (out / "result.json").write_text("{}")
    assert not score_one(plan, out).is_resumed
    assert not score_one(plan.model_copy(update={"seed": 5}), out).is_resumed
    (out / "cases.csv").unlink()
    assert not score_one(plan, out).is_resumed


def put_docker(folder: Path, n_cores: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a docker that notes its command lines in `folder`/calls and has so many cores."""
    docker = folder / "docker"
    docker.write_text(
        "#!/bin/sh\n"
        f'echo "$*" >> {folder}/calls\n'
        f"case $1 in version) echo 8;; info) echo {n_cores};; create) exit 1;;\n"
        """image) echo '[{"Id": "sha256:abc", "Config": {}}]';; esac\n"""
    )
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


@pytest.mark.parametrize(("n_cores", "has_set"), [(64, True), (2, False)])
def test_an_image_runs_on_the_cores_of_its_slot_where_its_engine_has_them(
    tmp_path: Path,
    answers: Path,
    worker: Worker,
    monkeypatch: pytest.MonkeyPatch,
    n_cores: int,
    has_set: bool,
) -> None:
    put_docker(tmp_path, n_cores, monkeypatch)
    monkeypatch.setattr(os, "sched_setaffinity", lambda *_: None)
    plan = read_plan(write_plan(tmp_path, [{"name": "a", "image": "x"}], defaults={"gpus": "none"}))
    run_one(replace(make_job(plan, tmp_path / "out" / "a"), cores=(4, 5)))
    created = (tmp_path / "calls").read_text()
    assert " --cpus=2 " in created
    assert (" --cpuset-cpus=4,5 " in created) == has_set


def test_an_image_gets_no_more_cores_than_its_engine_has(
    tmp_path: Path, answers: Path, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_docker(tmp_path, 1, monkeypatch)
    plan = read_plan(write_plan(tmp_path, [{"name": "a", "image": "x"}], defaults={"gpus": "none"}))
    run_one(make_job(plan, tmp_path / "out" / "a"))
    assert " --cpus=1 " in (tmp_path / "calls").read_text()
    greedy = plan.submissions[0].model_copy(update={"cpus": 2.0})
    job = replace(make_job(plan, tmp_path / "out" / "a"), entry=greedy)
    with pytest.raises(ConfigurationError, match="docker has 1 core"):
        run_one(job)


@pytest.mark.parametrize("hidden", ["", "-1"])
def test_a_worker_without_gpus_gives_none_away(
    tmp_path: Path, answers: Path, worker: Worker, monkeypatch: pytest.MonkeyPatch, hidden: str
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
    asked: list[str | None] = []
    monkeypatch.setattr(jobs, "run_submission", lambda *words, **_: asked.append(words[4].gpus))
    monkeypatch.setattr(jobs, "_report", lambda finished: finished)
    entry = make_submission(tmp_path, "a", answers, 0.2)
    plan = read_plan(write_plan(tmp_path, [entry], defaults={"gpus": "all"}))
    run_one(make_job(plan, tmp_path / "out" / "a"))
    assert asked == ["none"]


def test_without_references_there_is_nothing_to_score(tmp_path: Path, answers: Path, worker: Worker) -> None:
    plan = make_plan(tmp_path, answers).model_copy(update={"reference": None})
    assert score_one(plan, tmp_path / "out").summary == {}


def test_scoring_waits_while_another_is_at_work_and_writes_nothing_meanwhile(
    tmp_path: Path, answers: Path, worker: Worker
) -> None:
    plan, out = make_plan(tmp_path, answers), tmp_path / "out" / "a"
    run_one(make_job(plan, out))
    was_written: list[bool] = []
    has_it = threading.Event()

    def hold() -> None:
        with RunFolder(out):
            has_it.set()
            time.sleep(3)
            was_written.append((out / "result.json").exists())

    holder = threading.Thread(target=hold)
    holder.start()
    has_it.wait()
    assert not score_one(plan, out).is_resumed
    holder.join()
    assert was_written == [False]


def test_a_run_waits_while_a_dying_worker_holds_the_folder(
    tmp_path: Path, answers: Path, worker: Worker
) -> None:
    plan, out = make_plan(tmp_path, answers), tmp_path / "out" / "a"
    is_free = threading.Event()
    has_it = threading.Event()

    def hold() -> None:
        with RunFolder(out):
            has_it.set()
            time.sleep(1)
            is_free.set()

    holder = threading.Thread(target=hold)
    holder.start()
    has_it.wait()
    report = run_one(make_job(plan, out))
    assert is_free.is_set()
    assert report.outcome == "ok"
    holder.join()
