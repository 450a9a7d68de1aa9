"""A run's folder is finished, unfinished or somebody else's."""

from dataclasses import replace
from pathlib import Path

import pytest

from evaluation.contract.errors import ConfigurationError
from tests.train.nnunet.prepared import split_cases, write_prepared_fmc_uia
from train.nnunet.clock import Budget
from train.nnunet.labelled import read_asked, read_labelled
from train.nnunet.record import SpecialistRecord
from train.nnunet.run import Options, begin_run, make_specialist


def test_a_killed_run_begins_anew(tmp_path: Path) -> None:
    begin_run(tmp_path / "out")
    half = tmp_path / "out" / "predictions" / "half.png"
    half.parent.mkdir()
    half.write_bytes(b"half")
    begin_run(tmp_path / "out")
    assert not half.exists()


def test_a_finished_run_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "nnunet.json").write_text("{}")
    (tmp_path / "predictions").mkdir()
    with pytest.raises(ConfigurationError, match="holds a finished specialist"):
        begin_run(tmp_path)
    assert (tmp_path / "predictions").is_dir()


def test_a_folder_of_somebody_else_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "predictions").mkdir()
    with pytest.raises(ConfigurationError, match="absent or empty"):
        begin_run(tmp_path)
    assert (tmp_path / "predictions").is_dir()


@pytest.mark.slow
def test_a_tiny_specialist_predicts_every_readable_image_and_says_what_it_cost(tmp_path: Path) -> None:
    folder = write_prepared_fmc_uia(tmp_path / "f")
    train, val = split_cases(read_labelled(folder, "halves"), 2)
    asked = read_asked(folder, "halves")
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no image")
    asked = replace(asked, cases=(*asked.cases[:2], replace(asked.cases[2], image_file=broken)))
    out = tmp_path / "out"
    options = Options(budget=Budget(seconds=1, clock_name="cpu"), side_px=64, batch_size=2, threads=1)
    begin_run(out)  # What a run leaves that was killed at once.
    make_specialist(train, val, asked, out, options)
    record = SpecialistRecord.model_validate_json((out / "nnunet.json").read_bytes())
    assert (record.task_id, record.protocol) == ("halves", "fmc_uia")
    assert record.training.n_iterations >= 1
    assert record.training.patch_hw == (64, 64)
    assert (record.prediction.n_images, record.prediction.n_failed) == (3, 1)
    assert 0 < record.prediction.network_s < record.prediction.total_s < record.prediction.process_s
    assert (out / record.model / "fold_0" / "checkpoint_final.pth").is_file()
    masks = [out / "predictions" / str(case.output_path) for case in asked.cases]
    assert [mask.is_file() for mask in masks] == [True, True, False]
    assert sorted(file.name for file in out.iterdir()) == ["nnunet.json", "predictions", "work"]
