"""Public data become challenge folders that read back; splits share no group; a card says what is there."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from evaluation.contract.case import BoxReference, ClassReference, MaskReference, PointsReference
from evaluation.contract.errors import ConfigurationError
from evaluation.contract.manifest import Manifest
from evaluation.files.images import decode_mask
from evaluation.protocols.fmc_uia import layout as fmc_uia
from evaluation.protocols.uusic25 import layout as uusic25
from tests.train.datasets import trees
from train.__main__ import app
from train.datasets.catalogue import CATALOGUE
from train.prepare import prepare

SPLIT = (70.0, 15.0, 15.0)


def read_uusic25(root: Path) -> Manifest:
    return uusic25.read_manifest(
        root / "uusic25/ground_truth.json",
        images_dir=root / "uusic25/images",
        references_dir=root / "uusic25/references",
        labelled=True,
    )


def read_fmc_uia(root: Path) -> Manifest:
    return fmc_uia.read_manifest(root / "fmc_uia/references", labelled=True)


def count_tasks(manifest: Manifest) -> dict[str, int]:
    return {name: sum(c.task_id == name for c in manifest.cases) for name in sorted(manifest.tasks)}


@pytest.fixture
def sources(tmp_path: Path) -> dict[str, Path]:
    """All twelve data sets, small."""
    folders = {name: tmp_path / name for name in CATALOGUE}
    trees.write_busi(folders["busi"])
    trees.write_busis(folders["busis"])
    trees.write_bus_bra(folders["bus_bra"])
    trees.write_ddti(folders["ddti"])
    trees.write_fatty_liver(folders["fatty_liver"])
    trees.write_kidney_us(folders["kidney_us"])
    trees.write_hc18(folders["hc18"])
    trees.write_camus(folders["camus"])
    trees.write_regensburg(folders["regensburg"], {882: "appendicitis", 7: "no appendicitis"})
    trees.write_usgra_seg(folders["usgra_seg"])
    trees.write_muscle(folders["muscle_dltrack"])
    trees.write_lung(folders["lung_pocus"])
    return folders


@pytest.fixture
def many(tmp_path: Path) -> dict[str, Path]:
    """Two data sets with enough groups to be split."""
    folders = {name: tmp_path / name for name in ("bus_bra", "hc18")}
    trees.write_bus_bra(folders["bus_bra"], cases=(*range(1, 41), 44, 65))
    trees.write_hc18(folders["hc18"], [f"{k:03d}_{n}HC" for k in range(12) for n in ("", "2")])
    return folders


def test_every_task_of_both_challenges_reads_back(sources: dict[str, Path], tmp_path: Path) -> None:
    prepared = prepare(sources, out=tmp_path / "out")
    ours, theirs = read_uusic25(tmp_path / "out"), read_fmc_uia(tmp_path / "out")
    assert count_tasks(ours) == {
        "classification/Appendix": 4,
        "classification/Breast": 8,
        "classification/Liver": 4,
        "segmentation/Breast": 10,
        "segmentation/Cardiac": 4,
        "segmentation/Fetal_Head": 3,
        "segmentation/Kidney": 3,
        "segmentation/Thyroid": 2,
    }
    assert count_tasks(theirs) == {
        "aponeurosis": 4,
        "breast_2cls": 4,
        "breast_3cls": 6,
        "breast_lesion": 12,
        "breast_lesion_det": 4,
        "cardiac_multi": 4,
        "fetal_head": 3,
        "fetal_head_landmarks": 3,
        "lung_2cls": 4,
        "nerve_vessel_multi": 3,
        "organ_type_cls": 22,
        "thyroid_nodule": 2,
    }
    assert (prepared.n_uusic25, prepared.n_fmc_uia) == (len(ours.cases), len(theirs.cases))
    assert prepared.left_out == ()
    assert sorted(line.split(":")[0] for line in prepared.skipped) == ["ddti", "kidney_us"]
    classes = {name: task.num_classes for name, task in theirs.tasks.items()}
    assert (classes["nerve_vessel_multi"], classes["organ_type_cls"], classes["cardiac_multi"]) == (3, 4, 4)


def test_labels_are_the_sources_own(sources: dict[str, Path], tmp_path: Path) -> None:
    prepare(sources, out=tmp_path / "out")
    cases = {case.case_id: case for case in read_fmc_uia(tmp_path / "out").cases}
    breast = "../Segmentation/Two/breast_lesion/imgs"
    assert cases[f"breast_3cls|{breast}/normal (1).jpg"].reference == ClassReference(2)
    assert cases[f"breast_2cls|{breast}/bus_0002-l.png"].reference == ClassReference(1)
    assert cases[f"organ_type_cls|{breast}/bus_0002-l.png"].reference == ClassReference(0)
    nerve = "../Segmentation/Three/nerve_vessel_multi/imgs/nerve_0000.jpg"
    assert cases[f"organ_type_cls|{nerve}"].reference == ClassReference(3)
    box = cases[f"breast_lesion_det|{breast}/bus_0001-r.png"].reference
    assert box == BoxReference((20.0, 5.0, 30.0, 11.0))
    landmarks = cases["fetal_head_landmarks|../Segmentation/Two/fetal_head/imgs/001_HC.jpg"].reference
    assert isinstance(landmarks, PointsReference)
    expected = [(10, 20), (50, 20), (30, 8), (30, 32)]
    assert np.allclose([point or (0, 0) for point in landmarks.xy_px], expected, atol=0.5)
    nerves = cases[f"nerve_vessel_multi|{nerve}"].reference
    assert isinstance(nerves, MaskReference)
    assert np.unique(np.asarray(Image.open(nerves.file))).tolist() == [0, 1, 2]


def test_normal_breasts_have_empty_masks_in_one_challenge_and_no_place_in_the_other(
    sources: dict[str, Path], tmp_path: Path
) -> None:
    prepare(sources, out=tmp_path / "out")
    assert not any("normal" in case.case_id for case in read_uusic25(tmp_path / "out").cases)
    mask = tmp_path / "out/fmc_uia/references/Segmentation/Two/breast_lesion/masks/normal (1).png"
    assert not np.asarray(Image.open(mask)).any()


def test_uusic25_masks_are_black_and_white_and_cardiac_is_the_ventricle(
    sources: dict[str, Path], tmp_path: Path
) -> None:
    prepare(sources, out=tmp_path / "out")
    for case in read_uusic25(tmp_path / "out").cases:
        if isinstance(case.reference, MaskReference):
            mask = decode_mask(case.reference.file.read_bytes(), expected_hw=trees.SIZE_HW)
            assert np.unique(mask).tolist() == [0, 255]
            assert "Cardiac" not in case.task_id or (mask > 0).sum() == 77
            assert "Cardiac" not in case.task_id or case.spacing_mm_yx == pytest.approx((0.3, 0.15))


def test_participants_see_no_label_and_every_image_once(sources: dict[str, Path], tmp_path: Path) -> None:
    prepare(sources, out=tmp_path / "out")
    asked = json.loads((tmp_path / "out/uusic25/manifest.json").read_text())
    assert all(entry["class_label_index"] is None and entry["mask_name"] is None for entry in asked)
    manifest = fmc_uia.read_manifest(tmp_path / "out/fmc_uia/input")
    images = [case.image_file.resolve() for case in manifest.cases]
    stored = [p for p in (tmp_path / "out/fmc_uia/input").rglob("imgs/*") if p.is_file()]
    assert sorted(set(images)) == sorted(p.resolve() for p in stored)
    assert len(set(images)) < len(images)
    for file in (tmp_path / "out/fmc_uia/input/csv_files").iterdir():
        with file.open() as stream:
            rows = list(csv.DictReader(stream))
        labels = [key for key in rows[0] if key in ("mask", "x_min", "y_max") or key.startswith("point_")]
        assert all(row[key] == "" for row in rows for key in labels)


def test_splits_share_no_group(many: dict[str, Path], tmp_path: Path) -> None:
    prepare(many, out=tmp_path / "out", split=SPLIT, seed=1)
    groups = {}
    for part in ("train", "val", "test"):
        cases = [*read_uusic25(tmp_path / "out" / part).cases, *read_fmc_uia(tmp_path / "out" / part).cases]
        groups[part] = {case.patient_id for case in cases}
        assert len(groups[part]) > 2
    assert groups["train"].isdisjoint(groups["val"] | groups["test"])
    assert groups["val"].isdisjoint(groups["test"])
    # 44 and 65 are one
    assert len(set.union(*groups.values())) == 41 + 12


def test_a_data_sets_split_does_not_depend_on_the_others(many: dict[str, Path], tmp_path: Path) -> None:
    prepare(many, out=tmp_path / "both", split=SPLIT, seed=4)
    prepare({"bus_bra": many["bus_bra"]}, out=tmp_path / "one", split=SPLIT, seed=4)
    both, one = ((tmp_path / name / "pictures.csv").read_text().splitlines() for name in ("both", "one"))
    assert [line for line in both if ",hc18," not in line] == one


def test_a_classification_with_too_few_groups_is_left_out_of_a_split(
    many: dict[str, Path], tmp_path: Path
) -> None:
    trees.write_lung(tmp_path / "lung", n_patients=9)
    sources = many | {"lung_pocus": tmp_path / "lung"}
    split = prepare(sources, out=tmp_path / "split", split=SPLIT)
    told = [line for line in split.left_out if "lung_2cls" in line]
    assert len(told) == 1
    assert told[0].startswith("fmc_uia classification lung_2cls: 1 group(s) of class ")
    assert told[0].endswith(", 2 needed")
    assert not (tmp_path / "split/train/fmc_uia/references/csv_files/lung_2cls.csv").exists()
    whole = prepare(sources, out=tmp_path / "whole")
    assert not any("lung_2cls" in line for line in whole.left_out)


def test_the_card_counts_what_is_there(many: dict[str, Path], tmp_path: Path) -> None:
    (many["bus_bra"] / "BUSBRA/Masks/mask_0003-l.png").unlink()
    trees.write_mask(many["hc18"] / "training_set/000_HC_Mask.png", trees.make_mask())
    prepare(many, out=tmp_path / "out", split=SPLIT, seed=7)
    card = json.loads((tmp_path / "out/data_card.json").read_text())
    assert (card["format_version"], card["seed"], card["limit"]) == (1, 7, None)
    assert card["split"] == {"train": 70.0, "val": 15.0, "test": 15.0}
    breasts, heads = card["sources"]
    assert breasts["skipped"] == ["bus_0003-l: no mask"]
    assert (breasts["found"], heads["found"]) == (83, 24)
    assert "Medical Physics" in breasts["citation"]
    assert "free use with citation" in breasts["licence"]
    tasks = {(task["protocol"], task["kind"], task["name"]): task for task in card["tasks"]}
    for part in ("train", "val", "test"):
        count = tasks["uusic25", "classification", "Breast"]["parts"][part]
        cases = [
            case
            for case in read_uusic25(tmp_path / "out" / part).cases
            if case.task_id == "classification/Breast"
        ]
        assert count["pictures"] == len(cases)
        assert count["groups"] == len({case.patient_id for case in cases})
        assert sum(count["classes"].values()) == len(cases)
    assert (
        sum(
            tasks["fmc_uia", "Regression", "fetal_head_landmarks"]["parts"][p]["pictures"]
            for p in card["split"]
        )
        == 23
    )
    assert any("000_HC: mask is no ellipse" in line for line in card["left_out"])
    text = (tmp_path / "out/DATA_CARD.md").read_text()
    for fact in (
        "seed 7, train 70, val 15, test 15",
        "Skipped: bus_0003-l: no mask",
        "Left out: ",
        "Licence: ",
    ):
        assert fact in text


def test_a_limit_is_told_and_keeps_its_choice(many: dict[str, Path], tmp_path: Path) -> None:
    for name in ("a", "b"):
        prepare(many, out=tmp_path / name, limit=5, seed=3)
    listed = [(tmp_path / name / "pictures.csv").read_text() for name in ("a", "b")]
    assert listed[0] == listed[1]
    assert 5 <= sum(",hc18," in line for line in listed[0].splitlines()) <= 6
    assert (
        "About 5 pictures of each data set, seed 3. Nothing was split."
        in (tmp_path / "a/DATA_CARD.md").read_text()
    )


def test_folders_of_something_else_are_refused(sources: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="expected benign, malignant, normal but"):
        prepare({"busi": sources["hc18"]}, out=tmp_path / "out")
    with pytest.raises(ConfigurationError, match="training_set"):
        prepare({"hc18": sources["busi"]}, out=tmp_path / "out")
    with pytest.raises(ConfigurationError, match=r"at least one data set of busi, .* but got none"):
        prepare({}, out=tmp_path / "out")
    with pytest.raises(ConfigurationError, match="but got other"):
        prepare({"other": tmp_path}, out=tmp_path / "out")
    with pytest.raises(ConfigurationError, match="absent or empty"):
        prepare({"busi": sources["busi"]}, out=tmp_path)
    with pytest.raises(ConfigurationError, match="three positive shares"):
        prepare({"busi": sources["busi"]}, out=tmp_path / "out", split=(1.0, 0.0, 1.0))


def test_command_tells_what_it_left_out(sources: dict[str, Path], tmp_path: Path) -> None:
    run = CliRunner()
    given = ["prepare", "--ddti", str(sources["ddti"]), "--lung-pocus", str(sources["lung_pocus"])]
    done = run.invoke(app, [*given, "--split", "70,15,15", "--out", str(tmp_path / "out")])
    assert done.exit_code == 0
    assert "0 UUSIC25 entries, 0 FMC_UIA rows, 1 skipped" in done.output
    assert "skipped ddti: 2_1: " in done.output
    assert "left out fmc_uia classification lung_2cls: " in done.output
    done = run.invoke(app, [*given, "--out", str(tmp_path / "whole")])
    assert "2 UUSIC25 entries, 6 FMC_UIA rows, 1 skipped" in done.output


@pytest.mark.parametrize("text", ["70,30", "70,15,x", "70,15,-15", ""])
def test_command_refuses_other_shares(sources: dict[str, Path], tmp_path: Path, text: str) -> None:
    given = ["prepare", "--busi", str(sources["busi"]), "--out", str(tmp_path / "out"), "--split", text]
    refused = CliRunner().invoke(app, given)
    assert refused.exit_code == 2
    assert "Expected" in refused.output
    assert not (tmp_path / "out").exists()


def test_a_task_that_a_part_lacks_is_left_out(tmp_path: Path) -> None:
    trees.write_muscle(tmp_path / "muscle")
    prepared = prepare({"muscle_dltrack": tmp_path / "muscle"}, out=tmp_path / "out", split=SPLIT)
    assert prepared.n_fmc_uia == 0
    assert "fmc_uia segmentation aponeurosis: 0 group(s) in val, 1 needed" in prepared.left_out
