"""``result.json``, ``cases.csv`` and ``run.json`` on disk."""

import csv
import json
from pathlib import Path

import jsonschema
import pytest

from evaluation.contract.errors import ConfigurationError
from evaluation.contract.problem import Problem
from evaluation.contract.result import Result, RunRecord
from evaluation.protocols.case_table import table_to_csv
from evaluation.protocols.uusic25.layout import read_manifest
from evaluation.result_files import read_run, show_schema, write_result
from evaluation.scoring import Scored, ScoringOptions, score_submission
from tests.protocols.folders import disc, uusic25_entry, write_json, write_mask

ODD_PATH = 'classification/Liver/imgs/a, "b"\u00a0é\n.png'
THIRD = 1 / 3


@pytest.fixture
def scored(tmp_path: Path) -> Scored:
    """Score a mask, three classes of which one is missing, and an AUC that is undefined."""
    write_mask(tmp_path / "masks" / "1.png", disc() * 255)
    write_mask(tmp_path / "out" / "segmentation" / "Kidney" / "masks" / "1.png", disc(radius=7) * 255)
    entries = [
        uusic25_entry(
            "segmentation/Kidney/imgs/1.png", "segmentation", "Kidney", mask_path_relative="masks/1.png"
        ),
        uusic25_entry(ODD_PATH, "classification", "Liver", class_label_index=1, patient_id="007"),
        uusic25_entry("c/imgs/2.png", "classification", "Liver", class_label_index=0),
        uusic25_entry("c/imgs/3.png", "classification", "Appendix", class_label_index=0),
    ]
    answers = {
        ODD_PATH: {"probability": [THIRD, 1 - THIRD], "prediction": 1},
        "c/imgs/3.png": {"probability": [0.1 + 0.2, 0.7], "prediction": 0},
    }
    write_json(tmp_path / "out" / "classification.json", answers)
    file = write_json(tmp_path / "truth.json", entries)
    manifest = read_manifest(file, images_dir=tmp_path, labelled=True)
    return score_submission(manifest, tmp_path / "out", ScoringOptions(n_resamples=40), name="mine")


def test_result_is_read_back_as_it_was(scored: Scored, tmp_path: Path) -> None:
    cases_file = write_result(scored, tmp_path / "deep" / "er" / "result.json")
    assert cases_file == tmp_path / "deep" / "er" / "cases.csv"
    text = (tmp_path / "deep" / "er" / "result.json").read_text(encoding="utf-8")
    assert Result.model_validate_json(text) == scored.result
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} in result.json"))


def test_cases_keep_every_bit_and_every_letter(scored: Scored, tmp_path: Path) -> None:
    cases_file = write_result(scored, tmp_path / "result.json")
    with cases_file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["case_id"] for row in rows] == scored.cases["case_id"].tolist()
    assert rows[1]["image_path"] == ODD_PATH
    assert rows[1]["patient_id"] == "007"
    assert float(rows[1]["probability_0"]) == THIRD
    assert float(rows[3]["probability_0"]) == 0.1 + 0.2
    assert float(rows[0]["dsc"]) == scored.cases["dsc"][0]
    assert [row["label"] for row in rows] == ["", "1", "0", "0"]
    assert [row["predicted"] for row in rows] == ["", "1", "", "0"]
    assert [row["status"] for row in rows] == ["ok", "ok", "failed", "ok"]
    assert rows[2]["dsc"] == ""


def test_table_without_classes_is_written_too(scored: Scored) -> None:
    table = scored.cases.drop(columns=["label", "predicted"])
    assert table_to_csv(table).decode().splitlines()[0].startswith("case_id,task_id,kind,image_path")


@pytest.mark.parametrize("record", [Result, RunRecord, Problem])
def test_schema_is_a_json_schema(record: type) -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(show_schema(record)))


def test_written_result_is_valid_under_its_own_schema(scored: Scored, tmp_path: Path) -> None:
    write_result(scored, tmp_path / "result.json")
    written = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))
    schema = json.loads(show_schema(Result))
    jsonschema.validate(written, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**written, "mode": "lenient"}, schema)


def test_folder_that_cannot_be_written_is_the_users_problem(scored: Scored, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        write_result(scored, tmp_path / "file" / "result.json")


def test_run_record_is_read_and_keys_of_a_runner_are_let_pass(tmp_path: Path) -> None:
    file = write_json(tmp_path / "run.json", {"runtime_s": 3, "peak_gpu_mib": 0.5, "image": "sha256:…"})
    assert read_run(file) == RunRecord(runtime_s=3.0, peak_gpu_mib=0.5)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{}", "runtime_s: Field required; peak_gpu_mib: Field required"),
        ('{"runtime_s": -1, "peak_gpu_mib": 0}', "runtime_s: Input should be greater than or equal to 0"),
        ('{"runtime_s": NaN, "peak_gpu_mib": 0}', "runtime_s"),
        ('{"runtime_s": 1e999, "peak_gpu_mib": 0}', "runtime_s"),
        ('{"runtime_s": 1' + "0" * 400 + ', "peak_gpu_mib": 0}', "runtime_s"),
        ('{"runtime_s": "soon", "peak_gpu_mib": 0}', "runtime_s"),
        ("[]", "record: "),
        ("{", "it is not JSON"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_broken_run_record_is_named_with_its_reason(tmp_path: Path, content: str, reason: str) -> None:
    file = tmp_path / "run.json"
    file.write_text(content)
    with pytest.raises(ConfigurationError, match=rf"run\.json: .*{reason}"):
        read_run(file)


def test_run_record_that_is_absent_a_folder_or_huge_is_refused(tmp_path: Path) -> None:
    for place in ("absent.json", "."):
        with pytest.raises(ConfigurationError, match="cannot be read"):
            read_run(tmp_path / place)
    huge = tmp_path / "huge.json"
    with huge.open("wb") as stream:
        stream.truncate(2**30)
    with pytest.raises(ConfigurationError, match="larger than"):
        read_run(huge)
