"""The two commands: what they write, and what they refuse."""

import json
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from evaluation.contract.errors import ConfigurationError
from sample_data import degrade, generate
from sample_data.generate import LayoutName, SizeName

SAMPLES = Path(generate.__file__).parent
CASES = 80
RUNNER = CliRunner()


def small_set(out: Path, seed: int, jobs: int = 1) -> Path:
    generate.generate(LayoutName.UUSIC25, CASES, SizeName.SMALL, seed, out, jobs)
    return out


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_set(tmp_path_factory.mktemp("one") / "set", 1_000_000_005)


def test_record_names_the_seed_and_its_purpose(generated: Path) -> None:
    record = json.loads((generated / "generator.json").read_text(encoding="utf-8"))
    assert record["seed"] == 1_000_000_005
    assert record["purpose"] == "training"
    assert record["cases"] == CASES == len(json.loads((generated / "ground_truth.json").read_text()))
    assert record["pictures"] == sum(path.is_file() for path in (generated / "images").rglob("*"))


def test_two_processes_write_the_same_files_as_one(generated: Path, tmp_path: Path) -> None:
    again = small_set(tmp_path / "again", 1_000_000_005, jobs=2)
    files = sorted(path.relative_to(generated) for path in generated.rglob("*") if path.is_file())
    assert files == sorted(path.relative_to(again) for path in again.rglob("*") if path.is_file())
    assert all((generated / file).read_bytes() == (again / file).read_bytes() for file in files)


def test_labelled_tree_holds_images_masks_and_labels_together(tmp_path: Path) -> None:
    generate.generate(LayoutName.FMC_UIA, 152, SizeName.SMALL, 3, tmp_path / "set", 1, labelled_tree=True)
    labelled = {p.relative_to(tmp_path / "set/labelled") for p in (tmp_path / "set/labelled").rglob("*")}
    for part in ("input", "references"):
        assert {
            p.relative_to(tmp_path / "set" / part) for p in (tmp_path / "set" / part).rglob("*")
        } <= labelled
    table = "csv_files/classification.csv"
    assert (tmp_path / "set/labelled" / table).read_bytes() == (
        tmp_path / "set/references" / table
    ).read_bytes()


def test_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(ConfigurationError, match="Expected argument `out`"):
        small_set(tmp_path, 1)


def test_negative_seed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"Expected argument `seed`.*got -1"):
        small_set(tmp_path / "set", -1)


def test_labelled_tree_of_uusic25_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="Expected argument `labelled_tree`"):
        generate.generate(
            LayoutName.UUSIC25, CASES, SizeName.SMALL, 1, tmp_path / "set", 1, labelled_tree=True
        )


def test_command_line_reports_too_few_cases_without_a_traceback(tmp_path: Path) -> None:
    app = typer.Typer()
    app.command()(generate.main)
    result = RUNNER.invoke(app, ["--layout", "uusic25", "--cases", "5", "--out", str(tmp_path / "set")])
    assert result.exit_code == 2
    assert "Expected argument `cases`" in result.output
    assert not (tmp_path / "set").exists()


def test_degraded_uusic25_submission_answers_every_entry(tmp_path: Path) -> None:
    truth = json.loads((SAMPLES / "uusic25/ground_truth.json").read_text(encoding="utf-8"))
    assert list(degrade.degrade_uusic25(SAMPLES / "uusic25", tmp_path, 2))[-1] == len(truth)
    answers = json.loads((tmp_path / "classification.json").read_text(encoding="utf-8"))
    right = wrong = 0
    for entry in truth:
        path = entry["img_path_relative"]
        if entry["task"] == "segmentation":
            with Image.open(tmp_path / path.replace("img", "mask")) as image:
                assert image.format == "PNG"
                assert list(image.size) == entry["img_dimensions"]
                assert set(np.unique(np.asarray(image)).tolist()) <= {0, 255}
            continue
        odds = answers[path]["probability"]
        assert len(odds) == (4 if entry["dataset_name"] == "Breast_luminal" else 2)
        assert sum(odds) == pytest.approx(1.0, abs=1e-9)
        assert answers[path]["prediction"] == int(np.argmax(odds))
        hit = answers[path]["prediction"] == entry["class_label_index"]
        right, wrong = right + hit, wrong + (not hit)
    assert right > wrong > 0


def test_degraded_fmc_uia_submission_answers_every_row(tmp_path: Path) -> None:
    references = SAMPLES / "fmc_uia/references"
    count = list(degrade.degrade_fmc_uia(references, tmp_path, 2))[-1]
    answered = sum(path.is_file() for path in (tmp_path / "Segmentation").rglob("*"))
    for kind in ("classification", "detection", "regression"):
        records = json.loads((tmp_path / f"{kind}_predictions.json").read_text(encoding="utf-8"))
        answered += len(records)
        for record in records:
            assert sum(record.get("predicted_probs", [1.0])) == pytest.approx(1.0, abs=1e-9)
            x_min, y_min, x_max, y_max = record.get("bbox_pixels", [0, 0, 1, 1])
            assert x_min < x_max
            assert y_min < y_max
    assert answered == count


def test_degraded_masks_differ_but_overlap() -> None:
    mask = np.zeros((96, 128), dtype=np.uint8)
    mask[30:70, 40:90] = 2
    scores = []
    for seed in range(20):
        worse = degrade.degrade_mask(mask, np.random.default_rng(seed))
        both = ((worse == 2) & (mask == 2)).sum()
        scores.append(2 * both / ((worse == 2).sum() + (mask == 2).sum()))
    assert 0.7 < min(scores) < 0.97


def test_degraded_labels_flip_about_a_quarter_of_the_time() -> None:
    rng = np.random.default_rng(0)
    wrong = [int(np.argmax(degrade.degrade_label(2, 4, rng))) != 2 for _ in range(600)]
    assert 0.15 < np.mean(wrong) < 0.4


def test_degrade_command_refuses_a_folder_without_references(tmp_path: Path) -> None:
    app = typer.Typer()
    app.command()(degrade.main)
    result = RUNNER.invoke(
        app, ["--layout", "uusic25", "--references", str(tmp_path), "--out", str(tmp_path / "o")]
    )
    assert result.exit_code == 2
    assert "ground_truth.json" in result.output
