"""A prepared folder with some of its tasks asks and scores those alone."""

from pathlib import Path

import numpy as np
import pytest

from evaluation.contract.errors import ConfigurationError
from evaluation.protocols.fmc_uia import layout as fmc_uia
from evaluation.protocols.fmc_uia.predictions import PredictionWriter
from evaluation.protocols.uusic25 import layout as uusic25
from evaluation.scoring import ScoringOptions, score_submission
from tests.train.nnunet.prepared import write_prepared_fmc_uia, write_prepared_uusic25
from train.nnunet.labelled import read_asked
from train.nnunet.subset import select_tasks


def test_both_sides_hold_the_chosen_tasks_and_their_files(tmp_path: Path) -> None:
    folder, out = write_prepared_fmc_uia(tmp_path / "f"), tmp_path / "out"
    assert select_tasks(folder, ["quarters", "box"], out) == 6
    asked = fmc_uia.read_manifest(out / "input")
    labelled = fmc_uia.read_manifest(out / "references", labelled=True)
    assert set(asked.tasks) == set(labelled.tasks) == {"quarters", "box"}
    assert all(case.image_file.is_file() for case in asked.cases)
    assert not (out / "references" / "Segmentation" / "halves").exists()


def test_a_specialist_that_answers_its_task_fails_no_case_there(tmp_path: Path) -> None:
    folder, out = write_prepared_fmc_uia(tmp_path / "f"), tmp_path / "out"
    select_tasks(folder, ["quarters"], out)
    asked = read_asked(folder, "quarters")
    with PredictionWriter(asked, tmp_path / "predictions") as writer:
        for case in asked.cases:
            assert case.size_hw is not None
            writer.add_mask(case, np.ones(case.size_hw, np.uint8))
    labelled = fmc_uia.read_manifest(out / "references", labelled=True)
    options = ScoringOptions(n_resamples=0, n_processes=1)
    result = score_submission(labelled, tmp_path / "predictions", options, name="all").result
    assert result.n_failed == 0
    # A quarter predicted as the whole: 2 · 1 / (1 + 4).
    assert result.summary["dsc"].value == pytest.approx(0.4)


def test_uusic25_keeps_its_lists_and_files(tmp_path: Path) -> None:
    folder, out = write_prepared_uusic25(tmp_path / "u"), tmp_path / "out"
    assert select_tasks(folder, ["segmentation/Breast"], out) == 3
    labelled = uusic25.read_manifest(
        out / "ground_truth.json",
        images_dir=out / "images",
        references_dir=out / "references",
        labelled=True,
    )
    asked = uusic25.read_manifest(out / "manifest.json", images_dir=out / "images")
    assert set(labelled.tasks) == set(asked.tasks) == {"segmentation/Breast"}
    assert all(case.image_file.is_file() for case in labelled.cases)
    assert not (out / "images" / "classification").exists()


def test_a_task_that_is_not_there_is_named(tmp_path: Path) -> None:
    folder = write_prepared_fmc_uia(tmp_path / "f")
    with pytest.raises(ConfigurationError, match="lacks nowhere"):
        select_tasks(folder, ["quarters", "nowhere"], tmp_path / "out")


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    folder = write_prepared_fmc_uia(tmp_path / "f")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("kept")
    with pytest.raises(ConfigurationError, match="absent or empty"):
        select_tasks(folder, ["quarters"], tmp_path / "out")
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["mine"]


def test_a_folder_that_is_not_prepared_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="prepared folder"):
        select_tasks(tmp_path / "none", ["quarters"], tmp_path / "out")
