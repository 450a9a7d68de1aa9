"""What a submission may use, and how far it is locked in."""

import math
import re
from enum import StrEnum

from pydantic import Field, ValidationError

from evaluation.contract.errors import ConfigurationError
from evaluation.contract.record import Record

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?", re.IGNORECASE)
_UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}


SHM = "/dev/shm"  # noqa: S108 # a folder of the container
"""Where a container's shared memory is; data loaders of several processes pass their batches through it."""


class Profile(StrEnum):
    """How far a container is locked in; neither has a network."""

    SAFE = "safe"
    """Read-only root, unprivileged user, no capabilities; only the output folder and tmpfs can be written."""
    OFFICIAL = "official"
    """Root and a writable root file system, for images made for the challenges as they were."""


class Limits(Record):
    """What a submission may use; crossing one ends the run with the outcome that names it."""

    memory_bytes: int = Field(default=8 * 2**30, ge=2**22)
    """Host memory, swap included."""
    cpus: float = Field(default=2.0, gt=0)
    pids: int = Field(default=512, ge=8)
    """Processes and threads together."""
    shm_bytes: int = Field(default=2**30, ge=2**16)
    tmp_bytes: int = Field(default=2**30, ge=2**16)
    """Size of each tmpfs; what lies there counts as host memory."""
    time_limit_s: float = Field(default=3600.0, gt=0, le=1e7)
    """Wall time of one pass over the manifest, from container start."""
    output_bytes: int = Field(default=2 * 2**30, ge=1)
    output_files: int = Field(default=20_000, ge=1)
    """Files and folders in the output folder."""
    log_bytes: int = Field(default=20 * 2**20, ge=2**10)
    """Of a longer log the first and the last half are kept."""


def make_limits(**given: float) -> Limits:
    """Return limits; what is not given is the default.

    Raises:
        ConfigurationError: a limit that cannot be held.
    """
    try:
        return Limits.model_validate(given)
    except ValidationError as error:
        lines = [f"limit `{e['loc'][0]}`: {e['msg']} but got {e['input']}" for e in error.errors()]
        raise ConfigurationError("; ".join(lines)) from error


def parse_size(text: str) -> int:
    """Return bytes from `8g`, `512m`, `1.5GiB` or `1000`; units are powers of 1,024.

    Raises:
        ConfigurationError: not a size, or not one byte.
    """
    match = _SIZE.fullmatch(text.strip())
    n_bytes = math.floor(float(match[1]) * _UNITS[match[2].lower()]) if match else 0
    if n_bytes < 1:
        raise ConfigurationError(f"Expected a size such as 512m or 8g but got {text!r}")
    return n_bytes
