"""The memory of one run over time: GPU and host, sampled by whoever watches the run.

Promises: timestamps are those of the samples, never an assumed interval; an area is the trapezoid over them;
what was measured (`gpu_basis`, `host_basis`) is in the report, and a figure that stands in for another has a
note. A sample costs less than 1 ms of CPU.
"""

import csv
import io
import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from evaluation.contract.record import Record
from evaluation.files.atomic import write_atomically
from evaluation.runner.gpu import GpuBasis, GpuDevice, GpuProbe, GpuReading, NoGpu
from evaluation.runner.host_memory import HostBasis, HostProbe

_NO_PIDS: frozenset[int] = frozenset()


@dataclass(frozen=True)
class MemorySample:
    """One row of ``memory.csv``."""

    t_s: float
    """Seconds on the watcher's clock, as given to `MemoryWatch.sample`."""
    gpu_mib: float | None
    """None when it could not be read."""
    host_mib: float | None


class MemoryReport(Record):
    """The memory of one run."""

    peak_gpu_mib: float
    """Largest GPU memory in MiB; 0 without a GPU."""
    gpu_area_mib_s: float
    """GPU memory over time in MiB·s, by the trapezoid rule."""
    gpu_basis: GpuBasis
    """``process``: the submission's processes; ``device``: the devices' rise above their idle use."""
    peak_host_mib: float
    """Largest sampled host memory in MiB, file cache left out; 0 when nothing was sampled."""
    peak_charged_mib: float | None
    """The control group's high-water mark in MiB, file cache included; None where there is none."""
    host_basis: HostBasis
    n_samples: int
    gpus: tuple[GpuDevice, ...]
    notes: tuple[str, ...]


class MemoryWatch:
    """Samples memory between `baseline` and `finish`."""

    def __init__(self, *, host: HostProbe | None = None, gpu: GpuProbe | NoGpu | None = None) -> None:
        self._host = host
        self._gpu = gpu if isinstance(gpu, GpuProbe) else None
        self._notes = [f"no GPU memory: {gpu.reason}"] if isinstance(gpu, NoGpu) else []
        self._idle: GpuReading | None = None
        self._gpu_readings: list[GpuReading | None] = []
        self._rows: list[tuple[float, float | None]] = []
        self._pids: frozenset[int] = _NO_PIDS
        self._charged_mib: float | None = None

    def baseline(self) -> None:
        """Read what the devices hold before the container starts."""
        if self._gpu is not None:
            self._idle = self._gpu.read(_NO_PIDS)

    def attach(self, host: HostProbe) -> None:
        """Give the host probe once the submission has a process."""
        self._host = host

    def sample(self, now_s: float) -> None:
        """Read once.

        Args:
            now_s: seconds on the watcher's clock, rising from sample to sample.
        """
        host_mib = None
        if self._host is not None:
            host_mib = self._host.read_mib()
            # The high-water mark goes away with the container: the last one read is the one to keep.
            self._charged_mib = self._host.read_peak_mib() or self._charged_mib
        self._rows.append((now_s, host_mib))
        self._gpu_readings.append(self._read_gpu())

    def _read_gpu(self) -> GpuReading | None:
        if self._gpu is None:
            return None
        if self._host is not None:
            # Numbers of processes that have ended stay: the driver may list them a little longer.
            self._pids |= self._host.find_pids()
        return self._gpu.read(self._pids)

    @property
    def series(self) -> tuple[MemorySample, ...]:
        """The samples so far, with GPU memory on the basis that the report names."""
        basis = self._find_basis()
        return tuple(
            MemorySample(t_s, self._gpu_mib(reading, basis), host_mib)
            for (t_s, host_mib), reading in zip(self._rows, self._gpu_readings, strict=True)
        )

    def finish(self) -> MemoryReport:
        """Return the report over all samples; without any sample every figure is 0."""
        series, basis = self.series, self._find_basis()
        gpu = [(row.t_s, row.gpu_mib) for row in series if row.gpu_mib is not None]
        host = [row.host_mib for row in series if row.host_mib is not None]
        notes = [*self._notes, *self._find_notes(basis, len(gpu))]
        return MemoryReport(
            peak_gpu_mib=max((mib for _, mib in gpu), default=0.0),
            gpu_area_mib_s=_area(gpu),
            gpu_basis=basis,
            peak_host_mib=max(host, default=0.0),
            peak_charged_mib=self._charged_mib,
            host_basis="none" if self._host is None else self._host.basis,
            n_samples=len(series),
            gpus=() if self._gpu is None else self._gpu.devices,
            notes=tuple(notes),
        )

    def _find_basis(self) -> GpuBasis:
        readings = [reading for reading in self._gpu_readings if reading is not None]
        if self._gpu is None or not readings:
            return "none"
        if any(reading.process_mib for reading in readings):
            return "process"
        return "device" if any(self._is_hidden(reading) for reading in readings) else "process"

    def _is_hidden(self, reading: GpuReading) -> bool:
        """Whether the submission may hold memory that the driver does not show as its own.

        So it is when processes cannot be listed; when one appeared that nobody knows (the driver numbers
        processes otherwise, as seen from inside a container); when memory rose without any process.
        """
        if reading.process_mib is None or self._idle is None:
            return True
        if reading.strangers - self._idle.strangers:
            return True
        rise = self._rise(reading)
        return not reading.strangers and rise is not None and rise >= 1

    def _rise(self, reading: GpuReading) -> float | None:
        if reading.device_mib is None:
            return None
        idle = 0.0 if self._idle is None else self._idle.device_mib or 0.0
        return max(0.0, reading.device_mib - idle)

    def _gpu_mib(self, reading: GpuReading | None, basis: GpuBasis) -> float | None:
        if reading is None:
            return None
        return reading.process_mib if basis == "process" else self._rise(reading)

    def _find_notes(self, basis: GpuBasis, n_gpu: int) -> list[str]:
        notes = []
        if basis == "device":
            notes.append(
                "GPU memory is the devices' rise above their idle use: the driver does not show the"
                " submission's processes, so other users of the devices would count too"
            )
        if self._gpu is not None and n_gpu < len(self._rows):
            notes.append(
                f"GPU memory could not be read in {len(self._rows) - n_gpu} of {len(self._rows)} samples"
            )
        return notes


def _area(points: list[tuple[float, float]]) -> float:
    pairs = itertools.pairwise(points)
    return sum((t1 - t0) * (mib0 + mib1) / 2 for (t0, mib0), (t1, mib1) in pairs)


def write_memory_csv(series: tuple[MemorySample, ...], file: Path) -> None:
    """Write one line a sample: ``t_s,gpu_mib,host_mib``; a field is empty where nothing could be read.

    Raises:
        OSError: the file cannot be written.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("t_s", "gpu_mib", "host_mib"))
    for row in series:
        numbers: list[str | Literal[""]] = [
            "" if value is None else f"{value:.3f}" for value in (row.t_s, row.gpu_mib, row.host_mib)
        ]
        writer.writerow(numbers)
    write_atomically(file, text.getvalue().encode())
