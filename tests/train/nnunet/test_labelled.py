"""One task of a prepared folder becomes a manifest of its own."""

from pathlib import Path

import pytest

from evaluation.contract.case import MaskReference
from evaluation.contract.errors import ConfigurationError
from tests.train.nnunet.prepared import write_prepared_fmc_uia, write_prepared_uusic25
from train.nnunet.labelled import read_asked, read_labelled


def test_only_the_task_is_kept_and_its_images_are_found_beside_the_references(tmp_path: Path) -> None:
    manifest = read_labelled(write_prepared_fmc_uia(tmp_path), "quarters")
    assert list(manifest.tasks) == ["quarters"]
    assert [case.task_id for case in manifest.cases] == ["quarters"] * 3
    for case in manifest.cases:
        assert case.image_file.is_file()
        assert isinstance(case.reference, MaskReference)
        assert case.reference.file.is_file()


def test_uusic25_is_read_by_its_task_name(tmp_path: Path) -> None:
    manifest = read_labelled(write_prepared_uusic25(tmp_path), "segmentation/Breast")
    assert len(manifest.cases) == 3
    assert all(case.image_file.is_file() for case in manifest.cases)


@pytest.mark.parametrize("task_id", ["nowhere", "kinds"])
def test_an_unknown_or_other_task_is_refused_with_the_tasks_there_are(tmp_path: Path, task_id: str) -> None:
    folder = write_prepared_fmc_uia(tmp_path)
    with pytest.raises(ConfigurationError, match=f"quarters, halves.* but got {task_id}"):
        read_labelled(folder, task_id)


def test_what_is_asked_carries_no_reference(tmp_path: Path) -> None:
    of_fmc_uia = read_asked(write_prepared_fmc_uia(tmp_path / "f"), "halves")
    of_uusic25 = read_asked(write_prepared_uusic25(tmp_path / "u"), "segmentation/Breast")
    for manifest in (of_fmc_uia, of_uusic25):
        assert len(manifest.cases) == 3
        assert all(case.reference is None and case.output_path for case in manifest.cases)


def test_a_participants_folder_is_asked_like_a_prepared_one(tmp_path: Path) -> None:
    folder = write_prepared_fmc_uia(tmp_path)
    assert read_asked(folder / "input", "halves") == read_asked(folder, "halves")


def test_a_folder_of_no_layout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="labelled challenge folder"):
        read_labelled(tmp_path, "quarters")
