"""Writing UUSIC25's prediction files and reading them back."""

import json
from pathlib import Path

import numpy as np
import pytest

from evaluation.contract.errors import GeometryError
from evaluation.contract.manifest import Manifest
from evaluation.contract.prediction import ClassPrediction
from evaluation.contract.problem import Code
from evaluation.files.images import decode_mask
from evaluation.protocols.uusic25.layout import read_manifest
from evaluation.protocols.uusic25.predictions import PredictionWriter, read_predictions
from tests.protocols.folders import disc, uusic25_entry, write_json

JPG = "segmentation/Breast/imgs/us_1.jpg"
CLASS_PATH = "classification/Breast_luminal/imgs/cls 1,\u00a02.png"


@pytest.fixture
def uusic25_manifest(tmp_path: Path) -> Manifest:
    entries = [
        uusic25_entry(JPG, "segmentation", "Breast"),
        uusic25_entry(CLASS_PATH, "classification", "Breast_luminal"),
    ]
    return read_manifest(write_json(tmp_path / "manifest.json", entries), images_dir=tmp_path)


def write_uusic25(manifest: Manifest, out: Path) -> None:
    """Write one mask and one class."""
    segmentation, classification = manifest.cases
    probabilities = tuple(np.array([0.1, 0.2, 0.3, 0.4], dtype=np.float32))
    with PredictionWriter(manifest, out) as writer:
        writer.add_mask(segmentation, disc() * 3)
        writer.add_class(classification, ClassPrediction(3, probabilities))


def test_uusic25_mask_of_a_jpg_image_is_a_png_of_0_and_255_with_a_jpg_name(
    uusic25_manifest: Manifest, tmp_path: Path
) -> None:
    write_uusic25(uusic25_manifest, tmp_path)
    file = tmp_path / "segmentation/Breast/masks/us_1.jpg"
    assert file.read_bytes().startswith(b"\x89PNG")
    np.testing.assert_array_equal(decode_mask(file.read_bytes()), disc() * 255)


def test_uusic25_classes_have_the_official_keys_and_are_read_as_they_were_written(
    uusic25_manifest: Manifest, tmp_path: Path
) -> None:
    write_uusic25(uusic25_manifest, tmp_path)
    content = (tmp_path / "classification.json").read_bytes()
    probabilities = [float(np.float32(p)) for p in (0.1, 0.2, 0.3, 0.4)]
    assert json.loads(content) == {CLASS_PATH: {"probability": probabilities, "prediction": 3}}
    assert f'"{CLASS_PATH}"'.encode() in content
    submission = read_predictions(uusic25_manifest, tmp_path)
    assert submission.problems == ()
    assert submission.predictions == {
        f"classification/Breast_luminal|{CLASS_PATH}": ClassPrediction(3, tuple(probabilities))
    }


def test_uusic25_manifest_without_classes_neither_writes_nor_asks_the_json(tmp_path: Path) -> None:
    entries = [uusic25_entry(JPG, "segmentation", "Breast")]
    manifest = read_manifest(write_json(tmp_path / "m.json", entries), images_dir=tmp_path)
    with PredictionWriter(manifest, tmp_path / "out") as writer:
        writer.add_mask(manifest.cases[0], disc())
    assert not (tmp_path / "out" / "classification.json").exists()
    assert read_predictions(manifest, tmp_path / "out").problems == ()


@pytest.mark.parametrize(
    ("content", "code", "reason"),
    [
        (None, Code.MISSING, "`classification.json` is missing"),
        ("[]", Code.UNREADABLE, "expected an object keyed by img_path_relative"),
        ("{", Code.UNREADABLE, "it is not JSON"),
        ("null", Code.UNREADABLE, "expected an object"),
    ],
)
def test_unusable_uusic25_json_is_one_problem(
    uusic25_manifest: Manifest, tmp_path: Path, content: str | None, code: Code, reason: str
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    if content is not None:
        (out / "classification.json").write_text(content)
    submission = read_predictions(uusic25_manifest, out)
    assert submission.predictions == {}
    assert [(problem.code, problem.case_id) for problem in submission.problems] == [(code, None)]
    assert reason in submission.problems[0].message


@pytest.mark.parametrize(
    "entry",
    [
        None,
        [],
        {},
        {"prediction": 1},
        {"probability": [1, 0, 0, 0]},
        {"prediction": "1", "probability": [1, 0, 0, 0]},
        {"prediction": 1, "probability": {"0": 1}},
    ],
)
def test_malformed_uusic25_entry_is_named(uusic25_manifest: Manifest, tmp_path: Path, entry: object) -> None:
    write_json(tmp_path / "classification.json", {CLASS_PATH: entry})
    submission = read_predictions(uusic25_manifest, tmp_path)
    assert submission.predictions == {}
    assert [problem.code for problem in submission.problems] == [Code.MALFORMED]
    assert CLASS_PATH in str(submission.problems[0].case_id)


def test_unknown_and_repeated_uusic25_entries_are_named(uusic25_manifest: Manifest, tmp_path: Path) -> None:
    entry = '{"prediction": %d, "probability": [1, 0, 0, 0]}'
    path = json.dumps(CLASS_PATH)
    text = f'{{{path}: {entry % 1}, {path}: {entry % 2}, "other.png": {entry % 1}}}'
    (tmp_path / "classification.json").write_text(text)
    submission = read_predictions(uusic25_manifest, tmp_path)
    assert [(p.code, p.severity) for p in submission.problems] == [
        (Code.REPEATED, "error"),
        (Code.UNKNOWN_CASE, "warning"),
    ]
    assert list(submission.predictions.values()) == [ClassPrediction(2, (1.0, 0.0, 0.0, 0.0))]


def test_mask_of_another_size_is_refused(uusic25_manifest: Manifest, tmp_path: Path) -> None:
    with (
        PredictionWriter(uusic25_manifest, tmp_path) as writer,
        pytest.raises(GeometryError, match=r"mask is \(4, 4\), image is \(40, 50\)"),
    ):
        writer.add_mask(uusic25_manifest.cases[0], np.zeros((4, 4), dtype=np.uint8))
