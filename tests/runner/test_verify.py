"""A run bound to its manifest, its score, and what `verify` notices."""

import json
from pathlib import Path

import pytest

from evaluation.challenge import Protocol
from evaluation.contract.errors import ConfigurationError, ManifestError
from evaluation.running import ReferencePlace, open_challenge, score_run, verify_run
from evaluation.scoring import ScoringOptions
from tests.protocols.folders import disc, write_csv, write_json, write_mask
from tests.runner.scenes import ANSWER, MASK_PATH, Scene, make_scene

OPTIONS = ScoringOptions(n_resamples=20, seed=3, n_processes=1)


@pytest.fixture
def scored(tmp_path: Path) -> Scene:
    """Run and score a submission."""
    scene = make_scene(tmp_path)
    scene.run(ANSWER)
    score_run(scene.out, scene.reference, OPTIONS)
    return scene


def test_score_carries_the_run_and_the_run_says_how_it_was_scored(scored: Scene) -> None:
    result = json.loads((scored.out / "result.json").read_text())
    record = json.loads((scored.out / "run.json").read_text())
    assert result["run"]["image_digest"] == record["image_digest"]
    assert result["run"]["asked_sha256"] == record["input"]["asked_sha256"]
    assert result["run"]["outcome"] == "ok"
    assert result["run"]["runtime_s"] == record["runtime_s"]
    assert record["scoring"]["seed"] == 3
    assert record["seeds"] == {"bootstrap": 3}
    assert scored.run(ANSWER).is_resumed


def test_untouched_run_verifies(scored: Scene) -> None:
    assert verify_run(scored.out) == []


def test_each_change_is_named(scored: Scene) -> None:
    predictions = scored.out / "predictions"
    write_mask(predictions / MASK_PATH, disc() * 255)
    (predictions / "classification.json").unlink()
    (predictions / "new.txt").write_text("x")
    (scored.out / "log.txt").write_text("x")
    changes = verify_run(scored.out)
    assert f"predictions/{MASK_PATH}: was changed after the run" in changes
    assert "predictions/classification.json: is gone" in changes
    assert "predictions/new.txt: was added after the run" in changes
    assert "log.txt: was changed after it was written" in changes
    assert "scoring again gives another table of cases" in changes
    assert "result.json: `summary` differs when scored again" in changes


def test_better_time_written_into_run_json_is_noticed(scored: Scene) -> None:
    file = scored.out / "run.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"runtime_s": 0.001}))
    assert verify_run(scored.out) == [
        "run.json: was changed after it was written",
        "result.json: `run` differs when scored again",
    ]


def test_unscored_run_whose_outcome_or_memory_was_edited_is_noticed(tmp_path: Path) -> None:
    scene = make_scene(tmp_path)
    scene.run("raise SystemExit(3)")
    assert verify_run(scene.out) == []
    file = scene.out / "run.json"
    file.write_text(file.read_text().replace('"crashed"', '"ok"'))
    (scene.out / "memory.csv").write_text("t_s,gpu_mib,host_mib\n")
    assert verify_run(scene.out) == [
        "run.json: was changed after it was written",
        "memory.csv: was changed after it was written",
    ]


def test_changed_input_is_noticed_where_it_is_given(scored: Scene) -> None:
    images = scored.folder / "input"
    assert verify_run(scored.out, input_dir=images) == []
    (images / "more.txt").write_text("x")
    assert verify_run(scored.out) == []
    assert verify_run(scored.out, input_dir=images) == [f"{images}: is not what the submission was given"]


def test_changed_reference_is_noticed(scored: Scene) -> None:
    write_mask(scored.folder / "references" / MASK_PATH, disc(radius=3) * 255)
    assert "result.json: `reference_sha256` differs when scored again" in verify_run(scored.out)


def test_references_that_moved_are_asked_for(scored: Scene) -> None:
    (scored.folder / "truth.json").rename(scored.folder / "moved.json")
    with pytest.raises(ConfigurationError, match="name them with --reference"):
        verify_run(scored.out)
    assert (
        verify_run(scored.out, ReferencePlace(scored.folder / "moved.json", scored.folder / "references"))
        == []
    )


def test_run_of_another_manifest_is_not_scored(scored: Scene) -> None:
    entries = json.loads((scored.folder / "truth.json").read_text())
    write_json(scored.folder / "truth.json", entries[:1])
    with pytest.raises(ConfigurationError, match="made on another manifest"):
        score_run(scored.out, scored.reference, OPTIONS)


def test_run_that_never_was_is_not_scored(tmp_path: Path) -> None:
    scene = make_scene(tmp_path)
    with pytest.raises(ConfigurationError, match="name the folder that `run --out` wrote"):
        score_run(scene.out, scene.reference, OPTIONS)
    scene.run("import os; os.kill(os.getpid(), 9)")
    with pytest.raises(ConfigurationError, match="killed_from_outside, so there is nothing to score"):
        score_run(scene.out, scene.reference, OPTIONS)


def test_crashed_submission_is_scored_on_what_it_wrote(tmp_path: Path) -> None:
    scene = make_scene(tmp_path)
    scene.run(ANSWER + "os.remove(output + '/classification.json')\nraise SystemExit(1)")
    result = score_run(scene.out, scene.reference, OPTIONS).result
    assert (result.n_cases, result.n_failed) == (2, 1)
    assert result.run is not None
    assert result.run.outcome == "crashed"


@pytest.mark.parametrize(
    "field", ["mask_path_relative", "class_label_index", "class_label_name", "seg_target_info"]
)
def test_manifest_that_carries_labels_is_refused(tmp_path: Path, field: str) -> None:
    scene = make_scene(tmp_path)
    entries = json.loads((tmp_path / "manifest.json").read_text())
    entries[1][field] = 0
    file = write_json(tmp_path / "labelled.json", entries)
    with pytest.raises(ManifestError, match=f"entry 1: {field}"):
        open_challenge(Protocol.UUSIC25, scene.challenge.input_dir, file)


@pytest.mark.parametrize("place", ["input", "input/inside"])
def test_reference_in_the_input_folder_is_refused(tmp_path: Path, place: str) -> None:
    make_scene(tmp_path)
    file = write_json(tmp_path / place / "truth.json", [])
    with pytest.raises(ConfigurationError, match="where the submission could read it"):
        open_challenge(
            Protocol.UUSIC25,
            tmp_path / "input",
            tmp_path / "manifest.json",
            ReferencePlace(file, tmp_path / "references"),
        )


def test_masks_in_the_tree_of_the_images_are_refused(tmp_path: Path) -> None:
    scene = make_scene(tmp_path)
    write_mask(tmp_path / "input" / MASK_PATH, disc())
    with pytest.raises(ManifestError, match=f"entry 0: the mask {MASK_PATH} lies in the input folder"):
        open_challenge(Protocol.UUSIC25, scene.challenge.input_dir, tmp_path / "manifest.json")


def test_masks_of_any_name_in_the_tree_of_the_images_are_refused(tmp_path: Path) -> None:
    scene = make_scene(tmp_path)
    write_mask(tmp_path / "input" / "labels" / "1.png", disc())
    entries = json.loads((tmp_path / "truth.json").read_text())
    entries[0]["mask_path_relative"] = "labels/1.png"
    place = ReferencePlace(write_json(tmp_path / "other.json", entries), scene.challenge.input_dir)
    with pytest.raises(ConfigurationError, match="a reference mask lies in the input folder"):
        open_challenge(Protocol.UUSIC25, scene.challenge.input_dir, tmp_path / "manifest.json", place)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"task_name": "classification", "mask": "0"}, "mask"),
        ({"task_name": "detection", "x_min": "0"}, "x_min"),
        ({"task_name": "Regression", "point_2_xy": "[1, 2]"}, "point_2_xy"),
    ],
)
def test_csv_that_carries_labels_is_refused(tmp_path: Path, fields: dict[str, str], words: str) -> None:
    row = {"task_id": "a", "num_classes": 2, "image_path": "../images/1.png"}
    write_csv(tmp_path, [row | fields])
    write_mask(tmp_path / "images" / "1.png", disc())
    with pytest.raises(ManifestError, match=f"tasks.csv row 2: {words}"):
        open_challenge(Protocol.FMC_UIA, tmp_path, None)


def test_mask_that_lies_in_the_input_folder_is_refused_and_its_name_alone_is_not(tmp_path: Path) -> None:
    row = {"task_id": "a", "task_name": "segmentation", "num_classes": 2, "image_path": "../images/1.png"}
    write_csv(tmp_path, [row | {"mask_path": "../masks/1.png"}])
    write_mask(tmp_path / "images" / "1.png", disc())
    open_challenge(Protocol.FMC_UIA, tmp_path, None)
    write_mask(tmp_path / "masks" / "1.png", disc())
    with pytest.raises(ManifestError, match="lies in the input folder"):
        open_challenge(Protocol.FMC_UIA, tmp_path, None)
