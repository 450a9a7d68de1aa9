"""Everything the page shows, collected from the fields of one challenge.

Promises: one frozen record, computed once; the template and the figures compute nothing.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.contract.errors import ConfigurationError
from evaluation.contract.task import Task
from leaderboard.analysis import Analysis, analyse_field
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeData:
    """All that one mode's results give."""

    mode: str
    field: Field
    board: Board
    analyses: tuple[Analysis, ...]
    """One a scheme, the protocol's own first; at least one."""
    refusals: tuple[str, ...]
    """Why other schemes rank nobody here."""
    entrants: tuple[Entrant, ...]
    """By the first analysis's rank."""
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
        schemes: rankings to show, the first one first; None is every shipped one for the protocol, its own
            first.
        n_resamples: for ranks and their uncertainty; two or more.
        seed: of the resamples.
        progress: told what is being computed.

    Raises:
        ConfigurationError: the fields differ in protocol, manifest or references, or no scheme ranks anybody.
    """
    _check_alike(fields)
    protocol = fields[0].protocol
    chosen = list(schemes) if schemes else list_protocol_schemes(protocol)
    teams = tuple(sorted({name for field in fields for name in field.names}))
    indices = {name: place for place, name in enumerate(teams)}
    modes = []
    for field in sorted(fields, key=lambda one: one.teams[0].result.mode != "strict"):
        analyses, refusals = [], []
        for scheme in chosen:
            if progress is not None:
                progress(f"{field.teams[0].result.mode} mode, {scheme.name}")
            try:
                analyses.append(analyse_field(field, scheme, n_resamples=n_resamples, seed=seed))
            except ConfigurationError as error:
                refusals.append(str(error))
        if not analyses:
            raise ConfigurationError(f"No scheme ranks anybody: {' '.join(refusals)}")
        modes.append(_collect_mode(field, tuple(analyses), tuple(refusals), indices))
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
                    f"Expected the results of both modes to have one `{key}` but got {getattr(first, key)} "
                    f"and {getattr(other, key)}; build one page a manifest."
                )


def _collect_mode(
    field: Field,
    analyses: tuple[Analysis, ...],
    refusals: tuple[str, ...],
    indices: dict[str, int],
) -> ModeData:
    order = [line.name for line in analyses[0].standings]
    entrants = tuple(Entrant(indices[name], name) for name in order)
    results = [team.result for team in field.teams]
    return ModeData(
        mode=results[0].mode,
        field=field,
        board=build_board(results),
        analyses=analyses,
        refusals=refusals,
        entrants=entrants,
        tasks=collect_tasks(field, order),
        failures=list_failures(field, order),
    )


def collect_tasks(field: Field, order: Sequence[str]) -> tuple[TaskData, ...]:
    """Collect the main metrics of every task that has a case, teams in the order given."""
    taken: set[str] = set()
    mode = field.teams[0].result.mode
    return tuple(
        _collect_task(field, order, task, make_slug(f"{mode}-{task_id}", taken))
        for task_id, task in field.tasks.items()
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
        cases = tuple(rows[name][key].to_numpy(dtype=np.float64) for name in order) if has_cases else None
        metrics.append(
            MetricData(
                key=key,
                label=METRIC_LABELS[key],
                higher_is_better=is_higher_better(key),
                estimates=tuple(Estimate.of_score(scores[name].get(key)) for name in order),
                cases=cases,
            )
        )
    return TaskData(
        task_id=task.task_id,
        slug=slug,
        kind=task.kind,
        n_cases=len(rows[order[0]]),
        metrics=tuple(metrics),
    )
