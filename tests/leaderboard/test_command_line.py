"""What `python -m leaderboard` prints, writes and returns."""

import json
import shutil
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from leaderboard.__main__ import app
from leaderboard.board import build_board
from leaderboard.published import tables
from leaderboard.terminal import print_board
from tests.leaderboard.result_scenes import make_result, write_result

RUNNER = CliRunner()


def test_the_module_replays_the_official_table() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "leaderboard", "replay", "uusic25"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Kendall tau 1.000") == 2
    assert "1.05e-09 <= 1.1e-09" in done.stdout
    assert "0.000113 <= 0.00012" in done.stdout
    assert "The claims hold." in done.stdout
    assert "AImageLab-zip" in done.stdout


def test_replay_prints_json() -> None:
    done = RUNNER.invoke(app, ["replay", "uusic25", "--json"])
    content = json.loads(done.stdout)
    assert done.exit_code == 0
    assert content["holds"] is True
    assert content["sheet"]["largest_difference"] <= 1.1e-9
    assert len(content["teams"]) == 15


def _damage_sheet(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in tables.FOLDER.glob("*.csv"):
        shutil.copy(path, folder)
    sheet = folder / "uusic25_score_sheet.csv"
    text = sheet.read_text(encoding="utf-8")
    sheet.write_text(text.replace("0.903700037", "0.903700137"), encoding="utf-8")
    monkeypatch.setattr(tables, "FOLDER", folder)


@pytest.mark.parametrize("extra", [[], ["--json"]])
def test_replay_exits_1_when_the_claims_do_not_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, extra: list[str]
) -> None:
    _damage_sheet(tmp_path, monkeypatch)
    done = RUNNER.invoke(app, ["replay", "uusic25", *extra])
    assert done.exit_code == 1
    assert ('"holds": false' if extra else "DO NOT HOLD") in done.stdout


def test_replay_of_an_unknown_challenge_is_a_usage_error() -> None:
    assert RUNNER.invoke(app, ["replay", "fmc_uia"]).exit_code == 2


def test_build_writes_both_pages_and_prints_the_table(tmp_path: Path) -> None:
    paths = [
        write_result(tmp_path, make_result("floor", summary={"perf": 0.2})),
        write_result(tmp_path, make_result("degraded [bold]copy", time_s=20), "copy"),
    ]
    done = RUNNER.invoke(app, ["build", *map(str, paths), "--out", str(tmp_path / "board")])
    assert done.exit_code == 0, done.stderr
    assert "degraded [bold]copy" in done.stdout
    assert "(0.844-0.864)" in done.stdout
    assert "P and Eff are relative to the field" in done.stdout
    for name in ("leaderboard.md", "leaderboard.csv"):
        assert (tmp_path / "board" / name).is_file()
        assert f"Wrote {tmp_path / 'board' / name}" in done.stdout


def test_build_prints_json_alone(tmp_path: Path) -> None:
    path = write_result(tmp_path, make_result("a", protocol="fmc_uia"))
    done = RUNNER.invoke(app, ["build", str(path), "--out", str(tmp_path / "board"), "--json"])
    assert done.exit_code == 0
    assert json.loads(done.stdout)["entries"][0]["submission"] == "a"
    assert (tmp_path / "board" / "leaderboard.md").is_file()


def test_build_refuses_with_the_message_alone_on_stderr(tmp_path: Path) -> None:
    paths = [
        write_result(tmp_path, make_result("a")),
        write_result(tmp_path, make_result("b", protocol="fmc_uia")),
    ]
    done = RUNNER.invoke(app, ["build", *map(str, paths), "--out", str(tmp_path / "board")])
    assert done.exit_code == 2
    assert done.stdout == ""
    assert "Expected `protocol` to be uusic25" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "board").exists()


def test_build_refuses_a_file_as_folder(tmp_path: Path) -> None:
    path = write_result(tmp_path, make_result("a"))
    done = RUNNER.invoke(app, ["build", str(path), "--out", str(path)])
    assert done.exit_code == 2
    assert "`out`" in done.stderr


@pytest.mark.parametrize("command", ["replay", "build", "gate", "export"])
def test_each_help_has_two_worked_examples(command: str) -> None:
    done = RUNNER.invoke(app, [command, "--help"])
    lines = [line for line in done.stdout.splitlines() if f"python -m leaderboard {command}" in line]
    assert done.exit_code == 0
    assert len([line for line in lines if not line.startswith("Usage")]) == 2


def test_a_pipe_gets_the_whole_table_and_a_narrow_terminal_loses_no_character() -> None:
    board = build_board([make_result("a" * 60, protocol="fmc_uia")])
    for terminal in (False, True):
        stream = StringIO()
        console = Console(file=stream, force_terminal=terminal, width=80, color_system=None)
        print_board(board, console)
        table = stream.getvalue().split("Notes")[0]
        assert ("a" * 60 in table) is not terminal
        assert table.count("a") >= 60
        assert (max(map(len, table.splitlines())) <= 80) is terminal
