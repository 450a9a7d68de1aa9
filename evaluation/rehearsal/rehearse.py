"""Runs a submission on the sample folder and judges it by the rules."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from evaluation.challenge import Protocol
from evaluation.contract.errors import ConfigurationError, EngineError
from evaluation.contract.record import Record
from evaluation.rehearsal.limits_file import RehearsalLimits
from evaluation.rehearsal.verdict import Facts, RuleVerdict, judge_rehearsal
from evaluation.runner.draft import RunOptions
from evaluation.runner.engine import Engine
from evaluation.runner.folder import MEMORY_FILE
from evaluation.runner.limits import Profile, make_limits
from evaluation.runner.outcome import Outcome
from evaluation.runner.record import RunFile
from evaluation.runner.run import Tell, run_submission
from evaluation.runner.submission import Submission
from evaluation.running import make_check, open_challenge

SAMPLES = Path(__file__).parents[2] / "sample_data"
_MIB = 2**20
_WORTH_RELAXING = (
    Outcome.CRASHED,
    Outcome.MISSING_OUTPUT,
    Outcome.PARTIAL_OUTPUT,
    Outcome.INVALID_OUTPUT,
)


class Rehearsal(Record):
    """What a rehearsal showed."""

    format_version: int = 1
    protocol: Protocol
    submission: str
    outcome: str
    host_factor: float
    limits: RehearsalLimits
    verdicts: tuple[RuleVerdict, ...]
    notes: tuple[str, ...] = ()
    """What to know about the runs, such as a busy machine."""

    @property
    def is_passed(self) -> bool:
        """Whether no rule is broken."""
        return all(verdict.finding != "broken" for verdict in self.verdicts)


@dataclass(frozen=True)
class Stage:
    """What is rehearsed, and where."""

    protocol: Protocol
    engine: Engine
    submission: Submission
    name: str
    out: Path
    """Two run folders go below it."""
    gpus: str | None = None


def rehearse(
    stage: Stage, limits: RehearsalLimits, *, factor: float = 1.0, tell: Tell | None = None
) -> Rehearsal:
    """Run a submission twice on the sample folder and judge it.

    Args:
        stage: what is rehearsed, and where.
        limits: what it is held to.
        factor: how many times as long the organiser's host takes.
        tell: told how far it is.

    Raises:
        ConfigurationError: the sample folder is not there, or a folder cannot be written.
        EngineError: the engine failed.
        DeviceError: the disk is too full.
    """
    options = RunOptions(
        limits=make_limits(
            memory_bytes=round(limits.host_memory_mib.value) * _MIB,
            cpus=min(limits.cpus.value, stage.engine.count_cores()),
            time_limit_s=limits.rehearsal_time_limit_s.value,
        ),
        gpus=stage.gpus,
        n_repeats=2,
        is_forced=True,
    )
    record = _run(stage, "safe", options, tell)
    relaxed = None
    if stage.engine.is_isolated and record.outcome in _WORTH_RELAXING:
        freed = replace(options, profile=Profile.OFFICIAL, n_repeats=1)
        relaxed = _run(stage, "official", freed, tell)
    facts = Facts(record, relaxed, read_host_memory(stage.out / "safe" / MEMORY_FILE), limits, factor)
    return Rehearsal(
        protocol=stage.protocol,
        submission=stage.name,
        outcome=str(record.outcome),
        host_factor=factor,
        limits=limits,
        verdicts=judge_rehearsal(facts),
        notes=record.notes,
    )


def _run(stage: Stage, folder: str, options: RunOptions, tell: Tell | None) -> RunFile:
    place = SAMPLES / stage.protocol.value
    if not place.is_dir():
        raise ConfigurationError(f"{place}: the sample folder is not there; rehearse from a whole checkout")
    is_uusic25 = stage.protocol is Protocol.UUSIC25
    input_dir = place / ("images" if is_uusic25 else "input")
    challenge = open_challenge(stage.protocol, input_dir, place / "manifest.json" if is_uusic25 else None)
    finished = run_submission(
        stage.engine,
        stage.submission,
        challenge,
        stage.out / folder,
        options,
        name=stage.name,
        check=make_check(challenge.manifest),
        tell=tell,
    )
    if finished.record.fault == "infrastructure":
        raise EngineError(finished.record.sentence)
    return finished.record


def read_host_memory(file: Path) -> Sequence[float]:
    """Return host memory in MiB over a run, from its ``memory.csv``; empty when there is none."""
    if not file.is_file():
        return []
    with file.open(encoding="utf-8", newline="") as stream:
        return [float(row["host_mib"]) for row in csv.DictReader(stream) if row["host_mib"]]
