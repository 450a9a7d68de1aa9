"""The state of a queue: one row a submission."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from evaluation.contract.record import Record
from evaluation.queue.reports import RunReport, ScoreReport


class State(StrEnum):
    """Where a submission is."""

    WAITING = "waiting"
    RUNNING = "running"
    TO_SCORE = "to score"
    SCORING = "scoring"
    DONE = "done"
    FAILED = "failed"
    """Given up: the infrastructure failed too often, or it cannot be run as asked."""


@dataclass
class Row:
    """One submission."""

    name: str
    out: Path
    gpu: str | None = None
    """The GPU that made the run that lay there at the start."""
    state: State = State.WAITING
    n_attempts: int = 0
    """Runs and scorings that were started and did not end in a lost worker's restart."""
    n_faults: int = 0
    """Infrastructure faults so far."""
    words: str = ""
    run: RunReport | None = None
    score: ScoreReport | None = None
    faults: list[str] = field(default_factory=list)


class QueueEntry(Record):
    """One submission in ``queue.json``."""

    name: str
    state: State
    outcome: str | None
    fault: str | None
    sentence: str
    runtime_s: float | None
    peak_gpu_mib: float | None
    host: str | None
    ran_now: bool
    """False when the same run lay there already."""
    scored_now: bool
    infrastructure_faults: tuple[str, ...]
    summary: dict[str, float | None]
    result: str | None
    """Place of result.json below the queue's folder."""


class QueueReport(Record):
    """What ``queue.json`` holds."""

    format_version: int = 1
    created_utc: str
    entries: tuple[QueueEntry, ...]


def describe_row(row: Row, result: str | None) -> QueueEntry:
    """Return a row as it goes to the disk."""
    run, score = row.run, row.score
    return QueueEntry(
        name=row.name,
        state=row.state,
        outcome=run.outcome if run else None,
        fault=run.fault if run else None,
        sentence=run.sentence if run else row.words,
        runtime_s=run.runtime_s if run else None,
        peak_gpu_mib=run.peak_gpu_mib if run else None,
        host=run.host if run else None,
        ran_now=run is not None and not run.is_resumed,
        scored_now=score is not None and not score.is_resumed,
        infrastructure_faults=tuple(row.faults),
        summary=score.summary if score else {},
        result=result,
    )
