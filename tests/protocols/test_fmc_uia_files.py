"""Writing FMC_UIA's prediction files and reading them back."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from evaluation.contract.case import Case
from evaluation.contract.errors import GeometryError, SubmissionError
from evaluation.contract.manifest import Manifest
from evaluation.contract.prediction import BoxPrediction, ClassPrediction, PointsPrediction
from evaluation.contract.problem import Code
from evaluation.files.images import decode_mask
from evaluation.protocols.fmc_uia.layout import read_manifest
from evaluation.protocols.fmc_uia.predictions import PredictionWriter, read_predictions
from tests.protocols.folders import FMC_FILES, disc, write_csv

ODD_PATH = "../Classification/x, [y]\u00a0(1)/é.png"


@pytest.fixture
def fmc_uia_manifest(tmp_path: Path) -> Manifest:
    shared = {"image_path": ODD_PATH, "image_width": 50, "image_height": 40}
    names = (
        ("s", "segmentation", 3),
        ("c", "classification", 3),
        ("d", "detection", 1),
        ("r", "Regression", 2),
    )
    rows = [
        {
            "task_id": task_id,
            "task_name": name,
            "num_classes": size,
            "mask_path": "../Segmentation/Two/masks, [m]/\u00a01.png",
            **shared,
        }
        for task_id, name, size in names
    ]
    write_csv(tmp_path / "input", rows)
    return read_manifest(tmp_path / "input")


def write_fmc_uia(manifest: Manifest, out: Path) -> None:
    """Write one prediction of every kind, numbers as a network hands them over."""
    segmentation, classification, detection, regression = manifest.cases
    probabilities = tuple(np.array([0.1, 0.2, 0.7], dtype=np.float32))
    with PredictionWriter(manifest, out) as writer:
        writer.add_mask(segmentation, disc() * 2)
        writer.add_class(classification, ClassPrediction(np.int64(2), probabilities))  # type: ignore[arg-type] # meant
        writer.add_box(detection, BoxPrediction(tuple(np.array([5, 10, 25, 30], dtype=np.float32))))
        writer.add_points(regression, PointsPrediction((10, 20.5, 30, 1 / 3)))


def test_fmc_uia_files_have_the_official_keys_in_the_official_order(
    fmc_uia_manifest: Manifest, tmp_path: Path
) -> None:
    write_fmc_uia(fmc_uia_manifest, tmp_path)
    read = {kind: json.loads((tmp_path / name).read_bytes()) for kind, name in FMC_FILES.items()}
    third = float(np.float32(0.7))
    assert list(read["classification"][0]) == ["image_path", "task_id", "predicted_class", "predicted_probs"]
    assert read["classification"][0]["predicted_class"] == 2
    assert read["classification"][0]["predicted_probs"][2] == third
    assert read["detection"] == [
        {
            "image_path": ODD_PATH,
            "task_id": "d",
            "bbox_normalized": [0.1, 0.25, 0.5, 0.75],
            "bbox_pixels": [5.0, 10.0, 25.0, 30.0],
        }
    ]
    assert read["regression"] == [
        {
            "image_path": ODD_PATH,
            "task_id": "r",
            "predicted_points_normalized": [0.2, 20.5 / 40, 0.6, 1 / 3 / 40],
            "predicted_points_pixels": [10.0, 20.5, 30.0, 1 / 3],
        }
    ]


def test_image_path_is_written_byte_for_byte(fmc_uia_manifest: Manifest, tmp_path: Path) -> None:
    write_fmc_uia(fmc_uia_manifest, tmp_path)
    for name in FMC_FILES.values():
        assert f'"{ODD_PATH}"'.encode() in (tmp_path / name).read_bytes()


def test_fmc_uia_masks_hold_class_indices_at_the_path_without_dots(
    fmc_uia_manifest: Manifest, tmp_path: Path
) -> None:
    write_fmc_uia(fmc_uia_manifest, tmp_path)
    file = tmp_path / "Segmentation/Two/masks, [m]/\u00a01.png"
    with Image.open(file) as image:
        assert (image.format, image.mode, image.size) == ("PNG", "L", (50, 40))
    np.testing.assert_array_equal(decode_mask(file.read_bytes()), disc() * 2)


def test_fmc_uia_predictions_are_read_as_they_were_written(
    fmc_uia_manifest: Manifest, tmp_path: Path
) -> None:
    write_fmc_uia(fmc_uia_manifest, tmp_path)
    submission = read_predictions(fmc_uia_manifest, tmp_path)
    _, classification, detection, regression = fmc_uia_manifest.cases
    assert submission.problems == ()
    assert submission.predictions == {
        classification.case_id: ClassPrediction(2, tuple(float(np.float32(p)) for p in (0.1, 0.2, 0.7))),
        detection.case_id: BoxPrediction((5.0, 10.0, 25.0, 30.0)),
        regression.case_id: PointsPrediction((10.0, 20.5, 30.0, 1 / 3)),
    }


def test_every_kind_that_the_manifest_asks_has_its_file_even_without_predictions(
    fmc_uia_manifest: Manifest, tmp_path: Path
) -> None:
    with PredictionWriter(fmc_uia_manifest, tmp_path / "out"):
        pass
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == sorted(FMC_FILES.values())
    assert read_predictions(fmc_uia_manifest, tmp_path / "out").problems == ()


def test_class_without_probabilities_is_written_as_null(fmc_uia_manifest: Manifest, tmp_path: Path) -> None:
    with PredictionWriter(fmc_uia_manifest, tmp_path) as writer:
        writer.add_class(fmc_uia_manifest.cases[1], ClassPrediction(1, None))
    submission = read_predictions(fmc_uia_manifest, tmp_path)
    assert list(submission.predictions.values()) == [ClassPrediction(1, None)]


def test_what_was_predicted_before_an_error_is_written(fmc_uia_manifest: Manifest, tmp_path: Path) -> None:
    def predict_one_and_stop() -> None:
        with PredictionWriter(fmc_uia_manifest, tmp_path) as writer:
            writer.add_box(fmc_uia_manifest.cases[2], BoxPrediction((0, 0, 1, 1)))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        predict_one_and_stop()
    assert len(read_predictions(fmc_uia_manifest, tmp_path).predictions) == 1


def test_nan_is_refused_and_costs_no_other_case(fmc_uia_manifest: Manifest, tmp_path: Path) -> None:
    case = fmc_uia_manifest.cases[2]
    with PredictionWriter(fmc_uia_manifest, tmp_path) as writer:
        writer.add_box(case, BoxPrediction((0, 0, 1, 2)))
        with pytest.raises(SubmissionError, match="holds NaN or infinity"):
            writer.add_box(case, BoxPrediction((0, 0, 1, float("nan"))))
    assert read_predictions(fmc_uia_manifest, tmp_path).predictions[case.case_id] == BoxPrediction(
        (0, 0, 1, 2)
    )


@pytest.mark.parametrize("content", [None, "{}", "[", "5"])
def test_unusable_fmc_uia_json_is_one_problem(
    fmc_uia_manifest: Manifest, tmp_path: Path, content: str | None
) -> None:
    write_fmc_uia(fmc_uia_manifest, tmp_path)
    file = tmp_path / FMC_FILES["detection"]
    file.unlink()
    if content is not None:
        file.write_text(content)
    submission = read_predictions(fmc_uia_manifest, tmp_path)
    expected = Code.MISSING if content is None else Code.UNREADABLE
    assert [(p.code, p.case_id) for p in submission.problems] == [(expected, None)]
    assert len(submission.predictions) == 2


def test_strange_fmc_uia_entries_are_named_and_the_rest_is_read(
    fmc_uia_manifest: Manifest, tmp_path: Path
) -> None:
    write_fmc_uia(fmc_uia_manifest, tmp_path)
    good = f'{{"image_path": {json.dumps(ODD_PATH)}, "task_id": "d", "bbox_pixels": [0, 0, 1, 1]}}'
    twice = '{"image_path": "x", "image_path": "y", "task_id": "d"}'
    (tmp_path / FMC_FILES["detection"]).write_text(f"[5, {twice}, {good}]")
    submission = read_predictions(fmc_uia_manifest, tmp_path)
    assert [(p.code, p.severity) for p in submission.problems] == [
        (Code.REPEATED, "warning"),
        (Code.MALFORMED, "warning"),
        (Code.UNKNOWN_CASE, "warning"),
    ]
    assert submission.predictions[fmc_uia_manifest.cases[2].case_id] == BoxPrediction((0.0, 0.0, 1.0, 1.0))


def test_the_largest_honest_file_is_read(tmp_path: Path) -> None:
    rows = [
        {
            "task_id": "r",
            "task_name": "Regression",
            "num_classes": 255,
            "image_path": f"../images/{i}.png",
            "image_width": 999,
            "image_height": 777,
        }
        for i in range(150)
    ]
    write_csv(tmp_path / "input", rows)
    manifest = read_manifest(tmp_path / "input")
    flat = tuple(np.random.default_rng(0).random(510) / 3e5)
    with PredictionWriter(manifest, tmp_path / "out") as writer:
        for case in manifest.cases:
            writer.add_points(case, PointsPrediction(flat))
    submission = read_predictions(manifest, tmp_path / "out")
    assert (len(submission.predictions), submission.problems) == (150, ())


def test_mask_of_another_size_and_points_without_a_size_are_refused(
    fmc_uia_manifest: Manifest, tmp_path: Path
) -> None:
    small = np.zeros((4, 4), dtype=np.uint8)
    with PredictionWriter(fmc_uia_manifest, tmp_path) as writer:
        with pytest.raises(GeometryError, match=r"mask is \(4, 4\), image is \(40, 50\)"):
            writer.add_mask(fmc_uia_manifest.cases[0], small)
        unsized = Case(case_id="r|x", task_id="r", image_path="x", image_file=tmp_path / "x")
        with pytest.raises(GeometryError, match="the image's size is not known"):
            writer.add_points(unsized, PointsPrediction((1, 2)))
