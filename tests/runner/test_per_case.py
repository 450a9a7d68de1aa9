"""A run of its own for each case: times, isolation, and answers put together."""

import json
import sys
from pathlib import Path

import pytest

from evaluation.challenge import Protocol
from evaluation.per_case import take_apart
from evaluation.runner.draft import Challenge, RunOptions
from evaluation.runner.local import LocalEngine
from evaluation.runner.outcome import Outcome
from evaluation.runner.record import RunFile
from evaluation.runner.run import run_submission
from evaluation.runner.submission import CommandSubmission
from evaluation.running import make_check, open_challenge
from tests.protocols.folders import disc, write_csv, write_mask
from tests.runner.scenes import CLASS_PATH, IMAGE_PATH, MASK_PATH, SMALL, make_scene

UUSIC25 = """
import json, os, shutil, sys
source, manifest, output = sys.argv[1:]
entries = json.load(open(manifest))
print(len(entries), sorted(name for _, _, names in os.walk(source) for name in names))
for entry in entries:
    path = entry["img_path_relative"]
    if entry["task"] == "segmentation":
        os.makedirs(os.path.dirname(f"{output}/{path.replace('img', 'mask')}"))
        shutil.copy(f"{source}/{path}", f"{output}/{path.replace('img', 'mask')}")
    else:
        answers = {path: {"probability": [0.2, 0.8], "prediction": 1}, "another": 1}
        json.dump(answers, open(f"{output}/classification.json", "w"))
"""
FMC_UIA = """
import csv, glob, json, os, shutil, sys
source, output = sys.argv[1:]
(row,) = list(csv.DictReader(open(glob.glob(source + "/csv_files/*.csv")[0])))
assert os.path.isfile(f"{source}/csv_files/{row['image_path']}")
if row["task_name"] == "segmentation":
    os.makedirs(output + "/masks")
    shutil.copy(f"{source}/csv_files/{row['image_path']}", output + "/masks/1.png")
else:
    mine = {"image_path": row["image_path"], "task_id": row["task_id"]}
    mine |= {"predicted_class": 0, "predicted_probs": [1, 0]}
    rows = [mine, mine | {"image_path": "of another case"}]
    json.dump(rows, open(output + "/classification_predictions.json", "w"))
"""


def run(folder: Path, challenge: Challenge, body: str, *places: str) -> RunFile:
    """Run a script case by case."""
    script = folder / "submission.py"
    script.write_text(body)
    return run_submission(
        LocalEngine(),
        CommandSubmission((sys.executable, "-S", str(script), *places)),
        challenge,
        folder / "run",
        RunOptions(limits=SMALL, gpus="none"),
        name="by case",
        check=make_check(challenge.manifest),
        cases=take_apart(challenge),
    ).record


def run_uusic25(folder: Path, body: str = UUSIC25) -> RunFile:
    scene = make_scene(folder)
    return run(folder, scene.challenge, body, "{input}", "{input_json}", "{output}")


def test_each_case_sees_itself_alone_and_has_its_own_time(tmp_path: Path) -> None:
    record = run_uusic25(tmp_path)
    assert record.outcome == Outcome.OK, record.sentence
    cases = record.passes[0].cases
    assert [case.case_id.split("|")[1] for case in cases] == [IMAGE_PATH, CLASS_PATH]
    assert record.runtime_s == pytest.approx(sum(case.runtime_s for case in cases))
    log = (tmp_path / "run" / "log.txt").read_text()
    assert log.count("1 ['1.png']") == 2
    assert f"== {cases[0].case_id}: ok" in log
    predictions = tmp_path / "run" / "predictions"
    assert (predictions / MASK_PATH).is_file()
    assert set(json.loads((predictions / "classification.json").read_text())) == {CLASS_PATH}
    assert (tmp_path / "input" / IMAGE_PATH).stat().st_nlink == 1


def test_case_that_crashes_leaves_the_others_answers(tmp_path: Path) -> None:
    record = run_uusic25(tmp_path, UUSIC25 + "\nif entry['task'] == 'segmentation': raise SystemExit(9)")
    assert (record.outcome, record.fault) == (Outcome.CRASHED, "submission")
    assert record.sentence.startswith("1 of 2 cases failed; segmentation/Kidney|")
    assert [case.outcome for case in record.passes[0].cases] == [Outcome.CRASHED, Outcome.OK]
    assert [file.path for file in record.outputs] == ["classification.json", MASK_PATH]


def test_infrastructure_fault_ends_the_pass_and_is_tried_again(tmp_path: Path) -> None:
    record = run_uusic25(tmp_path, "import os; os.kill(os.getpid(), 9)")
    assert (record.outcome, record.fault) == (Outcome.KILLED_FROM_OUTSIDE, "infrastructure")
    assert len(record.passes[0].cases) == 1


def test_rows_of_fmc_uia_are_put_together_without_answers_for_others(tmp_path: Path) -> None:
    rows = [
        {"task_id": "s", "task_name": "segmentation", "num_classes": 2, "mask_path": "../masks/1.png"},
        {"task_id": "c", "task_name": "classification", "num_classes": 2},
        {"task_id": "d", "task_name": "classification", "num_classes": 2},
    ]
    write_csv(tmp_path / "input", [row | {"image_path": "../images/1 é,1.png"} for row in rows])
    write_mask(tmp_path / "input" / "images" / "1 é,1.png", disc())
    challenge = open_challenge(Protocol.FMC_UIA, tmp_path / "input", None)
    record = run(tmp_path, challenge, FMC_UIA, "{input}", "{output}")
    assert record.outcome == Outcome.OK, record.problems
    merged = json.loads((tmp_path / "run" / "predictions" / "classification_predictions.json").read_text())
    assert [row["task_id"] for row in merged] == ["c", "d"]
    assert len(record.passes[0].cases) == 3


def test_run_by_case_is_not_the_run_at_once(tmp_path: Path) -> None:
    first = run_uusic25(tmp_path)
    scene = make_scene(tmp_path)
    words = CommandSubmission(
        (sys.executable, "-S", str(tmp_path / "submission.py"), "{input}", "{input_json}", "{output}")
    )
    options = RunOptions(limits=SMALL, gpus="none")
    second = run_submission(
        LocalEngine(),
        words,
        scene.challenge,
        tmp_path / "run",
        options,
        name="x",
        check=make_check(scene.challenge.manifest),
    )
    assert not second.is_resumed
    assert second.record.outputs_sha256 != ""
    assert second.record.key != first.key
