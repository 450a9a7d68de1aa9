"""The command, on a cluster of this host."""

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evaluation.commands import app
from evaluation.contract.errors import ConfigurationError
from evaluation.cores import usable_cores
from evaluation.queue.board import Row, State
from evaluation.queue.cluster import _share_out
from evaluation.queue.reports import RunReport, ScoreReport
from evaluation.queue.terminal import live_table, make_table
from tests.queue.scenes import count_starts, make_answers, make_submission, write_plan


def test_a_queue_ends_with_results_and_the_command_that_ranks_them(tmp_path: Path) -> None:
    answers = make_answers(tmp_path / "answers", seed=1)
    lines = [make_submission(tmp_path, "good", answers, 0.2), {"name": "bad", "command": "false"}]
    plan, out = write_plan(tmp_path, lines), tmp_path / "out"
    done = CliRunner().invoke(app, ["queue", str(plan), "--out", str(out), "--slots", "1"])
    assert done.exit_code == 0, done.output
    assert f"leaderboard build {out}/good/result.json {out}/bad/result.json" in done.stdout
    entries = {entry["name"]: entry for entry in json.loads((out / "queue.json").read_text())["entries"]}
    assert (entries["good"]["outcome"], entries["bad"]["outcome"]) == ("ok", "crashed")
    assert entries["good"]["summary"]["perf"] > entries["bad"]["summary"]["perf"]
    assert count_starts(tmp_path, "good") == 1
    assert "disturb" not in done.stderr


def test_more_slots_than_cores_are_warned_of(tmp_path: Path) -> None:
    entry = {"name": "a", "command": "true", "cpus": str(usable_cores())}
    plan = write_plan(tmp_path, [entry])
    done = CliRunner().invoke(app, ["queue", str(plan), "--out", str(tmp_path / "out"), "--slots", "2"])
    assert f"2 slots of {usable_cores()} core(s)" in done.stderr


def test_a_place_that_is_no_folder_is_refused_before_anything_runs(tmp_path: Path) -> None:
    plan = write_plan(tmp_path, [{"name": "a", "command": "true"}])
    done = CliRunner().invoke(app, ["queue", str(plan), "--out", str(plan)])
    assert isinstance(done.exception, ConfigurationError), done.output
    assert "cannot be a folder for the runs" in str(done.exception)


@pytest.mark.parametrize(("cpus", "n_slots"), [(0.5, 8), (1.5, 4), (2, 4), (2.5, 2), (99, 1)])
def test_slots_share_no_core_and_have_enough(
    cpus: float, n_slots: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    monkeypatch.setattr("evaluation.queue.cluster.usable_cores", lambda: 8)
    shares = [mine or () for mine, _ in _share_out(None, cpus=cpus).values()]
    assert len(shares) == n_slots
    assert all(len(mine) >= min(cpus, 8) for mine in shares)
    cores = [core for mine in shares for core in mine]
    assert len(cores) == len(set(cores))


def test_the_table_has_a_line_a_submission() -> None:
    rows = [Row("a", Path("a"), state=State.DONE), Row("b", Path("b"), state=State.RUNNING, words="3 s")]
    rows[0].run = RunReport("ok", "none", "s", 2.0, 0.0, True, "h", is_resumed=True)
    rows[0].score = ScoreReport({"perf": 0.25, "seg": None}, is_resumed=False)
    table = make_table(rows)
    assert table.row_count == 2
    assert table.title == "1 of 2 ended"
    assert list(table.columns[4].cells) == ["perf 0.2500, seg —", ""]


def test_off_a_terminal_each_submission_is_told_once() -> None:
    row = Row("a", Path("a"), state=State.FAILED, words="it was refused")
    with live_table() as show:
        show([row])
        show([row])
