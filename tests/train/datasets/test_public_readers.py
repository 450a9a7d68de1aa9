"""Readers of the data sets that we hold copies of: labels, groups, and what does not match is named."""

from pathlib import Path

import numpy as np
import pytest

from evaluation.contract.errors import ConfigurationError
from tests.train.datasets import trees
from train.datasets.bus_bra import read_bus_bra
from train.datasets.busi import read_busi
from train.datasets.hc18 import read_hc18
from train.datasets.lung_pocus import read_lung_pocus
from train.datasets.muscle_dltrack import read_muscle_dltrack
from train.datasets.picture import Collection, Picture
from train.datasets.usgra_seg import read_usgra_seg


def by_name(collection: Collection) -> dict[str, Picture]:
    return {picture.name: picture for picture in collection.pictures}


def test_busi_unites_several_masks(tmp_path: Path) -> None:
    trees.write_busi(tmp_path)
    pictures = by_name(read_busi(tmp_path))
    assert pictures["benign (1)"].load_mask().sum() == 7 * 11
    assert pictures["benign (2)"].load_mask().sum() == 7 * 11 + 4 * 4
    assert pictures["normal (1)"].load_mask().sum() == 0
    assert [pictures[f"{label} (1)"].label for label in ("benign", "malignant", "normal")] == [
        "benign",
        "malignant",
        "normal",
    ]


def test_busi_keeps_duplicates_together_and_skips_contradictions(tmp_path: Path) -> None:
    trees.write_busi(tmp_path, n=3)
    trees.write_table(
        tmp_path / "near_duplicate_groups.csv",
        ("group_id", "class", "file", "mixed_labels"),
        ("1", "benign", "benign/benign (1).png", "0"),
        ("1", "benign", "benign/benign (2).png", "0"),
        ("2", "benign", "benign/benign (3).png", "1"),
        ("2", "malignant", "malignant/malignant (3).png", "1"),
    )
    collection = read_busi(tmp_path)
    pictures = by_name(collection)
    assert pictures["benign (1)"].group == pictures["benign (2)"].group
    assert pictures["malignant (1)"].group != pictures["malignant (2)"].group
    assert collection.skipped == (
        "benign/benign (3): the same picture carries another class too",
        "malignant/malignant (3): the same picture carries another class too",
    )


def test_busi_names_what_does_not_match(tmp_path: Path) -> None:
    trees.write_busi(tmp_path, n=5)
    base = tmp_path / "Dataset_BUSI_with_GT"
    trees.write_mask(base / "benign/benign (3)_mask.png", np.zeros((20, 31), np.uint8))
    (base / "benign/benign (4)_mask.png").unlink()
    trees.write_mask(base / "benign/benign (5)_mask.png", np.zeros(trees.SIZE_HW, np.uint8))
    trees.write_mask(base / "normal/normal (5)_mask.png", trees.make_mask())
    (base / "malignant/malignant (5).jpg").unlink()
    (base / "malignant/malignant (4).jpg").write_bytes(b"no image")
    assert read_busi(tmp_path).skipped == (
        "benign/benign (3): benign (3)_mask.png is (20, 31), its image is (40, 60)",
        "benign/benign (4): no mask",
        "benign/benign (5): benign, but its mask is empty",
        "malignant/malignant (4): malignant (4).jpg: not a readable PNG, JPEG, BMP file",
        "normal/normal (5): normal, but its mask is not empty",
        "malignant/malignant (5): no image",
    )


def test_two_images_of_one_stem_are_refused(tmp_path: Path) -> None:
    trees.write_busi(tmp_path)
    trees.write_image(tmp_path / "Dataset_BUSI_with_GT/benign/benign (1).png")
    with pytest.raises(ConfigurationError, match=r"one image a stem but got benign \(1\).jpg, benign"):
        read_busi(tmp_path)


def test_bus_bra_box_is_counted_from_zero(tmp_path: Path) -> None:
    trees.write_bus_bra(tmp_path)
    picture = by_name(read_bus_bra(tmp_path))["bus_0001-l"]
    # MATLAB's [21, 6, 10, 6] covers columns 21 to 31 and rows 6 to 12, counted from 1
    assert picture.box_xyxy == (20.0, 5.0, 30.0, 11.0)
    ys, xs = np.nonzero(picture.load_mask())
    assert picture.box_xyxy == (xs.min(), ys.min(), xs.max(), ys.max())
    assert (picture.label, picture.group) == ("benign", "bus_bra 1")


def test_bus_bra_merges_cases_that_show_the_same_frames(tmp_path: Path) -> None:
    trees.write_bus_bra(tmp_path, cases=(44, 65, 341, 356, 45))
    groups = {p.name[4:8]: p.group for p in read_bus_bra(tmp_path).pictures}
    assert groups["0044"] == groups["0065"] != groups["0341"] == groups["0356"]
    assert len(set(groups.values())) == 3


def test_bus_bra_names_what_does_not_match(tmp_path: Path) -> None:
    trees.write_bus_bra(tmp_path, cases=(1, 2, 3, 4), sides="s")
    base = tmp_path / "BUSBRA"
    trees.write_image(base / "Images/bus_0009-s.png")
    trees.write_mask(base / "Masks/mask_0009-s.png", trees.make_mask())
    (base / "Masks/mask_0002-s.png").unlink()
    trees.write_mask(base / "Masks/mask_0003-s.png", trees.make_mask((slice(5, 12), slice(20, 30))))
    table = (base / "bus_data.csv").read_text()
    (base / "bus_data.csv").write_text(table.replace("bus_0004-s,4,malignant", "bus_0004-s,4,unclear"))
    collection = read_bus_bra(tmp_path)
    assert list(by_name(collection)) == ["bus_0001-s"]
    assert collection.skipped == (
        "bus_0002-s: no mask",
        "bus_0003-s: its mask spans (20.0, 5.0, 29.0, 11.0), its box (20.0, 5.0, 30.0, 11.0) (x, y, x, y)",
        "bus_0004-s: unknown pathology `unclear`",
        "bus_0009-s: no row in bus_data.csv",
    )


@pytest.mark.parametrize("text", ["[1,2,3]", "[1,2,3,true]", "12", "[1,2,3,"])
def test_bus_bra_skips_a_box_that_is_none(tmp_path: Path, text: str) -> None:
    trees.write_bus_bra(tmp_path, cases=(1,), sides="s")
    table = tmp_path / "BUSBRA/bus_data.csv"
    table.write_text(table.read_text().replace("[21,6,10,6]", text))
    assert len(read_bus_bra(tmp_path).skipped) == 1


def test_hc18_joins_by_stem_and_groups_by_subject(tmp_path: Path) -> None:
    trees.write_hc18(tmp_path)
    pictures = by_name(read_hc18(tmp_path))
    assert {name: p.group for name, p in pictures.items()} == {
        "001_2HC": "hc18 001",
        "001_HC": "hc18 001",
        "002_HC": "hc18 002",
    }
    assert pictures["001_HC"].spacing_mm_yx == (0.1, 0.1)
    assert np.allclose(pictures["001_HC"].points_xy, [(10, 20), (50, 20), (30, 8), (30, 32)], atol=0.5)


def test_hc18_fills_the_official_outlines(tmp_path: Path) -> None:
    trees.write_hc18(tmp_path)
    for file in sorted((tmp_path / "training_set").glob("*_Mask.png")):
        file.unlink()
        outline = trees.make_ellipse(thickness=2)
        # cut by the image's border: filling holes would leave this head open
        outline[:, :14] = 0
        trees.write_mask(file.with_name(file.name.replace("_Mask", "_Annotation")), outline)
    mask = read_hc18(tmp_path).pictures[0].load_mask()
    filled = trees.make_ellipse(1) | trees.make_ellipse(1, thickness=2)
    assert (mask & filled).sum() / (mask | filled).sum() > 0.9
    assert mask[20, 30] == 1


def test_hc18_names_what_does_not_match(tmp_path: Path) -> None:
    stems = ("001_HC", "002_HC", "003_HC", "004_HC", "005_HC")
    trees.write_hc18(tmp_path, stems)
    table = tmp_path / "training_set_pixel_size_and_HC.csv"
    text = table.read_text().replace("002_HC.png,0.1,60.0\n", "").replace("004_HC.png,0.1", "004_HC.png,0")
    table.write_text(text + "006_HC.png,0.1,60.0\n")
    (tmp_path / "training_set/003_HC_Mask.png").unlink()
    trees.write_mask(tmp_path / "training_set/005_HC_Mask.png", np.zeros(trees.SIZE_HW, np.uint8))
    assert read_hc18(tmp_path).skipped == (
        "002_HC: no pixel size in training_set_pixel_size_and_HC.csv",
        "003_HC: no mask",
        "004_HC: pixel size 0 in training_set_pixel_size_and_HC.csv",
        "005_HC: empty mask",
        "006_HC: no image",
    )


def test_usgra_reads_indices_not_colours(tmp_path: Path) -> None:
    trees.write_usgra_seg(tmp_path)
    pictures = by_name(read_usgra_seg(tmp_path))
    mask = pictures["nerve_0000"].load_mask()
    assert [int((mask == k).sum()) for k in range(3)] == [40 * 60 - 77 - 16, 77, 16]
    assert pictures["nerve_0000"].group == pictures["nerve_0001"].group != pictures["nerve_0002"].group


def test_usgra_names_what_does_not_match(tmp_path: Path) -> None:
    trees.write_usgra_seg(tmp_path)
    trees.write_mask(tmp_path / "dataset/masks/0001.png", trees.make_mask(value=3))
    (tmp_path / "dataset/images/0002.jpg").unlink()
    assert read_usgra_seg(tmp_path).skipped == (
        "0001: 0001.png holds unknown classes [3]",
        "0002: no image",
    )


def test_muscle_skips_an_image_without_a_group(tmp_path: Path) -> None:
    trees.write_muscle(tmp_path)
    trees.write_image(tmp_path / "apo_images/img_00009.jpg")
    trees.write_mask(tmp_path / "apo_masks/img_00009.png", trees.make_mask())
    collection = read_muscle_dltrack(tmp_path)
    assert [p.group for p in collection.pictures] == [f"muscle_dltrack {k}" for k in (0, 0, 1, 1)]
    assert collection.skipped == ("img_00009: no group in near_duplicate_groups.csv",)
    (tmp_path / "near_duplicate_groups.csv").unlink()
    with pytest.raises(ConfigurationError, match=r"near_duplicate_groups.csv is missing"):
        read_muscle_dltrack(tmp_path)


def test_lung_groups_by_patient_not_by_video(tmp_path: Path) -> None:
    trees.write_lung(tmp_path, n_patients=3)
    pictures = by_name(read_lung_pocus(tmp_path))
    assert pictures["lung_vid0_0_9"].group == pictures["lung_vid0_1_9"].group == "lung_pocus 0"
    assert [pictures[f"lung_vid{k}_0_9"].label for k in range(3)] == ["regular", "pneumonia", "pneumonia"]


def test_lung_names_what_does_not_match(tmp_path: Path) -> None:
    trees.write_lung(tmp_path, n_patients=2)
    frames, videos = tmp_path / "frame_index.csv", tmp_path / "dataset_metadata.csv"
    frames.write_text(frames.read_text().replace("vid0_0,regular", "vid0_0,unsure"))
    videos.write_text(videos.read_text().replace("vid0_1,0", "vid0_1,"))
    trees.write_image(tmp_path / "dataset/other_1.jpg")
    assert read_lung_pocus(tmp_path).skipped == (
        "other_1: no row in frame_index.csv",
        "vid0_0_9: unknown label `unsure`",
        "vid0_1_9: no patient of video vid0_1 in dataset_metadata.csv",
    )


def test_a_table_without_a_column_is_refused(tmp_path: Path) -> None:
    trees.write_lung(tmp_path)
    trees.write_table(tmp_path / "frame_index.csv", ("frame", "label"))
    with pytest.raises(ConfigurationError, match=r"\['video'\] is missing"):
        read_lung_pocus(tmp_path)


def test_bus_bra_skips_an_empty_mask(tmp_path: Path) -> None:
    trees.write_bus_bra(tmp_path, cases=(1,), sides="s")
    trees.write_mask(tmp_path / "BUSBRA/Masks/mask_0001-s.png", np.zeros(trees.SIZE_HW, np.uint8))
    assert read_bus_bra(tmp_path).skipped == ("bus_0001-s: empty mask",)


def test_a_table_that_is_no_text_is_refused(tmp_path: Path) -> None:
    trees.write_lung(tmp_path)
    (tmp_path / "frame_index.csv").write_bytes(b"frame,video,label\n\xff\xfe\n")
    with pytest.raises(ConfigurationError, match="expected a readable CSV table"):
        read_lung_pocus(tmp_path)


def test_a_link_to_nowhere_is_skipped(tmp_path: Path) -> None:
    trees.write_lung(tmp_path)
    (tmp_path / "dataset/vid0_0_9.jpg").unlink()
    (tmp_path / "dataset/vid0_0_9.jpg").symlink_to(tmp_path / "absent.jpg")
    assert read_lung_pocus(tmp_path).skipped == ("vid0_0_9: vid0_0_9.jpg: No such file or directory",)


def test_a_picture_without_a_mask_says_so(tmp_path: Path) -> None:
    trees.write_lung(tmp_path)
    with pytest.raises(ValueError, match="lung_vid0_0_9: expected a mask but its source has none"):
        read_lung_pocus(tmp_path).pictures[0].load_mask()
