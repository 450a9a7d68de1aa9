"""Measures a host: some processes, one core each, do units of work side by side."""

import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from evaluation.calibration.gpu import measure_gpu
from evaluation.calibration.record import REFERENCE_UNIT_S, Calibration
from evaluation.calibration.workload import WORKLOAD_VERSION
from evaluation.contract.errors import ConfigurationError, HarnessError
from evaluation.cores import usable_cores
from evaluation.provenance import find_revision

_PACKAGES = ("numpy", "opencv-python-headless")
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_UNSTEADY = 1.15

Worker = subprocess.Popen[bytes]


def measure_host(
    *, cpus: int, n_repeats: int = 5, progress: Callable[[int], None] | None = None
) -> Calibration:
    """Measure this host; a few seconds a repeat.

    Args:
        cpus: processes that work at the same time, as many as submissions may use.
        n_repeats: how often; the median counts.
        progress: called after each repeat with the number finished.

    Raises:
        ConfigurationError: more processes than cores that this one may use.
        HarnessError: a process ended.
    """
    if not 1 <= cpus <= usable_cores():
        there = usable_cores()
        raise ConfigurationError(f"Expected argument `cpus` to be between 1 and {there} but got {cpus}")
    load = os.getloadavg()[0]
    seconds = _measure_units(cpus, n_repeats, progress)
    unit_s = statistics.median(seconds)
    return Calibration(
        created_utc=datetime.now(UTC).isoformat(timespec="seconds"),
        code_revision=find_revision(),
        workload=WORKLOAD_VERSION,
        processor=find_processor(),
        packages={name: version(name) for name in _PACKAGES},
        cpus=cpus,
        unit_s=unit_s,
        repeats_s=tuple(seconds),
        host_factor=unit_s / REFERENCE_UNIT_S,
        reference=f"{REFERENCE_UNIT_S} s for a unit on one core of an Intel Xeon virtual machine",
        load_before=load,
        gpu=measure_gpu(n_repeats),
        notes=tuple(_find_notes(seconds, load, cpus)),
    )


def _find_notes(seconds: Sequence[float], load: float, cpus: int) -> Iterator[str]:
    free = usable_cores() - cpus
    if load > free + 0.5:
        yield f"the load average was {load:.1f} before the start: on a busy host the factor is too large"
    if max(seconds) > _UNSTEADY * min(seconds):
        yield f"repeats took between {min(seconds):.3f} and {max(seconds):.3f} s: the host was not steady"


def _measure_units(cpus: int, n_repeats: int, progress: Callable[[int], None] | None) -> list[float]:
    with ExitStack() as stack:
        workers = [stack.enter_context(_start_worker()) for _ in range(cpus)]
        _wait(workers)  # the first unit loads the libraries and warms the caches
        seconds = []
        for _ in range(n_repeats):
            start = time.perf_counter()
            for worker in workers:
                _ask(worker)
            _wait(workers)
            seconds.append(time.perf_counter() - start)
            if progress is not None:
                progress(len(seconds))
        return seconds


@contextmanager
def _start_worker() -> Iterator[Worker]:
    command = [sys.executable, "-m", "evaluation.calibration.workload"]
    environment = os.environ | dict.fromkeys(_THREAD_VARIABLES, "1")
    root = Path(__file__).parents[2]
    worker = subprocess.Popen(  # noqa: S603 # our own module
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, cwd=root
    )
    try:
        yield worker
    finally:
        worker.kill()
        worker.communicate()


def _ask(worker: Worker) -> None:
    if worker.stdin is None or worker.poll() is not None:
        raise HarnessError("a process of the calibration ended; is there enough memory?")
    worker.stdin.write(b"\n")
    worker.stdin.flush()


def _wait(workers: Sequence[Worker]) -> None:
    for worker in workers:
        if worker.stdout is None or not worker.stdout.readline():
            raise HarnessError("a process of the calibration ended; is there enough memory?")


def find_processor() -> str:
    """Return the processor's name; the architecture where the system does not tell it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
