"""A plan of scores: which statistic over which cases, and which plain means of those.

A protocol writes the plan; `evaluation.scoring` evaluates it once on the cases as they are and once on every
resample. Entries are shared by reference: an organ's score that is also part of a mean is computed once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from evaluation.contract.result import GroupBy
from evaluation.contract.task import Kind
from evaluation.statistics.bootstrap import Statistic


@dataclass(frozen=True, eq=False)
class Measure:
    """A statistic over cases."""

    statistic: Statistic
    undefined_reason: str = "undefined on these cases"
    """What to say when it is NaN on the cases as they are."""


@dataclass(frozen=True, eq=False)
class Constant:
    """A value that no statistic gives: a declared one, or null with its reason."""

    value: float | None
    reason: str


@dataclass(frozen=True, eq=False)
class Mean:
    """The plain mean of other entries."""

    members: tuple["Entry", ...]
    decimals: int | None = None
    """Round each member first, as a protocol's own table does; resamples are only moved along."""
    skip_undefined: bool = True
    """Leave undefined members out and say so; otherwise one undefined member makes the mean undefined."""


Entry = Measure | Constant | Mean


@dataclass(frozen=True)
class GroupPlan:
    """Scores over an organ, a centre, a kind."""

    by: GroupBy
    name: str
    kind: Kind
    tasks: tuple[str, ...]
    cases: NDArray[np.int64]
    """(n,): places of its cases in the table."""
    entries: Mapping[str, Entry]


@dataclass(frozen=True)
class ScorePlan:
    """Everything that a result reports."""

    tasks: Mapping[str, Mapping[str, Entry]]
    groups: tuple[GroupPlan, ...] = ()
    summary: Mapping[str, Entry] = field(default_factory=dict)
