"""Optional `subgroup_<name>` fields reach the table of cases, and change no manifest that has none."""

import csv
import json
from pathlib import Path

from evaluation.protocols.case_table import CaseScore, make_table
from evaluation.protocols.fmc_uia import layout as fmc_uia
from evaluation.protocols.uusic25 import layout as uusic25


def _entry(number: int, **extra: object) -> dict[str, object]:
    return {
        "img_path_relative": f"classification/Liver/imgs/{number}.png",
        "img_dimensions": [64, 48],
        "task": "classification",
        "dataset_name": "Liver",
        "organ": "Liver",
        "class_label_index": number % 2,
        **extra,
    }


def test_uusic25_subgroups_are_read_by_name_and_empty_ones_left_out(tmp_path: Path) -> None:
    file = tmp_path / "ground_truth.json"
    entries = [
        _entry(0, subgroup_sex="f", subgroup_device=None),
        _entry(1, subgroup_device=7, subgroup_sex=""),
    ]
    file.write_text(json.dumps(entries))
    manifest = uusic25.read_manifest(file, images_dir=tmp_path, labelled=True)
    assert [case.subgroups for case in manifest.cases] == [(("sex", "f"),), (("device", "7"),)]
    scores = [CaseScore(manifest.tasks[case.task_id], case, "failed") for case in manifest.cases]
    table = make_table(scores)
    assert list(table["subgroup_sex"].fillna("")) == ["f", ""]
    assert list(table["subgroup_device"].fillna("")) == ["", "7"]


def test_a_subgroup_is_part_of_the_manifests_hash(tmp_path: Path) -> None:
    hashes = set()
    for k, extra in enumerate(({}, {"subgroup_sex": "f"}, {"subgroup_sex": "m"}, {"subgroup_sex": ""})):
        file = tmp_path / f"{k}.json"
        file.write_text(json.dumps([_entry(0, **extra)]))
        hashes.add(uusic25.read_manifest(file, images_dir=tmp_path, labelled=True).sha256)
    assert len(hashes) == 3


def test_fmc_uia_subgroups_are_columns(tmp_path: Path) -> None:
    folder = tmp_path / "csv_files"
    folder.mkdir()
    with (folder / "a.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(
            ["task_id", "task_name", "num_classes", "image_path", "mask", "subgroup_stage", "subgroup_sex"]
        )
        writer.writerow(["lung_2cls", "classification", 2, "../x.png", 1, "T1", ""])
    (case,) = fmc_uia.read_manifest(tmp_path, labelled=True).cases
    assert case.subgroups == (("stage", "T1"),)
