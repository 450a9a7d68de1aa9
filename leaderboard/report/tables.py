"""The ranking table of the page: columns, cells and what they sort by."""

from collections.abc import Sequence
from dataclasses import dataclass

from evaluation.contract.result import Result, Score
from leaderboard.analysis import Analysis
from leaderboard.cells import NULL, format_gib, format_number
from leaderboard.metric import Metric, list_metrics
from leaderboard.report.data import ModeData
from leaderboard.standings import Standing
from leaderboard.uncertainty import TeamUncertainty

NO_LEVEL = "Rank sets and tiers are descriptive under this scheme: its tests keep no level"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column."""

    label: str
    note: str = ""
    """What it means, shown where the pointer rests."""
    falling: bool = True
    """Whether the first click puts the largest value on top."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell."""

    text: str
    below: str = ""
    """A second, smaller line: the interval."""
    sort: float | None = None
    """None sorts last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One submission."""

    name: str
    rank: Cell
    tier: int | None
    cells: tuple[Cell, ...]
    is_unranked: bool
    """Listed only; the analysis's notes say why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RankingTable:
    """A ranking."""

    columns: tuple[Column, ...]
    """Beside rank and name."""
    rows: tuple[Row, ...]


def tabulate_ranking(mode: ModeData, data: Analysis) -> RankingTable:
    """Lay out one ranking with its certainty, its scores and its costs."""
    results = {team.name: team.result for team in mode.field.teams}
    certainty = {team.name: team for team in data.uncertainty.teams}
    metrics = [m for m in list_metrics(mode.board.protocol) if _is_known(m, list(results.values()))]
    by_rank = data.scheme.by_rank
    rows = [
        _make_row(line, results[line.name], certainty.get(line.name), metrics, by_rank=by_rank)
        for line in data.standings
    ]
    together = f"All true ranks lie in these sets together, {100 * data.uncertainty.level:g} %"
    columns = (
        Column(label="Tier", note="Teams of one tier cannot be told apart from its first", falling=False),
        Column(label="Mean rank" if by_rank else "Score", note="What ranks; its range over resamples below"),
        Column(
            label="Rank set", note=together if data.uncertainty.sets_have_level else NO_LEVEL, falling=False
        ),
        Column(label="First", note="Share of resamples at rank 1, shared places included"),
        *(Column(label=metric.label, falling=metric.higher_is_better) for metric in metrics),
        Column(label="Time (s)", note="Runtime for all cases", falling=False),
        Column(label="GPU (GiB)", note="Peak GPU memory, rounded up", falling=False),
        Column(label="Failed", note="Missing or invalid predictions", falling=False),
    )
    return RankingTable(columns=columns, rows=tuple(rows))


def summarise_ranking(data: Analysis) -> str:
    """Say in a few sentences who leads and how sure that is."""
    said = _say_who_leads(data)
    return (
        said
        if data.uncertainty.sets_have_level or len(data.uncertainty.teams) == 1
        else f"{said} {NO_LEVEL}."
    )


def _say_who_leads(data: Analysis) -> str:
    teams = data.uncertainty.teams
    leaders = [team.name for team in teams if team.rank == 1]
    tier = [team.name for team in teams if team.tier == 1]
    lead = f"{_join(leaders)} {'leads' if len(leaders) == 1 else 'lead together'}"
    if len(teams) == 1:
        return f"{lead}: the only ranked submission."
    lead += f", first on {100 * teams[0].first_share:.0f} % of the resamples."
    if len(tier) == len(teams):
        return f"{lead} No two tiers: nobody is significantly worse than the first."
    if len(tier) == len(leaders):
        return f"{lead} Every other submission is significantly worse."
    others = [name for name in tier if name not in leaders]
    return f"{lead} {_join(others)} cannot be told apart from the first."


def _join(names: Sequence[str]) -> str:
    if len(names) > 4:
        return f"{', '.join(names[:3])} and {len(names) - 3} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _is_known(metric: Metric, results: Sequence[Result]) -> bool:
    """Whether any result has the metric: a column of dashes says nothing."""
    return any(result.summary[metric.key].value is not None for result in results)


def _make_row(
    line: Standing,
    result: Result,
    certainty: TeamUncertainty | None,
    metrics: Sequence[Metric],
    *,
    by_rank: bool,
) -> Row:
    run = result.run
    ranked = () if certainty is None else _certainty_cells(certainty, by_rank=by_rank)
    cells = (
        *(ranked or (Cell(text=NULL),) * 4),
        *(_score_cell(result.summary[metric.key], metric) for metric in metrics),
        Cell(text=format_number(run.runtime_s if run else None, 2), sort=run.runtime_s if run else None),
        Cell(text=format_gib(run.peak_gpu_mib if run else None), sort=run.peak_gpu_mib if run else None),
        Cell(text=f"{result.n_failed:,}", sort=result.n_failed),
    )
    return Row(
        name=line.name,
        rank=Cell(text=NULL if line.rank is None else str(line.rank), sort=line.rank),
        tier=None if certainty is None else certainty.tier,
        cells=cells,
        is_unranked=line.rank is None,
    )


def _certainty_cells(found: TeamUncertainty, *, by_rank: bool) -> tuple[Cell, ...]:
    # A mean rank is kept negative, so that higher is better, and shown as what it is.
    sign = -1 if by_rank else 1
    low, high = sorted((sign * found.score_range.low, sign * found.score_range.high))
    sets = "–".join(dict.fromkeys((str(found.best_rank), str(found.worst_rank))))
    return (
        Cell(text=str(found.tier), sort=found.tier),
        Cell(text=format_number(sign * found.score, 4), below=f"{low:.3f} to {high:.3f}", sort=found.score),
        Cell(text=sets, sort=found.best_rank + found.worst_rank / 1000),
        Cell(text=f"{100 * found.first_share:.0f} %", sort=found.first_share),
    )


def _score_cell(score: Score, metric: Metric) -> Cell:
    decimals = 1 if metric.key.endswith("_px") else min(metric.decimals, 3)
    below = ""
    if score.interval is not None and score.value is not None:
        below = " to ".join(format_number(v, decimals) for v in (score.interval.low, score.interval.high))
    return Cell(text=format_number(score.value, decimals), below=below, sort=score.value)
