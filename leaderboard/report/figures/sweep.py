"""Weight sweep: the ranks over the weight of accuracy or the share of time."""

from collections.abc import Mapping, Sequence
from typing import Literal

from leaderboard.report.figures.rows import TOP
from leaderboard.report.svg import LABEL_WIDTH, WIDTH, Canvas, Figure, Scale, make_figure, shorten
from leaderboard.sensitivity import SweepPoint

_ROW = 20.0


def draw_sweep(
    points: Sequence[SweepPoint],
    indices: Mapping[str, int],
    *,
    along: Literal["accuracy", "time"],
    name: str,
) -> Figure:
    """Draw a line a team: its rank at each setting of the weights; names stand at the right.

    Args:
        points: settings in ascending order, at least two.
        indices: the page's number of each team.
        along: what varies: accuracy's weight, or time's share of the rest.
        name: of the figure.
    """
    settings = [_read_setting(point, along) for point in points]
    names = sorted(points[-1].ranks, key=lambda team: (points[-1].ranks[team], team))
    n = len(names)
    canvas = Canvas(TOP + _ROW * n + 40)
    x = Scale(low=settings[0], high=settings[-1], start=26, end=WIDTH - LABEL_WIDTH - 4)
    y = Scale(low=1, high=max(n, 2), start=TOP + _ROW / 2, end=TOP + _ROW * (max(n, 2) - 0.5))
    for tick in (0, 0.25, 0.5, 0.75, 1):
        canvas.line(x(tick), TOP, x(tick), TOP + _ROW * n, "grid")
        canvas.text(x(tick), TOP + _ROW * n + 14, f"{100 * tick:.0f} %", "tick-mid")
    label = "weight of accuracy" if along == "accuracy" else "share of time in efficiency"
    canvas.text((x.start + x.end) / 2, TOP + _ROW * n + 30, label, "axis-mid")
    for rank in range(1, n + 1):
        canvas.text(16, y(rank) + 3.8, str(rank), "tick-end")
    for place, team in enumerate(names):
        line = [(x(s), y(point.ranks[team])) for s, point in zip(settings, points, strict=True)]
        canvas.polyline(line, "curve", indices[team])
        canvas.text(
            WIDTH - LABEL_WIDTH + 6, y(place + 1) + 3.8, shorten(team), "name", indices[team], note=team
        )
    return make_figure(
        canvas,
        name=name,
        title=f"Ranks over the {label}",
        description=f"Each line is a team's rank as the {label} goes from 0 to 100 %.",
        headers=("Submission", *(f"{100 * setting:.0f} %" for setting in settings)),
        rows=[(team, *(str(point.ranks[team]) for point in points)) for team in names],
    )


def _read_setting(point: SweepPoint, along: Literal["accuracy", "time"]) -> float:
    if along == "accuracy":
        return point.accuracy_weight
    return point.time_weight / (point.time_weight + point.memory_weight)
