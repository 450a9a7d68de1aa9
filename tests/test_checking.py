"""Checking a submission without references: every problem at once, and none for a valid one."""

from pathlib import Path

import numpy as np
import pytest

from evaluation.checking import check_submission
from evaluation.contract.errors import ConfigurationError
from evaluation.contract.manifest import Manifest
from evaluation.contract.problem import Code
from evaluation.protocols.fmc_uia.layout import read_manifest
from evaluation.protocols.uusic25 import layout as uusic25
from tests.protocols.folders import FMC_FILES, disc, uusic25_entry, write_csv, write_json, write_mask


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    """Return three masks of three classes, two classes, two boxes and two rows of two points."""
    kinds = [("s", "segmentation", 3)] * 3
    kinds += [("c", "classification", 2)] * 2 + [("d", "detection", 1)] * 2 + [("r", "Regression", 2)] * 2
    rows = [
        {
            "task_id": task_id,
            "task_name": name,
            "num_classes": size,
            "image_path": f"../images/{number}.png",
            "mask_path": f"../masks/{number}.png",
            "image_width": 50,
            "image_height": 40,
        }
        for number, (task_id, name, size) in enumerate(kinds)
    ]
    write_csv(tmp_path / "input", rows)
    return read_manifest(tmp_path / "input")


def write_valid(out: Path) -> dict[str, list[dict[str, object]]]:
    """Write a submission without a problem; return its entries by kind."""
    for number in range(3):
        write_mask(out / "masks" / f"{number}.png", disc() * number)
    values: dict[str, list[dict[str, object]]] = {
        "classification": [{"predicted_class": 1, "predicted_probs": [0.25, 0.75]} for _ in range(2)],
        "detection": [{"bbox_pixels": [1, 2, 3, 4]} for _ in range(2)],
        "regression": [{"predicted_points_pixels": [1, 2, 3, 4]} for _ in range(2)],
    }
    number = 3
    for kind, entries in values.items():
        for entry in entries:
            entry |= {"task_id": kind[0], "image_path": f"../images/{number}.png"}
            number += 1
        write_json(out / FMC_FILES[kind], entries)
    return values


def test_valid_submission_has_no_problem(manifest: Manifest, tmp_path: Path) -> None:
    write_valid(tmp_path / "out")
    done: list[int] = []
    assert check_submission(manifest, tmp_path / "out", progress=done.append) == []
    assert done == [1, 2, 3]


def test_all_problems_are_found_at_once(manifest: Manifest, tmp_path: Path) -> None:
    out = tmp_path / "out"
    values = write_valid(out)
    (out / "masks" / "0.png").unlink()
    write_mask(out / "masks" / "1.png", disc(10, 10))
    write_mask(out / "masks" / "2.png", disc() * 9)
    write_mask(out / "elsewhere" / "0.png", disc())
    values["classification"][0]["predicted_probs"] = [0.5, 0.6]
    values["classification"][1]["predicted_class"] = "1"
    write_json(out / FMC_FILES["classification"], values["classification"])
    values["detection"][0]["bbox_pixels"] = [3, 2, 1, 4]
    values["detection"][1]["image_path"] = "../images/x.png"
    write_json(out / FMC_FILES["detection"], values["detection"])
    values["regression"][0]["predicted_points_pixels"] = [1, 2]
    write_json(
        out / FMC_FILES["regression"],
        [*values["regression"], {**values["regression"][1]} | {"predicted_points_pixels": [9] * 4}],
    )
    found = {(p.code, p.severity, str(p.case_id)[:1]) for p in check_submission(manifest, out)}
    assert found == {
        (Code.MISSING, "error", "s"),
        (Code.WRONG_SIZE, "error", "s"),
        (Code.WRONG_CLASS, "warning", "s"),
        (Code.UNEXPECTED_FILE, "warning", "N"),
        (Code.WRONG_PROBABILITIES, "error", "c"),
        (Code.MALFORMED, "error", "c"),
        (Code.WRONG_BOX, "error", "d"),
        (Code.UNKNOWN_CASE, "warning", "N"),
        (Code.MISSING, "error", "d"),
        (Code.WRONG_POINTS, "error", "r"),
        (Code.REPEATED, "error", "r"),
    }


def test_missing_folder_of_everything_names_every_case(manifest: Manifest, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    problems = check_submission(manifest, tmp_path / "out")
    assert {p.case_id for p in problems} == {case.case_id for case in manifest.cases} | {None}
    assert {p.code for p in problems} == {Code.MISSING}


def test_folder_must_exist(manifest: Manifest, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="expected the folder of a submission's predictions"):
        check_submission(manifest, tmp_path / "absent")


def test_damaged_mask_is_named_with_its_reason(manifest: Manifest, tmp_path: Path) -> None:
    write_valid(tmp_path / "out")
    (tmp_path / "out" / "masks" / "1.png").write_bytes(b"GIF89a")
    (problem,) = check_submission(manifest, tmp_path / "out")
    assert (problem.code, problem.case_id) == (Code.UNREADABLE, "s|../images/1.png")
    assert "`masks/1.png`: not a readable PNG" in problem.message


def test_mask_of_an_image_of_unknown_size_is_only_decoded(tmp_path: Path) -> None:
    row = {"task_id": "s", "task_name": "segmentation", "num_classes": 2}
    write_csv(tmp_path, [row | {"image_path": "../images/0.png", "mask_path": "../masks/0.png"}])
    write_mask(tmp_path / "out" / "masks" / "0.png", disc(7, 9))
    assert check_submission(read_manifest(tmp_path), tmp_path / "out") == []


def test_any_value_is_a_class_of_a_uusic25_mask(tmp_path: Path) -> None:
    entry = uusic25_entry("x/imgs/0.png", "segmentation", "Breast")
    manifest = uusic25.read_manifest(write_json(tmp_path / "m.json", [entry]), images_dir=tmp_path)
    write_mask(tmp_path / "out" / "x" / "masks" / "0.png", disc() * np.uint8(255))
    assert check_submission(manifest, tmp_path / "out") == []
