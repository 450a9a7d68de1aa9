"""Challenges packed for the platforms are unpacked and run here as the platforms do, without an engine."""

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from evaluation.contract.result import Result
from leaderboard.__main__ import app
from leaderboard.export.programs import codabench, grand_challenge, job
from leaderboard.metric import list_metrics
from tests.leaderboard.export_scenes import (
    PREDICTIONS,
    REFERENCE,
    SAMPLES,
    export,
    lay_out_codabench,
    lay_out_grand_challenge,
    score_here,
    split_predictions,
    unpack,
)

PROTOCOLS = ["uusic25", "fmc_uia"]


def assert_same(found: dict[str, float], result: Result) -> None:
    """Hold a platform's numbers against the project's own."""
    expected = {name: score.value for name, score in result.summary.items() if score.value is not None}
    assert found.pop("n_failed") == result.n_failed > 0
    assert found == expected


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_codabench_program_scores_as_the_command_does(tmp_path: Path, protocol: str) -> None:
    bundle = export("codabench", protocol, tmp_path / "bundle")
    app_dir = tmp_path / "app"
    command = lay_out_codabench(bundle, PREDICTIONS[protocol], app_dir)
    words = [word.replace("/app", str(app_dir)) for word in shlex.split(command)]
    # The working folder is where Python finds the program's own packages.
    done = subprocess.run(
        [sys.executable, *words[1:]],
        cwd=app_dir / "program",
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert words[0] == "python3"
    assert done.returncode == 0, done.stderr
    output = app_dir / "output"
    here = score_here(protocol, PREDICTIONS[protocol])
    assert_same(json.loads((output / "scores.json").read_text()), here)
    assert "<td>all tasks</td>" in (output / "detailed_results.html").read_text()
    scored = Result.model_validate_json((output / "result.json").read_bytes())
    assert scored.tasks == here.tasks
    assert scored.manifest_sha256 == here.manifest_sha256
    assert {file.name for file in output.iterdir()} == {"scores.json", "detailed_results.html", "result.json"}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_bundle_holds_what_the_platform_unpacks(tmp_path: Path, protocol: str) -> None:
    """As `unpackers/v2.py` and `base_unpacker.py` read a bundle."""
    folder = unpack(export("codabench", protocol, tmp_path / "bundle") / "competition.zip", tmp_path / "b")
    described: dict[str, Any] = yaml.safe_load((folder / "competition.yaml").read_text())
    assert described["version"] == 2
    files = [described["terms"], described["image"], *(page["file"] for page in described["pages"])]
    phase, task = described["phases"][0], described["tasks"][0]
    files += [task["scoring_program"], task["reference_data"], phase["starting_kit"], phase["public_data"]]
    assert all((folder / file).stat().st_size > 0 for file in files)
    assert (folder / described["image"]).read_bytes().startswith(b"\x89PNG")
    assert phase["tasks"] == [task["index"]]
    assert phase["start"] == "2026-05-01"
    columns = described["leaderboards"][0]["columns"]
    assert [column["index"] for column in columns] == list(range(len(columns)))
    assert [column["key"] for column in columns][:-1] == [metric.key for metric in list_metrics(protocol)]
    directions = {column["key"]: column["sorting"] for column in columns}
    assert directions["n_failed"] == "asc"
    assert set(directions.values()) == {"asc", "desc"}
    if protocol == "fmc_uia":
        assert [key for key, way in directions.items() if way == "asc"] == ["hd_px", "mre_px", "n_failed"]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_starting_kit_checks_a_submission_and_what_participants_get_has_no_label(
    tmp_path: Path, protocol: str
) -> None:
    folder = unpack(export("codabench", protocol, tmp_path / "bundle") / "competition.zip", tmp_path / "b")
    kit = unpack(folder / "starting_kit.zip", tmp_path / "kit")
    unpack(folder / "public_data.zip", kit)
    line = next(line for line in (kit / "README.md").read_text().splitlines() if "evaluation check" in line)
    words = shlex.split(line.replace("PREDICTIONS", str(PREDICTIONS[protocol])))
    done = subprocess.run([sys.executable, *words[1:]], cwd=kit, capture_output=True, text=True, check=False)
    # The golden predictions leave some cases out, and the check says which.
    assert done.returncode == 2
    assert "[missing]" in done.stdout
    names = {file.relative_to(kit).as_posix() for file in kit.rglob("*") if file.is_file()}
    assert not [name for name in names if "ground_truth" in name or "references" in name]
    assert not [name for name in names if name.endswith(".csv")] or protocol == "fmc_uia"


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_grand_challenge_scores_all_jobs_as_one_submission(
    tmp_path: Path, protocol: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    container = export("grand-challenge", protocol, tmp_path / "container")
    jobs = split_predictions(protocol, tmp_path / "jobs", 3)
    inputs, truth = lay_out_grand_challenge(container, jobs, tmp_path / "run")
    places = {"INPUT": inputs, "OUTPUT": tmp_path / "output", "GROUND_TRUTH": truth}
    for name, place in places.items():
        monkeypatch.setattr(grand_challenge, name, place)
    monkeypatch.setattr(job, "JOB_FILE", container / "context" / "program" / "job.json")
    assert grand_challenge.main() == 0
    metrics = json.loads((tmp_path / "output" / "metrics.json").read_text())
    here = score_here(protocol, PREDICTIONS[protocol])
    assert_same(metrics["aggregates"], here)
    assert metrics["n_jobs"] == 3
    assert metrics["runtime_s"] == pytest.approx(4.5)
    assert len(metrics["results"]) == len(here.tasks)


def test_program_that_was_not_packed_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(job, "JOB_FILE", tmp_path / "job.json")
    monkeypatch.setattr("sys.argv", ["codabench", str(tmp_path), str(tmp_path)])
    assert codabench.main() == 2
    assert "export the challenge again" in capsys.readouterr().err
    monkeypatch.setattr("sys.argv", ["codabench"])
    assert codabench.main() == 2
    monkeypatch.setattr(grand_challenge, "INPUT", tmp_path)
    assert grand_challenge.main() == 2
    assert "predictions.json" in capsys.readouterr().err


def test_detailed_results_escape_what_a_submission_chose(tmp_path: Path) -> None:
    result = score_here("uusic25", PREDICTIONS["uusic25"])
    task = result.tasks[0].model_copy(update={"task_id": "<script>alert(1)</script>"})
    page = codabench.render_page(result.model_copy(update={"tasks": (task,)}))
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_packed_program_holds_no_reference_and_nothing_of_the_models(tmp_path: Path) -> None:
    program = export("grand-challenge", "fmc_uia", tmp_path / "out") / "context" / "program"
    names = {file.relative_to(program).as_posix() for file in program.rglob("*") if file.is_file()}
    assert {name.split("/")[0] for name in names} == {"evaluation", "leaderboard", "job.json"}
    assert not [name for name in names if "bench/" in name or name.startswith("leaderboard/gate")]


def test_same_challenge_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = (
        export("codabench", "uusic25", tmp_path / name) / "competition.zip" for name in ("a", "b")
    )
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--input", str(SAMPLES / "fmc_uia" / "references")], "without labels"),
        (["--input", str(SAMPLES / "nowhere")], "input folder"),
        (["--images", str(SAMPLES)], "belong to uusic25"),
        (["--start", "2026-05-01"], "--image NAME"),
        (["--image", "a", "--start", "2026-05-02", "--end", "2026-05-01"], "later than"),
    ],
)
def test_what_cannot_be_exported_is_named(tmp_path: Path, words: list[str], message: str) -> None:
    base = ["export", "codabench", "--protocol", "fmc_uia", *REFERENCE["fmc_uia"]]
    done = CliRunner().invoke(app, [*base, "--out", str(tmp_path / "out"), *words])
    assert done.exit_code == 2
    assert message in done.stderr
    assert not (tmp_path / "out").exists()


def test_labelled_manifest_is_never_given_to_participants(tmp_path: Path) -> None:
    base = ["export", "codabench", "--protocol", "uusic25", *REFERENCE["uusic25"], "--image", "a"]
    given = ["--input", str(SAMPLES / "uusic25" / "images")]
    labelled = ["--manifest", str(SAMPLES / "uusic25" / "ground_truth.json")]
    words = [*base, "--start", "2026-05-01", *given, *labelled, "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 2
    assert "mask_name" in done.stderr


def export_input(protocol: str, folder: Path, out: Path) -> Path:
    """Export a bundle with this input folder; return what participants get, unpacked."""
    words = ["export", "codabench", "--protocol", protocol, *REFERENCE[protocol], "--input", str(folder)]
    words += ["--image", "a", "--start", "2026-05-01", "--out", str(out / "bundle")]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    return unpack(unpack(out / "bundle" / "competition.zip", out / "b") / "public_data.zip", out / "given")


def test_references_that_lie_beside_the_images_are_never_given_to_participants(tmp_path: Path) -> None:
    mixed = tmp_path / "mixed"
    shutil.copytree(SAMPLES / "uusic25" / "images", mixed)
    shutil.copytree(SAMPLES / "uusic25" / "references", mixed, dirs_exist_ok=True)
    shutil.copy(SAMPLES / "uusic25" / "ground_truth.json", mixed)
    shutil.copy(SAMPLES / "uusic25" / "manifest.json", mixed)
    given = export_input("uusic25", mixed, tmp_path)
    names = {file.relative_to(given).as_posix() for file in given.rglob("*") if file.is_file()}
    asked = json.loads((SAMPLES / "uusic25" / "manifest.json").read_text())
    assert names == {"manifest.json", *(f"input/{entry['img_path_relative']}" for entry in asked)}


def test_boxes_and_keys_beside_fmc_uias_images_are_never_given_to_participants(tmp_path: Path) -> None:
    mixed = tmp_path / "mixed"
    shutil.copytree(SAMPLES / "fmc_uia" / "input", mixed)
    (mixed / "Detection" / "Annotations").mkdir()
    (mixed / "Detection" / "Annotations" / "0000.xml").write_text("<box/>")
    (mixed / "csv_files" / "answers.json").write_text("{}")
    given = export_input("fmc_uia", mixed, tmp_path)
    assert not [file for file in given.rglob("*") if file.suffix in {".xml", ".json"}]


def test_input_folder_without_the_images_is_refused(tmp_path: Path) -> None:
    base = ["export", "codabench", "--protocol", "uusic25", *REFERENCE["uusic25"], "--image", "a"]
    words = [*base, "--start", "2026-05-01", "--input", str(SAMPLES / "uusic25")]
    done = CliRunner().invoke(app, [*words, "--out", str(tmp_path / "out")])
    assert done.exit_code == 2
    assert "Expected its image at" in done.stderr
    assert not (tmp_path / "out").exists()


def test_folder_that_is_not_empty_is_kept(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x")
    words = ["export", "grand-challenge", "--protocol", "fmc_uia", *REFERENCE["fmc_uia"]]
    done = CliRunner().invoke(app, [*words, "--out", str(tmp_path)])
    assert done.exit_code == 2
    assert [file.name for file in tmp_path.iterdir()] == ["mine"]
