"""The main loop: what a result records, and that it does not depend on processes or order."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from evaluation.contract.errors import ConfigurationError, HarnessError, ManifestError
from evaluation.contract.manifest import Manifest
from evaluation.contract.problem import Code
from evaluation.contract.result import RunRecord
from evaluation.parallel import run_jobs
from evaluation.protocols.fmc_uia.layout import read_manifest
from evaluation.scoring import MAX_LISTED_PROBLEMS, ScoringOptions, score_submission
from tests.protocols.folders import disc, write_csv, write_json, write_mask

QUICK = ScoringOptions(n_resamples=0, n_processes=1)


def segmentation(folder: Path, n_cases: int, **columns: object) -> Manifest:
    """Write `n_cases` discs, predicted one pixel further right, and read the manifest."""
    rows = []
    for number in range(n_cases):
        path = f"masks/{number:03d}.png"
        mask = disc(16, 20, y=8, x=8, radius=2 + number % 5)
        write_mask(folder / "reference" / path, mask)
        write_mask(folder / "out" / path, np.roll(mask, 1, axis=1))
        row = {"task_id": "s", "task_name": "segmentation", "num_classes": 2}
        rows.append(row | {"image_path": f"../images/{number:03d}.png", "mask_path": f"../{path}"} | columns)
    write_csv(folder / "reference", rows)
    return read_manifest(folder / "reference", labelled=True)


def test_result_records_what_was_scored_and_how(tmp_path: Path) -> None:
    manifest = segmentation(tmp_path, 3)
    (tmp_path / "out" / "masks" / "001.png").unlink()
    run = RunRecord(runtime_s=12.5, peak_gpu_mib=0)
    options = ScoringOptions(n_resamples=20, seed=7, interval="bca", n_processes=1)
    scored = score_submission(manifest, tmp_path / "out", options, name="mine", run=run)
    result = scored.result
    assert (result.submission, result.protocol, result.mode) == ("mine", "fmc_uia", "strict")
    assert (result.n_cases, result.n_failed, result.n_problems) == (3, 1, 1)
    assert result.manifest_sha256 == manifest.sha256
    assert result.run == run
    assert result.bootstrap is not None
    assert result.bootstrap.model_dump() == {"n_resamples": 20, "seed": 7, "unit": "case", "method": "bca"}
    assert result.problems[0].code is Code.MISSING
    assert result.problems[0].case_id == "s|../images/001.png"
    assert any("missing or invalid prediction" in rule for rule in result.rules)


def test_table_has_one_row_a_case_with_status_reason_and_metrics(tmp_path: Path) -> None:
    manifest = segmentation(tmp_path, 2)
    (tmp_path / "out" / "masks" / "001.png").unlink()
    cases = score_submission(manifest, tmp_path / "out", QUICK, name="mine").cases
    assert cases["case_id"].tolist() == [case.case_id for case in manifest.cases]
    assert cases["status"].tolist() == ["ok", "failed"]
    assert "is missing" in cases["reason"][1]
    assert cases["dsc"][1] == 0.0
    assert cases["hd_px"][1] == pytest.approx(np.hypot(16, 20), abs=1e-12)


def test_patients_are_resampled_as_clusters_where_they_are_known(tmp_path: Path) -> None:
    manifest = segmentation(tmp_path, 4, patient_id="p")
    options = ScoringOptions(n_resamples=50, n_processes=1)
    result = score_submission(manifest, tmp_path / "out", options, name="mine").result
    assert result.bootstrap is not None
    assert result.bootstrap.unit == "patient"
    # one patient is drawn every time, so nothing varies
    interval = result.tasks[0].scores["dsc"].interval
    assert interval is not None
    assert interval.low == pytest.approx(interval.high, abs=1e-12)


def test_without_resamples_there_is_no_bootstrap_and_no_interval(tmp_path: Path) -> None:
    result = score_submission(segmentation(tmp_path, 2), tmp_path / "out", QUICK, name="mine").result
    assert result.bootstrap is None
    assert result.tasks[0].scores["dsc"].interval is None


def test_two_processes_give_the_result_of_one(tmp_path: Path) -> None:
    manifest = segmentation(tmp_path, 230)
    (tmp_path / "out" / "masks" / "007.png").write_bytes(b"no image")
    one = score_submission(manifest, tmp_path / "out", QUICK, name="mine")
    done: list[int] = []
    two = score_submission(
        manifest,
        tmp_path / "out",
        ScoringOptions(n_resamples=0, n_processes=2),
        name="mine",
        progress=lambda what, n, total: done.append(n) if (what, total) == ("masks", 230) else None,
    )
    assert two.result.model_dump(exclude={"provenance"}) == one.result.model_dump(exclude={"provenance"})
    assert done == list(range(1, 231))
    assert two.cases.equals(one.cases)


def die(number: int) -> int:
    """End the process without a word, as the kernel does when memory runs out."""
    if number == 150:
        os._exit(1)
    return number


def test_killed_process_is_the_harnesss_fault_and_no_hang() -> None:
    with pytest.raises(HarnessError, match="a scoring process was killed"):
        run_jobs(die, list(range(300)), n_processes=2)


def test_reference_hash_changes_with_a_reference_mask_and_not_with_a_prediction(tmp_path: Path) -> None:
    manifest = segmentation(tmp_path, 3)
    first = score_submission(manifest, tmp_path / "out", QUICK, name="mine").result.reference_sha256
    write_mask(tmp_path / "out" / "masks" / "000.png", disc(16, 20))
    same = score_submission(manifest, tmp_path / "out", QUICK, name="mine").result.reference_sha256
    write_mask(tmp_path / "reference" / "masks" / "000.png", disc(16, 20, radius=1))
    other = score_submission(manifest, tmp_path / "out", QUICK, name="mine").result.reference_sha256
    assert first == same != other


def test_damaged_references_are_the_organisers_problem_all_of_them_at_once(tmp_path: Path) -> None:
    manifest = segmentation(tmp_path, 4, image_width=20, image_height=16)
    (tmp_path / "reference" / "masks" / "000.png").write_bytes(b"no image")
    write_mask(tmp_path / "reference" / "masks" / "002.png", disc(5, 5))
    with pytest.raises(ManifestError, match=r"2 reference\(s\) cannot be used") as caught:
        score_submission(manifest, tmp_path / "out", QUICK, name="mine")
    assert "000.png: not a readable PNG" in str(caught.value)
    assert "002.png: mask is 5×5, image is 16×20" in str(caught.value)


def test_unlabelled_manifest_cannot_be_scored(tmp_path: Path) -> None:
    segmentation(tmp_path, 1)
    unlabelled = read_manifest(tmp_path / "reference")
    with pytest.raises(ManifestError, match="no case with a reference"):
        score_submission(unlabelled, tmp_path / "out", QUICK, name="mine")


@pytest.mark.parametrize("place", ["absent", "file"])
def test_folder_of_predictions_must_exist(tmp_path: Path, place: str) -> None:
    manifest = segmentation(tmp_path, 1)
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="expected the folder of a submission's predictions"):
        score_submission(manifest, tmp_path / place, QUICK, name="mine")


def test_problems_are_counted_in_full_and_listed_up_to_a_limit(tmp_path: Path) -> None:
    n_cases = MAX_LISTED_PROBLEMS + 5
    rows = [
        {"task_id": "c", "task_name": "classification", "num_classes": 2, "image_path": f"{i}.png", "mask": 0}
        for i in range(n_cases)
    ]
    write_csv(tmp_path, rows)
    write_json(tmp_path / "classification_predictions.json", [])
    result = score_submission(read_manifest(tmp_path, labelled=True), tmp_path, QUICK, name="mine").result
    assert (result.n_problems, len(result.problems), result.n_failed) == (
        n_cases,
        MAX_LISTED_PROBLEMS,
        n_cases,
    )


def test_missing_json_is_one_problem_of_the_file_and_one_a_case(tmp_path: Path) -> None:
    rows = [
        {"task_id": "c", "task_name": "classification", "num_classes": 2, "image_path": f"{i}.png", "mask": i}
        for i in range(2)
    ]
    write_csv(tmp_path / "reference", rows)
    (tmp_path / "out").mkdir()
    manifest = read_manifest(tmp_path / "reference", labelled=True)
    result = score_submission(manifest, tmp_path / "out", QUICK, name="mine").result
    assert [(p.code, p.case_id) for p in result.problems] == [
        (Code.MISSING, None),
        (Code.MISSING, "c|0.png"),
        (Code.MISSING, "c|1.png"),
    ]
    assert result.tasks[0].n_failed == 2


def test_written_result_holds_no_nan(tmp_path: Path) -> None:
    write_csv(
        tmp_path,
        [{"task_id": "c", "task_name": "classification", "num_classes": 3, "image_path": "i", "mask": 0}],
    )
    (tmp_path / "out").mkdir()
    manifest = read_manifest(tmp_path, labelled=True)
    result = score_submission(manifest, tmp_path / "out", ScoringOptions(n_resamples=30), name="mine").result
    text = json.dumps(result.model_dump(mode="json"), allow_nan=False)
    assert json.loads(text)["tasks"][0]["scores"]["auc"] == {
        "value": None,
        "status": "undefined",
        "reason": "no reference of class 1, 2",
        "interval": None,
    }
