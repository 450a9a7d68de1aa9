"""Everything a page says about a field under one scheme, as plain frozen records and as JSON.

Promises: what leaves here can be dumped as JSON without NaN; undefined is null.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from evaluation.contract.errors import ConfigurationError
from leaderboard.field import Field
from leaderboard.generalisation import Gap, SubgroupScore, measure_gaps, measure_subgroups
from leaderboard.scheme import Scheme
from leaderboard.scheme_rules import describe_resampling, describe_scheme, note_field
from leaderboard.sensitivity import (
    LeftOut,
    SweepPoint,
    leave_out_tasks,
    leave_out_teams,
    sweep_accuracy_weight,
    sweep_time_share,
)
from leaderboard.standings import Standing, list_standings, rank_field
from leaderboard.terms import check_metrics
from leaderboard.uncertainty import Uncertainty, describe_uncertainty


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """A field under one scheme."""

    scheme: Scheme
    protocol: str
    mode: str
    manifest_sha256: str
    reference_sha256: str
    standings: tuple[Standing, ...]
    uncertainty: Uncertainty
    without_team: tuple[LeftOut, ...]
    without_task: tuple[LeftOut, ...]
    accuracy_sweep: tuple[SweepPoint, ...]
    """Empty where a team has no run record or the scheme has no scale for costs."""
    time_sweep: tuple[SweepPoint, ...]
    rules: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Generalisation:
    """How a field's scores hold elsewhere; the same under every scheme."""

    gaps: tuple[Gap, ...]
    subgroups: tuple[SubgroupScore, ...]
    n_resamples: int
    seed: int
    level: float


def analyse_field(
    field: Field,
    scheme: Scheme,
    *,
    n_resamples: int = 1000,
    seed: int = 0,
    level: float = 0.95,
    progress: Callable[[int], None] | None = None,
) -> Analysis:
    """Rank a field by a scheme and find out what the ranking hangs on.

    Args:
        field: one or more teams.
        scheme: a rule for the field's protocol.
        n_resamples: two or more.
        seed: 0 or more.
        level: of intervals, rank sets and tiers.
        progress: called with the number of resamples finished so far.

    Raises:
        ConfigurationError: the scheme does not rank this protocol or names an unknown metric, or nobody
            can be ranked by it.
    """
    check_metrics(field, scheme)
    ranked = rank_field(field, scheme, n_resamples=n_resamples, seed=seed, progress=progress)
    if ranked is None:
        needs = "a run record (score with --run) and " if scheme.weights.counts_cost else ""
        raise ConfigurationError(
            f"Expected a team that {scheme.name} can rank but none has {needs}a defined score; choose "
            "another scheme, such as aggregate-then-rank."
        )
    first = field.teams[0].result
    found = describe_uncertainty(ranked, seed=seed, level=level)
    return Analysis(
        scheme=scheme,
        protocol=field.protocol,
        mode=first.mode,
        manifest_sha256=first.manifest_sha256,
        reference_sha256=first.reference_sha256,
        standings=list_standings(ranked),
        uncertainty=found,
        without_team=leave_out_teams(ranked),
        without_task=leave_out_tasks(ranked),
        accuracy_sweep=sweep_accuracy_weight(ranked),
        time_sweep=sweep_time_share(ranked),
        rules=(*describe_scheme(scheme, field.protocol), *describe_resampling(found)),
        notes=note_field(ranked),
    )


def analyse_generalisation(
    field: Field, *, n_resamples: int = 1000, seed: int = 0, level: float = 0.95
) -> Generalisation:
    """Measure gaps between centres and scores by subgroup; both empty where the manifest tells neither."""
    return Generalisation(
        gaps=measure_gaps(field, n_resamples=n_resamples, seed=seed, level=level),
        subgroups=measure_subgroups(field, n_resamples=n_resamples, seed=seed, level=level),
        n_resamples=n_resamples,
        seed=seed,
        level=level,
    )


def to_plain(analysis: Analysis) -> dict[str, Any]:
    """Return an analysis as JSON's own types."""
    plain = asdict(analysis)
    return plain | {"scheme": analysis.scheme.model_dump(mode="json")}
