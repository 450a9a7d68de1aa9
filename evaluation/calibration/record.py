"""What ``calibrate`` writes, and how a time is carried from one host to another."""

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from evaluation.contract.errors import ConfigurationError
from evaluation.contract.record import Record

REFERENCE_UNIT_S = 0.57
"""Seconds for one unit of workload version 1 on the reference: one core of an Intel Xeon virtual machine
(Linux 6.18, Python 3.11, numpy 2.4.6, OpenCV 5.0.0), CPU time, median of 5. An anchor for reading factors;
a prediction between two hosts does not depend on it."""

_MOST_BYTES = 100_000


class GpuCalibration(Record):
    """The speed of one GPU."""

    name: str
    unit_s: float = Field(gt=0)
    """Median seconds for one unit of the GPU workload."""
    repeats_s: tuple[float, ...]


class Calibration(Record):
    """The speed of one host."""

    format_version: Literal[1] = 1
    created_utc: str
    code_revision: str | None
    workload: int
    """Version of the workload; only equal versions can be compared."""
    processor: str
    packages: dict[str, str]
    cpus: int = Field(ge=1)
    """Processes that worked at the same time, one core each."""
    unit_s: float = Field(gt=0)
    """Median over the repeats of the seconds until every process had done one unit."""
    repeats_s: tuple[float, ...]
    host_factor: float = Field(gt=0)
    """`unit_s` over the reference's: 2 is a host that takes twice as long."""
    reference: str
    load_before: float
    """One-minute load average at the start."""
    gpu: GpuCalibration | None = None
    notes: tuple[str, ...] = ()


def read_calibration(file: Path) -> Calibration:
    """Read what ``calibrate --out`` wrote.

    Raises:
        ConfigurationError: there is no such file, or it holds something else.
    """
    try:
        with file.open("rb") as stream:
            return Calibration.model_validate_json(stream.read(_MOST_BYTES))
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be read: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        text = f"Expected argument `calibration` to be a file of `calibrate --out` but got {file}"
        raise ConfigurationError(f"{text}: {place} {first['msg']}") from error


def find_factor(there: Calibration, here: Calibration) -> float:
    """Return how many times as long the same work takes there as here.

    Between two hosts that both measured a GPU it is the GPUs' ratio, else the CPUs'.

    Raises:
        ConfigurationError: the two did different work, or with different numbers of cores.
    """
    if (there.workload, there.cpus) != (here.workload, here.cpus):
        raise ConfigurationError(
            "Expected argument `calibration` to be of the same workload and number of CPUs but got"
            f" workload {there.workload} on {there.cpus} there and {here.workload} on {here.cpus} here;"
            f" run calibrate with --cpus {there.cpus} and the same version on both hosts"
        )
    if there.gpu is not None and here.gpu is not None:
        return there.gpu.unit_s / here.gpu.unit_s
    return there.unit_s / here.unit_s
