"""`python -m leaderboard gate`: exit status, tables, Markdown, JSON, refusals."""

import hashlib
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evaluation.contract.result import Result
from leaderboard.__main__ import app
from tests.leaderboard.gate_scenes import Model, write_pair
from tests.leaderboard.test_gate_cost import make_ratio, make_report

RUNNER = CliRunner()
DAMAGED = Model(damaged=("fetal_head",))


def rewrite(path: Path, **changes: object) -> None:
    """Change fields of a result file."""
    result = Result.model_validate_json(path.read_bytes())
    path.write_text(result.model_copy(update=changes).model_dump_json())


def options(baseline: Path, candidate: Path, *more: str) -> list[str]:
    """Return the command's words."""
    return ["gate", "--baseline", str(baseline), "--candidate", str(candidate), *more]


def test_unchanged_model_passes_with_status_0(tmp_path: Path) -> None:
    done = RUNNER.invoke(app, options(*write_pair(tmp_path, Model(), Model(), 20)))
    assert done.exit_code == 0, done.output
    assert "Gate passed." in done.stdout
    assert "25 scores: 25 ok" in done.stdout
    assert "baseline has no" not in done.stdout
    assert "do not both name" in done.stdout


def test_damaged_head_fails_with_status_1_and_stands_on_top(tmp_path: Path) -> None:
    markdown = tmp_path / "gate.md"
    done = RUNNER.invoke(app, options(*write_pair(tmp_path, Model(), DAMAGED), "--markdown", str(markdown)))
    assert done.exit_code == 1, done.output
    assert "Gate FAILED." in done.stdout
    rows = [line for line in done.stdout.splitlines() if "fetal_head" in line or "all tasks" in line]
    assert "FAIL" in rows[0]
    text = markdown.read_text()
    assert text.startswith("### Gate FAILED\n")
    assert "| fetal\\_head | dsc |" in text
    table = text.split("**Scores: failing**")[1].split("<details>")[0]
    assert table.count("FAIL") == 4
    assert "<details><summary>Scores: all 25</summary>" in text


def test_json_holds_the_same_verdict(tmp_path: Path) -> None:
    done = RUNNER.invoke(app, options(*write_pair(tmp_path, Model(), DAMAGED), "--json"))
    content = json.loads(done.stdout)
    assert done.exit_code == 1
    assert content["passes"] is False
    failed = {(row["task_id"], row["metric"]) for row in content["scores"] if row["verdict"] == "FAIL"}
    assert ("fetal_head", "dsc") in failed
    assert "do not both name" in content["costs_skipped"]


def test_model_twice_as_slow_fails_on_one_host_in_one_job(tmp_path: Path) -> None:
    paths = write_pair(tmp_path, Model(), Model(), 20)
    for path, seconds in zip(paths, (10.0, 20.0), strict=True):
        result = Result.model_validate_json(path.read_bytes())
        assert result.run is not None
        run = result.run.model_copy(update={"runtime_s": seconds, "host_name": "h", "job": "1"})
        rewrite(path, run=run)
    assert RUNNER.invoke(app, options(*paths)).exit_code == 1
    assert RUNNER.invoke(app, options(*paths, "--max-slowdown", "2")).exit_code == 0
    rewrite(paths[1], run=run.model_copy(update={"host_name": "other"}))
    done = RUNNER.invoke(app, options(*paths))
    assert done.exit_code == 0
    assert "different hosts" in done.stdout


def test_job_summary_is_appended_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = write_pair(tmp_path, Model(), Model(), 20)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    refused = RUNNER.invoke(app, options(*paths, "--summary"))
    assert refused.exit_code == 2
    assert "GITHUB_STEP_SUMMARY" in refused.stderr
    summary = tmp_path / "summary.md"
    summary.write_text("earlier step\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    assert RUNNER.invoke(app, options(*paths, "--summary")).exit_code == 0
    assert summary.read_text().startswith("earlier step\n### Gate passed\n")


def test_two_benches_are_compared(tmp_path: Path) -> None:
    files = []
    for name, value in (("a", 100.0), ("b", 50.0)):
        files.append(tmp_path / f"{name}.json")
        files[-1].write_text(make_report(make_ratio(value)).model_dump_json())
    words = ["gate", "--bench", *map(str, files)]
    assert RUNNER.invoke(app, words).exit_code == 1
    assert RUNNER.invoke(app, [*words, "--max-slowdown", "2"]).exit_code == 0
    both = RUNNER.invoke(app, [*words, "--baseline", str(files[0])])
    assert both.exit_code == 2
    assert "got both" in both.stderr


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("protocol", "uusic25"),
        ("mode", "official"),
        ("manifest_sha256", "00" * 32),
        ("reference_sha256", "00" * 32),
    ],
)
def test_foreign_result_is_refused_and_named(tmp_path: Path, field: str, value: str) -> None:
    paths = write_pair(tmp_path, Model(), Model(), 20)
    rewrite(paths[1], **{field: value})
    done = RUNNER.invoke(app, options(*paths))
    assert done.exit_code == 2
    assert field in done.stderr
    assert str(paths[1]) in done.stderr
    assert "Traceback" not in done.stderr


def test_broken_files_are_refused_and_named(tmp_path: Path) -> None:
    good, bad = write_pair(tmp_path, Model(), Model(), 20)
    text, cases = bad.read_text(), bad.parent / "cases.csv"
    table = cases.read_bytes()
    for content in ("", "{", "[]", text.replace('"value":0.', '"value":NaN,"x":0.', 1)):
        bad.write_text(content)
        done = RUNNER.invoke(app, options(good, bad))
        assert done.exit_code == 2, content[:20]
        assert str(bad) in done.stderr
    bad.write_text(text)
    cases.write_bytes(table.replace(b"ok", b"no", 1))
    done = RUNNER.invoke(app, options(good, bad))
    assert done.exit_code == 2
    assert str(cases) in done.stderr
    cases.unlink()
    assert RUNNER.invoke(app, options(good, bad)).exit_code == 2


def test_scores_that_the_cases_do_not_give_are_refused(tmp_path: Path) -> None:
    good, bad = write_pair(tmp_path, Model(), DAMAGED, 20)
    # The damaged model's cases under the sound model's scores.
    sound = Result.model_validate_json(good.read_bytes())
    digest = hashlib.sha256((bad.parent / "cases.csv").read_bytes()).hexdigest()
    bad.write_text(sound.model_copy(update={"cases_sha256": digest}).model_dump_json())
    done = RUNNER.invoke(app, options(good, bad))
    assert done.exit_code == 2
    assert "fetal_head" in done.stderr


@pytest.mark.parametrize(
    "words",
    [("--max-drop", "-1"), ("--max-drop", "nan"), ("--max-slowdown", "0.5"), ("--max-slowdown", "inf")],
)
def test_senseless_limits_are_refused(tmp_path: Path, words: tuple[str, str]) -> None:
    done = RUNNER.invoke(app, options(*write_pair(tmp_path, Model(), Model(), 20), *words))
    assert done.exit_code == 2
    assert words[0] in done.stderr


def test_one_file_alone_is_not_compared(tmp_path: Path) -> None:
    done = RUNNER.invoke(app, ["gate", "--baseline", str(tmp_path / "a.json")])
    assert done.exit_code == 2
    assert "--candidate" in done.stderr
