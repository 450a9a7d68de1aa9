"""Which cases the lines are about."""

from pathlib import Path

import pytest

from evaluation.contract.errors import ConfigurationError, ManifestError
from train.report.attributes import cut_in_thirds, read_attributes, read_lesion_shares
from train.report.building import ReportOptions, build_report, read_part
from train.report.records import Line, Report

DEVICES = "ID,Device,BIRADS\nbus_0001-l,Logiq 5,4\nbus_0001-r,Logiq 7,2\nbus_0099-l,Logiq 7,2\n"


def make(split: Path, row: Path, bus_bra: Path | None = None) -> Report:
    options = ReportOptions(n_resamples=50, n_processes=1)
    return build_report(split, "val", {"a": row}, [], bus_bra=bus_bra, options=options)


def select(made: Report, task_id: str, by: str) -> dict[str, Line]:
    return {line.group: line for line in made.lines if (line.task_id, line.by) == (task_id, by)}


def dsc(line: Line) -> float | None:
    return line.scores["dsc"].value


def test_normals_are_reported_apart_from_lesions(split: Path, row: Path) -> None:
    found = select(make(split, row), "breast_lesion", "reference")
    lesions, normals = found["lesions"], found["empty masks (normals)"]
    assert (lesions.n_images, lesions.n_failed, lesions.n_groups) == (4, 1, 3)
    assert dsc(lesions) == pytest.approx((2 / 3 + 1 + 1 + 0) / 4)
    assert (normals.n_images, normals.primary) == (2, "left_empty")
    assert normals.scores["left_empty"].value == pytest.approx(1 / 2)


def test_missing_mask_of_a_normal_was_not_left_empty(split: Path, row: Path) -> None:
    next(row.rglob("normal (1).png")).unlink()
    found = select(make(split, row), "breast_lesion", "reference")["empty masks (normals)"]
    assert (found.scores["left_empty"].value, found.n_failed) == (0, 1)


def test_whole_task_holds_both(split: Path, row: Path) -> None:
    whole = select(make(split, row), "breast_lesion", "all")[""]
    assert (whole.n_images, whole.n_groups, whole.n_failed) == (6, 5, 1)
    assert dsc(whole) == pytest.approx((2 / 3 + 1 + 1 + 0 + 1 + 0) / 6)


def test_sources_of_lesions_leave_normals_out(split: Path, row: Path) -> None:
    found = select(make(split, row), "breast_lesion", "source")
    assert {name: line.n_images for name, line in found.items()} == {"bus_bra": 2, "busi": 2}
    assert dsc(found["busi"]) == pytest.approx(5 / 6)
    assert dsc(found["bus_bra"]) == pytest.approx(1 / 2)


def test_each_source_has_its_auc(split: Path, row: Path) -> None:
    found = select(make(split, row), "classification/Breast", "source")
    assert {name: line.scores["auc"].value for name, line in found.items()} == {"bus_bra": 1, "busi": 1}


def test_classes_of_segmentation_are_those_of_the_source(split: Path, row: Path) -> None:
    found = select(make(split, row), "breast_lesion", "class")
    values = {name: dsc(line) for name, line in found.items()}
    assert values == {
        "bus_bra benign": 0,
        "bus_bra malignant": 1,
        "busi benign": pytest.approx(2 / 3),
        "busi malignant": 1,
    }


def test_classification_is_not_broken_down_by_its_own_answer(split: Path, row: Path) -> None:
    made = make(split, row)
    assert select(made, "classification/Breast", "class") == {}
    assert select(made, "breast_3cls", "lesion size") == {}, (
        "only lesions have a size, so no group has normals"
    )


def test_devices_and_birads_come_from_the_table(split: Path, row: Path, tmp_path: Path) -> None:
    (tmp_path / "BUSBRA").mkdir()
    (tmp_path / "BUSBRA" / "bus_data.csv").write_text(DEVICES)
    for bus_bra in (tmp_path, tmp_path / "BUSBRA"):
        made = make(split, row, bus_bra)
        devices = select(made, "breast_lesion", "device")
        assert {name: dsc(line) for name, line in devices.items()} == {"Logiq 5": 1, "Logiq 7": 0}
        assert list(select(made, "breast_lesion", "BI-RADS")) == ["BI-RADS 2", "BI-RADS 4"]
        boxes = select(made, "breast_lesion_det", "device")
        assert {name: line.scores["iou"].value for name, line in boxes.items()} == {
            "Logiq 5": 0.5,
            "Logiq 7": 0,
        }
    assert select(make(split, row), "breast_lesion", "device") == {}


def test_sizes_are_thirds_of_the_lesions(split: Path, row: Path) -> None:
    # 4, 9, 16 and 25 % of the image; bounds at 9 and 16 %.
    found = select(make(split, row), "breast_lesion", "lesion size")
    assert {name: line.n_images for name, line in found.items()} == {
        "1st third: below 9.0% of the image": 1,
        "2nd third: 9.0% to 16.0%": 1,
        "3rd third: from 16.0%": 2,
    }
    assert [dsc(line) for line in found.values()] == [pytest.approx(2 / 3), 0, 1]


def test_sizes_of_boxes_are_those_of_the_lesions(split: Path, row: Path) -> None:
    found = select(make(split, row), "breast_lesion_det", "lesion size")
    values = {name[:9]: line.scores["iou"].value for name, line in found.items()}
    assert values == {"2nd third": 0, "3rd third": 0.5}


def test_nothing_is_cut_into_no_thirds() -> None:
    assert cut_in_thirds({}) == {}


def test_single_source_gives_no_table_of_sources(split: Path, row: Path) -> None:
    assert select(make(split, row), "breast_3cls", "source") == {}


def test_subgroups_of_few_groups_have_no_interval(split: Path, row: Path) -> None:
    score = select(make(split, row), "breast_lesion", "source")["busi"].scores["dsc"]
    assert score.interval is None
    assert score.reason == "no interval: 2 group(s), 10 needed"


def test_whole_tasks_keep_their_interval_whatever_their_size(split: Path, row: Path) -> None:
    assert select(make(split, row), "breast_lesion", "all")[""].scores["dsc"].interval is not None


def test_damaged_lesion_mask_is_named(split: Path) -> None:
    next((split / "val" / "fmc_uia").rglob("benign (1).png")).write_bytes(b"no image")
    manifest = read_part(split / "val")[1]
    with pytest.raises(ManifestError, match=r"breast_lesion\|.*benign \(1\)"):
        read_lesion_shares(manifest)


def test_table_without_its_columns_is_refused(split: Path, tmp_path: Path) -> None:
    (tmp_path / "bus_data.csv").write_text("ID,Device\n")
    with pytest.raises(ConfigurationError, match="BIRADS"):
        read_attributes(split / "pictures.csv", bus_bra=tmp_path, lesion_shares={})
