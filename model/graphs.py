"""The network as ONNX files: stem, decoder, a file a head, and the weights that they were made from.

Promises: graphs of other weights are refused. They are made by `model.export`, the one step that needs torch.
"""

import hashlib
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from evaluation.contract.errors import ConfigurationError
from evaluation.contract.record import Record

RECORD = "graphs.json"
STEM = "stem.onnx"
"""From the image to the convolutional stem's maps, the last of which classification reads."""
DECODER = "decoder.onnx"
"""From those maps to the dense map that the other kinds read."""
AGAIN = "make them anew with `python -m model.export`"


class GraphsRecord(Record):
    """What a folder of graphs says of itself."""

    format: Literal["unified-graphs"] = "unified-graphs"
    format_version: Literal[1] = 1
    weights_sha256: str
    n_heads: int = Field(ge=0)


def graphs_folder(weights: Path) -> Path:
    """Return where the graphs of a weights file are looked for: beside it, ``lite.graphs``."""
    return weights.with_suffix(".graphs")


def head_name(index: int) -> str:
    """Return a head's file name."""
    return f"head_{index:03}.onnx"


def hash_file(file: Path) -> str:
    """Return a file's SHA-256 in hexadecimal digits."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def check_graphs(folder: Path, weights: Path, n_heads: int) -> None:
    """Refuse graphs that were not made from these weights.

    Raises:
        ConfigurationError: no record, one of another format or other weights, or a file is missing.
    """
    try:
        record = GraphsRecord.model_validate_json((folder / RECORD).read_bytes())
    except OSError as error:
        raise ConfigurationError(f"{folder / RECORD}: cannot be read ({error.strerror}); {AGAIN}") from error
    except ValidationError as error:
        raise ConfigurationError(f"{folder / RECORD}: {error.errors()[0]['msg']}; {AGAIN}") from error
    if (record.weights_sha256, record.n_heads) != (hash_file(weights), n_heads):
        raise ConfigurationError(f"{folder}: made from other weights than {weights.name}; {AGAIN}")
    for name in (STEM, DECODER, *map(head_name, range(n_heads))):
        if not (folder / name).is_file():
            raise ConfigurationError(f"{folder / name} is missing; {AGAIN}")
