"""Readers of the data sets that we know by their published layouts only."""

from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from evaluation.contract.errors import ConfigurationError
from evaluation.files.images import decode_mask
from tests.train.datasets import trees
from train.datasets.busis import read_busis
from train.datasets.camus import read_camus
from train.datasets.ddti import read_ddti
from train.datasets.fatty_liver import read_fatty_liver
from train.datasets.kidney_us import read_kidney_us
from train.datasets.regensburg import read_regensburg


def test_busis_pairs_images_and_masks(tmp_path: Path) -> None:
    trees.write_busis(tmp_path)
    trees.write_image(tmp_path / "original/case9.bmp")
    collection = read_busis(tmp_path)
    assert [p.name for p in collection.pictures] == ["busis_case0", "busis_case1"]
    assert collection.pictures[0].load_mask().sum() == 77
    assert collection.skipped == ("case9: no mask",)


def test_ddti_fills_every_outline_of_an_image(tmp_path: Path) -> None:
    trees.write_ddti(tmp_path)
    collection = read_ddti(tmp_path)
    pictures = {p.name: p for p in collection.pictures}
    assert list(pictures) == ["ddti_1_1", "ddti_1_2"]
    assert {p.group for p in collection.pictures} == {"ddti 1"}
    # whole pixels, the corners' own included
    assert pictures["ddti_1_1"].load_mask().sum() == 2 * 77
    assert np.array_equal(pictures["ddti_1_2"].load_mask(), trees.make_mask(value=1))
    assert len(collection.skipped) == 1
    assert collection.skipped[0].startswith("2_1: ")


def test_ddti_overlapping_outlines_leave_no_hole(tmp_path: Path) -> None:
    square = '{"points": [{"x": 5, "y": 5}, {"x": 15, "y": 5}, {"x": 15, "y": 15}, {"x": 5, "y": 15}]}'
    trees.write_ddti_case(tmp_path, 1, {"1": f"[{square}, {square}]"})
    assert read_ddti(tmp_path).pictures[0].load_mask().sum() == 11 * 11


@pytest.mark.parametrize(
    "outline",
    [
        "[]",
        "5",
        '[{"point": []}]',
        '[{"points": [{"x": 1}]}]',
        '[{"points": [{"x": NaN, "y": 1}, {"x": 1, "y": 1}, {"x": 2, "y": 9}]}]',
        '[{"points": [{"x": 1, "y": 1}, {"x": 3, "y": 3}]}]',
    ],
)
def test_ddti_skips_an_outline_that_is_none(tmp_path: Path, outline: str) -> None:
    trees.write_ddti_case(tmp_path, 1, {"1": outline})
    collection = read_ddti(tmp_path)
    assert collection.pictures == ()
    assert len(collection.skipped) == 1


def test_ddti_names_images_without_outline_and_outlines_without_image(tmp_path: Path) -> None:
    trees.write_ddti(tmp_path)
    trees.write_image(tmp_path / "1_3.jpg")
    (tmp_path / "1_2.jpg").unlink()
    (tmp_path / "2.xml").write_text("<case><mark>")
    told = read_ddti(tmp_path).skipped
    assert told[:2] == ("1_2: no image", "1_3: no outline")
    assert told[2].startswith("2_1: 2.xml: no element found")


def test_fatty_liver_groups_frames_by_patient(tmp_path: Path) -> None:
    trees.write_fatty_liver(tmp_path)
    pictures = read_fatty_liver(tmp_path).pictures
    assert [(p.name, p.group, p.label) for p in pictures] == [
        ("liver_1_01", "fatty_liver 1", "normal"),
        ("liver_1_02", "fatty_liver 1", "normal"),
        ("liver_2_01", "fatty_liver 2", "abnormal"),
        ("liver_2_02", "fatty_liver 2", "abnormal"),
    ]
    assert pictures[0].size_hw == trees.SIZE_HW
    assert np.unique(decode_mask(pictures[3].read_image(), expected_hw=trees.SIZE_HW)).tolist() == [11]


def test_fatty_liver_skips_an_unknown_class_and_refuses_other_files(tmp_path: Path) -> None:
    trees.write_fatty_liver(tmp_path, classes=(0, 2))
    assert read_fatty_liver(tmp_path).skipped == ("2_01: unknown class `2`", "2_02: unknown class `2`")
    (tmp_path / "other.mat").write_bytes(b"no matlab" * 40)
    for place in (tmp_path / "other.mat", tmp_path / "absent"):
        with pytest.raises(ConfigurationError, match="struct `data`"):
            read_fatty_liver(place)


def test_kidney_groups_by_number_and_skips_blank_capsules(tmp_path: Path) -> None:
    trees.write_kidney_us(tmp_path)
    collection = read_kidney_us(tmp_path)
    assert [p.group for p in collection.pictures] == ["kidney_us 100", "kidney_us 100", "kidney_us 7"]
    assert collection.pictures[0].load_mask().sum() == 77
    assert collection.skipped == ("8_IM-3-1_anon: empty mask: no capsule was drawn",)
    trees.write_image(tmp_path / "labels/images/7_IM-2-1_anon.png")
    with pytest.raises(ConfigurationError, match="but got 2"):
        read_kidney_us(tmp_path)


def test_camus_reads_four_frames_a_patient(tmp_path: Path) -> None:
    trees.write_camus(tmp_path, n=2)
    collection = read_camus(tmp_path)
    assert len(collection.pictures) == 8
    first = collection.pictures[0]
    assert (first.name, first.group) == ("camus_patient0001_2CH_ED", "camus patient0001")
    assert first.size_hw == trees.SIZE_HW
    assert first.spacing_mm_yx == pytest.approx((0.3, 0.15))
    image = decode_mask(first.read_image(), expected_hw=trees.SIZE_HW)
    assert (image[0, 0], image[0, 59], image[39, 59]) == (4, 200, 200)
    assert {k: int((first.load_mask() == k).sum()) for k in (1, 2, 3)} == {1: 77, 2: 22, 3: 55}


def test_camus_names_what_does_not_match(tmp_path: Path) -> None:
    trees.write_camus(tmp_path)
    folder = tmp_path / "database_nifti/patient0001"
    (folder / "patient0001_2CH_ED_gt.nii.gz").unlink()
    trees.write_nifti(folder / "patient0001_2CH_ES_gt.nii.gz", np.ones((3, 4), np.uint8))
    trees.write_nifti(folder / "patient0001_4CH_ED_gt.nii.gz", trees.make_mask(value=7))
    trees.write_nifti(folder / "patient0001_4CH_ES.nii.gz", np.ones(trees.SIZE_HW, np.int16))
    assert read_camus(tmp_path).skipped == (
        "patient0001_2CH_ED: no patient0001_2CH_ED_gt.nii.gz",
        "patient0001_2CH_ES: patient0001_2CH_ES_gt.nii.gz is (3, 4), its image is (40, 60)",
        "patient0001_4CH_ED: patient0001_4CH_ED_gt.nii.gz holds unknown classes [7]",
        "patient0001_4CH_ES: patient0001_4CH_ES.nii.gz holds int16, expected uint8",
    )


def test_regensburg_takes_the_patients_diagnosis(tmp_path: Path) -> None:
    trees.write_regensburg(tmp_path, {882: "appendicitis", 7: "no appendicitis", 9: ""})
    trees.write_image(tmp_path / "US_Pictures/5.1 App.bmp")
    trees.write_image(tmp_path / "US_Pictures/App.bmp")
    collection = read_regensburg(tmp_path)
    assert {(p.group, p.label) for p in collection.pictures} == {
        ("regensburg 882", "abnormal"),
        ("regensburg 7", "normal"),
    }
    assert collection.skipped == (
        "5.1 App: no row with US_Number 5 in app_data.xlsx",
        "9.1 App: unknown diagnosis ``",
        "9.2 App: unknown diagnosis ``",
        "App: its name does not start with number.view",
    )


def test_folders_of_something_else_are_refused(tmp_path: Path) -> None:
    for read in (read_busis, read_camus, read_ddti, read_kidney_us, read_regensburg):
        with pytest.raises(ConfigurationError, match="expected"):
            read(tmp_path)
        with pytest.raises(ConfigurationError, match="expected"):
            read(tmp_path / "absent")


def test_regensburg_refuses_a_table_without_numbers(tmp_path: Path) -> None:
    trees.write_regensburg(tmp_path, {7: "appendicitis"})
    trees.write_xlsx(tmp_path / "app_data.xlsx", [["Age", "Diagnosis"], [3, "appendicitis"]])
    with pytest.raises(ConfigurationError, match="expected a column US_Number"):
        read_regensburg(tmp_path)
    (tmp_path / "app_data.xlsx").write_bytes(b"text")
    with pytest.raises(ConfigurationError, match="not a readable Excel workbook"):
        read_regensburg(tmp_path)


def test_fatty_liver_skips_frames_of_another_kind_and_refuses_other_structs(tmp_path: Path) -> None:
    file = tmp_path / "liver.mat"
    data = np.zeros((1, 1), dtype=[(name, object) for name in ("id", "class", "images")])
    data[0, 0] = (np.array([[3]]), np.array([[1]]), np.zeros((2, 4, 5), np.float64))
    savemat(file, {"data": data})
    told = read_fatty_liver(file).skipped
    assert told[0] == "3_01: images are float64 of shape (2, 4, 5), expected uint8 (n, h, w)"
    savemat(file, {"data": {"id": 3, "class": 1}})
    with pytest.raises(ConfigurationError, match=r"no \['images'\]"):
        read_fatty_liver(file)


def test_busis_without_masks_is_refused_as_a_whole(tmp_path: Path) -> None:
    trees.write_image(tmp_path / "original/case0.bmp")
    with pytest.raises(ConfigurationError, match="GT is missing"):
        read_busis(tmp_path)
