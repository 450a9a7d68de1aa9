"""Rank blobs: how often each team takes each rank on resamples."""

from collections.abc import Mapping

from leaderboard.report.figures.rows import LEFT, ROW, TOP, row_middle, rows_bottom, start_rows
from leaderboard.report.records import Entrant
from leaderboard.report.svg import WIDTH, Figure, Scale, make_figure
from leaderboard.uncertainty import Uncertainty


def draw_blobs(uncertainty: Uncertainty, indices: Mapping[str, int], *, name: str) -> Figure:
    """Draw a circle a team and rank, its area the share of resamples; a line spans the rank range.

    Args:
        uncertainty: of one ranking.
        indices: the page's number of each team.
        name: of the figure.
    """
    teams = uncertainty.teams
    canvas = start_rows([Entrant(indices[team.name], team.name) for team in teams], below=40)
    n = len(teams)
    scale = Scale(low=1, high=max(n, 2), start=LEFT + 10, end=WIDTH - 16)
    step = min((scale.end - scale.start) / max(n - 1, 1), ROW)
    for rank in range(1, n + 1):
        canvas.line(scale(rank), TOP, scale(rank), rows_bottom(n), "grid")
        if n <= 20 or rank % 5 == 0 or rank == 1:
            canvas.text(scale(rank), rows_bottom(n) + 14, str(rank), "tick-mid")
    canvas.text((scale.start + scale.end) / 2, rows_bottom(n) + 30, "rank on resampled cases", "axis-mid")
    for place, team in enumerate(teams):
        y, index = row_middle(place), indices[team.name]
        canvas.line(scale(team.rank_range.low), y, scale(team.rank_range.high), y, "ci", index)
        for k, share in enumerate(team.rank_shares):
            if share > 0:
                note = f"{team.name}: rank {k + 1} on {100 * share:.1f} % of the resamples"
                canvas.circle(scale(k + 1), y, max(0.8, 0.48 * step * share**0.5), "blob", index, note=note)
    low, high = (1 - uncertainty.level) / 2, (1 + uncertainty.level) / 2
    return make_figure(
        canvas,
        name=name,
        title="Ranks on resampled cases",
        description=(
            f"Each circle's area is the share of {uncertainty.n_resamples} resamples on which a team takes "
            f"that rank; the line spans the percentiles {100 * low:g} to {100 * high:g}, which describe and "
            "do not test."
        ),
        headers=("Submission", "Rank", "Mean rank", "Range", "First", *(f"At {k + 1}" for k in range(n))),
        rows=[
            (
                team.name,
                str(team.rank),
                f"{team.mean_rank:.2f}",
                f"{team.rank_range.low:g} to {team.rank_range.high:g}",
                f"{100 * team.first_share:.1f} %",
                *(f"{100 * share:.1f} %" for share in team.rank_shares),
            )
            for team in teams
        ],
    )
