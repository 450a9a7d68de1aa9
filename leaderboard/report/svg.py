"""A small SVG writer: shapes with classes, text that is always escaped, scales and ticks.

Promises: a shape carries classes and numbers only, no inline style, so that one style sheet colours it on the
page, in the file and on paper; every figure has a title, a description and its data as a table.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from leaderboard.cells import clean_text

WIDTH = 360
"""Every figure is one panel of a phone's width, in px; wider screens show panels side by side."""
LABEL_WIDTH = 112
"""Where the plot begins beside a column of names, in px."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataTable:
    """What a figure shows, in cells."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One panel."""

    name: str
    """Unique on the page; letters, digits and hyphens: the file's name."""
    title: str
    description: str
    """For those who do not see it, one or two sentences."""
    svg: Markup
    """The `<svg>` element."""
    table: DataTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """A straight scale from values to pixels; its ends may be turned round."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return the pixel of a value; values beyond the ends are drawn at them."""
        span = self.high - self.low
        share = (min(max(value, self.low), self.high) - self.low) / span if span else 0.5
        return self.start + share * (self.end - self.start)

    def ticks(self, n: int = 4) -> list[float]:
        """Return about `n` round values within the ends, in ascending order."""
        return make_ticks(self.low, self.high, n)


def make_ticks(low: float, high: float, n: int = 4) -> list[float]:
    """Return about `n` round values between two ends; the one value where they are equal."""
    if not high > low:
        return [low]
    rough = (high - low) / n
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(k * step, 12) for k in range(first, last + 1)]


def fit_scale(values: Sequence[float], *, start: float, end: float, floor: float | None = None) -> Scale:
    """Return a scale that holds all values with a little room; 0 to 1 where there is none.

    Args:
        values: finite, any number of them.
        start: the pixel of the low end.
        end: the pixel of the high end.
        floor: the low end itself, such as 0 for a bar or a time.
    """
    if not values:
        return Scale(low=0.0, high=1.0, start=start, end=end)
    low, high = min(values), max(values)
    room = 0.06 * (high - low) or max(abs(high) * 0.05, 0.01)
    return Scale(low=low - room if floor is None else floor, high=high + room, start=start, end=end)


def format_tick(value: float) -> str:
    """Print a tick without trailing zeros."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.6g}"


def shorten(name: str, n: int = 13) -> str:
    """Cut a name to at most `n` characters."""
    cleaned = clean_text(name)
    return cleaned if len(cleaned) <= n else f"{cleaned[: n - 1].rstrip()}…"


class Canvas:
    """Collects shapes; `team` marks what belongs to one team, which the page can pick."""

    def __init__(self, height: float, width: float = WIDTH) -> None:
        self._size = (width, height)
        self._parts: list[Markup] = []

    def line(self, x1: float, y1: float, x2: float, y2: float, kind: str, team: int | None = None) -> None:
        """Draw a straight line."""
        self.path(f"M{_n(x1)} {_n(y1)}L{_n(x2)} {_n(y2)}", kind, team)

    def polyline(
        self,
        points: Sequence[tuple[float, float]],
        kind: str,
        team: int | None = None,
        *,
        closed: bool = False,
    ) -> None:
        """Draw lines from point to point; nothing without points."""
        if points:
            text = "L".join(f"{_n(x)} {_n(y)}" for x, y in points)
            self.path(f"M{text}{'Z' if closed else ''}", kind, team)

    def dots(self, points: Sequence[tuple[float, float]], kind: str, team: int | None = None) -> None:
        """Draw many small dots as one path of round line ends."""
        if points:
            self.path("".join(f"M{_n(x)} {_n(y)}h0" for x, y in points), kind, team)

    def path(self, d: str, kind: str, team: int | None = None, note: str | None = None) -> None:
        """Draw a path; `note` is shown where the pointer rests."""
        self._add(Markup("<path{} d='{}'").format(_marks(kind, team), d), "path", note)

    def circle(
        self, x: float, y: float, r: float, kind: str, team: int | None = None, note: str | None = None
    ) -> None:
        """Draw a circle."""
        shape = Markup("<circle{} cx='{}' cy='{}' r='{}'").format(_marks(kind, team), _n(x), _n(y), _n(r))
        self._add(shape, "circle", note)

    def rect(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        kind: str,
        team: int | None = None,
        note: str | None = None,
    ) -> None:
        """Draw a rectangle."""
        size = (_n(x), _n(y), _n(max(width, 0)), _n(max(height, 0)))
        shape = Markup("<rect{} x='{}' y='{}' width='{}' height='{}'").format(_marks(kind, team), *size)
        self._add(shape, "rect", note)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        kind: str = "label",
        team: int | None = None,
        note: str | None = None,
    ) -> None:
        """Write a line of text with its baseline at y; kinds ending in `-end` and `-mid` set the anchor."""
        shape = Markup("<text{} x='{}' y='{}'>{}").format(_marks(kind, team), _n(x), _n(y), clean_text(text))
        title = Markup("<title>{}</title>").format(clean_text(note)) if note else ""
        self._parts.append(shape + title + Markup("</text>"))

    def x_axis(self, scale: Scale, *, top: float, bottom: float, label: str = "", n: int = 4) -> None:
        """Draw grid lines and tick labels of a horizontal scale, and its name below."""
        for tick in scale.ticks(n):
            x = scale(tick)
            self.line(x, top, x, bottom, "grid")
            self.text(x, bottom + 14, format_tick(tick), "tick-mid")
        if label:
            self.text((scale.start + scale.end) / 2, bottom + 29, label, "axis-mid")

    def y_axis(self, scale: Scale, *, left: float, right: float, label: str = "", n: int = 4) -> None:
        """Draw grid lines and tick labels of a vertical scale, and its name above."""
        for tick in scale.ticks(n):
            y = scale(tick)
            self.line(left, y, right, y, "grid")
            self.text(left - 6, y + 3.5, format_tick(tick), "tick-end")
        if label:
            self.text(left, min(scale.start, scale.end) - 10, label, "axis")

    def render(self, *, name: str, title: str, description: str) -> Markup:
        """Return the `<svg>` element with its title and description."""
        width, height = self._size
        head = Markup(
            "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {} {}' width='{}' height='{}' role='img' "
            "aria-labelledby='{}-t {}-d'><title id='{}-t'>{}</title><desc id='{}-d'>{}</desc>"
        ).format(
            *(_n(width), _n(height), _n(width), _n(height), name, name),
            *(name, clean_text(title), name, clean_text(description)),
        )
        return head + Markup("").join(self._parts) + Markup("</svg>")

    def _add(self, shape: Markup, tag: str, note: str | None) -> None:
        titled = Markup("><title>{}</title></{}>").format(clean_text(note or ""), tag)
        self._parts.append(shape + (titled if note else Markup("/>")))


def make_figure(
    canvas: Canvas,
    *,
    name: str,
    title: str,
    description: str,
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
) -> Figure:
    """Close a canvas into a figure."""
    table = DataTable(headers=tuple(headers), rows=tuple(tuple(row) for row in rows))
    svg = canvas.render(name=name, title=title, description=description)
    return Figure(name=name, title=title, description=description, svg=svg, table=table)


def _marks(kind: str, team: int | None) -> Markup:
    """Return the class, and which team a shape belongs to."""
    if team is None:
        return Markup(" class='{}'").format(kind)
    return Markup(" class='{}' data-team='{}'").format(kind, team)


def _n(value: float) -> str:
    """Print a pixel with one decimal at most."""
    text = f"{value:.1f}"
    return text[:-2] if text.endswith(".0") else text
