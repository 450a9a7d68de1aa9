"""The machine: what it is, and how busy others keep it during a run."""

import os
import platform
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from evaluation.contract.record import Record

BUSY_CORES = 0.5
"""Other work above this many cores, on average over a run, gets a warning."""


class Host(Record):
    """A machine."""

    kernel: str
    cpu: str
    n_cores: int
    memory_bytes: int


class HostLoad(Record):
    """How busy the machine was."""

    load_1min_before: float
    """The kernel's load average when the run began."""
    other_cores: float | None
    """Cores that anybody else kept busy, on average over the run; None where that cannot be told."""
    warning: str | None


def describe_host() -> Host:
    """Return this machine."""
    return Host(
        kernel=f"{platform.system()} {platform.release()}",
        cpu=_read_cpu_name() or platform.machine(),
        n_cores=os.cpu_count() or 1,
        memory_bytes=psutil.virtual_memory().total,
    )


def _read_cpu_name() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return ""


@dataclass(frozen=True)
class LoadMeter:
    """A moment before a run, to compare with the one after it."""

    load_1min: float
    busy_s: float

    @classmethod
    def start(cls) -> "LoadMeter":
        """Look at the machine now."""
        return cls(os.getloadavg()[0], _read_busy())

    def finish(self, *, wall_s: float, own_cpu_s: float | None) -> HostLoad:
        """Return the load since `start`.

        Args:
            wall_s: seconds since then.
            own_cpu_s: CPU seconds of the submission; None when unknown.
        """
        other = None
        warning = None
        if own_cpu_s is not None and wall_s > 0:
            other = max(0.0, (_read_busy() - self.busy_s - own_cpu_s) / wall_s)
        # The kernel counts busy time in hundredths of a second: very short runs say nothing.
        if other is not None and other > BUSY_CORES and wall_s >= 1:
            warning = f"other programs kept {other:.1f} cores busy during the run; its time may be too long"
        elif self.load_1min > (os.cpu_count() or 1):
            warning = (
                f"the machine was busy before the run (load {self.load_1min:.1f}); its time may be too long"
            )
        return HostLoad(
            load_1min_before=round(self.load_1min, 2),
            other_cores=None if other is None else round(other, 3),
            warning=warning,
        )


def _read_busy() -> float:
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0) - getattr(times, "guest", 0.0))
