"""Accuracy against what it costs, and memory over time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from leaderboard.cells import format_gib, format_number
from leaderboard.report.memory import MemorySeries
from leaderboard.report.records import Entrant
from leaderboard.report.svg import WIDTH, Canvas, Figure, Scale, fit_scale, make_figure, shorten

_LEFT, _TOP, _BOTTOM = 48.0, 28.0, 268.0
_RIGHT = WIDTH - 14.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CostPoint:
    """One team's accuracy and cost."""

    entrant: Entrant
    accuracy: float
    time_s: float
    peak_gpu_mib: float


def find_front(points: Sequence[CostPoint], costs: Sequence[float]) -> list[int]:
    """Return the places of the points that no other beats in accuracy and cost at once, cheapest first."""
    front = [
        i
        for i, (point, cost) in enumerate(zip(points, costs, strict=True))
        if not any(
            other.accuracy >= point.accuracy
            and price <= cost
            and (other.accuracy > point.accuracy or price < cost)
            for other, price in zip(points, costs, strict=True)
        )
    ]
    return sorted(front, key=lambda i: (costs[i], i))


def draw_cost(points: Sequence[CostPoint], *, against: str, label: str, name: str) -> Figure:
    """Draw accuracy over runtime (bubbles grow with memory) or over memory, with the Pareto front.

    Args:
        points: the teams that have both, at least one.
        against: `time` or `memory`.
        label: what accuracy is.
        name: of the figure.
    """
    by_time = against == "time"
    costs = [p.time_s if by_time else p.peak_gpu_mib / 1024 for p in points]
    canvas = Canvas(_BOTTOM + 42)
    x = fit_scale(costs, start=_LEFT, end=_RIGHT, floor=0.0)
    y = fit_scale([p.accuracy for p in points], start=_BOTTOM, end=_TOP)
    axis = "runtime (s)" if by_time else "peak GPU memory (GiB)"
    canvas.x_axis(x, top=_TOP, bottom=_BOTTOM, label=axis)
    canvas.y_axis(y, left=_LEFT, right=_RIGHT, label=label)
    front = find_front(points, costs)
    canvas.polyline(_make_steps([(x(costs[i]), y(points[i].accuracy)) for i in front]), "front")
    largest = max((p.peak_gpu_mib for p in points), default=0.0)
    taken: list[tuple[float, float]] = []
    for point, cost in zip(points, costs, strict=True):
        share = point.peak_gpu_mib / largest if largest and by_time else 0.0
        radius = 4.5 + 9 * share**0.5
        spot = (x(cost), y(point.accuracy))
        price = f"{point.time_s:.2f} s, {format_gib(point.peak_gpu_mib)} GiB"
        said = f"{point.entrant.name}: {label} {point.accuracy:.4f}, {price}"
        canvas.circle(*spot, radius, "bubble", point.entrant.index, note=said)
        _write_name(canvas, point.entrant, spot, radius, taken)
    bubbles = "; a bubble's area grows with peak GPU memory" if by_time and largest else ""
    return make_figure(
        canvas,
        name=name,
        title=f"{label} against {'time' if by_time else 'memory'}",
        description=f"{label} over {axis}{bubbles}; dashed: the Pareto front, which no team beats in both.",
        headers=("Submission", label, "Time (s)", "GPU (GiB)", "On the front"),
        rows=[
            (
                p.entrant.name,
                format_number(p.accuracy, 4),
                format_number(p.time_s, 2),
                format_gib(p.peak_gpu_mib),
                "yes" if i in front else "no",
            )
            for i, p in enumerate(points)
        ],
    )


def draw_memory(
    entrants: Sequence[Entrant], series: Mapping[str, MemorySeries], *, gpu: bool, name: str
) -> Figure:
    """Draw memory over time, a line a team; the highlighted team's with the area below it.

    Args:
        entrants: the teams.
        series: by name; teams without one are left out; at least one.
        gpu: GPU memory, else the host's.
        name: of the figure.
    """
    shown = [(e, series[e.name]) for e in entrants if e.name in series]
    lines = [(e, s, s.gpu_mib if gpu else s.host_mib) for e, s in shown]
    canvas = Canvas(_BOTTOM + 42)
    x = Scale(low=0, high=max(max(s.t_s) for _, s, _ in lines) or 1.0, start=_LEFT, end=_RIGHT)
    tops = [value for _, _, values in lines for value in values if value is not None]
    y = fit_scale([v / 1024 for v in tops], start=_BOTTOM, end=_TOP, floor=0.0)
    what = "GPU memory (GiB)" if gpu else "host memory (GiB)"
    canvas.x_axis(x, top=_TOP, bottom=_BOTTOM, label="seconds")
    canvas.y_axis(y, left=_LEFT, right=_RIGHT, label=what)
    for entrant, found, values in lines:
        known = [(x(t), y(v / 1024)) for t, v in zip(found.t_s, values, strict=True) if v is not None]
        if known:
            canvas.polyline(
                [(known[0][0], y(0)), *known, (known[-1][0], y(0))], "band", entrant.index, closed=True
            )
            canvas.polyline(known, "curve", entrant.index)
            canvas.text(_RIGHT - 6, _TOP + 12, entrant.name, "only value-end", entrant.index)
    return make_figure(
        canvas,
        name=name,
        title=f"{what.split(' (')[0]} over time".capitalize().replace("Gpu", "GPU"),
        description=f"{what} while the submission ran, one line a team.",
        headers=("Submission", "Seconds", "Largest (GiB)"),
        rows=[
            (e.name, f"{s.t_s[-1]:.1f}", format_gib(max((v for v in values if v is not None), default=None)))
            for e, s, values in lines
        ],
    )


def _make_steps(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Join points by stairs: a dearer point counts from its own cost on."""
    stairs = list(points[:1])
    for before, after in pairwise(points):
        stairs += [(after[0], before[1]), after]
    return stairs


def _write_name(
    canvas: Canvas,
    entrant: Entrant,
    spot: tuple[float, float],
    radius: float,
    taken: list[tuple[float, float]],
) -> None:
    """Write a name beside its bubble; where another name is in the way, only while it is highlighted."""
    at_left = spot[0] > (_LEFT + _RIGHT) / 2
    # Above the middle, where the front's stairs do not run.
    x, y = spot[0] + (-1 if at_left else 1) * (0.7 * radius + 3), spot[1] - 0.7 * radius - 2
    is_free = all(abs(y - height) > 12 or abs(x - other) > 90 for other, height in taken)
    if is_free:
        taken.append((x, y))
    kind = ("name-end" if at_left else "name") + ("" if is_free else " only")
    canvas.text(x, y, shorten(entrant.name), kind, entrant.index)
