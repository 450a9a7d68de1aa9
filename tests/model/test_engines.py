"""Every CPU engine says what torch says, and graphs of other weights are refused."""

import importlib.util
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch

from evaluation.contract.errors import ConfigurationError, DeviceError
from evaluation.contract.task import Kind
from model.checkpoint import load_network
from model.engines import opening
from model.engines.engine import Engine, Precision
from model.engines.opening import EngineOptions, choose_options, open_engine
from model.engines.torch_engine import TorchEngine
from model.export import export
from model.graphs import AGAIN, RECORD, GraphsRecord, check_graphs, graphs_folder, head_name
from model.header import read_network_header
from tests.model.networks import HEADS, INPUT_SIZE, write_network

KINDS: Mapping[int, Kind] = {index: head.kind for index, head in enumerate(HEADS)}
ON_CPU = EngineOptions("cpu", n_workers=1, batch=3)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return weights with their graphs beside them."""
    file = tmp_path_factory.mktemp("net") / "net.safetensors"
    write_network(file)
    export(file, graphs_folder(file))
    return file


@pytest.fixture(scope="module")
def batch() -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Return two images, fewer than the engines were made for."""
    return np.random.default_rng(0).normal(size=(2, 1, INPUT_SIZE, INPUT_SIZE)).astype(np.float32)


def make_engine(name: str, weights: Path) -> Engine:
    """Start an engine by name."""
    folder = graphs_folder(weights)
    if name == "onnx":
        from model.engines.onnx_engine import OnnxEngine

        return OnnxEngine(folder, KINDS)
    from model.engines.openvino_engine import OpenVinoEngine

    precisions: dict[str, Precision] = {"f32": "f32", "mixed": "mixed", "bf16": "bf16"}
    return OpenVinoEngine(folder, KINDS, batch=3, n_threads=2, precision=precisions[name])


@pytest.mark.parametrize(
    ("name", "tolerance"), [("onnx", 1e-3), ("f32", 1e-3), ("mixed", 0.03), ("bf16", 0.1)]
)
def test_engine_says_what_torch_says(
    name: str, tolerance: float, weights: Path, batch: np.ndarray[tuple[int, ...], np.dtype[np.float32]]
) -> None:
    yardstick = TorchEngine(load_network(weights)[0], device="cpu")
    engine = make_engine(name, weights)
    expected, features = yardstick.encode(batch), engine.encode(batch)
    for head in KINDS:
        for rows in ([0, 1], [1]):
            ours, theirs = engine.answer(head, features, rows), yardstick.answer(head, expected, rows)
            assert ours.shape == theirs.shape
            assert ours.dtype == np.float32
            assert np.abs(ours - theirs).max() <= tolerance * max(1, np.abs(theirs).max())


def test_mixed_precision_is_single_in_the_stem_and_only_there(
    weights: Path, batch: np.ndarray[tuple[int, ...], np.dtype[np.float32]]
) -> None:
    engines = [make_engine(name, weights) for name in ("f32", "mixed", "bf16")]
    if engines[2].name.endswith("f32"):
        pytest.skip("this CPU has no instructions for bfloat16")
    single, mixed, half = (engine.encode(batch) for engine in engines)
    np.testing.assert_array_equal(mixed.stem, single.stem)
    assert np.abs(half.stem - single.stem).max() > 0
    assert 0 < np.abs(mixed.dense - single.dense).mean() < np.abs(half.dense - single.dense).mean()


def test_rows_are_not_mixed_up(
    weights: Path, batch: np.ndarray[tuple[int, ...], np.dtype[np.float32]]
) -> None:
    engine = make_engine("f32", weights)
    both = engine.answer(2, engine.encode(batch), [1, 0])
    for row, image in enumerate(batch):
        alone = engine.answer(2, engine.encode(image[None]), [0])
        np.testing.assert_allclose(both[1 - row], alone[0], atol=1e-5)
    assert np.abs(both[0] - both[1]).max() > 1e-4


def test_graphs_of_other_weights_are_refused(weights: Path, tmp_path: Path) -> None:
    other = tmp_path / "net.safetensors"
    other.write_bytes(weights.read_bytes()[:-1] + b"\1")
    graphs_folder(other).symlink_to(graphs_folder(weights))
    with pytest.raises(ConfigurationError, match="made from other weights"):
        open_engine(other, read_network_header(weights), [0], ON_CPU, pytest.fail)


@pytest.mark.parametrize("content", [None, b"", b"{}", b'{"format": "other"}'])
def test_graphs_without_a_sound_record_are_refused(
    weights: Path, tmp_path: Path, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / RECORD).write_bytes(content)
    with pytest.raises(ConfigurationError, match=AGAIN):
        check_graphs(tmp_path, weights, len(HEADS))


def test_missing_graph_is_named(weights: Path, tmp_path: Path) -> None:
    record = GraphsRecord.model_validate_json((graphs_folder(weights) / RECORD).read_bytes())
    (tmp_path / RECORD).write_text(record.model_dump_json())
    for file in graphs_folder(weights).glob("*.onnx"):
        if file.name != head_name(3):
            (tmp_path / file.name).symlink_to(file)
    with pytest.raises(ConfigurationError, match=r"head_003\.onnx is missing"):
        check_graphs(tmp_path, weights, len(HEADS))


def test_damaged_graph_is_named(weights: Path, tmp_path: Path) -> None:
    copied = Path(shutil.copy(weights, tmp_path / "net.safetensors"))
    file = Path(shutil.copytree(graphs_folder(weights), graphs_folder(copied))) / head_name(1)
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(ConfigurationError, match=r"head_001\.onnx: no graph that can be read"):
        open_engine(copied, read_network_header(copied), KINDS, ON_CPU, pytest.fail)


def test_gpu_without_torch_is_explained(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    options = EngineOptions("cuda", n_workers=1, batch=1)
    with pytest.raises(DeviceError, match="Expected torch to be installed"):
        open_engine(weights, read_network_header(weights), [0], options, pytest.fail)


def test_without_graphs_and_torch_is_explained(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = tmp_path / "alone.safetensors"
    alone.write_bytes(weights.read_bytes())
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    said: list[str] = []
    with pytest.raises(ConfigurationError, match=r"alone\.graphs to exist"):
        open_engine(alone, read_network_header(alone), [0], ON_CPU, said.append)
    assert len(said) == 1


def test_more_cores_than_memory_bears_are_not_all_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)))
    assert choose_options("cpu").n_workers == opening.MAX_WORKERS


def test_missing_gpu_is_explained(weights: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    options = EngineOptions("cuda", n_workers=1, batch=1)
    with pytest.raises(DeviceError, match="no CUDA device"):
        open_engine(weights, read_network_header(weights), [0], options, pytest.fail)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_gpu_says_what_the_cpu_says(
    weights: Path, batch: np.ndarray[tuple[int, ...], np.dtype[np.float32]]
) -> None:
    yardstick = TorchEngine(load_network(weights)[0], device="cpu")
    engine = TorchEngine(load_network(weights)[0], device="cuda")
    expected, features = yardstick.encode(batch), engine.encode(batch)
    for head in KINDS:
        ours, theirs = engine.answer(head, features, [0, 1]), yardstick.answer(head, expected, [0, 1])
        assert np.abs(ours - theirs).max() <= 0.02 * max(1, np.abs(theirs).max())
