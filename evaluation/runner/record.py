"""What ``run.json`` holds: everything about one run, and enough to tell whether it must be made again."""

import hashlib
from typing import Literal

from pydantic import ConfigDict, Field

from evaluation.contract.problem import Problem
from evaluation.contract.record import Record
from evaluation.contract.result import Provenance, RunRecord
from evaluation.files.json_text import dump_json
from evaluation.runner.host import Host, HostLoad
from evaluation.runner.limits import Limits
from evaluation.runner.memory import MemoryReport
from evaluation.runner.outcome import Fault, Outcome, Verdict
from evaluation.runner.outputs import OutputFile


class EngineRecord(Record):
    """The engine that ran it."""

    name: str
    version: str
    is_isolated: bool


class ImageRecord(Record):
    """What ran."""

    given: str
    """As the user named it: tag, file or command."""
    digest: str | None
    """None when it could not be had."""
    repo_digests: tuple[str, ...] = ()


class InputRecord(Record):
    """What it was asked."""

    protocol: str
    asked_sha256: str
    manifest_file_sha256: str | None
    """Of UUSIC25's JSON, byte for byte."""
    input_sha256: str
    """Over names and bytes of all files of the input folder."""
    n_files: int
    n_bytes: int
    n_cases: int


class Timings(Record):
    """Seconds of one pass over the manifest; nothing of the harness is in `runtime_s`."""

    container_start_s: float
    """From the harness's call until the engine says that it runs."""
    until_first_output_s: float | None
    """From start to the oldest file in the output folder; None when there is none."""
    runtime_s: float
    """From start to end, by the engine's own clock."""


class CaseRecord(Record):
    """One case that had a run of its own."""

    case_id: str
    outcome: Outcome
    sentence: str
    runtime_s: float
    peak_gpu_mib: float
    peak_host_mib: float


class PassRecord(Record):
    """One pass over the manifest."""

    kind: Literal["warmup", "counted"]
    verdict: Verdict
    timings: Timings
    memory: MemoryReport
    load: HostLoad
    started_utc: str
    finished_utc: str
    outputs_sha256: str
    n_left_processes: int = 0
    cases: tuple[CaseRecord, ...] = ()
    """Each case's own run, when the submission was run case by case; the times above are their sums."""


class MedianInterval(Record):
    """The median over repeats, with an interval that assumes no shape.

    Between order statistics, by the binomial distribution (Conover, Practical Nonparametric Statistics, 3.2);
    few repeats cannot reach 95 %, so the level that is reached is given.
    """

    median: float
    low: float
    high: float
    level: float


class LogRecord(Record):
    """The log beside this file."""

    sha256: str
    n_bytes: int
    """Printed in all, before anything was left out."""
    n_left_out: int
    last_lines: tuple[str, ...]


class ScoringRecord(Record):
    """How the result beside this file was made; `verify` makes it again."""

    reference: str
    images: str | None
    mode: Literal["strict", "official"]
    n_resamples: int
    seed: int
    interval: Literal["percentile", "bca"]
    result_sha256: str
    cases_sha256: str


class RunFile(RunRecord):
    """One run of one submission."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    submission: str
    key: str
    """Equal keys mean equal runs: image, manifest, input, configuration and harness are the same."""
    harness_sha256: str
    """Over the harness's own code."""
    fault: Fault
    sentence: str
    """What the participant is told."""
    exit_code: int | None
    signal: str | None
    input: InputRecord
    image: ImageRecord
    engine: EngineRecord
    limits: Limits
    gpus: str
    prepare_s: float
    """Finding, pulling or loading the image and hashing the input: not counted."""
    runtime: MedianInterval | None
    passes: tuple[PassRecord, ...]
    is_repeatable: bool | None
    """Whether every counted pass wrote the same bytes; None after a single one."""
    outputs: tuple[OutputFile, ...]
    """Of the first counted pass, which is the one that is kept and scored."""
    outputs_sha256: str
    log: LogRecord | None
    problems: tuple[Problem, ...]
    """The first of those that `check` finds."""
    n_problems: int
    host: Host
    provenance: Provenance
    seeds: dict[str, int] = Field(default_factory=dict)
    notes: tuple[str, ...] = ()
    scoring: ScoringRecord | None = None
    memory_sha256: str | None = None
    """Of the memory series beside this file; None when nothing was started."""
    record_sha256: str = ""
    """Over all else in this file: an edit shows, though not one by somebody who hashes anew."""


def seal(record: RunFile) -> RunFile:
    """Return a record with the hash of all else in it."""
    content = dump_json(record.model_dump(mode="json", exclude={"record_sha256"}))
    return record.model_copy(update={"record_sha256": hashlib.sha256(content).hexdigest()})
