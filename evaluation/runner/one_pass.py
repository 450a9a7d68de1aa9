"""One pass of a submission over a manifest: start, watch, end, judge; nothing of it stays but its files."""

import os
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from evaluation.contract.errors import EngineError
from evaluation.contract.problem import Problem
from evaluation.runner.docker_arguments import SCRATCH, find_user
from evaluation.runner.engine import Ending, Engine, Image, Job, Running, StartError
from evaluation.runner.folder import LOG_FILE, MEMORY_FILE, MEMORY_PLOT, PREDICTIONS, remove_tree
from evaluation.runner.gpu import GpuProbe, NoGpu
from evaluation.runner.host import LoadMeter
from evaluation.runner.limits import SHM, Limits, Profile
from evaluation.runner.logs import KeptLog, LogKeeper, clean_text
from evaluation.runner.memory import MemoryWatch, write_memory_csv
from evaluation.runner.memory_plot import write_memory_plot
from evaluation.runner.outcome import (
    OUTPUT_STOPS,
    Facts,
    Stop,
    Verdict,
    judge,
    judge_engine_error,
    judge_unstartable,
)
from evaluation.runner.outputs import OutputFile, hash_outputs, list_files, make_tame, read_times
from evaluation.runner.owner import describe_owner
from evaluation.runner.record import PassRecord, Timings
from evaluation.runner.watch import Tick, Watched, look_back, watch

Check = Callable[[Path], Sequence[Problem]]
"""Returns what is wrong with a folder of predictions."""


@dataclass(frozen=True)
class PassSetting:
    """What all passes of a run share."""

    engine: Engine
    image: Image
    input_dir: Path
    input_json: Path | None
    title: str
    """The submission's name, for pictures."""
    n_expected: int
    check: Check
    limits: Limits
    profile: Profile
    gpus: str
    gpu: GpuProbe | NoGpu
    cores: tuple[int, ...] | None = None


@dataclass(frozen=True)
class PassResult:
    """One pass, and what it left in its folder."""

    record: PassRecord
    outputs: tuple[OutputFile, ...]
    log: KeptLog
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class _Ran:
    ending: Ending
    seen: Watched | None
    log: KeptLog
    verdict: Verdict | None
    """Already known when it could not be started or the engine failed."""


def make_pass(
    setting: PassSetting,
    folder: Path,
    kind: Literal["warmup", "counted"],
    *,
    tell: Callable[[Tick], None],
) -> PassResult:
    """Run once.

    Args:
        setting: what to run, on what, within which limits.
        folder: new and empty; gets ``predictions/``, ``log.txt`` and ``memory.csv``.
        kind: whether its time counts.
        tell: called about ten times a second.
    """
    output_dir = _make_output(folder, setting)
    memory = MemoryWatch(gpu=setting.gpu)
    memory.baseline()
    meter = LoadMeter.start()
    begin_s, begin = time.time(), time.monotonic()
    ran = _run(setting, folder, memory, tell)
    _restore_output(output_dir)
    load = meter.finish(wall_s=time.monotonic() - begin, own_cpu_s=_find_own_cpu(ran))
    ending = ran.ending
    outputs, stop = _collect(output_dir, ran, setting.limits)
    (folder / LOG_FILE).touch()
    write_memory_csv(memory.series, folder / MEMORY_FILE)
    write_memory_plot(memory.series, setting.title, folder / MEMORY_PLOT)
    verdict, problems = _judge(setting, ran, stop, output_dir, is_empty=not outputs)
    record = PassRecord(
        kind=kind,
        verdict=verdict,
        timings=Timings(
            container_start_s=max(0.0, ending.started_s - begin_s),
            until_first_output_s=min((file.t_s for file in outputs), default=None),
            runtime_s=max(0.0, ending.finished_s - ending.started_s),
        ),
        memory=memory.finish(),
        load=load,
        started_utc=_show_time(ending.started_s),
        finished_utc=_show_time(ending.finished_s),
        outputs_sha256=hash_outputs(outputs),
        n_left_processes=ending.n_left_processes,
    )
    return PassResult(record, outputs, ran.log, problems)


def _collect(output_dir: Path, ran: _Ran, limits: Limits) -> tuple[tuple[OutputFile, ...], Stop | None]:
    """List what a submission that has ended left, and find the limit that ended it or was crossed at the end.

    Of what is beyond a limit nothing is listed: sparse files alone could be hashed for days.
    """
    times = read_times(output_dir, max_entries=limits.output_files)
    make_tame(output_dir, max_entries=limits.output_files)
    stop = look_back(output_dir, limits) or (ran.seen.stop if ran.seen else None)
    if stop in OUTPUT_STOPS:
        return (), stop
    started_s = ran.ending.started_s
    return list_files(output_dir, started_s=started_s, max_entries=limits.output_files, times=times), stop


def _make_output(folder: Path, setting: PassSetting) -> Path:
    output_dir = folder / PREDICTIONS
    output_dir.mkdir(mode=0o755)
    if setting.engine.is_isolated and os.getuid() == 0:
        os.chown(output_dir, *find_user(setting.profile))
    return output_dir


def _restore_output(output_dir: Path) -> None:
    """A plain command may have put a link in the place of its output folder; what it leads to is not ours."""
    if output_dir.is_symlink() or not output_dir.is_dir():
        output_dir.unlink(missing_ok=True)
        output_dir.mkdir()


def _run(setting: PassSetting, folder: Path, memory: MemoryWatch, tell: Callable[[Tick], None]) -> _Ran:
    """Start, watch, end and remove; whatever happens, nothing of it runs afterwards."""
    scratch = folder / "scratch"
    scratch.mkdir()
    now_s = time.time()
    nothing = _Ran(Ending(None, now_s, now_s), None, KeptLog(0, 0, ()), None)
    running: Running | None = None
    try:
        running = setting.engine.start(setting.image, _make_job(setting, folder, scratch))
        return _follow(setting, folder, running, memory, tell)
    except StartError as error:
        return replace(nothing, verdict=judge_unstartable(clean_text(str(error))))
    except EngineError as error:
        return replace(nothing, verdict=judge_engine_error(clean_text(str(error))))
    finally:
        if running is not None:
            running.remove()
        remove_tree(scratch)


def _make_job(setting: PassSetting, folder: Path, scratch: Path) -> Job:
    return Job(
        run_id=secrets.token_hex(8),
        owner=describe_owner(),
        input_dir=setting.input_dir,
        input_json=setting.input_json,
        output_dir=folder / PREDICTIONS,
        scratch_dir=scratch,
        limits=setting.limits,
        profile=setting.profile,
        gpus=setting.gpus,
        cores=setting.cores,
    )


def _follow(
    setting: PassSetting, folder: Path, running: Running, memory: MemoryWatch, tell: Callable[[Tick], None]
) -> _Ran:
    if running.process.stdout is None:
        raise EngineError("the engine was started without a pipe for the log")
    keeper = LogKeeper(running.process.stdout, folder / LOG_FILE, limit_bytes=setting.limits.log_bytes)
    seen = watch(
        running,
        output_dir=folder / PREDICTIONS,
        limits=setting.limits,
        memory=memory,
        places=(*SCRATCH, SHM) if setting.profile is Profile.SAFE else (SHM,),
        tell=tell,
    )
    ending = running.finish()
    if seen.is_stuck:
        ending = replace(ending, engine_error="the engine did not end a container that it was told to kill")
    return _Ran(ending, seen, keeper.finish(), None)


def _judge(
    setting: PassSetting, ran: _Ran, stop: Stop | None, output_dir: Path, *, is_empty: bool
) -> tuple[Verdict, tuple[Problem, ...]]:
    if ran.verdict is not None or ran.seen is None:
        return ran.verdict or judge_engine_error("the submission was not started"), ()
    problems = () if stop in OUTPUT_STOPS else tuple(setting.check(output_dir))
    facts = Facts(
        ending=ran.ending,
        stop=stop,
        pressure=ran.seen.pressure,
        n_expected=setting.n_expected,
        problems=problems,
        is_output_empty=is_empty,
    )
    return judge(facts, setting.limits), problems


def _find_own_cpu(ran: _Ran) -> float | None:
    if ran.ending.cpu_s is not None:
        return ran.ending.cpu_s
    return (ran.seen.pressure.cpu_s or None) if ran.seen else None


def _show_time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
