"""nnU-Net's raw format holds what the unified model sees, and our split."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from evaluation.contract.case import MaskReference
from evaluation.contract.errors import ConfigurationError, ManifestError
from evaluation.contract.manifest import Manifest
from tests.train.nnunet.prepared import split_cases, write_prepared_fmc_uia, write_prepared_uusic25
from train.nnunet.export import export_task
from train.nnunet.labelled import read_labelled
from train.unified.cache import squash_mask


@pytest.fixture
def halves(tmp_path: Path) -> tuple[Manifest, Manifest]:
    return split_cases(read_labelled(write_prepared_fmc_uia(tmp_path / "f"), "halves"), 2)


def read(file: Path) -> NDArray[np.uint8]:
    return np.asarray(Image.open(file))


def test_a_squashed_pixel_gets_the_class_that_covers_most_of_it() -> None:
    mask = np.array([[2, 2, 1, 0], [2, 1, 0, 0], [1, 1, 2, 2], [1, 1, 2, 2]], np.uint8)
    assert squash_mask(mask, 3, 2).tolist() == [[2, 0], [1, 2]]


@pytest.mark.parametrize("size_hw", [(300, 200), (20, 30), (700, 512)])
def test_any_size_and_aspect_becomes_a_square_without_new_classes(size_hw: tuple[int, int]) -> None:
    mask = np.zeros(size_hw, np.uint8)
    mask[size_hw[0] // 2 :] = 2
    squashed = squash_mask(mask, 3, 256)
    assert squashed.shape == (256, 256)
    assert set(np.unique(squashed)) == {0, 2}
    assert np.all(squashed[:120] == 0)
    assert np.all(squashed[136:] == 2)


def test_images_labels_and_names_match(tmp_path: Path, halves: tuple[Manifest, Manifest]) -> None:
    done = export_task(*halves, raw=tmp_path / "raw", preprocessed=tmp_path / "pre", side_px=32)
    folder = tmp_path / "raw" / done.dataset
    assert (done.dataset, done.n_train, done.n_val) == ("Dataset001_halves", 2, 1)
    names = ["train_00000", "train_00001", "val_00000"]
    assert sorted(f.name for f in (folder / "imagesTr").iterdir()) == [f"{name}_0000.png" for name in names]
    assert sorted(f.name for f in (folder / "labelsTr").iterdir()) == [f"{name}.png" for name in names]
    for name in names:
        assert np.all(read(folder / "imagesTr" / f"{name}_0000.png") == 90)
        label = read(folder / "labelsTr" / f"{name}.png")
        assert label.shape == (32, 32)
        assert np.all(label[:, :16] == 2)
        assert np.all(label[:, 16:] == 1)
    description = json.loads((folder / "dataset.json").read_bytes())
    assert description["labels"] == {"background": 0, "class_1": 1, "class_2": 2}
    assert description["numTraining"] == 3


def test_the_split_is_ours(tmp_path: Path, halves: tuple[Manifest, Manifest]) -> None:
    done = export_task(*halves, raw=tmp_path / "raw", preprocessed=tmp_path / "pre", side_px=32)
    split = json.loads((tmp_path / "pre" / done.dataset / "splits_final.json").read_bytes())
    assert split == [{"train": ["train_00000", "train_00001"], "val": ["val_00000"]}]


def test_full_resolution_keeps_the_images_own_size(tmp_path: Path, halves: tuple[Manifest, Manifest]) -> None:
    done = export_task(*halves, raw=tmp_path / "raw", preprocessed=tmp_path / "pre", side_px=None)
    folder = tmp_path / "raw" / done.dataset
    assert read(folder / "imagesTr" / "train_00000_0000.png").shape == (64, 96)
    assert read(folder / "labelsTr" / "train_00000.png").shape == (64, 96)


def test_uusic25_masks_of_255_become_class_1(tmp_path: Path) -> None:
    manifest = read_labelled(write_prepared_uusic25(tmp_path / "u"), "segmentation/Breast")
    parts = split_cases(manifest, 2)
    done = export_task(*parts, raw=tmp_path / "raw", preprocessed=tmp_path / "pre", side_px=32)
    label = read(tmp_path / "raw" / done.dataset / "labelsTr" / "train_00000.png")
    assert done.dataset == "Dataset001_segmentation_Breast"
    assert set(np.unique(label)) == {0, 1}
    assert label[:16, :16].all()


def test_an_image_in_both_parts_is_refused(tmp_path: Path, halves: tuple[Manifest, Manifest]) -> None:
    with pytest.raises(ConfigurationError, match="other images"):
        export_task(halves[0], halves[0], raw=tmp_path / "raw", preprocessed=tmp_path / "pre", side_px=32)


def test_a_mask_value_that_is_no_class_is_refused(tmp_path: Path, halves: tuple[Manifest, Manifest]) -> None:
    reference = halves[0].cases[0].reference
    assert isinstance(reference, MaskReference)
    Image.fromarray(np.full((64, 96), 3, np.uint8)).save(reference.file)
    with pytest.raises(ManifestError, match="holds 3, expected classes 0 to 2"):
        export_task(*halves, raw=tmp_path / "raw", preprocessed=tmp_path / "pre", side_px=32)


def test_an_unreadable_image_is_named(tmp_path: Path, halves: tuple[Manifest, Manifest]) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no image")
    cases = (replace(halves[0].cases[0], image_file=broken), *halves[0].cases[1:])
    with pytest.raises(ManifestError, match=r"broken\.png: expected a PNG"):
        export_task(
            replace(halves[0], cases=cases),
            halves[1],
            raw=tmp_path / "raw",
            preprocessed=tmp_path / "pre",
            side_px=32,
        )
