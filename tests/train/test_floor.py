"""The floor learns what can be computed by hand."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from evaluation.contract.errors import ManifestError
from evaluation.contract.manifest import Manifest
from evaluation.protocols.fmc_uia import layout as fmc_uia
from evaluation.protocols.uusic25 import layout as uusic25
from model.floor import GRID, ClassPrior, MeanShape, MedianBox, MedianPoints
from model.floor_file import load_floor
from tests.train.challenge_trees import quarter, write_fmc_uia, write_uusic25
from train.__main__ import app
from train.floor import choose_threshold, learn_floor

RUN = CliRunner()


@pytest.fixture
def uusic25_folder(tmp_path: Path) -> Path:
    write_uusic25(tmp_path / "u")
    return tmp_path / "u"


@pytest.fixture
def fmc_uia_folder(tmp_path: Path) -> Path:
    write_fmc_uia(tmp_path / "f")
    return tmp_path / "f" / "labelled"


def read_uusic25(folder: Path) -> Manifest:
    return uusic25.read_manifest(
        folder / "ground_truth.json",
        images_dir=folder / "images",
        references_dir=folder / "references",
        labelled=True,
    )


def test_prior_is_the_share_of_each_label(uusic25_folder: Path, fmc_uia_folder: Path) -> None:
    manifests = [read_uusic25(uusic25_folder), fmc_uia.read_manifest(fmc_uia_folder, labelled=True)]
    model, learned = learn_floor(manifests)
    liver = model.answers["uusic25/classification/Liver"]
    kinds = model.answers["fmc_uia/kinds"]
    assert isinstance(liver, ClassPrior)
    assert isinstance(kinds, ClassPrior)
    np.testing.assert_allclose(liver.probability, [1 / 3, 2 / 3])
    np.testing.assert_allclose(kinds.probability, [1 / 3, 0, 2 / 3])
    assert learned["uusic25/classification/Liver"].n_cases == 3


def test_median_box_and_points_are_normalised(fmc_uia_folder: Path) -> None:
    model, _ = learn_floor([fmc_uia.read_manifest(fmc_uia_folder, labelled=True)])
    box, ends = model.answers["fmc_uia/box"], model.answers["fmc_uia/ends"]
    assert isinstance(box, MedianBox)
    assert isinstance(ends, MedianPoints)
    np.testing.assert_allclose(box.xyxy, [0.25, 0.25, 0.75, 0.75])
    np.testing.assert_allclose(ends.xy, [[0.25, 0.5], [0.75, 0.5]])


def test_shape_equal_in_every_image_is_answered_exactly(uusic25_folder: Path, fmc_uia_folder: Path) -> None:
    manifests = [read_uusic25(uusic25_folder), fmc_uia.read_manifest(fmc_uia_folder, labelled=True)]
    model, _ = learn_floor(manifests)
    for key in ("uusic25/segmentation/Breast", "fmc_uia/quarters"):
        shape = model.answers[key]
        assert isinstance(shape, MeanShape)
        np.testing.assert_array_equal(shape.draw((GRID, GRID)), quarter((GRID, GRID)))
    halves = model.answers["fmc_uia/halves"]
    assert isinstance(halves, MeanShape)
    mask = halves.draw((128, 128))
    assert (mask[:, :60] == 2).all()
    assert (mask[:, 68:] == 1).all()


@pytest.mark.parametrize(("core", "lobe", "best"), [(4, 16, 52), (30, 10, 30)])
def test_threshold_is_the_best_for_the_mean_dsc(core: int, lobe: int, best: int) -> None:
    # Three masks share `core` columns and have a lobe of their own. Answering the core alone scores
    # 2c / (2c + l), the union (2c + 2l) / (2c + 4l): the union wins exactly when a lobe outweighs the core.
    cover = np.zeros((3, GRID, GRID), dtype=np.float32)
    for number in range(3):
        start = core + number * lobe
        cover[number, :, :core] = cover[number, :, start : start + lobe] = 255
    level = np.rint(cover.mean(axis=0)).astype(np.uint8)
    chosen = level >= choose_threshold(level, cover)
    np.testing.assert_array_equal(chosen, np.arange(GRID) < best + np.zeros((GRID, 1)))


def test_images_without_the_class_do_not_move_the_threshold() -> None:
    radius = np.hypot(*np.mgrid[-32:32, -32:32])
    cover = np.stack([(radius < r) * np.float32(255) for r in (10, 20, 28)])
    empty = np.zeros((7, GRID, GRID), dtype=np.float32)
    level = np.rint(cover.mean(axis=0)).astype(np.uint8)
    assert choose_threshold(level, np.concatenate([cover, empty])) == choose_threshold(level, cover)


def test_class_that_no_mask_holds_is_never_answered(fmc_uia_folder: Path) -> None:
    read = fmc_uia.read_manifest(fmc_uia_folder, labelled=True)
    wider = read.tasks["halves"].model_copy(update={"num_classes": 4})
    manifest = Manifest(read.protocol, {**read.tasks, "halves": wider}, read.cases)
    shape = learn_floor([manifest])[0].answers["fmc_uia/halves"]
    assert isinstance(shape, MeanShape)
    assert set(np.unique(shape.draw((90, 90)))) == {1, 2}


def test_folders_of_one_task_are_pooled(uusic25_folder: Path) -> None:
    manifest = read_uusic25(uusic25_folder)
    _, learned = learn_floor([manifest, manifest])
    assert learned["uusic25/segmentation/Breast"].n_cases == 6


def test_order_of_cases_changes_nothing(fmc_uia_folder: Path) -> None:
    manifest = fmc_uia.read_manifest(fmc_uia_folder, labelled=True)
    turned = Manifest(manifest.protocol, manifest.tasks, manifest.cases[::-1])
    first, second = learn_floor([manifest])[0], learn_floor([turned])[0]
    assert list(first.answers) == list(second.answers)
    for key, answer in first.answers.items():
        for field, array in vars(answer).items():
            np.testing.assert_array_equal(vars(second.answers[key])[field], array)


def test_task_that_differs_between_folders_is_refused(fmc_uia_folder: Path) -> None:
    manifest = fmc_uia.read_manifest(fmc_uia_folder, labelled=True)
    changed = manifest.tasks["kinds"].model_copy(update={"num_classes": 7})
    other = Manifest(manifest.protocol, {**manifest.tasks, "kinds": changed}, manifest.cases)
    with pytest.raises(ManifestError, match="fmc_uia/kinds"):
        learn_floor([manifest, other])


def test_damaged_reference_is_named(fmc_uia_folder: Path) -> None:
    (fmc_uia_folder / "Segmentation" / "quarters" / "1.png").write_bytes(b"no image")
    with pytest.raises(ManifestError, match=r"quarters\|.*1\.png: not a readable"):
        learn_floor([fmc_uia.read_manifest(fmc_uia_folder, labelled=True)])


def test_unlabelled_folder_teaches_nothing(fmc_uia_folder: Path) -> None:
    with pytest.raises(ManifestError, match="at least one case with a reference"):
        learn_floor([fmc_uia.read_manifest(fmc_uia_folder)])


def test_colour_reference_of_uusic25_counts_where_it_is_not_black(uusic25_folder: Path) -> None:
    for file in (uusic25_folder / "references").rglob("*.png"):
        Image.open(file).convert("RGB").save(file)
    shape = learn_floor([read_uusic25(uusic25_folder)])[0].answers["uusic25/segmentation/Breast"]
    assert isinstance(shape, MeanShape)
    np.testing.assert_array_equal(shape.draw((GRID, GRID)), quarter((GRID, GRID)))


def test_command_writes_the_same_file_twice(
    uusic25_folder: Path, fmc_uia_folder: Path, tmp_path: Path
) -> None:
    (fmc_uia_folder.parent / "generator.json").write_text(json.dumps({"seed": 5, "layout": "fmc_uia"}))
    files = [tmp_path / "a.safetensors", tmp_path / "b.safetensors"]
    for file in files:
        arguments = ["--uusic25", str(uusic25_folder), "--fmc-uia", str(fmc_uia_folder), "--out", str(file)]
        result = RUN.invoke(app, ["floor", *arguments])
        assert result.exit_code == 0, result.output
        assert "8 tasks from 25 cases" in result.output
    assert files[0].read_bytes() == files[1].read_bytes()
    _, header = load_floor(files[0])
    assert [source.protocol for source in header.sources] == ["uusic25", "fmc_uia"]
    assert [source.generator for source in header.sources] == [None, {"seed": 5, "layout": "fmc_uia"}]


def test_weights_name_no_folder_of_the_machine(uusic25_folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "a.safetensors"
    assert RUN.invoke(app, ["floor", "--uusic25", str(uusic25_folder), "--out", str(file)]).exit_code == 0
    assert str(tmp_path).encode() not in file.read_bytes()


def test_command_without_a_folder_says_what_it_expects(tmp_path: Path) -> None:
    result = RUN.invoke(app, ["floor", "--out", str(tmp_path / "a.safetensors")])
    assert result.exit_code == 2
    assert "at least one `--uusic25` or `--fmc-uia`" in result.output


@pytest.mark.parametrize("content", ["[]", "not json", "\xff"])
def test_command_refuses_a_broken_generator_record(
    uusic25_folder: Path, tmp_path: Path, content: str
) -> None:
    (uusic25_folder / "generator.json").write_text(content)
    out = str(tmp_path / "a.safetensors")
    result = RUN.invoke(app, ["floor", "--uusic25", str(uusic25_folder), "--out", out])
    assert result.exit_code == 2
    assert "generator.json" in result.output


def test_help_shows_two_worked_examples() -> None:
    result = RUN.invoke(app, ["floor", "--help"])
    assert result.exit_code == 0
    assert result.output.count("python -m train floor --") == 2
