"""Reading UUSIC25's manifest: the traps of its entries, and every problem at once."""

from pathlib import Path

import pytest

from evaluation.contract.case import ClassReference, MaskReference
from evaluation.contract.errors import ManifestError
from evaluation.contract.manifest import Manifest
from evaluation.protocols.uusic25.layout import canonical_organ, mask_output_path, read_manifest
from tests.protocols.folders import disc, uusic25_entry, write_json, write_mask

SEGMENTATION = "segmentation/Breast/imgs/us_1.png"
MASK = "segmentation/Breast/masks/us_1.png"
CLASSIFICATION = "classification/Liver/imgs/cls_1.jpg"


def read(folder: Path, entries: object, *, labelled: bool = False) -> Manifest:
    """Write a manifest and read it."""
    file = write_json(folder / "manifest.json", entries)
    return read_manifest(file, images_dir=folder, labelled=labelled)


@pytest.mark.parametrize(
    ("spelling", "organ"),
    [
        ("Heart", "Cardiac"),
        ("Cardiac", "Cardiac"),
        ("Head", "Fetal_Head"),
        ("Fetal Head", "Fetal_Head"),
        ("Fetal_Head", "Fetal_Head"),
        ("private_Breast_luminal", "Breast"),
        ("Breast", "Breast"),
        ("Spleen", "Spleen"),
    ],
)
def test_both_spellings_of_an_organ_are_one(spelling: str, organ: str) -> None:
    assert canonical_organ(spelling) == organ


def test_entries_are_told_apart_by_task_and_data_set_not_by_the_organ_string(tmp_path: Path) -> None:
    entries = [
        uusic25_entry("segmentation/Cardiac/imgs/1.png", "segmentation", "Cardiac", organ="Heart"),
        uusic25_entry("segmentation/Cardiac/imgs/2.png", "segmentation", "Cardiac", organ="Cardiac"),
        uusic25_entry("segmentation/Cardiac/imgs/3.png", "segmentation", "private_Cardiac"),
    ]
    manifest = read(tmp_path, entries)
    assert list(manifest.tasks) == ["segmentation/Cardiac"]
    assert manifest.tasks["segmentation/Cardiac"].organ == "Cardiac"


def test_number_of_classes_is_four_for_subtypes_and_else_two(tmp_path: Path) -> None:
    entries = [
        uusic25_entry(f"{task}/{dataset}/imgs/1.png", task, dataset)
        for task, dataset in (
            ("classification", "Breast"),
            ("classification", "Breast_luminal"),
            ("segmentation", "Breast_luminal"),
        )
    ]
    assert [task.num_classes for task in read(tmp_path, entries).tasks.values()] == [2, 4, 2]


def test_every_img_in_the_path_becomes_mask_and_the_extension_stays() -> None:
    assert mask_output_path("segmentation/Breast/imgs/img_1.jpg") == "segmentation/Breast/masks/mask_1.jpg"


def test_one_image_may_be_segmented_and_classified(tmp_path: Path) -> None:
    path = "shared/imgs/1.png"
    entries = [
        uusic25_entry(path, "segmentation", "Breast"),
        uusic25_entry(path, "classification", "Breast"),
    ]
    manifest = read(tmp_path, entries)
    assert [case.case_id for case in manifest.cases] == [
        f"segmentation/Breast|{path}",
        f"classification/Breast|{path}",
    ]
    assert [case.output_path for case in manifest.cases] == ["shared/masks/1.png", None]


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        ("x/img_1.png", "x/img_1.png", "classification"),
        ("x/img_1.png", "x/mask_1.png", "segmentation"),
    ],
)
def test_two_cases_may_not_share_one_output(tmp_path: Path, first: str, second: str, kind: str) -> None:
    entries = [uusic25_entry(first, kind, "Breast"), uusic25_entry(second, kind, "Liver")]
    with pytest.raises(ManifestError, match="would share one output"):
        read(tmp_path, entries)


def test_dimensions_are_width_then_height(tmp_path: Path) -> None:
    entry = uusic25_entry(CLASSIFICATION, "classification", "Liver", img_dimensions=[1008, 819])
    assert read(tmp_path, [entry]).cases[0].size_hw == (819, 1008)


def test_dimensions_that_are_not_given_come_from_the_image(tmp_path: Path) -> None:
    write_mask(tmp_path / CLASSIFICATION, disc(40, 50), "JPEG")
    entry = uusic25_entry(CLASSIFICATION, "classification", "Liver", img_dimensions=None)
    assert read(tmp_path, [entry]).cases[0].size_hw == (40, 50)


def test_optional_keys_fill_patient_center_and_spacing(tmp_path: Path) -> None:
    entry = uusic25_entry(
        SEGMENTATION, "segmentation", "Breast", patient_id=7, center="external", spacing_mm=[0.1, 0.2]
    )
    case = read(tmp_path, [entry]).cases[0]
    assert (case.patient_id, case.center, case.spacing_mm_yx) == ("7", "external", (0.1, 0.2))


def test_labelled_entries_hold_their_references(tmp_path: Path) -> None:
    write_mask(tmp_path / MASK, disc())
    entries = [
        uusic25_entry(SEGMENTATION, "segmentation", "Breast", mask_path_relative=MASK),
        uusic25_entry(CLASSIFICATION, "classification", "Liver", class_label_index=1),
    ]
    references = [case.reference for case in read(tmp_path, entries, labelled=True).cases]
    assert references == [MaskReference(tmp_path / MASK), ClassReference(1)]
    assert [case.reference for case in read(tmp_path, entries).cases] == [None, None]


def test_masks_may_lie_in_a_folder_of_their_own(tmp_path: Path) -> None:
    write_mask(tmp_path / "references" / MASK, disc())
    entry = uusic25_entry(SEGMENTATION, "segmentation", "Breast", mask_path_relative=MASK)
    file = write_json(tmp_path / "ground_truth.json", [entry])
    manifest = read_manifest(
        file, images_dir=tmp_path / "images", references_dir=tmp_path / "references", labelled=True
    )
    assert manifest.cases[0].reference == MaskReference(tmp_path / "references" / MASK)


def test_entry_listed_twice_is_counted_once_and_noted(tmp_path: Path) -> None:
    entry = uusic25_entry(SEGMENTATION, "segmentation", "Breast")
    manifest = read(tmp_path, [entry, entry])
    assert len(manifest.cases) == 1
    assert manifest.notes == (f"segmentation/Breast|{SEGMENTATION} is listed twice; counted once",)


def test_entry_listed_twice_with_another_label_is_refused(tmp_path: Path) -> None:
    entries = [
        uusic25_entry(CLASSIFICATION, "classification", "Liver", class_label_index=label) for label in (0, 1)
    ]
    with pytest.raises(ManifestError, match="listed twice with different content"):
        read(tmp_path, entries, labelled=True)


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({"task": "detection"}, "unknown task `detection`; expected one of segmentation, classification"),
        ({"task": ["segmentation"]}, "unhashable"),
        ({"img_path_relative": "../x.png"}, "must be a path inside the image folder"),
        ({"img_path_relative": "/x.png"}, "must be a path inside the image folder"),
        ({"img_path_relative": 5}, "must be a path inside the image folder"),
        ({"img_dimensions": [10]}, r"img_dimensions must be \[width, height\]"),
        ({"img_dimensions": [0, 10]}, "img_dimensions must be positive"),
        ({"img_dimensions": [2_000_000, 2_000_000]}, "img_dimensions must be at most 64,000,000 pixels"),
        ({"img_dimensions": ["10", 10]}, "expected a whole number"),
        ({"img_dimensions": None}, "No such file"),
        ({"spacing_mm": [1, -1]}, "spacing_mm must be two positive numbers"),
        ({"mask_path_relative": None}, "is this the participants' manifest"),
        ({"mask_path_relative": "../x.png"}, "must be a path inside the folder of masks"),
        ({"mask_path_relative": "absent.png"}, r"reference mask `.*absent\.png` is missing"),
    ],
)
def test_broken_entry_is_named_with_its_reason(
    tmp_path: Path, broken: dict[str, object], reason: str
) -> None:
    write_mask(tmp_path / MASK, disc())
    good = uusic25_entry(SEGMENTATION, "segmentation", "Breast", mask_path_relative=MASK)
    with pytest.raises(ManifestError, match=f"entry 1: .*{reason}"):
        read(tmp_path, [good, good | broken], labelled=True)


@pytest.mark.parametrize("label", [None, 2, -1, "1", True, 0.5])
def test_label_that_is_no_class_is_refused(tmp_path: Path, label: object) -> None:
    entry = uusic25_entry(CLASSIFICATION, "classification", "Liver", class_label_index=label)
    with pytest.raises(ManifestError, match="entry 0: "):
        read(tmp_path, [entry], labelled=True)


@pytest.mark.parametrize("entry", [5, None, "x", ["segmentation"], {}])
def test_entry_that_is_no_object_or_lacks_keys_is_refused(tmp_path: Path, entry: object) -> None:
    with pytest.raises(ManifestError, match="entry 0: "):
        read(tmp_path, [entry])


@pytest.mark.parametrize("value", [{}, [], None, 5])
def test_manifest_that_is_no_list_of_entries_is_refused(tmp_path: Path, value: object) -> None:
    with pytest.raises(ManifestError, match="expected a JSON list of entries"):
        read(tmp_path, value)


def test_manifest_that_is_absent_or_no_json_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="cannot be read"):
        read_manifest(tmp_path / "absent.json", images_dir=tmp_path)
    (tmp_path / "broken.json").write_text("[")
    with pytest.raises(ManifestError, match=r"broken\.json: it is not JSON"):
        read_manifest(tmp_path / "broken.json", images_dir=tmp_path)
