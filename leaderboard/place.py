"""Where a system would have stood among UUSIC25's 15 teams, with the official anchors.

Promises: the 15 teams keep their published numbers and places relative to each other; nothing is rescaled by
the new system; what makes the comparison invalid is refused or printed.

Source: formula and anchors derived from arXiv 2512.17279 and the organisers' sheet, see `leaderboard.replay`.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evaluation.contract.errors import ConfigurationError
from evaluation.contract.result import Interval, Result
from evaluation.contract.task import Kind
from leaderboard.cells import clean_text
from leaderboard.published.tables import SheetRow, Table1Row
from leaderboard.ranking import EFFICIENCY_WEIGHT, PERFORMANCE_WEIGHT
from leaderboard.scheme import Anchors, load_scheme

ORGANS = {
    "breast": "breast",
    "cardiac": "cardiac",
    "heart": "cardiac",
    "fetal_head": "fetal head",
    "head": "fetal head",
    "kidney": "kidney",
    "thyroid": "thyroid",
}
"""The official ranking's five organs, by every spelling that the challenge uses."""
CLASSES = ("appendix", "breast", "liver")
"""Its three binary classification tasks."""
N_CASES = 2479
"""Of the official test set, which every team's time is of."""
_LEAST_SHARE = 0.9
"""Of its cases: the time of a smaller set says nothing about Final."""
METRICS = {Kind.SEGMENTATION: ("dsc", "nsd"), Kind.CLASSIFICATION: ("auc", "accuracy")}
SENTENCE = (
    "Comparable with the official table only when the test set is the same: the 15 teams were scored on "
    f"UUSIC25's private test set of {N_CASES:,} cases, this system on manifest {{manifest}}."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One of the two orders a system can be put into."""

    what: str
    """``Final`` (70/30) or ``Perf`` (accuracy alone)."""
    value: float
    low: float | None
    """At the lower end of Perf's interval; None without one."""
    high: float | None
    rank: int
    """Among 16: 1 + the teams with a higher value; equal to nine decimals is a tie."""
    best_rank: int | None
    """At the upper end of Perf's interval."""
    worst_rank: int | None
    above: str | None
    """The team right above; None at the top."""
    below: str | None
    """The team right below or level; None at the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where a system would have stood."""

    submission: str
    perf: Place
    final: Place | None
    """None without a run record, or with one of far fewer cases."""
    p: float
    """Perf on the official scale, not clipped: above 1 is better than every team."""
    eff: float | None
    level: float | None
    """Of the intervals."""
    notes: tuple[str, ...]


def place_result(result: Result, sheet: Sequence[SheetRow], table1: Sequence[Table1Row]) -> Placement:
    """Put a result among the official teams.

    Args:
        result: of UUSIC25, with its five organs and three binary tasks.
        sheet: the official score sheet.
        table1: Table 1, for the count of its teams.

    Raises:
        ConfigurationError: the result is of another protocol, lacks one of the organs, tasks or metrics, has
            others beside them or one under two names, or its Perf is undefined. All faults are named.
    """
    faults = find_faults(result)
    if faults:
        listed = "\n".join(f"- {fault}" for fault in faults)
        raise ConfigurationError(
            f"{clean_text(result.submission)} cannot be placed among UUSIC25's teams:\n{listed}"
        )
    anchors = load_scheme("uusic25-anchored").anchors
    score = result.summary["perf"]
    if anchors is None or score.value is None:
        raise ConfigurationError(f"Expected `perf` to be a number but it is undefined: {score.reason}.")
    eff = _rate_costs(result, anchors)
    teams = {row.team: (row.seg + row.cls) / 2 for row in sheet}
    perf = _find_place("Perf", score.value, score.interval, teams)
    final = None
    if eff is not None:
        finals = {row.team: row.final for row in sheet}
        scaled = None if score.interval is None else _scale_interval(score.interval, anchors, eff)
        final = _find_place("Final", _weigh(score.value, anchors, eff), scaled, finals)
    return Placement(
        submission=clean_text(result.submission),
        perf=perf,
        final=final,
        p=_scale(score.value, anchors),
        eff=eff,
        level=score.interval.level if score.interval else None,
        notes=_write_notes(result, len(table1)),
    )


def find_faults(result: Result) -> tuple[str, ...]:
    """List what keeps a result from being compared with the official table; empty when nothing does."""
    if result.protocol != "uusic25":
        return (f"Expected `protocol` to be uusic25 but got {clean_text(result.protocol)}.",)
    ranked = [t for t in result.tasks if t.kind is Kind.SEGMENTATION or t.num_classes == 2]
    organs: set[str] = set()
    classes: set[str] = set()
    spellings: dict[str, set[str]] = {}
    unknown: list[str] = []
    for task in ranked:
        if task.kind is Kind.SEGMENTATION:
            organ = ORGANS.get(_simplify(task.organ), "")
            organs.add(organ)
            spellings.setdefault(organ, set()).add(clean_text(task.organ or ""))
            unknown += [] if organ else [task.task_id]
        else:
            name = _simplify(task.task_id.split("/")[-1].removeprefix("private_"))
            classes.add(name)
            unknown += [] if name in CLASSES else [task.task_id]
    faults = [f"Expected only the official organs and tasks but got {clean_text(name)}." for name in unknown]
    faults += [
        f"Expected the organ {organ} but no task segments it." for organ in _missing(organs, ORGANS.values())
    ]
    faults += [
        f"Expected {organ} once but tasks call it {', '.join(sorted(names))}, and each would count."
        for organ, names in spellings.items()
        if organ and len(names) > 1
    ]
    faults += [f"Expected the binary task {name} but it is absent." for name in _missing(classes, CLASSES)]
    for task in ranked:
        for metric in METRICS[task.kind]:
            if metric not in task.scores or task.scores[metric].value is None:
                faults.append(f"Expected `{metric}` of {clean_text(task.task_id)} to be a number.")
    return tuple(faults)


def _simplify(name: str | None) -> str:
    return re.sub(r"[\s_]+", "_", (name or "").strip().lower())


def _missing(found: set[str], expected: Iterable[str]) -> list[str]:
    return sorted(set(expected) - found)


def _rate_costs(result: Result, anchors: Anchors) -> float | None:
    """Return Eff on the official scale, not clipped; None without a run record."""
    if result.run is None or result.n_cases < _LEAST_SHARE * N_CASES:
        return None
    slowest, fastest = anchors.time_s
    largest, smallest = anchors.peak_gpu_gib
    time = (slowest - result.run.runtime_s) / (slowest - fastest)
    memory = (largest - result.run.peak_gpu_mib / 1024) / (largest - smallest)
    return 0.5 * time + 0.5 * memory


def _scale(perf: float, anchors: Anchors) -> float:
    worst, best = anchors.accuracy
    return (perf - worst) / (best - worst)


def _weigh(perf: float, anchors: Anchors, eff: float) -> float:
    return PERFORMANCE_WEIGHT * _scale(perf, anchors) + EFFICIENCY_WEIGHT * eff


def _scale_interval(interval: Interval, anchors: Anchors, eff: float) -> Interval:
    ends = {"low": _weigh(interval.low, anchors, eff), "high": _weigh(interval.high, anchors, eff)}
    return interval.model_copy(update=ends)


def _find_place(what: str, value: float, interval: Interval | None, teams: dict[str, float]) -> Place:
    above = {team: score for team, score in teams.items() if round(score - value, 9) > 0}
    below = {team: score for team, score in teams.items() if team not in above}
    return Place(
        what=what,
        value=value,
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        rank=1 + len(above),
        best_rank=None if interval is None else _count_above(interval.high, teams),
        worst_rank=None if interval is None else _count_above(interval.low, teams),
        above=min(above, key=lambda team: above[team], default=None),
        below=max(below, key=lambda team: below[team], default=None),
    )


def _count_above(value: float, teams: dict[str, float]) -> int:
    return 1 + sum(round(score - value, 9) > 0 for score in teams.values())


def _write_notes(result: Result, n_teams: int) -> tuple[str, ...]:
    notes = [
        SENTENCE.format(manifest=result.manifest_sha256[:12]),
        f"P is anchored at the worst and the best of the {n_teams} official teams and not clipped.",
    ]
    if result.mode != "official":
        notes.append(
            "Scored in strict mode; the official table was scored by the public evaluator's rules "
            "(--mode official)."
        )
    if result.run is None:
        notes.append("No run record, so no Final: placed by accuracy alone.")
    elif result.n_cases < _LEAST_SHARE * N_CASES:
        notes.append(
            f"The run's time is of {result.n_cases:,} cases, the teams' of {N_CASES:,}, so no Final: "
            "placed by accuracy alone."
        )
    else:
        notes.append(
            "Time and memory were measured on this system's host, the teams' on the organisers'; time grows "
            "with the number of cases."
        )
    if result.summary["perf"].interval is None:
        notes.append("No interval: the result was scored without resamples.")
    return tuple(notes)
