"""The result of scoring one submission: what ``result.json`` holds."""

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from evaluation.contract.problem import Problem
from evaluation.contract.record import Record
from evaluation.contract.task import Kind

Mode = Literal["strict", "official"]
GroupBy = Literal["organ", "center"]


class Interval(Record):
    """A confidence interval from resampling."""

    low: float
    high: float
    level: float
    method: str
    n_resamples: int
    n_undefined: int
    """Resamples in which the statistic was undefined (one class only, no case): left out."""


class Score(Record):
    """A value, or null with its reason."""

    value: float | None
    status: Literal["ok", "undefined"] = "ok"
    reason: str | None = None
    """Why the value is null, or what to know about it."""
    interval: Interval | None = None

    @model_validator(mode="after")
    def _value_and_status_agree(self) -> Self:
        if (self.value is None) != (self.status == "undefined"):
            raise ValueError("a score is undefined exactly when its value is null")
        if self.value is None and not self.reason:
            raise ValueError("an undefined score needs a reason")
        return self


class TaskResult(Record):
    """The scores of one task."""

    task_id: str
    kind: Kind
    num_classes: int
    organ: str | None = None
    n_cases: int = Field(ge=0)
    """Cases of the manifest that have a reference."""
    n_failed: int = Field(ge=0)
    """Of these, missing or invalid predictions."""
    scores: dict[str, Score]


class GroupResult(Record):
    """Scores over several tasks or part of one."""

    by: GroupBy
    """What the cases share."""
    name: str
    """The organ; ``internal`` or ``external`` of centres."""
    kind: Kind
    tasks: tuple[str, ...]
    n_cases: int
    n_failed: int
    scores: dict[str, Score]


class RunRecord(Record):
    """What running the submission cost; keys that a runner adds beside these are let pass."""

    model_config = ConfigDict(extra="ignore")

    format_version: Literal[1] = 1
    runtime_s: float = Field(ge=0, le=1e9, strict=True)
    """Container start to exit in seconds, image pull excluded; the median when runs were repeated."""
    peak_gpu_mib: float = Field(ge=0, le=1e9, strict=True)
    """Largest GPU memory in MiB; 0 without a GPU."""
    repeats: int = Field(default=1, ge=1)
    repeat_runtimes_s: tuple[Annotated[float, Field(ge=0, le=1e9)], ...] = ()
    """Of every counted pass, in seconds; empty where a single run was timed."""
    note: str | None = None
    outcome: str | None = None
    """How the run ended, of the runner's closed list; None when something else made the record."""
    asked_sha256: str | None = None
    """`Manifest.asked_sha256` of what was run; scoring refuses the record of another manifest."""
    image_digest: str | None = None
    """What was run, by content."""
    profile: str | None = None
    """``safe``, or ``official`` when the submission had root and a writable root file system."""
    is_isolated: bool | None = None
    """False for a plain command on the host."""
    host_name: str | None = None
    """The machine it ran on."""
    job: str | None = None
    """What it ran in, such as a CI run's number: times are compared only between runs of one job on one
    host."""


class Bootstrap(Record):
    """How intervals were made."""

    n_resamples: int
    seed: int
    unit: Literal["case", "patient"]
    """``patient`` when any case carries a patient_id: patients are resampled as clusters."""
    method: str


class Provenance(Record):
    """Where the numbers come from; two runs of one scoring differ only here."""

    created_utc: str
    code_revision: str | None
    python: str
    packages: dict[str, str]


class Result(Record):
    """One submission under one protocol, mode and manifest."""

    format_version: Literal[1] = 1
    submission: str
    protocol: str
    mode: Mode
    manifest_sha256: str
    reference_sha256: str
    """Over the reference masks' bytes."""
    cases_sha256: str
    """Over the bytes of the ``cases.csv`` that was written beside the result."""
    n_cases: int
    n_failed: int
    tasks: tuple[TaskResult, ...]
    groups: tuple[GroupResult, ...]
    summary: dict[str, Score]
    run: RunRecord | None = None
    bootstrap: Bootstrap | None = None
    rules: tuple[str, ...]
    """The declared rules behind the numbers, in sentences a report can print."""
    notes: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    n_problems: int = 0
    """All problems found; at most the first 1,000 are listed."""
    provenance: Provenance
