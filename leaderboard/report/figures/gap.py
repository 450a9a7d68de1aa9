"""Generalisation gap: a score inside and outside, a row a team."""

from collections.abc import Sequence

from leaderboard.cells import format_number
from leaderboard.generalisation import Gap
from leaderboard.report.figures.rows import LEFT, RIGHT, TOP, row_middle, rows_bottom, start_rows
from leaderboard.report.records import METRIC_LABELS, Entrant
from leaderboard.report.svg import WIDTH, Figure, fit_scale, make_figure


def draw_gap(entrants: Sequence[Entrant], gaps: Sequence[Gap], *, name: str) -> Figure:
    """Draw every team's score inside (hollow) and outside (filled) and write the gap.

    Args:
        entrants: the teams.
        gaps: of one task, metric and pair of centres, one a team in any order.
        name: of the figure.
    """
    by_team = {gap.team: gap for gap in gaps}
    first = gaps[0]
    label = METRIC_LABELS.get(first.metric, first.metric)
    decimals = 1 if first.metric.endswith("_px") else 3
    parts = [part.value for gap in gaps for part in (gap.inside_score, gap.outside_score)]
    scale = fit_scale([value for value in parts if value is not None], start=LEFT, end=RIGHT - 10)
    canvas = start_rows(entrants)
    canvas.x_axis(scale, top=TOP, bottom=rows_bottom(len(entrants)))
    rows = []
    for place, entrant in enumerate(entrants):
        gap, y = by_team[entrant.name], row_middle(place)
        inside, outside = gap.inside_score.value, gap.outside_score.value
        if inside is not None and outside is not None:
            canvas.line(scale(inside), y, scale(outside), y, "ci", entrant.index)
        if inside is not None:
            note = f"{gap.inside}: {inside:.{decimals}f}"
            canvas.circle(scale(inside), y, 3.5, "hollow", entrant.index, note=note)
        if outside is not None:
            note = f"{gap.outside}: {outside:.{decimals}f}"
            canvas.circle(scale(outside), y, 4, "dot", entrant.index, note=note)
        said = "—" if gap.gap is None else f"{gap.gap:+.{decimals}f}".replace("-", "−")
        canvas.text(WIDTH - 4, y + 3.8, said, "value-end", entrant.index)
        rows.append(
            (
                entrant.name,
                *(format_number(v, decimals) for v in (inside, outside)),
                said,
                *(format_number(v, decimals) for v in (gap.low, gap.high)),
            )
        )
    sizes = f"{first.inside_score.n_cases} and {first.outside_score.n_cases} cases"
    return make_figure(
        canvas,
        name=name,
        title=f"{first.task}: {label}, {first.inside} to {first.outside}",
        description=(
            f"{label} of {first.task} at {first.inside} (hollow) and at {first.outside} (filled), {sizes}; "
            "the number is the gap, outside less inside."
        ),
        headers=("Submission", first.inside, first.outside, "Gap", "Low", "High"),
        rows=rows,
    )
