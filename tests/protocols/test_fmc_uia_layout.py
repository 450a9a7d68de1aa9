"""Reading FMC_UIA's folder: the traps of its CSV files, and every problem at once."""

from pathlib import Path

import pytest

from evaluation.contract.case import BoxReference, ClassReference, MaskReference, PointsReference
from evaluation.contract.errors import ManifestError
from evaluation.contract.task import Kind
from evaluation.protocols.fmc_uia.layout import mask_output_path, read_manifest
from tests.protocols.folders import disc, write_csv, write_mask

ODD_PATH = "../Segmentation/Two/a b, [c]\u00a0(1)/../d.png"


def row(task_id: str, task_name: str, num_classes: object, image: str, **fields: object) -> dict[str, object]:
    """Return a row whose image lies in ``images/``."""
    path = f"../images/{image}"
    return {
        "task_id": task_id,
        "task_name": task_name,
        "num_classes": num_classes,
        "image_path": path,
    } | fields


def test_several_csv_files_make_one_manifest_and_a_task_may_span_them(tmp_path: Path) -> None:
    write_csv(tmp_path, [row("a", "classification", 2, "1.png", mask=0)], "b.csv")
    write_csv(tmp_path, [row("a", "classification", 2, "2.png", mask=1)], "a.csv")
    write_csv(tmp_path, [row("b", "detection", 1, "2.png")], "c.csv")
    manifest = read_manifest(tmp_path)
    assert list(manifest.tasks) == ["a", "b"]
    assert [case.image_path for case in manifest.cases] == [
        "../images/2.png",
        "../images/1.png",
        "../images/2.png",
    ]


def test_paths_with_spaces_commas_brackets_and_no_break_spaces_are_kept_byte_for_byte(tmp_path: Path) -> None:
    write_csv(tmp_path, [row("a", "classification", 2, "x.png") | {"image_path": ODD_PATH}])
    case = read_manifest(tmp_path).cases[0]
    assert case.image_path.encode() == ODD_PATH.encode()
    assert case.image_file == tmp_path / "csv_files" / ODD_PATH


def test_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    file = write_csv(tmp_path, [row("a", "classification", 2, "1.png")])
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert list(read_manifest(tmp_path).tasks) == ["a"]


def test_one_image_serves_several_tasks(tmp_path: Path) -> None:
    rows = [
        row("a", "segmentation", 2, "1.png", mask_path="../masks/a/1.png"),
        row("b", "classification", 3, "1.png"),
        row("c", "Regression", 2, "1.png"),
        row("d", "detection", 1, "1.png", mask_path="../never/read.xml"),
    ]
    write_csv(tmp_path, rows)
    manifest = read_manifest(tmp_path)
    assert len({case.image_path for case in manifest.cases}) == 1
    assert len({case.case_id for case in manifest.cases}) == 4
    assert [task.kind for task in manifest.tasks.values()] == [
        Kind.SEGMENTATION,
        Kind.CLASSIFICATION,
        Kind.REGRESSION,
        Kind.DETECTION,
    ]
    assert [case.output_path for case in manifest.cases] == ["masks/a/1.png", None, None, None]


def test_images_of_one_base_name_are_different_cases(tmp_path: Path) -> None:
    write_csv(tmp_path, [row("a", "classification", 2, "x/1.png"), row("a", "classification", 2, "y/1.png")])
    assert len(read_manifest(tmp_path).cases) == 2


@pytest.mark.parametrize(
    ("mask_path", "output_path"),
    [
        ("../Segmentation/Two/masks/a b.png", "Segmentation/Two/masks/a b.png"),
        ("../../x/../y.png", "x/y.png"),
        ("plain.png", "plain.png"),
    ],
)
def test_predicted_mask_belongs_at_its_path_without_dots(mask_path: str, output_path: str) -> None:
    assert mask_output_path(mask_path) == output_path


@pytest.mark.parametrize("mask_path", ["/etc/x.png", "....//x.png", "../", "a/.."])
def test_mask_path_that_leaves_the_output_folder_is_refused(tmp_path: Path, mask_path: str) -> None:
    write_csv(tmp_path, [row("a", "segmentation", 2, "1.png", mask_path=mask_path)])
    with pytest.raises(ManifestError, match="leaves the output folder"):
        read_manifest(tmp_path)


def test_two_rows_may_not_share_one_mask_file(tmp_path: Path) -> None:
    rows = [row("a", "segmentation", 2, f"{i}.png", mask_path="../masks/1.png") for i in range(2)]
    write_csv(tmp_path, rows)
    with pytest.raises(ManifestError, match=r"would share one mask \(masks/1.png\)"):
        read_manifest(tmp_path)


def test_size_comes_from_the_columns_else_from_the_image_else_it_is_unknown(tmp_path: Path) -> None:
    write_mask(tmp_path / "images" / "here.jpg", disc(40, 50), "JPEG")
    rows = [
        row("a", "detection", 1, "given.png", image_width=70, image_height="60.0"),
        row("a", "detection", 1, "here.jpg"),
        row("a", "detection", 1, "absent.png"),
    ]
    write_csv(tmp_path, rows)
    assert [case.size_hw for case in read_manifest(tmp_path).cases] == [(60, 70), (40, 50), None]


def test_optional_columns_fill_patient_center_and_spacing(tmp_path: Path) -> None:
    write_csv(
        tmp_path,
        [
            row("a", "detection", 1, "1.png", patient_id="p", center="c", spacing_mm="[0.5, 0.25]"),
            row("a", "detection", 1, "2.png"),
        ],
    )
    first, second = read_manifest(tmp_path).cases
    assert (first.patient_id, first.center, first.spacing_mm_yx) == ("p", "c", (0.5, 0.25))
    assert (second.patient_id, second.center, second.spacing_mm_yx) == (None, None, None)


def test_references_of_every_kind_are_read(tmp_path: Path) -> None:
    write_mask(tmp_path / "masks" / "1.png", disc())
    rows = [
        row("s", "segmentation", 2, "1.png", mask_path="../masks/1.png"),
        row("c", "classification", 3, "1.png", mask="2.0"),
        row("d", "detection", 1, "1.png", x_min=1, y_min=2.5, x_max=3, y_max=4),
        row("e", "detection", 1, "1.png"),
        row("r", "Regression", 2, "1.png", point_1_xy="[1.5, 2]", point_2_xy="nan"),
    ]
    write_csv(tmp_path, rows)
    assert [case.reference for case in read_manifest(tmp_path, labelled=True).cases] == [
        MaskReference(tmp_path / "csv_files" / "../masks/1.png"),
        ClassReference(2),
        BoxReference((1.0, 2.5, 3.0, 4.0)),
        None,
        PointsReference(((1.5, 2.0), None)),
    ]
    assert all(case.reference is None for case in read_manifest(tmp_path).cases)


def test_row_listed_twice_is_counted_once_and_noted(tmp_path: Path) -> None:
    write_csv(tmp_path, [row("a", "classification", 2, "1.png", mask=1)] * 2)
    manifest = read_manifest(tmp_path, labelled=True)
    assert len(manifest.cases) == 1
    assert manifest.notes == ("a|../images/1.png is listed twice; counted once",)


def test_row_listed_twice_with_another_label_is_refused(tmp_path: Path) -> None:
    write_csv(tmp_path, [row("a", "classification", 2, "1.png", mask=label) for label in (0, 1)])
    with pytest.raises(ManifestError, match="listed twice with different content"):
        read_manifest(tmp_path, labelled=True)


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({"task_name": "tracking"}, "unknown task_name `tracking`; expected one of segmentation"),
        ({"num_classes": 1}, "num_classes must be 2 to 255 for classification but is 1"),
        ({"num_classes": "two"}, "could not convert string to float"),
        ({"num_classes": 2.5}, "expected a whole number but got 2.5"),
        ({"num_classes": "inf"}, "expected a whole number"),
        ({"num_classes": ""}, "column `num_classes` is empty or missing"),
        ({"image_path": ""}, "column `image_path` is empty or missing"),
        ({"mask": ""}, "column `mask` is empty or missing"),
        ({"mask": 2}, r"mask \(the class\) must be 0 to 1 but is 2"),
        ({"mask": -1}, r"mask \(the class\) must be 0 to 1 but is -1"),
        ({"spacing_mm": "[0.5]"}, "spacing_mm"),
        ({"spacing_mm": "[0.5, 0]"}, "spacing_mm must be two positive numbers"),
        ({"spacing_mm": "0.5"}, "expected a list of numbers"),
        ({"image_width": 0, "image_height": 5}, "must be positive"),
        ({"image_width": 10**9, "image_height": 5}, "must be at most 64,000,000 pixels"),
        ({"num_classes": 3}, "another task_name or num_classes elsewhere"),
    ],
)
def test_broken_row_is_named_with_its_file_and_reason(
    tmp_path: Path, broken: dict[str, object], reason: str
) -> None:
    good = row("a", "classification", 2, "1.png", mask=1)
    write_csv(tmp_path, [good, row("a", "classification", 2, "2.png", mask=1) | broken], "x.csv")
    with pytest.raises(ManifestError, match=rf"x\.csv row 3: .*{reason}"):
        read_manifest(tmp_path, labelled=True)


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({"x_min": ""}, "column `x_min` is empty or missing"),
        ({"x_min": 9}, "the reference box is inverted"),
        ({"x_min": "-inf"}, "expected a finite number but got -inf"),
        ({"x_min": "left"}, "could not convert"),
    ],
)
def test_broken_reference_box_is_refused(tmp_path: Path, broken: dict[str, object], reason: str) -> None:
    good = row("a", "detection", 1, "1.png", x_min=1, y_min=1, x_max=2, y_max=2)
    write_csv(tmp_path, [good | broken])
    with pytest.raises(ManifestError, match=reason):
        read_manifest(tmp_path, labelled=True)


@pytest.mark.parametrize("point", ["[1]", "[1, 2, 3]", "1, 2", "[1, NaN]", '["1", "2"]', "{}"])
def test_broken_reference_point_is_refused(tmp_path: Path, point: str) -> None:
    write_csv(tmp_path, [row("a", "Regression", 1, "1.png", point_1_xy=point)])
    with pytest.raises(ManifestError, match=r"tasks\.csv row 2: "):
        read_manifest(tmp_path, labelled=True)


def test_every_problem_is_reported_at_once(tmp_path: Path) -> None:
    write_csv(tmp_path, [row("a", "classification", 2, f"{i}.png") for i in range(30)])
    with pytest.raises(ManifestError, match=r"30 problem\(s\)") as caught:
        read_manifest(tmp_path, labelled=True)
    assert str(caught.value).count("column `mask` is empty") == 20
    assert str(caught.value).endswith("… and 10 more")


def test_missing_reference_mask_is_named(tmp_path: Path) -> None:
    write_csv(tmp_path, [row("a", "segmentation", 2, "1.png", mask_path="../masks/1.png")])
    assert read_manifest(tmp_path).cases[0].output_path == "masks/1.png"
    with pytest.raises(ManifestError, match=r"reference mask `.*1\.png` is missing"):
        read_manifest(tmp_path, labelled=True)


def test_unquoted_comma_does_not_shift_a_row_silently(tmp_path: Path) -> None:
    file = write_csv(tmp_path, [row("a", "segmentation", 2, "1.png", mask_path="../masks/1.png")])
    file.write_text(file.read_text() + "a,segmentation,2,../images/2,b.png,../masks/2.png\n")
    with pytest.raises(ManifestError, match="row 3: more cells than the header has columns"):
        read_manifest(tmp_path)


def test_empty_cells_beyond_the_header_and_short_rows_are_let_pass(tmp_path: Path) -> None:
    file = write_csv(tmp_path, [row("a", "detection", 1, "1.png", x_min=1)])
    file.write_text(file.read_text() + "a,detection,1,../images/2.png,1,,\na,detection,1,../images/3.png\n")
    assert len(read_manifest(tmp_path).cases) == 3


@pytest.mark.parametrize("content", [b"\xff\xfe", b'task_id,"a\n', b"task_id\n" + b"x" * 200_000])
def test_file_that_is_no_csv_is_named(tmp_path: Path, content: bytes) -> None:
    write_csv(tmp_path, [row("a", "detection", 1, "1.png")])
    (tmp_path / "csv_files" / "broken.csv").write_bytes(content)
    with pytest.raises(ManifestError, match=r"broken\.csv: cannot be read as CSV in UTF-8"):
        read_manifest(tmp_path)


def test_damaged_image_has_no_known_size_and_stops_nothing(tmp_path: Path) -> None:
    write_csv(tmp_path, [row("a", "detection", 1, "1.png")])
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "1.png").write_bytes(b"no image")
    assert read_manifest(tmp_path).cases[0].size_hw is None


def test_folder_without_csv_files_and_files_without_rows_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"expected a folder `csv_files` with at least one \.csv file"):
        read_manifest(tmp_path)
    file = write_csv(tmp_path, [row("a", "detection", 1, "1.png")])
    file.write_text(file.read_text().splitlines()[0] + "\n")
    with pytest.raises(ManifestError, match="the CSV files hold no row"):
        read_manifest(tmp_path)


def test_tasks_beyond_the_known_27_work(tmp_path: Path) -> None:
    write_csv(tmp_path, [row("new", "Regression", 255, "1.png", point_255_xy="[1, 2]")])
    reference = read_manifest(tmp_path, labelled=True).cases[0].reference
    assert isinstance(reference, PointsReference)
    assert reference.xy_px == (*(None,) * 254, (1.0, 2.0))
