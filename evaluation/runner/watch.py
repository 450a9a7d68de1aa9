"""The loop beside a running submission: ends it at its limits, samples what it costs.

Promises: ten looks a second while that is cheap; a look that gets dearer (many files) is taken more rarely,
so the loop stays below 2 % of a core. The end of the submission is noticed at once, not at the next look.
"""

import os
import select
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from evaluation.runner.engine import Running
from evaluation.runner.host_memory import HostProbe, make_host_probe
from evaluation.runner.limits import Limits
from evaluation.runner.memory import MemoryWatch
from evaluation.runner.outcome import Stop
from evaluation.runner.outputs import Volume, measure_folder
from evaluation.runner.pressure import Pressure, PressureGauge

_PERIOD_S = 0.1
_SHARE = 0.01
_LONGEST_S = 2.0
_GRACE_S = 2.0
_KILL_S = 10.0
DISK_RESERVE_BYTES = 2**28
"""Free space that a run must leave on the disk of its output."""


@dataclass(frozen=True)
class Tick:
    """What is told while a submission runs."""

    elapsed_s: float
    n_entries: int
    """Files and folders in its output so far."""


@dataclass(frozen=True)
class Watched:
    """What the watch has seen."""

    stop: Stop | None
    pressure: Pressure
    is_stuck: bool
    """The engine did not end it although told to."""


def find_output_stop(output: Volume, limits: Limits) -> Stop | None:
    """Return the limit on output that is crossed, if any."""
    if output.n_bytes > limits.output_bytes:
        return Stop.OUTPUT_BYTES
    if output.n_entries > limits.output_files:
        return Stop.OUTPUT_FILES
    return Stop.OUTPUT_HIDDEN if output.n_hidden else None


def look_back(output_dir: Path, limits: Limits) -> Stop | None:
    """Find what came after the last look; a file that was cut off at the limit ends there exactly."""
    output = measure_folder(output_dir, max_entries=limits.output_files)
    if output.n_bytes == limits.output_bytes:
        return Stop.OUTPUT_BYTES
    return find_output_stop(output, limits)


def watch(
    running: Running,
    *,
    output_dir: Path,
    limits: Limits,
    memory: MemoryWatch,
    places: tuple[str, ...],
    tell: Callable[[Tick], None],
) -> Watched:
    """Watch until the submission has ended, by itself or at a limit.

    Args:
        running: just started.
        output_dir: where it writes.
        limits: when to end it.
        memory: told to sample.
        places: the container's tmpfs folders.
        tell: called about ten times a second.
    """
    return _Watch(running, output_dir, limits, memory, places, tell).run()


class _Watch:
    def __init__(
        self,
        running: Running,
        output_dir: Path,
        limits: Limits,
        memory: MemoryWatch,
        places: tuple[str, ...],
        tell: Callable[[Tick], None],
    ) -> None:
        self._running = running
        self._output_dir = output_dir
        self._limits = limits
        self._memory = memory
        self._tell = tell
        self._start = time.monotonic()
        self._host: HostProbe | None = None
        self._gauge: PressureGauge | None = None
        if running.pid is not None:
            self._host = make_host_probe(running.pid, running.probe)
            memory.attach(self._host)
            if running.probe == "container":
                self._gauge = PressureGauge(running.pid, places)
        self._pressure = Pressure()
        self._output = Volume(0, 0)
        self._next_walk_s = 0.0

    def run(self) -> Watched:
        descriptor = os.pidfd_open(self._running.process.pid)
        try:
            with select.epoll() as poll:
                poll.register(descriptor, select.EPOLLIN)
                stop = self._watch(poll)
                is_stuck = stop is not None and not self._end(poll, stop)
            if self._gauge is not None:
                self._pressure = self._gauge.read()
        finally:
            os.close(descriptor)
            if self._gauge is not None:
                self._gauge.close()
        if not is_stuck:
            self._running.process.wait()
        return Watched(stop, self._pressure, is_stuck)

    def _watch(self, poll: select.epoll) -> Stop | None:
        wait_s = 0.0
        while not poll.poll(wait_s):
            begin = time.thread_time()
            stop = self._look()
            if stop is not None:
                return stop
            cost_s = time.thread_time() - begin
            left_s = self._limits.time_limit_s - (time.monotonic() - self._start)
            wait_s = max(0.0, min(max(_PERIOD_S, cost_s / _SHARE), _LONGEST_S, left_s))
        return None

    def _look(self) -> Stop | None:
        elapsed_s = time.monotonic() - self._start
        self._memory.sample(elapsed_s)
        if self._gauge is not None:
            self._pressure = self._gauge.read()
        if elapsed_s >= self._next_walk_s:
            begin = time.thread_time()
            self._output = measure_folder(self._output_dir, max_entries=self._limits.output_files)
            # Not too rarely: what it writes between two walks comes on top of its limit.
            self._next_walk_s = elapsed_s + min(_LONGEST_S, (time.thread_time() - begin) / _SHARE)
        self._tell(Tick(elapsed_s, self._output.n_entries))
        return self._find_stop(elapsed_s)

    def _find_stop(self, elapsed_s: float) -> Stop | None:
        limits = self._limits
        stop = find_output_stop(self._output, limits)
        if stop is not None:
            return stop
        if self._running.probe == "tree" and self._host is not None:
            # Without a control group nobody else holds these two.
            if (self._host.read_mib() or 0) * 2**20 > limits.memory_bytes:
                return Stop.MEMORY
            if len(self._host.find_pids()) > limits.pids:
                return Stop.PROCESSES
        if elapsed_s > limits.time_limit_s:
            return Stop.TIME
        if shutil.disk_usage(self._output_dir).free < DISK_RESERVE_BYTES:
            # Whoever filled it: a submission that did is not to be tried again.
            output = measure_folder(self._output_dir, max_entries=limits.output_files)
            return find_output_stop(output, limits) or Stop.DISK
        return None

    def _end(self, poll: select.epoll, stop: Stop) -> bool:
        if stop is Stop.TIME:
            # What it has in hand may still be written; a limit on anything else is not to be crossed further.
            self._running.terminate()
            if poll.poll(_GRACE_S):
                return True
            self._memory.sample(time.monotonic() - self._start)
        self._running.kill()
        return bool(poll.poll(_KILL_S))
