"""A trained network on disk: a safetensors file of which nothing is trusted.

Promises: a file that is not exactly what `save_network` writes is refused with a sentence; loading runs no
code of the file; the same network gives the same bytes.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from evaluation.contract.errors import ConfigurationError
from model.header import HEADER_NAME, MAX_BYTES, NetworkHeader
from model.network.unified import HeadKey, Preset, UnifiedNetwork
from model.tensor_file import read_tensors, write_tensors


def save_network(file: Path, network: UnifiedNetwork, header: NetworkHeader, *, half: bool = True) -> None:
    """Write the weights, replacing the file.

    Args:
        file: ends in ``.safetensors``.
        network: what `make_network` returns for the header, trained.
        header: describes the network.
        half: store matrices in half precision (vectors, such as norms and biases, never).

    Raises:
        ConfigurationError: the suffix, heads of another order than the header's, weights that are NaN,
            infinite or too large for half precision, or the file cannot be written.
    """
    if network.keys != _keys(header):
        raise ConfigurationError("Expected argument `header` to list the network's heads in their order")
    tensors = {}
    for name, tensor in _own_tensors(network).items():
        array = tensor.detach().cpu().numpy()
        # What half precision cannot hold becomes infinite, which is refused in the next line.
        with np.errstate(over="ignore"):
            tensors[name] = array.astype(np.float16) if half and _is_matrix(array) else array
        _check_finite(file, name, tensors[name])
    write_tensors(file, tensors, HEADER_NAME, header)


def load_network(file: Path) -> tuple[UnifiedNetwork, NetworkHeader]:
    """Read and check the weights.

    Returns:
        The network in single precision, in evaluation mode, and its header.

    Raises:
        ConfigurationError: missing, too large, not safetensors, not a network, another format version, an
            unknown preset, tensors that are absent, superfluous, of another shape or type, NaN or infinite.
    """
    header, tensors = read_tensors(file, HEADER_NAME, NetworkHeader, max_bytes=MAX_BYTES)
    if header.preset not in list(Preset):
        raise ConfigurationError(f"{file}: expected a preset of {', '.join(Preset)} but got {header.preset}")
    network = make_network(header)
    own = _own_tensors(network)
    if missing := own.keys() - tensors.keys():
        raise ConfigurationError(f"{file}: tensor {min(missing)} is missing")
    if extra := tensors.keys() - own.keys():
        raise ConfigurationError(f"{file}: expected no tensors but the network's but got {min(extra)}")
    for name, tensor in own.items():
        _check_fits(file, name, tensors[name], tensor)
        tensor.data.copy_(torch.from_numpy(tensors[name]))
    return network.eval(), header


def make_network(header: NetworkHeader) -> UnifiedNetwork:
    """Return the untrained network that a header describes."""
    return UnifiedNetwork(Preset(header.preset), _keys(header), shared=header.shared, adapted=header.adapted)


def _keys(header: NetworkHeader) -> tuple[HeadKey, ...]:
    return tuple(
        HeadKey(task_id=head.task_id, kind=head.kind, num_classes=head.num_classes) for head in header.heads
    )


def _own_tensors(network: UnifiedNetwork) -> dict[str, Tensor]:
    """Return parameters and buffers by name; what heads share is listed once, under its first name."""
    return dict(network.named_parameters()) | dict(network.named_buffers())


def _is_matrix(array: NDArray[Any]) -> bool:
    return array.ndim > 1 and array.dtype == np.float32


def _check_fits(file: Path, name: str, array: NDArray[Any], tensor: Tensor) -> None:
    own = tensor.numpy(force=True)
    is_type = array.dtype == own.dtype or (array.dtype == np.float16 and own.dtype == np.float32)
    if array.shape != own.shape or not is_type:
        expected = f"{own.dtype} of shape {own.shape}"
        raise ConfigurationError(
            f"{file}: tensor {name}: expected {expected} but got {array.dtype} of shape {array.shape}"
        )
    _check_finite(file, name, array)


def _check_finite(file: Path, name: str, array: NDArray[Any]) -> None:
    if not np.isfinite(array).all():
        raise ConfigurationError(f"{file}: tensor {name}: expected finite numbers but got NaN or infinity")
