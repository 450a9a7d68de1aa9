"""What ``report.json`` holds: flat lists of measured lines, so that a table is a selection of them."""

from typing import Literal

from pydantic import Field

from evaluation.contract.record import Record
from evaluation.contract.result import Provenance, Score
from evaluation.contract.task import Kind


class Line(Record):
    """One row of predictions on one slice of a task."""

    protocol: str
    task_id: str
    kind: Kind
    by: str
    """``all``, ``reference``, ``source`` or an attribute of the images such as ``device``."""
    group: str
    """Which of those; empty for ``all``."""
    row: str
    n_images: int = Field(ge=1)
    n_groups: int = Field(ge=1)
    """Patients, or near-duplicates, videos, images where the source tells no more: what is resampled."""
    n_failed: int = Field(ge=0)
    """Missing or invalid predictions; they count with the worst value."""
    primary: str
    """The metric that the line is judged by."""
    scores: dict[str, Score]


class Difference(Record):
    """Row minus baseline on the same resamples."""

    protocol: str
    task_id: str
    by: str
    group: str
    metric: str
    row: str
    baseline: str
    score: Score
    favours: str | None
    """The better of the two where the interval leaves out 0, else None."""


class KindMean(Record):
    """Plain means over the tasks of one kind."""

    protocol: str
    kind: Kind
    row: str
    tasks: tuple[str, ...]
    scores: dict[str, Score]


class Calibration(Record):
    """How far the probabilities of one task are what they say; failed cases have none and are left out."""

    protocol: str
    task_id: str
    row: str
    n_images: int
    n_failed: int
    ece: Score
    brier: Score


class TargetCheck(Record):
    """A target and what was measured."""

    task_id: str
    what: str
    metric: str
    sense: Literal["at least", "at most"]
    bound: float
    row: str
    score: Score
    met: bool | None
    """By the unrounded value; None where nothing was measured."""


class ChallengePart(Record):
    """The labelled folder behind the lines of one protocol."""

    protocol: str
    manifest_sha256: str
    rules: tuple[str, ...]
    """The strict rules, in sentences."""


class Report(Record):
    """All of it."""

    format_version: Literal[1] = 1
    part: str
    rows: tuple[str, ...]
    n_resamples: int
    seed: int
    folders: tuple[ChallengePart, ...]
    targets: tuple[TargetCheck, ...]
    lines: tuple[Line, ...]
    means: tuple[KindMean, ...]
    differences: tuple[Difference, ...]
    calibration: tuple[Calibration, ...]
    provenance: Provenance
