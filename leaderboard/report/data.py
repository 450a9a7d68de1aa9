"""Everything the page shows, collected from the fields of one challenge.

Promises: one frozen record, computed once; the template and the figures compute nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from evaluation.contract.errors import ConfigurationError
from leaderboard.analysis import Analysis, Generalisation, analyse_field, analyse_generalisation
from leaderboard.board import Board, build_board
from leaderboard.field import Field
from leaderboard.report.curves import TaskCurves, collect_curves
from leaderboard.report.failures import FailureGroup, list_failures
from leaderboard.report.figures.cost import CostPoint
from leaderboard.report.gallery import Gallery
from leaderboard.report.memory import MemorySeries
from leaderboard.report.profile import Axis, GapGroup, collect_axes, collect_costs, group_gaps
from leaderboard.report.records import Entrant, TaskData
from leaderboard.report.tasks import collect_tasks
from leaderboard.scheme import DEFAULTS, Scheme, list_schemes, load_scheme


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
    curves: tuple[TaskCurves, ...]
    axes: tuple[Axis, ...]
    costs: tuple[CostPoint, ...]
    memory: Mapping[str, MemorySeries]
    """By team; those whose run was watched."""
    generalisation: Generalisation
    gaps: tuple[GapGroup, ...]


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
    gallery: Gallery | None = None
    """Of the first mode; None without images."""


def collect_page(
    fields: Sequence[Field],
    *,
    schemes: Sequence[Scheme] | None = None,
    n_resamples: int = 1000,
    seed: int = 0,
    analysed: Sequence[Analysis] = (),
    memory: Mapping[str, MemorySeries] | None = None,
    progress: Callable[[str], None] | None = None,
) -> PageData:
    """Rank and describe the results of one challenge.

    Args:
        fields: one a mode, at least one, of one protocol and manifest.
        schemes: rankings to show, the first one first; None is every shipped one for the protocol, its own
            first.
        n_resamples: for ranks and their uncertainty; two or more.
        seed: of the resamples.
        analysed: rankings that are there already, of the same fields, resamples and seed.
        memory: by team, where a run was watched.
        progress: told what is being computed.

    Raises:
        ConfigurationError: the fields differ in protocol, manifest or references, or no scheme ranks anybody.
    """
    _check_alike(fields)
    protocol = fields[0].protocol
    chosen = list(schemes) if schemes else list_protocol_schemes(protocol)
    teams = tuple(sorted({name for field in fields for name in field.names}))
    indices = {name: place for place, name in enumerate(teams)}
    ready = {(one.mode, one.scheme.name): one for one in analysed}
    modes = []
    for field in sorted(fields, key=lambda one: one.teams[0].result.mode != "strict"):
        mode = field.teams[0].result.mode
        analyses, refusals = [], []
        for scheme in chosen:
            if progress is not None:
                progress(f"{mode} mode, {scheme.name}")
            try:
                found = ready.get((mode, scheme.name))
                analyses.append(found or analyse_field(field, scheme, n_resamples=n_resamples, seed=seed))
            except ConfigurationError as error:
                refusals.append(str(error))
        if not analyses:
            raise ConfigurationError(f"No scheme ranks anybody: {' '.join(refusals)}")
        order = [line.name for line in analyses[0].standings]
        entrants = tuple(Entrant(indices[name], name) for name in order)
        described = _collect_mode(field, entrants, n_resamples=n_resamples, seed=seed, memory=memory or {})
        modes.append(replace(described, analyses=tuple(analyses), refusals=tuple(refusals)))
    return PageData(protocol=protocol, teams=teams, modes=tuple(modes), n_resamples=n_resamples, seed=seed)


def list_protocol_schemes(protocol: str) -> list[Scheme]:
    """List the shipped schemes that rank a protocol, its own first."""
    schemes = [load_scheme(name) for name in list_schemes()]
    own = DEFAULTS.get(protocol)
    fitting = [scheme for scheme in schemes if protocol in scheme.accuracy]
    return sorted(fitting, key=lambda scheme: (scheme.name != own, scheme.name))


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
    entrants: tuple[Entrant, ...],
    *,
    n_resamples: int,
    seed: int,
    memory: Mapping[str, MemorySeries],
) -> ModeData:
    """Collect what does not depend on a scheme; analyses and refusals stay empty."""
    order = [entrant.name for entrant in entrants]
    results = [team.result for team in field.teams]
    board = build_board(results)
    tasks = collect_tasks(field, order)
    elsewhere = analyse_generalisation(field, n_resamples=n_resamples, seed=seed)
    return ModeData(
        mode=results[0].mode,
        field=field,
        board=board,
        analyses=(),
        refusals=(),
        entrants=entrants,
        tasks=tasks,
        failures=list_failures(field, order),
        curves=collect_curves(field, order, seed=seed),
        axes=collect_axes(field, tasks, entrants),
        costs=collect_costs(board, entrants),
        memory={name: series for name, series in memory.items() if name in order},
        generalisation=elsewhere,
        gaps=group_gaps(elsewhere.gaps, field),
    )
