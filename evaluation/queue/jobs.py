"""What workers do: run one submission, score one run. Both are done once; asked again, they say so."""

import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from distributed import get_worker

from evaluation.checking import check_submission
from evaluation.contract.result import Result
from evaluation.files.json_text import parse_json
from evaluation.per_case import take_apart
from evaluation.queue.plan import Entry, QueuePlan
from evaluation.queue.reports import RunReport, ScoreReport
from evaluation.runner.content import hash_file
from evaluation.runner.engines import choose_cpus, choose_engine
from evaluation.runner.folder import (
    CASES_FILE,
    RESULT_FILE,
    FolderInUseError,
    read_run_file,
)
from evaluation.runner.record import RunFile
from evaluation.runner.run import Finished, run_submission
from evaluation.runner.watch import Tick
from evaluation.running import ReferencePlace, open_challenge, score_run
from evaluation.scoring import ScoringOptions

T = TypeVar("T")

TOPIC = "ultrasound-bench"
_TELL_EVERY_S = 1.0
_LOOK_EVERY_S = 0.5
_IN_USE_MARGIN_S = 60.0
_LOWEST_PRIORITY = 19
_HIDDEN = ("", "-1", "NoDevFiles")
"""What people and Slurm write to hide every GPU."""


@dataclass(frozen=True)
class RunJob:
    """One submission to run."""

    plan: QueuePlan
    entry: Entry
    out: Path
    """The run's folder."""
    cores: tuple[int, ...] | None
    """The cores that belong to the slot; None for all that the worker may use."""
    gpu: str | None
    """The GPU that belongs to the slot; None: as the worker's ``CUDA_VISIBLE_DEVICES`` says."""


def run_one(job: RunJob) -> RunReport:
    """Run a submission in this worker.

    Raises:
        UserError: it cannot be run as asked.
        HarnessError: the engine or the disk failed.
    """
    if job.cores is not None:
        os.sched_setaffinity(0, job.cores)  # of this thread: commands are started from it
    submission = job.entry.make_submission()
    challenge = open_challenge(job.plan.protocol, job.plan.input, job.plan.manifest, _find_place(job.plan))
    options = job.entry.make_run_options()
    if options.gpus != "none":
        options = replace(options, gpus=job.gpu or _find_workers_gpu() or options.gpus)
    engine = choose_engine(job.entry.engine, submission)
    if engine.is_isolated:
        # A command has the cores of its slot, and how many those are is not to change the run's key.
        limits = options.limits.model_copy(update={"cpus": choose_cpus(job.entry.cpus, engine)})
        cores = job.cores if job.cores and max(job.cores) < engine.count_cores() else None
        options = replace(options, limits=limits, cores=cores)
    # Workers live long: what a neighbour that was killed has left would wait for the next worker to start.
    engine.remove_orphans(everything=False)
    finished = _wait_for_folder(
        lambda: run_submission(
            engine,
            submission,
            challenge,
            job.out,
            options,
            name=job.entry.name,
            check=lambda folder: check_submission(challenge.manifest, folder, n_processes=1),
            tell=_Teller(job.entry.name),
            cases=take_apart(challenge) if job.entry.per_case else None,
        ),
        options.limits.time_limit_s
        * (options.n_repeats + options.has_warmup)
        * (len(challenge.manifest.cases) if job.entry.per_case else 1),
    )
    return _report(finished)


def score_one(plan: QueuePlan, out: Path) -> ScoreReport:
    """Score a run in this worker, at the lowest priority: runs are being timed beside it.

    Raises:
        UserError: the references cannot be used.
        HarnessError: scoring failed.
    """
    os.setpriority(os.PRIO_PROCESS, 0, _LOWEST_PRIORITY)
    place = _find_place(plan)
    if place is None:
        return ScoreReport({}, is_resumed=True)
    options = ScoringOptions(mode=plan.mode, n_resamples=plan.bootstrap, seed=plan.seed, n_processes=1)
    record = read_run_file(out)
    if is_scored(out, record, place, options):
        result = Result.model_validate(parse_json((out / RESULT_FILE).read_bytes()).value)
        return ScoreReport(_summarise(result), is_resumed=True)
    scored = _wait_for_folder(lambda: score_run(out, place, options), record.limits.time_limit_s)
    return ScoreReport(_summarise(scored.result), is_resumed=False)


def is_scored(out: Path, record: RunFile, place: ReferencePlace, options: ScoringOptions) -> bool:
    """Tell whether the result beside a run was made from these references with these options, and untouched.

    The references are told by their place; `verify` tells whether their content changed.
    """
    scoring = record.scoring
    images = None if place.images is None else str(place.images.resolve())
    if scoring is None or not (out / RESULT_FILE).is_file() or not (out / CASES_FILE).is_file():
        return False
    asked = (str(place.reference.resolve()), images, options.mode, options.n_resamples, options.seed)
    made = (scoring.reference, scoring.images, scoring.mode, scoring.n_resamples, scoring.seed)
    hashes = (hash_file(out / RESULT_FILE), hash_file(out / CASES_FILE))
    return asked == made and hashes == (scoring.result_sha256, scoring.cases_sha256)


def _find_workers_gpu() -> str | None:
    """Return the GPUs that this worker's variable leaves it; None where nobody set it."""
    seen = os.environ.get("CUDA_VISIBLE_DEVICES")
    return "none" if seen in _HIDDEN else seen


def _find_place(plan: QueuePlan) -> ReferencePlace | None:
    return None if plan.reference is None else ReferencePlace(plan.reference, plan.images)


def _wait_for_folder(work: Callable[[], T], most_s: float) -> T:
    """Wait while somebody else is at work in the folder: a worker whose queue was killed ends its run."""
    until = time.monotonic() + most_s + _IN_USE_MARGIN_S
    while True:
        try:
            return work()
        except FolderInUseError:
            if time.monotonic() > until:
                raise
            time.sleep(_LOOK_EVERY_S)


def _report(finished: Finished) -> RunReport:
    record = finished.record
    return RunReport(
        outcome=str(record.outcome),
        fault=record.fault,
        sentence=record.sentence,
        runtime_s=record.runtime_s,
        peak_gpu_mib=record.peak_gpu_mib,
        has_predictions=bool(record.passes),
        host=socket.gethostname(),
        is_resumed=finished.is_resumed,
    )


def _summarise(result: Result) -> dict[str, float | None]:
    return {name: score.value for name, score in result.summary.items()}


class _Teller:
    """Tells the queue where a run is, once a second."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._worker = get_worker()
        self._next_s = 0.0

    def __call__(self, title: str, tick: Tick) -> None:
        now_s = time.monotonic()
        if now_s >= self._next_s:
            self._next_s = now_s + _TELL_EVERY_S
            words = f"{title}, {tick.elapsed_s:.0f} s, {tick.n_entries} files"
            self._worker.log_event(TOPIC, {"name": self._name, "words": words})
