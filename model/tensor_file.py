"""A safetensors file with one JSON header, of which nothing is trusted.

Promises: a file of another suffix, size or content is refused with a sentence; reading runs no code of the
file; the same content gives the same bytes.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from evaluation.contract.errors import ConfigurationError
from evaluation.files.atomic import write_atomically

Tensors = dict[str, NDArray[Any]]
HeaderType = TypeVar("HeaderType", bound=BaseModel)


def write_tensors(file: Path, tensors: Mapping[str, NDArray[Any]], name: str, header: BaseModel) -> None:
    """Write tensors and a header called `name`, replacing the file.

    Raises:
        ConfigurationError: the file's name does not end in ``.safetensors``, or it cannot be written.
    """
    check_suffix(file)
    # One metadata entry: the library writes several in an order that changes from run to run.
    # In C order: the library writes the bytes as they lie, and torch's channels-last weights lie otherwise.
    ordered = {key: np.asarray(array, order="C") for key, array in tensors.items()}
    content = save(ordered, metadata={name: header.model_dump_json()})
    try:
        write_atomically(file, content)
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be written ({error.strerror})") from error


def read_tensors(
    file: Path, name: str, header_type: type[HeaderType], *, max_bytes: int
) -> tuple[HeaderType, Tensors]:
    """Read the tensors and the header called `name`.

    Raises:
        ConfigurationError: missing, too large, not safetensors, or without a header of that name and type.
    """
    metadata, tensors = _open(file, max_bytes, with_tensors=True)
    return _parse_header(file, metadata, name, header_type), tensors


def read_header(file: Path, name: str, header_type: type[HeaderType], *, max_bytes: int) -> HeaderType:
    """Read the header called `name` and no tensor.

    Raises:
        ConfigurationError: as `read_tensors`.
    """
    metadata, _ = _open(file, max_bytes, with_tensors=False)
    return _parse_header(file, metadata, name, header_type)


def header_names(file: Path, *, max_bytes: int) -> frozenset[str]:
    """Return the names of the headers that a file carries; they tell what it is.

    Raises:
        ConfigurationError: missing, too large or not safetensors.
    """
    return frozenset(_open(file, max_bytes, with_tensors=False)[0])


def check_suffix(file: Path) -> None:
    """Refuse a name that does not end in ``.safetensors`` with a ConfigurationError."""
    if file.suffix != ".safetensors":
        raise ConfigurationError(f"Expected weights to be a .safetensors file but got `{file.name}`")


def _open(file: Path, max_bytes: int, *, with_tensors: bool) -> tuple[dict[str, str], Tensors]:
    check_suffix(file)
    try:
        if (size := file.stat().st_size) > max_bytes:
            raise ConfigurationError(f"{file}: {size:,} bytes, expected at most {max_bytes:,}")
        with safe_open(file, framework="numpy") as stored:
            metadata = stored.metadata() or {}
            names = stored.keys() if with_tensors else ()
            return metadata, {name: stored.get_tensor(name) for name in names}
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be read ({error.strerror or error})") from error
    except (SafetensorError, TypeError) as error:
        raise ConfigurationError(f"{file}: not a safetensors file of numpy arrays ({error})") from error


def _parse_header(
    file: Path, metadata: Mapping[str, str], name: str, header_type: type[HeaderType]
) -> HeaderType:
    if name not in metadata:
        raise ConfigurationError(f"{file}: expected metadata `{name}` but got {sorted(metadata)}")
    try:
        return header_type.model_validate_json(metadata[name])
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ConfigurationError(f"{file}: metadata `{name}`: {place}: {first['msg']}") from error
