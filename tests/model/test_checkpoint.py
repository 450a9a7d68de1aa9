"""A network's weights: written whole, and refused when they are anything else."""

import json
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from evaluation.contract.errors import ConfigurationError
from model import checkpoint
from model.checkpoint import load_network, save_network
from model.header import read_network_header
from tests.model.networks import HEADS, INPUT_SIZE, make_header, make_random_network, write_network

BIAS = "heads.0.last.bias"
MATRIX = "heads.0.last.weight"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return the bytes of a good file."""
    file = tmp_path_factory.mktemp("weights") / "net.safetensors"
    write_network(file)
    return file.read_bytes()


@pytest.fixture
def weights(written: bytes, tmp_path: Path) -> Path:
    """Return a good file of the test's own."""
    file = tmp_path / "net.safetensors"
    file.write_bytes(written)
    return file


def rewrite(
    file: Path,
    tensors: Mapping[str, NDArray[Any]] | None = None,
    *,
    drop: str = "",
    header: Mapping[str, object] | None = None,
) -> None:
    """Change tensors or header fields of a file."""
    with safe_open(file, framework="numpy") as stored:
        metadata = json.loads(stored.metadata()["network"]) | dict(header or {})
    kept = {name: array for name, array in load_file(file).items() if name != drop}
    save_file(kept | dict(tensors or {}), file, metadata={"network": json.dumps(metadata)})


@pytest.mark.parametrize("shared", [False, True])
def test_network_saved_in_full_answers_the_same_after_loading(tmp_path: Path, shared: bool) -> None:
    header = make_header(shared=shared)
    network = make_random_network(header)
    save_network(tmp_path / "net.safetensors", network, header, half=False)
    loaded, read = load_network(tmp_path / "net.safetensors")
    assert read == header == read_network_header(tmp_path / "net.safetensors")
    assert not loaded.training
    image = torch.randn(2, 1, INPUT_SIZE, INPUT_SIZE, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        features, again = network.encode(image), loaded.encode(image)
        for index in range(len(HEADS)):
            assert torch.equal(network.answer(index, features), loaded.answer(index, again))


@pytest.mark.parametrize("half", [False, True])
def test_weights_are_stored_whatever_their_order_in_memory(tmp_path: Path, half: bool) -> None:
    header = make_header(shared=True)
    network = make_random_network(header)
    for name in ("plain", "trained"):  # Training turns the weights to channels last.
        save_network(tmp_path / f"{name}.safetensors", network, header, half=half)
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload] # missing in torch's stubs
    assert (tmp_path / "plain.safetensors").read_bytes() == (tmp_path / "trained.safetensors").read_bytes()


def test_half_precision_is_for_matrices_and_the_default(weights: Path) -> None:
    stored = load_file(weights)
    assert {array.dtype for array in stored.values() if array.ndim > 1} == {np.dtype(np.float16)}
    floats = {array.dtype for array in stored.values() if array.ndim == 1}
    assert floats == {np.dtype(np.float32)}
    network, _ = load_network(weights)
    assert {parameter.dtype for parameter in network.parameters()} == {torch.float32}


def test_shared_trunk_is_stored_once_and_shared_again(tmp_path: Path) -> None:
    header = make_header(shared=True)
    save_network(tmp_path / "net.safetensors", make_random_network(header), header)
    assert not [name for name in load_file(tmp_path / "net.safetensors") if name.startswith("heads.1.trunk")]
    network, _ = load_network(tmp_path / "net.safetensors")
    assert network.heads[0].trunk is network.heads[1].trunk


def test_same_network_gives_the_same_bytes(weights: Path, tmp_path: Path) -> None:
    write_network(tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == weights.read_bytes()


def test_header_of_another_network_is_not_written(tmp_path: Path) -> None:
    network = make_random_network(make_header())
    with pytest.raises(ConfigurationError, match="heads in their order"):
        save_network(tmp_path / "net.safetensors", network, make_header(HEADS[::-1]))


@pytest.mark.parametrize(("value", "half"), [(float("nan"), False), (float("inf"), False), (1e6, True)])
def test_weights_that_are_not_finite_as_stored_are_not_written(
    tmp_path: Path, value: float, half: bool
) -> None:
    header = make_header()
    network = make_random_network(header)
    network.get_parameter(MATRIX).data[0, 0] = value
    with pytest.raises(ConfigurationError, match=f"{MATRIX}: expected finite"):
        save_network(tmp_path / "net.safetensors", network, header, half=half)
    assert not (tmp_path / "net.safetensors").exists()


@pytest.mark.parametrize("name", ["net.pt", "net.ckpt", "net"])
def test_other_suffix_is_refused(weights: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match=r"\.safetensors file"):
        load_network(weights.rename(weights.with_name(name)))


@pytest.mark.parametrize("content", [b"", pickle.dumps({"a": 1}), b"PK\3\4" + b"\0" * 60], ids=range(3))
def test_file_that_is_not_safetensors_is_refused(weights: Path, content: bytes) -> None:
    weights.write_bytes(content)
    with pytest.raises(ConfigurationError, match="not a safetensors file"):
        load_network(weights)


def test_large_file_is_refused_unread(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "MAX_BYTES", 100)
    with pytest.raises(ConfigurationError, match="at most 100"):
        load_network(weights)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ({"format": "other"}, "format: "),
        ({"format_version": 2}, "format_version: "),
        ({"preset": "huge"}, "expected a preset of"),
        ({"stage": 3}, "stage: "),
        ({"input_size": 100}, "input_size: "),
        ({"grey_std": 0}, "grey_std: "),
        ({"heads": [{"task_id": "a", "kind": "poetry", "num_classes": 2}]}, "kind: "),
        ({"surplus": 1}, "surplus: "),
    ],
)
def test_header_that_does_not_fit_is_refused(weights: Path, header: dict[str, object], message: str) -> None:
    rewrite(weights, header=header)
    with pytest.raises(ConfigurationError, match=message):
        load_network(weights)


def test_another_file_s_header_is_refused(weights: Path) -> None:
    save_file(load_file(weights), weights, metadata={"floor": "{}"})
    with pytest.raises(ConfigurationError, match="expected metadata `network`"):
        load_network(weights)


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        (BIAS, np.zeros(7, dtype=np.float32), "of shape"),
        (BIAS, np.zeros(8, dtype=np.float64), "float64"),
        (BIAS, np.full(8, np.nan, dtype=np.float32), "finite"),
        (BIAS, np.full(8, np.inf, dtype=np.float16), "finite"),
        ("heads.9.last.bias", np.zeros(8, dtype=np.float32), "no tensors but"),
    ],
)
def test_tensor_that_does_not_fit_is_refused(
    weights: Path, name: str, array: NDArray[Any], message: str
) -> None:
    rewrite(weights, {name: array})
    with pytest.raises(ConfigurationError, match=message):
        load_network(weights)


def test_missing_tensor_is_named(weights: Path) -> None:
    rewrite(weights, drop=BIAS)
    with pytest.raises(ConfigurationError, match=f"{BIAS} is missing"):
        load_network(weights)


def test_rewriting_unchanged_loads(weights: Path) -> None:
    rewrite(weights)
    assert load_network(weights)[1] == make_header()


def test_file_is_replaced_and_never_half_written(weights: Path, tmp_path: Path) -> None:
    before, other = weights.read_bytes(), tmp_path / "other name of the old file"
    other.hardlink_to(weights)
    header = make_header(HEADS[:1])
    save_network(weights, make_random_network(header), header)
    assert (weights.read_bytes() != before, other.read_bytes() == before) == (True, True)
