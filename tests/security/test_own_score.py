"""A submission's folder cannot reach its own score, the references, or the terminal of whoever scores it."""

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from evaluation.contract.result import Mode
from evaluation.files.json_text import dump_json
from evaluation.result_files import write_result
from evaluation.terminal import show_problems
from tests.security.json_mutations import NAMES
from tests.security.scenes import UUSIC25_CLASSES, Scene, build, build_uusic25, take_snapshot

PROTOCOLS = ("uusic25", "fmc_uia")
MODES: tuple[Mode, ...] = ("strict", "official")
ESCAPE = "\x1b]0;owned\x07\x1b[2J"


def score_on_the_command_line(scene: Scene, out: Path) -> subprocess.CompletedProcess[str]:
    """Score a UUSIC25 scene as a person would."""
    command = [sys.executable, "-m", "evaluation", "score", "--protocol", "uusic25", "--bootstrap", "0"]
    command += ["--reference", str(scene.root / "reference" / "ground_truth.json")]
    command += ["--predictions", str(scene.submission), "--out", str(out)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_results_and_references_in_the_folder_change_no_score(protocol: str, tmp_path: Path) -> None:
    scene = build(protocol, tmp_path)
    shutil.rmtree(next(scene.submission.rglob("masks")))
    honest = {mode: scene.score(mode).result for mode in MODES}
    forged = honest["strict"].model_copy(update={"n_failed": 0, "submission": "forged"})
    (scene.submission / "result.json").write_text(forged.model_dump_json())
    (scene.submission / "run.json").write_text('{"runtime_s": 0, "peak_gpu_mib": 0}')
    (scene.submission / "cases.csv").write_text("case_id,dsc\n")
    (scene.submission / "sitecustomize.py").write_text("raise SystemExit('owned')")
    shutil.copytree(
        scene.root / "reference", scene.submission, dirs_exist_ok=True, ignore=lambda *_: ["masks"]
    )
    for mode, before in honest.items():
        after = scene.score(mode).result
        assert after.run is None
        assert after.n_failed == before.n_failed > 0
        assert (after.summary, after.tasks) == (before.summary, before.tasks)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_scoring_and_checking_change_no_file(protocol: str, tmp_path: Path) -> None:
    scene = build(protocol, tmp_path)
    before = take_snapshot(tmp_path)
    scene.check()
    scene.score("strict")
    scene.score("official")
    assert take_snapshot(tmp_path) == before


def test_command_line_writes_the_two_files_of_the_result_and_nothing_else(tmp_path: Path) -> None:
    scene = build_uusic25(tmp_path)
    (scene.submission / "run.json").write_text('{"runtime_s": 0, "peak_gpu_mib": 0}')
    before = take_snapshot(tmp_path)
    done = score_on_the_command_line(scene, tmp_path / "out" / "result.json")
    after = take_snapshot(tmp_path)
    assert done.returncode == 0, done.stderr
    made = {name.removeprefix(f"{tmp_path}/") for name in set(after) - set(before)}
    assert made == {"out", "out/result.json", "out/cases.csv"}
    assert {name: after[name] for name in before} == before
    assert json.loads((tmp_path / "out" / "result.json").read_text())["run"] is None


def spoil_names(scene: Scene) -> None:
    """Put escape sequences into file names and keys, and a comma, a quote and a formula."""
    file = scene.submission / UUSIC25_CLASSES
    content = json.loads(file.read_text())
    for name in (ESCAPE, "\ud800", "=cmd|' /C calc'!A0", 'a","b', "[bold]x[/bold]", "[/]"):
        content[name] = {}
    first = next(iter(content))
    content[first] = {"prediction": ESCAPE + '",\n=1+1', "probability": [0.5, 0.5]}
    file.write_text(json.dumps(content))
    for name in (*NAMES, f"{ESCAPE}.png"):
        (scene.submission / name).write_bytes(b"")
    (scene.submission / os.fsdecode(b"\xff\x1b[2J")).mkdir()


def test_names_cannot_drive_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scene = build_uusic25(tmp_path)
    spoil_names(scene)
    show_problems(scene.check())
    shown = capsys.readouterr().out
    assert "[bold]x[/bold]" in shown  # shown, not obeyed
    assert "\\x1b]0;owned" in shown
    assert {letter for letter in shown if not letter.isprintable()} == {"\n"}
    assert len(shown.splitlines()) == len(scene.check())


def test_command_line_stays_printable_and_exits_cleanly(tmp_path: Path) -> None:
    scene = build_uusic25(tmp_path)
    spoil_names(scene)
    done = score_on_the_command_line(scene, tmp_path / "out" / "result.json")
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert {letter for letter in done.stdout + done.stderr if not letter.isprintable()} <= {"\n"}


def test_folder_name_that_is_not_unicode_is_written_as_an_escape() -> None:
    name = os.fsdecode(b"\xff")
    assert dump_json({"submission": name}) == b'{"submission": "\\udcff"}\n'
    assert json.loads(dump_json({"submission": name}))["submission"] == name


def test_files_of_a_result_hold_no_control_characters_or_formulas(tmp_path: Path) -> None:
    scene = build_uusic25(tmp_path)
    spoil_names(scene)
    scored = scene.score()
    cases_file = write_result(scored, tmp_path / "out" / "result.json")
    rows = list(csv.reader(cases_file.read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 1 + len(scene.labelled.cases)
    assert len({len(row) for row in rows}) == 1
    for cell in (cell for row in rows for cell in row):
        assert cell.isprintable()
        assert not cell.startswith(("=", "+", "@", "\t"))
    messages = [problem.message for problem in scored.result.problems]
    assert len(messages) > 5
    assert all(message.isprintable() for message in messages)
