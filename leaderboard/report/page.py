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

from leaderboard.report.data import ModeData, PageData, SchemeData
from leaderboard.report.figures.blob import draw_blobs
from leaderboard.report.figures.forest import draw_forest
from leaderboard.report.figures.significance import draw_significance
from leaderboard.report.figures.sweep import draw_sweep
from leaderboard.report.methods import describe_scheme, write_methods
from leaderboard.report.palette import DARK, LIGHT, declare_variables
from leaderboard.report.svg import Figure
from leaderboard.report.tables import RankingTable, summarise_ranking, tabulate_ranking

_TEMPLATES = files("leaderboard.report") / "templates"
_NAMES = {"uusic25": "UUSIC25", "fmc_uia": "FMC_UIA"}


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One ranking, ready to be printed."""

    key: str
    """`mode/scheme`, as the script chooses it."""
    mode: str
    data: SchemeData
    table: RankingTable
    summary: str
    certainty: tuple[Figure, ...]
    sweeps: tuple[Figure, ...]
    rules: tuple[str, ...]
    methods: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskView:
    """One task's figures."""

    title: str
    subtitle: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeView:
    """What does not depend on the scheme."""

    mode: str
    data: ModeData
    tasks: tuple[TaskView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLink:
    """A file beside the page."""

    href: str
    label: str


def render_page(page: PageData, *, links: Sequence[FileLink] = ()) -> str:
    """Render the page.

    Args:
        page: what it shows.
        links: files beside it, by relative addresses.
    """
    views = [view_scheme(page, mode, data) for mode in page.modes for data in mode.schemes]
    modes = [view_mode(mode) for mode in page.modes]
    style = _read("style.css").replace("/* figures */", _read("figure.css"))
    style = style.replace("/* light */", declare_variables(LIGHT)).replace("/* dark */", declare_variables(DARK))
    script = _read("page.js")
    environment = Environment(
        loader=DictLoader({name: _read(name) for name in ("index.html.j2", "macros.html.j2")}),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    winner = page.modes[0].entrants[0].index
    text = environment.get_template("index.html.j2").render(
        page=page,
        name=_NAMES.get(page.protocol, page.protocol),
        first=page.modes[0].field.teams[0].result,
        views=views,
        modes=modes,
        indices={name: place for place, name in enumerate(page.teams)},
        winner=winner,
        links=links,
        style=Markup(style),  # noqa: S704 - the package's own file
        script=Markup(script),  # noqa: S704 - the package's own file
        policy=state_policy(style, script),
        data=embed_json(describe_views(page, views)),
    )
    return pick_team(text, winner)


def view_scheme(page: PageData, mode: ModeData, data: SchemeData) -> View:
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
        rules=describe_scheme(data.scheme, page.protocol),
        methods=write_methods(page, mode, data),
    )


def view_mode(mode: ModeData) -> ModeView:
    """Draw what one mode shows under every scheme."""
    tasks = tuple(
        TaskView(
            title=task.task_id,
            subtitle=f"{task.kind.value.lower()}, {task.n_cases:,} cases",
            figures=tuple(draw_forest(mode.entrants, task, metric) for metric in task.metrics),
        )
        for task in mode.tasks
    )
    return ModeView(mode=mode.mode, data=mode, tasks=tasks)


def list_figures(views: Sequence[View], modes: Sequence[ModeView]) -> list[Figure]:
    """List every figure of the page, in its order."""
    found = [figure for view in views for figure in (*view.certainty, *view.sweeps)]
    return [*found, *(figure for mode in modes for task in mode.tasks for figure in task.figures)]


def describe_views(page: PageData, views: Sequence[View]) -> dict[str, Any]:
    """Describe what the script computes with: each ranking's terms and weights, teams by number."""
    indices = {name: place for place, name in enumerate(page.teams)}
    return {"teams": page.teams, "views": {view.key: _describe_terms(view.data, indices) for view in views}}


def _describe_terms(data: SchemeData, indices: Mapping[str, int]) -> dict[str, Any] | None:
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
