"""What the runner costs beside the engine: ``python -m tests.container.measure_runner``.

Three figures: seconds a run takes beyond the engine's own ``run`` of the same container, the share of a core
that watching takes, and how far a recorded time lies from the container's own record of start and end.
"""

import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

import psutil

from evaluation.runner.docker import ContainerEngine, RunningContainer
from evaluation.runner.docker_arguments import build_create
from evaluation.runner.draft import RunOptions
from evaluation.runner.engine import Image, Job
from evaluation.runner.folder import remove_tree
from evaluation.runner.limits import Profile
from evaluation.runner.outcome import Outcome
from evaluation.runner.owner import RUN_LABEL, describe_owner
from evaluation.runner.record import RunFile
from evaluation.runner.run import run_submission
from evaluation.runner.submission import ImageSubmission
from evaluation.runner.watch import Tick
from evaluation.running import make_check
from tests.container.engines import build_image, call
from tests.runner.scenes import ANSWER, SMALL, Scene, make_scene

OVERHEAD_S, CPU_SHARE, CLOCK_ERROR_S = 0.5, 0.02, 0.05
"""What the project promises."""
_WATCHED_S = 10.0


@dataclass(frozen=True)
class RunnerCosts:
    """Medians; `n` pairs or runs each."""

    n: int
    engine_run_s: float
    """The engine's own ``run`` of the same container."""
    overhead_s: float
    """A whole run beside it, pair by pair: resolving, hashing, checking and recording included."""
    cpu_share: float
    """Of one core, over a container of ten seconds; the harness and the engine's command together."""
    clock_error_s: float
    """The largest difference between a recorded time and the container's ``StartedAt`` to ``FinishedAt``."""
    load_before: float
    """One-minute load average: near 0 on an idle machine; else only the ratio of the two first says much."""


class _CpuMeter:
    """Takes the harness's CPU time at its first look and at the first look after nearly ten seconds."""

    def __init__(self) -> None:
        self.points: list[tuple[float, float]] = []

    def __call__(self, title: str, tick: Tick) -> None:
        if not self.points or (len(self.points) == 1 and tick.elapsed_s > 0.95 * _WATCHED_S):
            self.points.append((tick.elapsed_s, _read_cpu()))

    @property
    def share(self) -> float:
        (t0, cpu0), (t1, cpu1) = self.points
        return (cpu1 - cpu0) / (t1 - t0)


def _read_cpu() -> float:
    times = [process.cpu_times() for process in psutil.Process().children(recursive=True)]
    return time.process_time() + sum(used.user + used.system for used in times)


class WatchedEngine(ContainerEngine):
    """Docker; asks for a container's own record of start and end before the runner removes it."""

    seconds: float = 0.0
    """Between the two, of the last container."""

    def start(self, image: Image, job: Job) -> RunningContainer:
        """Start a container as ever."""
        running = super().start(image, job)
        remove = running.remove

        def read_and_remove() -> None:
            form = f"--filter=label={RUN_LABEL}={job.run_id}"
            container = self.ask("ps", "--all", "--quiet", form)
            words = self.ask("inspect", "--format={{.State.StartedAt}} {{.State.FinishedAt}}", container)
            start, end = (datetime.fromisoformat(word) for word in words.split())
            self.seconds = (end - start).total_seconds()
            remove()

        setattr(running, "remove", read_and_remove)  # noqa: B010 # of this container alone
        return running


@dataclass(frozen=True)
class RunnerMeter:
    """An engine, a challenge of two cases, and a place for runs."""

    engine: ContainerEngine
    scene: Scene

    def run(self, image: str, meter: _CpuMeter | None = None) -> RunFile:
        """Run an image that answers."""
        record = run_submission(
            self.engine,
            ImageSubmission(image),
            self.scene.challenge,
            self.scene.out,
            RunOptions(limits=SMALL, gpus="none", is_forced=True),
            name="measured",
            check=make_check(self.scene.challenge.manifest),
            tell=meter,
        ).record
        if record.outcome != Outcome.OK:
            raise RuntimeError(f"{record.outcome}: {record.sentence}")
        return record

    def run_plainly(self, image: Image) -> None:
        """Run the same container by the engine's own command."""
        output = self.scene.folder / "plain"
        output.mkdir()
        output.chmod(0o777)
        job = Job(
            run_id="plain",
            owner=describe_owner(),
            input_dir=self.scene.challenge.input_dir,
            input_json=self.scene.challenge.input_json,
            output_dir=output,
            scratch_dir=output,
            limits=SMALL,
            profile=Profile.SAFE,
            gpus="none",
        )
        _, *words = build_create(image, job, engine=self.engine.name)
        subprocess.run([self.engine.name, "run", "--rm", *words], check=True, capture_output=True)
        remove_tree(output)


@contextmanager
def open_meter() -> Iterator[RunnerMeter]:
    """Give a meter on docker whose folders go away."""
    with tempfile.TemporaryDirectory() as folder:
        yield RunnerMeter(ContainerEngine("docker"), make_scene(Path(folder)))


@contextmanager
def open_sleeper(meter: RunnerMeter, seconds: float) -> Iterator[str]:
    """Give an image that sleeps and answers."""
    script = f"import sys, time\nsys.argv[1:] = ['/input', '/output']\ntime.sleep({seconds})\n{ANSWER}"
    tag = f"bench-sleep-{seconds:g}:{os.getpid()}"
    build_image(meter.engine.name, meter.scene.folder / "image", script, tag)
    try:
        yield tag
    finally:
        call(meter.engine.name, "image", "rm", "--force", tag)


def measure_overhead(meter: RunnerMeter, *, n: int) -> tuple[float, float]:
    """Return the median seconds of a plain run, and of a whole run beyond it; side by side, order swapped."""
    plain_s, beyond_s = [], []
    with open_sleeper(meter, 0) as tag:
        image = meter.engine.resolve(ImageSubmission(tag))
        meter.run(tag)
        for number in range(n):
            seconds = {}
            for kind in ("whole", "plain") if number % 2 else ("plain", "whole"):
                begin = time.perf_counter()
                meter.run(tag) if kind == "whole" else meter.run_plainly(image)
                seconds[kind] = time.perf_counter() - begin
            plain_s.append(seconds["plain"])
            beyond_s.append(seconds["whole"] - seconds["plain"])
    return statistics.median(plain_s), statistics.median(beyond_s)


def measure_cpu(meter: RunnerMeter) -> float:
    """Return the share of a core that watching takes."""
    with open_sleeper(meter, _WATCHED_S) as tag:
        cpu = _CpuMeter()
        meter.run(tag, cpu)
        return cpu.share


def measure_clock(meter: RunnerMeter, *, n: int) -> float:
    """Return the largest error of a recorded time of a container that sleeps a second."""
    errors = []
    engine = WatchedEngine("docker")
    with open_sleeper(meter, 1) as tag:
        for _ in range(n):
            record = replace(meter, engine=engine).run(tag)
            errors.append(abs(record.runtime_s - engine.seconds))
    return max(errors)


def measure_costs(*, n: int) -> RunnerCosts:
    """Measure all three."""
    load = os.getloadavg()[0]
    with open_meter() as meter:
        plain_s, overhead_s = measure_overhead(meter, n=n)
        return RunnerCosts(n, plain_s, overhead_s, measure_cpu(meter), measure_clock(meter, n=n), load)


if __name__ == "__main__":
    print(json.dumps({name: round(value, 4) for name, value in asdict(measure_costs(n=7)).items()}))  # noqa: T201
