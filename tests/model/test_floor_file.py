"""The floor's weights: written whole, and refused when they are anything else."""

import json
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from evaluation.contract.errors import ConfigurationError
from evaluation.contract.task import Kind
from model import floor_file
from model.floor import GRID, ClassPrior, FloorModel, MeanShape, MedianBox, MedianPoints
from model.floor_file import FloorHeader, LearnedTask, TrainingSource, load_floor, save_floor

SHAPE = MeanShape(np.full((2, GRID, GRID), 7, dtype=np.uint8), np.array([3, 200], dtype=np.uint8))
MODEL = FloorModel(
    {
        "uusic25/segmentation/Breast": SHAPE,
        "fmc_uia/a": ClassPrior(np.array([0.25, 0.75])),
        # Task ids are free text; these two would be confused by a reader that looks for prefixes.
        "fmc_uia/a#probability": MedianBox(np.array([0.1, 0.2, 0.3, 0.4])),
        "fmc_uia/ends \u00a0": MedianPoints(np.array([[0.1, 0.2], [0.5, 1.0]])),
    }
)
HEADER = FloorHeader(
    tasks={
        "uusic25/segmentation/Breast": LearnedTask(kind=Kind.SEGMENTATION, num_classes=3, n_cases=4),
        "fmc_uia/a": LearnedTask(kind=Kind.CLASSIFICATION, num_classes=2, n_cases=4),
        "fmc_uia/a#probability": LearnedTask(kind=Kind.DETECTION, num_classes=1, n_cases=1),
        "fmc_uia/ends \u00a0": LearnedTask(kind=Kind.REGRESSION, num_classes=2, n_cases=2),
    },
    sources=(TrainingSource(protocol="uusic25", manifest_sha256="0" * 64, n_cases=4, generator={"seed": 1}),),
)


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """Return a good file."""
    file = tmp_path / "sub" / "floor.safetensors"
    save_floor(file, MODEL, HEADER)
    return file


def rewrite(
    file: Path,
    tensors: dict[str, NDArray[Any]] | None = None,
    *,
    drop: str = "",
    header: Mapping[str, object] | None = None,
) -> None:
    """Change tensors or header fields of a file."""
    with safe_open(file, framework="numpy") as stored:
        metadata = json.loads(stored.metadata()["floor"]) | dict(header or {})
    kept = {name: array for name, array in load_file(file).items() if name != drop}
    save_file(kept | (tensors or {}), file, metadata={"floor": json.dumps(metadata)})


def test_what_is_saved_is_loaded(weights: Path) -> None:
    model, header = load_floor(weights)
    assert header == HEADER
    assert model.answers.keys() == MODEL.answers.keys()
    for key, answer in MODEL.answers.items():
        for field, array in vars(answer).items():
            np.testing.assert_array_equal(vars(model.answers[key])[field], array)


def test_same_model_gives_the_same_bytes(weights: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.safetensors"
    save_floor(again, FloorModel(dict(sorted(MODEL.answers.items(), reverse=True))), HEADER)
    assert again.read_bytes() == weights.read_bytes()


def test_rewriting_unchanged_loads(weights: Path) -> None:
    rewrite(weights)
    assert load_floor(weights)[1] == HEADER


@pytest.mark.parametrize("name", ["floor.pkl", "floor.pt", "floor", "floor.safetensors.pt"])
def test_other_suffix_is_refused(weights: Path, name: str) -> None:
    other = weights.rename(weights.with_name(name))
    with pytest.raises(ConfigurationError, match=r"\.safetensors file"):
        load_floor(other)
    with pytest.raises(ConfigurationError, match=r"\.safetensors file"):
        save_floor(other, MODEL, HEADER)


@pytest.mark.parametrize(
    "content", [b"", b"\0" * 8, b"\xff" * 64, pickle.dumps([1, 2]), b'{"a": 1}'], ids=range(5)
)
def test_file_that_is_not_safetensors_is_refused(weights: Path, content: bytes) -> None:
    weights.write_bytes(content)
    with pytest.raises(ConfigurationError, match="not a safetensors file"):
        load_floor(weights)


@pytest.mark.parametrize("kept", [1, 8, 100, 2000, 8000])
def test_truncated_file_is_refused(weights: Path, kept: int) -> None:
    weights.write_bytes(weights.read_bytes()[:kept])
    with pytest.raises(ConfigurationError, match="not a safetensors file"):
        load_floor(weights)


def test_missing_file_and_folder_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "folder.safetensors"
    folder.mkdir()
    for file in (tmp_path / "none.safetensors", folder):
        with pytest.raises(ConfigurationError, match="cannot be read"):
            load_floor(file)


def test_large_file_is_refused_unread(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(floor_file, "MAX_BYTES", 100)
    with pytest.raises(ConfigurationError, match="at most 100"):
        load_floor(weights)


def test_unwritable_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        save_floor(tmp_path / "file" / "floor.safetensors", MODEL, HEADER)


@pytest.mark.parametrize("metadata", [None, {"format": "pt"}])
def test_missing_metadata_is_refused(weights: Path, metadata: dict[str, str] | None) -> None:
    save_file(load_file(weights), weights, metadata=metadata)
    with pytest.raises(ConfigurationError, match="metadata `floor`"):
        load_floor(weights)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ({"format": "another"}, "format: "),
        ({"format_version": 2}, "format_version: "),
        ({"tasks": {"fmc_uia/a": {"kind": "poetry", "num_classes": 2, "n_cases": 1}}}, r"kind: "),
        ({"extra": 1}, "extra: "),
        ({"tasks": None}, "tasks: "),
    ],
)
def test_header_of_another_format_is_refused(weights: Path, header: dict[str, object], message: str) -> None:
    rewrite(weights, header=header)
    with pytest.raises(ConfigurationError, match=message):
        load_floor(weights)


def changed(array: NDArray[Any], place: int, value: float) -> NDArray[Any]:
    """Return a copy with one value replaced."""
    copy = array.copy()
    copy.flat[place] = value
    return copy


@pytest.mark.parametrize("value", [np.nan, np.inf, -0.25, 1.5])
@pytest.mark.parametrize(
    "name", ["fmc_uia/a#probability", "fmc_uia/a#probability#xyxy", "fmc_uia/ends \u00a0#xy"]
)
def test_value_outside_its_range_is_refused(weights: Path, name: str, value: float) -> None:
    rewrite(weights, {name: changed(load_file(weights)[name], 1, value)})
    with pytest.raises(ConfigurationError, match="between 0 and 1"):
        load_floor(weights)


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({"fmc_uia/a#probability": np.array([0.5, 0.4])}, "sum to 1"),
        ({"fmc_uia/a#probability": np.array([0.5, 0.25, 0.25])}, "do not fit"),
        ({"fmc_uia/a#probability": np.array([0.25, 0.75], dtype=np.float32)}, "float64"),
        ({"fmc_uia/a#probability#xyxy": np.array([0.3, 0.2, 0.1, 0.4])}, "in order"),
        ({"fmc_uia/a#probability#xyxy": np.array([0.1, 0.2, 0.3])}, "in order"),
        ({"fmc_uia/ends \u00a0#xy": np.zeros((2, 3))}, "points"),
        ({"fmc_uia/ends \u00a0#xy": np.zeros((3, 2))}, "do not fit"),
        ({"uusic25/segmentation/Breast#level": SHAPE.level[:1]}, "threshold"),
        ({"uusic25/segmentation/Breast#level": SHAPE.level[:, :9]}, "levels"),
        ({"uusic25/segmentation/Breast#level": SHAPE.level.astype(np.float64)}, "levels"),
        ({"uusic25/segmentation/Breast#threshold": np.array([0, 9], dtype=np.uint8)}, "above 0"),
        ({"fmc_uia/b#probability": np.array([1.0])}, "no tensors but"),
    ],
)
def test_tensor_that_does_not_fit_is_refused(
    weights: Path, tensors: dict[str, NDArray[Any]], message: str
) -> None:
    rewrite(weights, tensors)
    with pytest.raises(ConfigurationError, match=message):
        load_floor(weights)


def test_missing_tensor_is_named(weights: Path) -> None:
    rewrite(weights, drop="fmc_uia/ends \u00a0#xy")
    with pytest.raises(ConfigurationError, match=r"fmc_uia/ends.*is missing; train the floor anew"):
        load_floor(weights)
