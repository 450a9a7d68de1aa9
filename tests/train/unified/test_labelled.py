"""Labels of the same image are merged, and those that contradict each other are left out and named."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from evaluation.contract.errors import ConfigurationError
from tests.train.challenge_trees import SIZES_HW, write_fmc_uia, write_uusic25
from train.unified.cache import open_cache
from train.unified.labelled import LabelledFolder, collect_pictures, read_labelled


def names_of(folder: LabelledFolder) -> list[set[str]]:
    """Return the tasks that label each picture."""
    return [{key.task_id for key in picture.labels} for picture in collect_pictures([folder])]


def tree(tmp_path: Path) -> Path:
    """Write a tree of three images, five tasks each."""
    write_fmc_uia(tmp_path / "fmc")
    return tmp_path / "fmc" / "labelled"


def make_same_image(folder: Path, source: int, copy: int) -> None:
    """Put one image in place of another, with its masks."""
    images = [next((folder / "Segmentation" / "Two").glob(f"*{n}\u00a0x/us.png")) for n in (source, copy)]
    shutil.copy(*images)
    for task_id in ("quarters", "halves"):
        masks = folder / "Segmentation" / task_id
        shutil.copy(masks / f"{source}.png", masks / f"{copy}.png")


def test_same_label_of_the_same_image_is_kept_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tree(tmp_path)
    make_same_image(folder, 0, 1)
    # Boxes and points of the two differ, masks and classes (2, 2) do not.
    names = names_of(read_labelled(folder, "a"))
    assert names == [{"quarters", "halves", "kinds"}, {"quarters", "halves", "kinds", "box", "ends"}]
    named = {record.getMessage().split("|")[0] for record in caplog.records}
    assert named == {"case box", "case ends"}


def test_other_mask_of_the_same_image_is_left_out_and_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tree(tmp_path)
    make_same_image(folder, 0, 1)
    Image.fromarray(np.ones(SIZES_HW[0], np.uint8)).save(folder / "Segmentation" / "quarters" / "1.png")
    assert "quarters" not in names_of(read_labelled(folder, "a"))[0]
    assert any("case quarters|" in record.getMessage() for record in caplog.records)


def test_third_label_does_not_bring_a_contradicted_one_back(tmp_path: Path) -> None:
    folder = tree(tmp_path)
    make_same_image(folder, 0, 1)
    make_same_image(folder, 0, 2)
    assert names_of(read_labelled(folder, "a")) == [{"quarters", "halves"}]


def test_image_whose_labels_all_contradict_each_other_is_left_out(tmp_path: Path) -> None:
    write_uusic25(tmp_path)
    folder = read_labelled(tmp_path, "a")
    # Liver's and Breast_luminal's seven images are the same file with the labels 0, 1, 1 and 0 to 3.
    assert names_of(folder) == [{"segmentation/Breast"}] * 3
    assert len(open_cache([folder], size=32, root=tmp_path / "cache").pictures) == 3


def test_folder_without_a_usable_label_is_refused(tmp_path: Path) -> None:
    write_uusic25(tmp_path)
    folder = read_labelled(tmp_path, "a")
    cases = tuple(case for case in folder.manifest.cases if "classification" in case.task_id)
    manifest = replace(folder.manifest, cases=cases)
    with pytest.raises(ConfigurationError, match="no labelled picture"):
        open_cache([LabelledFolder(folder.folder, "a", manifest)], size=32, root=tmp_path / "cache")
