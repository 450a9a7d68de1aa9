"""Public data sets become challenge folders; what does not match is named, counted and left out."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from evaluation.contract.case import ClassReference, MaskReference
from evaluation.contract.errors import ConfigurationError
from evaluation.files.images import decode_mask
from evaluation.protocols.fmc_uia import layout as fmc_uia
from evaluation.protocols.uusic25 import layout as uusic25
from train.__main__ import app
from train.datasets.busi import read_busi
from train.datasets.hc18 import read_hc18
from train.datasets.picture import choose_groups
from train.prepare import prepare


def _picture(file: Path, value: int = 0, size: tuple[int, int] = (20, 30), box: slice | None = None) -> None:
    pixels = np.full(size, value, np.uint8)
    if box is not None:
        pixels[box, box] = 255
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(file)


@pytest.fixture
def busi(tmp_path: Path) -> Path:
    root = tmp_path / "busi"
    base = root / "Dataset_BUSI_with_GT"
    for name in (
        "benign/benign (1)",
        "benign/benign (2)",
        "malignant/malignant (1)",
        "malignant/malignant (7)",
    ):
        _picture(base / f"{name}.jpg", 90)
        _picture(base / f"{name}_mask.png", box=slice(2, 6))
    _picture(base / "benign/benign (2)_mask_1.png", box=slice(10, 14))
    _picture(base / "normal/normal (1).png", 90)
    _picture(base / "normal/normal (1)_mask.png")
    _picture(base / "benign/benign (3).jpg", 90)
    _picture(base / "benign/benign (3)_mask.png", size=(20, 31))
    _picture(base / "benign/benign (4).jpg", 90)
    _picture(base / "benign/benign (5).jpg", 90)
    _picture(base / "benign/benign (5)_mask.png", box=slice(2, 6))
    rows = ["group_id,class,file,mixed_labels"]
    rows += ["1,benign,benign/benign (1).jpg,0", "1,benign,benign/benign (2).jpg,0"]
    rows += ["2,benign,benign/benign (5).jpg,1"]
    (root / "near_duplicate_groups.csv").write_text("\n".join(rows) + "\n")
    return root


@pytest.fixture
def hc18(tmp_path: Path) -> Path:
    root = tmp_path / "hc18"
    for stem in ("001_HC", "001_2HC", "002_HC", "003_HC"):
        _picture(root / "training_set" / f"{stem}.jpg", 90)
        _picture(root / "training_set" / f"{stem}_Mask.png", box=slice(4, 15))
    _picture(root / "training_set" / "004_HC.jpg", 90)
    rows = ["filename,pixel size(mm),head circumference (mm)"]
    rows += [f"{stem}.png,0.1,60.0" for stem in ("001_HC", "001_2HC", "002_HC", "004_HC")]
    (root / "training_set_pixel_size_and_HC.csv").write_text("\n".join(rows) + "\n")
    return root


def test_busi_names_what_does_not_match(busi: Path) -> None:
    collection = read_busi(busi)
    assert {p.name for p in collection.pictures} == {
        "benign (1)",
        "benign (2)",
        "malignant (1)",
        "malignant (7)",
        "normal (1)",
    }
    assert len(collection.skipped) == 3
    told = "\n".join(collection.skipped)
    assert "benign (3)_mask.png is (20, 31), its image is (20, 30)" in told
    assert "benign/benign (4): no mask" in told
    assert "benign/benign (5): the same picture carries another class too" in told


def test_busi_unites_several_masks_and_keeps_duplicates_together(busi: Path) -> None:
    pictures = {p.name: p for p in read_busi(busi).pictures}
    assert pictures["benign (2)"].read_mask().sum() == 2 * 16
    assert pictures["benign (1)"].group == pictures["benign (2)"].group
    assert pictures["malignant (1)"].group != pictures["malignant (7)"].group


def test_hc18_joins_by_stem_and_groups_by_subject(hc18: Path) -> None:
    collection = read_hc18(hc18)
    groups = {p.name: p.group for p in collection.pictures}
    assert groups == {"001_2HC": "hc18 001", "001_HC": "hc18 001", "002_HC": "hc18 002"}
    assert len(collection.skipped) == 2
    assert any("003_HC: no pixel size" in line for line in collection.skipped)
    assert any(line.startswith("004_HC: 004_HC_Mask.png") for line in collection.skipped)


def test_prepared_uusic25_folder_reads_back(busi: Path, hc18: Path, tmp_path: Path) -> None:
    prepared = prepare(busi=busi, hc18=hc18, out=tmp_path / "out")
    root = tmp_path / "out" / "uusic25"
    manifest = uusic25.read_manifest(
        root / "ground_truth.json",
        images_dir=root / "images",
        references_dir=root / "references",
        labelled=True,
    )
    # four lesions twice (the normal breast is left out), three heads once
    assert prepared.n_uusic25 == len(manifest.cases) == 4 + 4 + 3
    labels = {c.image_path: c.reference for c in manifest.cases if c.output_path is None}
    assert labels["classification/Breast/imgs/malignant (7).jpg"] == ClassReference(1)
    heads = [c for c in manifest.cases if c.task_id == "segmentation/Fetal_Head"]
    assert {c.spacing_mm_yx for c in heads} == {(0.1, 0.1)}
    assert {c.patient_id for c in heads} == {"hc18 001", "hc18 002"}
    assert isinstance(heads[0].reference, MaskReference)
    mask = decode_mask(heads[0].reference.file.read_bytes(), expected_hw=(20, 30))
    assert np.unique(mask).tolist() == [0, 255]
    asked = json.loads((root / "manifest.json").read_text())
    assert all(entry["class_label_index"] is None and entry["mask_name"] is None for entry in asked)


def test_prepared_fmc_uia_folder_reads_back(busi: Path, hc18: Path, tmp_path: Path) -> None:
    prepared = prepare(busi=busi, hc18=hc18, out=tmp_path / "out")
    labelled = fmc_uia.read_manifest(tmp_path / "out" / "fmc_uia" / "references", labelled=True)
    asked = fmc_uia.read_manifest(tmp_path / "out" / "fmc_uia" / "input")
    assert prepared.n_fmc_uia == len(labelled.cases) == len(asked.cases) == 5 + 5 + 3
    assert {c.case_id for c in labelled.cases} == {c.case_id for c in asked.cases}
    assert labelled.tasks["breast_3cls"].num_classes == 3
    normal = next(c for c in labelled.cases if c.case_id.startswith("breast_3cls|") and "normal" in c.case_id)
    assert normal.reference == ClassReference(2)
    assert all(case.image_file.is_file() for case in asked.cases)
    csv_text = (tmp_path / "out/fmc_uia/input/csv_files/breast_3cls.csv").read_text()
    assert csv_text.splitlines()[1].split(",")[5] == ""


def test_a_limit_takes_whole_groups(hc18: Path) -> None:
    pictures = read_hc18(hc18).pictures
    for seed in range(5):
        chosen = {p.name for p in choose_groups(pictures, 1, seed)}
        assert chosen in ({"001_HC", "001_2HC"}, {"002_HC"})
    assert len(choose_groups(pictures, None, 0)) == 3


def test_folders_of_something_else_are_refused(busi: Path, hc18: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="Dataset_BUSI_with_GT"):
        prepare(busi=hc18, hc18=None, out=tmp_path / "out")
    with pytest.raises(ConfigurationError, match="training_set"):
        prepare(busi=None, hc18=busi, out=tmp_path / "out")
    with pytest.raises(ConfigurationError, match="--busi or --hc18"):
        prepare(busi=None, hc18=None, out=tmp_path / "out")
    with pytest.raises(ConfigurationError, match="absent or empty"):
        prepare(busi=busi, hc18=None, out=tmp_path)


def test_command_tells_what_it_left_out(busi: Path, tmp_path: Path) -> None:
    run = CliRunner().invoke(app, ["prepare", "--busi", str(busi), "--out", str(tmp_path / "out")])
    assert run.exit_code == 0
    assert "8 UUSIC25 entries, 10 FMC_UIA rows, 3 skipped" in run.output
    assert "skipped busi: benign/benign (4): no mask" in run.output
    refused = CliRunner().invoke(app, ["prepare", "--out", str(tmp_path / "out")])
    assert refused.exit_code == 2
