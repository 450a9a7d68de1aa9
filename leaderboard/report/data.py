"""Everything the page shows, collected from the fields of one challenge.

Promises: one frozen record, computed once; the template and the figures compute nothing.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.contract.errors import ConfigurationError
from evaluation.contract.task import Task
from leaderboard.board import Board, build_board
from leaderboard.field import Field
from leaderboard.report.failures import FailureGroup, list_failures
from leaderboard.report.records import (
    MAIN_METRICS,
    METRIC_LABELS,
    Entrant,
    Estimate,
    MetricData,
    TaskData,
)
from leaderboard.scheme import DEFAULTS, Scheme, is_higher_better, list_schemes, load_scheme
from leaderboard.sensitivity import (
    LeftOut,
    SweepPoint,
    leave_out_tasks,
    leave_out_teams,
    sweep_accuracy_weight,
    sweep_time_share,
)
from leaderboard.standings import RankedField, Standing, list_standings, rank_field
from leaderboard.uncertainty import Uncertainty, describe_uncertainty


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemeData:
    """One ranking of one mode."""

    scheme: Scheme
    standings: tuple[Standing, ...]
    uncertainty: Uncertainty
    without_team: tuple[LeftOut, ...]
    without_task: tuple[LeftOut, ...]
    accuracy_sweep: tuple[SweepPoint, ...]
    time_sweep: tuple[SweepPoint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeData:
    """All that one mode's results give."""

    mode: str
    field: Field
    board: Board
    schemes: tuple[SchemeData, ...]
    """The protocol's own first."""
    unranked_schemes: tuple[tuple[Scheme, str], ...]
    """Schemes by which nobody can be ranked, with the reason."""
    entrants: tuple[Entrant, ...]
    """By the first scheme's rank."""
    tasks: tuple[TaskData, ...]
    failures: tuple[FailureGroup, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageData:
    """The whole page."""

    protocol: str
    teams: tuple[str, ...]
    """All names, in order; a team's place here is its number on the page."""
    modes: tuple[ModeData, ...]
    """Strict first."""
    n_resamples: int
    seed: int


def collect_page(
    fields: Sequence[Field],
    *,
    schemes: Sequence[Scheme] | None = None,
    n_resamples: int = 1000,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> PageData:
    """Rank and describe the results of one challenge.

    Args:
        fields: one a mode, at least one, of one protocol and manifest.
        schemes: rankings to show, the first one first; None is every shipped one for the protocol.
        n_resamples: for ranks and their uncertainty; two or more.
        seed: of the resamples.
        progress: told what is being computed.

    Raises:
        ConfigurationError: the fields differ in protocol, manifest or references.
    """
    _check_alike(fields)
    protocol = fields[0].protocol
    chosen = list(schemes) if schemes else list_protocol_schemes(protocol)
    teams = tuple(sorted({name for field in fields for name in field.names}))
    indices = {name: place for place, name in enumerate(teams)}
    modes = []
    for field in sorted(fields, key=lambda one: one.teams[0].result.mode != "strict"):
        ranked, unranked = [], []
        for scheme in chosen:
            if progress is not None:
                progress(f"{field.teams[0].result.mode} mode, {scheme.name}")
            found = rank_field(field, scheme, n_resamples=n_resamples, seed=seed)
            if found is None:
                unranked.append((scheme, "no result has what it ranks by"))
            else:
                ranked.append(_describe(found, seed))
        modes.append(_collect_mode(field, tuple(ranked), tuple(unranked), indices))
    return PageData(protocol=protocol, teams=teams, modes=tuple(modes), n_resamples=n_resamples, seed=seed)


def list_protocol_schemes(protocol: str) -> list[Scheme]:
    """List the shipped schemes that rank a protocol, its own first."""
    schemes = [load_scheme(name) for name in list_schemes()]
    own = DEFAULTS.get(protocol)
    fitting = [scheme for scheme in schemes if protocol in scheme.accuracy]
    return sorted(fitting, key=lambda scheme: (scheme.name != own, scheme.name))


def make_slug(text: str, taken: set[str]) -> str:
    """Turn any text into letters, digits and hyphens, different from all in `taken`, and add it there."""
    base = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60] or "x"
    slug, n = base, 1
    while slug in taken:
        n += 1
        slug = f"{base}-{n}"
    taken.add(slug)
    return slug


def _check_alike(fields: Sequence[Field]) -> None:
    first = fields[0].teams[0].result
    for field in fields[1:]:
        other = field.teams[0].result
        for key in ("protocol", "manifest_sha256", "reference_sha256"):
            if getattr(other, key) != getattr(first, key):
                raise ConfigurationError(
                    f"Expected the results of both modes to have one `{key}` but got {getattr(first, key)} and "
                    f"{getattr(other, key)}; build one page a manifest."
                )


def _describe(ranked: RankedField, seed: int) -> SchemeData:
    return SchemeData(
        scheme=ranked.scheme,
        standings=list_standings(ranked),
        uncertainty=describe_uncertainty(ranked, seed=seed),
        without_team=leave_out_teams(ranked),
        without_task=leave_out_tasks(ranked),
        accuracy_sweep=sweep_accuracy_weight(ranked),
        time_sweep=sweep_time_share(ranked),
    )


def _collect_mode(
    field: Field,
    ranked: tuple[SchemeData, ...],
    unranked: tuple[tuple[Scheme, str], ...],
    indices: dict[str, int],
) -> ModeData:
    order = [line.name for line in ranked[0].standings] if ranked else list(field.names)
    entrants = tuple(Entrant(indices[name], name) for name in order)
    results = [team.result for team in field.teams]
    return ModeData(
        mode=results[0].mode,
        field=field,
        board=build_board(results),
        schemes=ranked,
        unranked_schemes=unranked,
        entrants=entrants,
        tasks=collect_tasks(field, order),
        failures=list_failures(field, order),
    )


def collect_tasks(field: Field, order: Sequence[str]) -> tuple[TaskData, ...]:
    """Collect the main metrics of every task that has a case, teams in the order given."""
    taken: set[str] = set()
    return tuple(
        _collect_task(field, order, task, make_slug(task_id, taken)) for task_id, task in field.tasks.items()
    )


def _collect_task(field: Field, order: Sequence[str], task: Task, slug: str) -> TaskData:
    teams = {team.name: team for team in field.teams}
    rows = {name: teams[name].cases.loc[teams[name].cases["task_id"] == task.task_id] for name in order}
    scores = {
        name: next(one.scores for one in teams[name].result.tasks if one.task_id == task.task_id)
        for name in order
    }
    keys = [key for key in MAIN_METRICS[task.kind] if any(key in found for found in scores.values())][:2]
    metrics = []
    for key in keys:
        has_cases = all(key in rows[name] for name in order)
        metrics.append(
            MetricData(
                key=key,
                label=METRIC_LABELS[key],
                higher_is_better=is_higher_better(key),
                estimates=tuple(Estimate.of_score(scores[name].get(key)) for name in order),
                cases=tuple(rows[name][key].to_numpy(dtype=np.float64) for name in order) if has_cases else None,
            )
        )
    return TaskData(
        task_id=task.task_id,
        slug=slug,
        kind=task.kind,
        n_cases=len(rows[order[0]]),
        metrics=tuple(metrics),
    )
