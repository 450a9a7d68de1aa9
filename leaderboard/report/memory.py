"""The memory of a run over time: the `memory.csv` that the runner writes.

Promises: a file that is not one is refused with its name; a long series is thinned without losing its peaks.
"""

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evaluation.contract.errors import ConfigurationError

MEMORY_FILE = "memory.csv"
MAX_BYTES = 64 * 2**20
MAX_POINTS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class MemorySeries:
    """Samples in the order of time."""

    t_s: tuple[float, ...]
    """Seconds from the first sample."""
    gpu_mib: tuple[float | None, ...]
    host_mib: tuple[float | None, ...]


def read_memory(result_file: Path) -> MemorySeries | None:
    """Read the series beside a result; None where there is no file or no sample.

    Raises:
        ConfigurationError: the file cannot be read or is no series.
    """
    file = result_file.parent / MEMORY_FILE
    if not file.is_file():
        return None
    try:
        if file.stat().st_size > MAX_BYTES:
            raise ValueError(f"more than {MAX_BYTES} bytes")
        rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"))))
        samples = [tuple(_number(row[key]) for key in ("t_s", "gpu_mib", "host_mib")) for row in rows]
        times = [_require(sample[0]) for sample in samples]
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        raise ConfigurationError(
            f"{file}: Expected lines of t_s,gpu_mib,host_mib but got {type(error).__name__}: {error}; "
            "run it again or take the file away."
        ) from error
    if not samples:
        return None
    groups = _split(len(samples))
    return MemorySeries(
        t_s=tuple(times[group[0]] - times[0] for group in groups),
        gpu_mib=tuple(_largest([samples[i][1] for i in group]) for group in groups),
        host_mib=tuple(_largest([samples[i][2] for i in group]) for group in groups),
    )


def _number(text: str) -> float | None:
    if text == "":
        return None
    value = float(text)
    if not math.isfinite(value) or value < 0:
        raise ValueError(f"{text!r} is no amount")
    return value


def _require(value: float | None) -> float:
    if value is None:
        raise ValueError("a sample without a time")
    return value


def _split(n: int) -> list[range]:
    """Split n samples into at most MAX_POINTS runs of neighbours."""
    size = math.ceil(n / MAX_POINTS)
    return [range(start, min(start + size, n)) for start in range(0, n, size)]


def _largest(values: Sequence[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)
