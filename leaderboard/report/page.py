"""The page as text: one HTML file with its style, its script and its data inside.

Promises: foreign text is escaped by the template engine, in markup and in the embedded data; the page's own
content policy forbids every request and any script or style but its own, by their hashes.
"""

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from leaderboard.analysis import Analysis
from leaderboard.report.data import ModeData, PageData
from leaderboard.report.figures.blob import draw_blobs
from leaderboard.report.figures.significance import draw_significance
from leaderboard.report.figures.sweep import draw_sweep
from leaderboard.report.methods import NAMES, write_methods
from leaderboard.report.mode_view import ModeView, view_mode
from leaderboard.report.palette import DARK, LIGHT, declare_variables
from leaderboard.report.records import METRIC_LABELS
from leaderboard.report.svg import Figure
from leaderboard.report.tables import RankingTable, summarise_ranking, tabulate_ranking

_TEMPLATES = files("leaderboard.report") / "templates"


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One ranking, ready to be printed."""

    key: str
    """`mode/scheme`, as the script chooses it."""
    mode: str
    data: Analysis
    table: RankingTable
    summary: str
    certainty: tuple[Figure, ...]
    sweeps: tuple[Figure, ...]
    methods: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnPage:
    """A page with all its figures."""

    page: PageData
    views: tuple[View, ...]
    modes: tuple[ModeView, ...]

    @property
    def winner(self) -> int:
        """The number of the team that is picked at first: the first of the first ranking."""
        return self.page.modes[0].entrants[0].index

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Every figure, in the page's order."""
        of_views = [figure for view in self.views for figure in (*view.certainty, *view.sweeps)]
        return (*of_views, *(figure for mode in self.modes for figure in mode.figures))


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLink:
    """A file beside the page."""

    href: str
    label: str


def draw_page(page: PageData) -> DrawnPage:
    """Draw every figure of the page."""
    return DrawnPage(
        page=page,
        views=tuple(view_scheme(page, mode, data) for mode in page.modes for data in mode.analyses),
        modes=tuple(view_mode(mode) for mode in page.modes),
    )


def render_page(drawn: DrawnPage, *, links: Sequence[FileLink] = ()) -> str:
    """Render the page.

    Args:
        drawn: what it shows.
        links: files beside it, by relative addresses.
    """
    page = drawn.page
    style, script = read_style("style.css"), _read("page.js")
    environment = Environment(
        loader=DictLoader({name: _read(name) for name in ("index.html.j2", "macros.html.j2")}),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    text = environment.get_template("index.html.j2").render(
        page=page,
        name=NAMES.get(page.protocol, page.protocol),
        first=page.modes[0].field.teams[0].result,
        views=drawn.views,
        modes=drawn.modes,
        indices={name: place for place, name in enumerate(page.teams)},
        winner=drawn.winner,
        links=links,
        labels=METRIC_LABELS,
        style=Markup(style),  # noqa: S704 - the package's own file
        script=Markup(script),  # noqa: S704 - the package's own file
        policy=state_policy(style, script),
        data=embed_json(describe_views(page, drawn.views)),
    )
    return pick_team(text, drawn.winner)


def read_style(name: str) -> str:
    """Return a style sheet of the package; the page's with its colours and the figures' style inside."""
    style = _read(name)
    if name != "style.css":
        return style
    parts = {
        "light": declare_variables(LIGHT),
        "dark": declare_variables(DARK),
        "figures": _read("figure.css"),
    }
    for part, text in parts.items():
        style = style.replace(f"/* {part} */", text)
    return style


def view_scheme(page: PageData, mode: ModeData, data: Analysis) -> View:
    """Draw and lay out one ranking."""
    indices = {name: place for place, name in enumerate(page.teams)}
    slug = f"{mode.mode}-{data.scheme.name}"
    sweeps = []
    if len(data.accuracy_sweep) > 1 and len(data.uncertainty.teams) > 1:
        sweeps.append(draw_sweep(data.accuracy_sweep, indices, along="accuracy", name=f"weight-{slug}"))
        if data.time_sweep:
            sweeps.append(draw_sweep(data.time_sweep, indices, along="time", name=f"time-share-{slug}"))
    return View(
        key=f"{mode.mode}/{data.scheme.name}",
        mode=mode.mode,
        data=data,
        table=tabulate_ranking(mode, data),
        summary=summarise_ranking(data),
        certainty=(
            draw_blobs(data.uncertainty, indices, name=f"ranks-{slug}"),
            draw_significance(data.uncertainty, indices, name=f"significance-{slug}"),
        ),
        sweeps=tuple(sweeps),
        methods=write_methods(mode, data),
    )


def describe_views(page: PageData, views: Sequence[View]) -> dict[str, Any]:
    """Describe what the script computes with: each ranking's terms and weights, teams by number."""
    indices = {name: place for place, name in enumerate(page.teams)}
    return {"teams": page.teams, "views": {view.key: _describe_terms(view.data, indices) for view in views}}


def _describe_terms(data: Analysis, indices: Mapping[str, int]) -> dict[str, Any] | None:
    """Return what a new weight is applied to; None where the scheme has no scale for costs or they lack."""
    lines = [line for line in data.standings if line.rank is not None]
    if not data.accuracy_sweep or len(lines) < 2:
        return None
    weights = data.scheme.weights
    rest = weights.time + weights.memory
    return {
        "team": [indices[line.name] for line in lines],
        "accuracy": [line.accuracy for line in lines],
        "time": [line.time for line in lines],
        "memory": [line.memory for line in lines],
        "weight": weights.accuracy,
        "share": weights.time / rest if rest else 0.5,
    }


def embed_json(value: object) -> Markup:
    """Return JSON that ends no script element and no line: markup, quotes and U+2028 are escaped."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"), ensure_ascii=True)
    for character in "<>&'":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 - no character of markup is left


def state_policy(style: str, script: str) -> str:
    """Return the content policy: nothing from anywhere, this style and this script only."""
    return (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def pick_team(markup: str, index: int) -> str:
    """Mark one team's shapes as picked, as the script does; escaped text holds no such quotes."""
    return re.sub(rf"class='([^']*)' data-team='{index}'", rf"class='\1 picked' data-team='{index}'", markup)


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _read(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")
