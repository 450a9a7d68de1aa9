"""The rehearsal of plain commands: each variant's broken rule is named, and no other."""

import json
import shlex
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evaluation.commands import app
from evaluation.rehearsal.verdict import Rule
from tests.queue.scenes import make_answers
from tests.rehearsal.variants import COMMAND_VARIANTS, make_program

EXTRA = {Rule.FINISHES: ["--time-limit", "1"], Rule.TIME: ["--entries", "1000000"]}


@pytest.fixture(scope="session")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_answers(tmp_path_factory.mktemp("answers") / "a", seed=1)


def write_command(folder: Path, answers: Path, fault: tuple[str, str]) -> str:
    program = folder / "program.py"
    program.write_text(make_program(fault))
    return f"{shlex.join([sys.executable, str(program), str(answers)])} {{output}}"


def rehearse(command: str, *words: str) -> tuple[int, dict[str, str], str]:
    arguments = [
        "rehearse",
        "--protocol",
        "uusic25",
        "--gpus",
        "none",
        "--command",
        command,
        "--json",
        *words,
    ]
    done = CliRunner().invoke(app, [*arguments, *words])
    assert done.exit_code in (0, 1), done.output
    report = json.loads(done.stdout)
    return done.exit_code, {v["rule"]: v["finding"] for v in report["verdicts"]}, done.stdout


def test_a_submission_that_keeps_every_rule_passes(tmp_path: Path, answers: Path) -> None:
    status, findings, _ = rehearse(
        write_command(tmp_path, answers, ("", "")), "--out", str(tmp_path / "runs")
    )
    assert status == 0
    assert findings.pop("offline") == findings.pop("read_only") == "not_tested"
    assert set(findings.values()) == {"kept"}
    assert (tmp_path / "runs/safe/run.json").is_file()


@pytest.mark.parametrize("rule", COMMAND_VARIANTS)
def test_the_broken_rule_is_named(tmp_path: Path, answers: Path, rule: Rule) -> None:
    command = write_command(tmp_path, answers, COMMAND_VARIANTS[rule])
    limits = tmp_path / "limits.yaml"
    shipped = Path("evaluation/rehearsal/limits/uusic25.yaml").read_text()
    limits.write_text(shipped.replace("{value: 16384", "{value: 400"))
    words = ["--limits", str(limits), *EXTRA.get(rule, [])]
    status, findings, text = rehearse(command, *words)
    assert status == 1
    assert [name for name, finding in findings.items() if finding == "broken"] == [rule], text


def test_a_program_that_is_not_there_does_not_start() -> None:
    status, findings, _ = rehearse("no-such-program {output}")
    assert status == 1
    assert findings.pop("starts") == "broken"
    assert set(findings.values()) == {"not_tested"}


def test_the_table_names_broken_rules_in_its_last_line() -> None:
    arguments = ["rehearse", "--protocol", "fmc_uia", "--gpus", "none", "--command", "true"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 1
    assert done.stdout.splitlines()[-1] == "broken: complete"


def test_a_slower_host_is_predicted_by_its_factor(tmp_path: Path, answers: Path) -> None:
    command = write_command(tmp_path, answers, ("import time; time.sleep(0.3)", ""))
    _, findings, text = rehearse(command, "--host-factor", "1000000")
    assert findings["time"] == "broken"
    assert "1000000.00 times as long" in text


def test_only_one_factor_may_be_given(tmp_path: Path) -> None:
    words = ["--calibration", "x.json", "--host-factor", "2"]
    done = CliRunner().invoke(app, ["rehearse", "--protocol", "fmc_uia", "--command", "true", *words])
    assert "one of --calibration and --host-factor" in str(done.exception)
