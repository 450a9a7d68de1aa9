"""Radar: where a team is strong, an axis an organ or task."""

import math
from collections.abc import Sequence
from statistics import median

from leaderboard.cells import format_number
from leaderboard.report.records import Entrant, Estimate
from leaderboard.report.svg import WIDTH, Canvas, Figure, Scale, make_figure, shorten

_RADIUS = 104.0
_CENTRE = (WIDTH / 2, 148.0)
_HEIGHT = 300.0
MIN_AXES = 3


def draw_radar(
    entrants: Sequence[Entrant], axes: Sequence[tuple[str, Sequence[Estimate]]], *, name: str
) -> Figure:
    """Draw a polygon a team over axes of fractions, and the field's median as an area; null is the centre.

    Args:
        entrants: the teams.
        axes: label and every team's score, from 0 to 1, higher is better; three or more.
        name: of the figure.
    """
    canvas = Canvas(_HEIGHT)
    values = [found.value for _, estimates in axes for found in estimates if found.value is not None]
    # The rim is 1; the centre is a round number below the field, told by the rings' labels.
    low = max(0.0, math.floor((min(values, default=0.0) - 0.05) * 10) / 10)
    scale = Scale(low=low, high=1.0, start=0.0, end=_RADIUS)
    for tick in scale.ticks(4):
        canvas.circle(*_CENTRE, scale(tick), "ring")
    for place, (label, _) in enumerate(axes):
        canvas.line(*_CENTRE, *_point(place, len(axes), _RADIUS), "grid")
        x, y = _point(place, len(axes), _RADIUS + 12)
        side = "tick-mid" if abs(x - _CENTRE[0]) < 12 else "tick" if x > _CENTRE[0] else "tick-end"
        canvas.text(x, y + 3.8, shorten(label, 14), side, note=label)
    middle = [median([e.value or 0.0 for e in estimates]) for _, estimates in axes]
    canvas.polyline([_point(i, len(axes), scale(v)) for i, v in enumerate(middle)], "area", closed=True)
    for k, entrant in enumerate(entrants):
        line = [_point(i, len(axes), scale(found[k].value or low)) for i, (_, found) in enumerate(axes)]
        canvas.polyline(line, "curve", entrant.index, closed=True)
    for tick in scale.ticks(4)[:-1]:
        canvas.text(_CENTRE[0] + 4, _CENTRE[1] - scale(tick) - 3, f"{tick:g}", "tick")
    return make_figure(
        canvas,
        name=name,
        title="Strengths",
        description=(
            f"A polygon a team, from {low:g} at the centre to 1 at the rim; grey area: the field's median."
        ),
        headers=("Submission", *(label for label, _ in axes)),
        rows=[
            (e.name, *(format_number(found[k].value, 3) for _, found in axes)) for k, e in enumerate(entrants)
        ],
    )


def _point(place: int, n: int, radius: float) -> tuple[float, float]:
    angle = 2 * math.pi * place / n - math.pi / 2
    return _CENTRE[0] + radius * math.cos(angle), _CENTRE[1] + radius * math.sin(angle)
