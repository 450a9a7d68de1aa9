"""The report on disk: the page, its figures as SVG and PNG, and the results it was made from.

Promises: each file is the old one or the whole new one; names of files come from us, never from a submission.
"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import matplotlib as mpl
import resvg_py

from evaluation.files.atomic import write_atomically
from leaderboard.field import Field, read_field
from leaderboard.report.data import PageData
from leaderboard.report.latex import render_latex
from leaderboard.report.page import FileLink, draw_page, pick_team, read_style, render_page
from leaderboard.report.palette import LIGHT, fill_variables
from leaderboard.report.svg import Figure
from leaderboard.result_files import load_results
from leaderboard.staging import refuse_folder

PNG_ZOOM = 2


def read_fields(paths: Sequence[Path]) -> tuple[Field, ...]:
    """Read result files, one field a mode, strict first.

    Raises:
        ConfigurationError: what `read_field` refuses.
    """
    return tuple(read_field(group) for group in group_by_mode(paths))


def group_by_mode(paths: Sequence[Path]) -> list[list[Path]]:
    """Group result files by their scoring mode, strict first; all files may be of one mode."""
    groups: dict[str, list[Path]] = {}
    for path in paths:
        (result,) = load_results([path])
        groups.setdefault(result.mode, []).append(path)
    return [groups[mode] for mode in sorted(groups, key=lambda mode: mode != "strict")]


def write_report(
    page: PageData,
    folder: Path,
    *,
    links: Sequence[FileLink] = (),
    progress: Callable[[str], None] | None = None,
) -> tuple[Path, ...]:
    """Write `index.html`, `leaderboard.tex` and, below `figures/`, every figure as SVG and PNG.

    Args:
        page: what it shows.
        folder: made when it is absent.
        links: files beside the page that it names.
        progress: told what is being written.

    Returns:
        The tables, the page and the folder of figures.

    Raises:
        ConfigurationError: the folder or a file in it cannot be written.
    """
    drawn = draw_page(page)
    try:
        for figure in drawn.figures:
            if progress is not None:
                progress(figure.name)
            svg = make_standalone(figure, picked=drawn.winner)
            write_atomically(folder / "figures" / f"{figure.name}.svg", svg.encode())
            write_atomically(folder / "figures" / f"{figure.name}.png", rasterise(svg))
        first = page.modes[0]
        tables = render_latex(first.board, first.generalisation.gaps)
        write_atomically(folder / "leaderboard.tex", tables.encode())
        write_atomically(folder / "index.html", render_page(drawn, links=links).encode())
    except OSError as error:
        raise refuse_folder(folder, error) from error
    return folder / "leaderboard.tex", folder / "index.html", folder / "figures"


def copy_results(fields: Sequence[Field], folder: Path) -> tuple[FileLink, ...]:
    """Write each result below `results/`, numbered as the page numbers modes and teams, and name them.

    Raises:
        OSError: the folder or a file in it cannot be written.
    """
    links = []
    for field in fields:
        for place, team in enumerate(field.teams, start=1):
            slug = re.sub(r"[^a-z0-9]+", "-", team.name.lower()).strip("-")[:40]
            name = f"{field.teams[0].result.mode}-{place:02d}{f'-{slug}' if slug else ''}.json"
            write_atomically(folder / "results" / name, team.result.model_dump_json(indent=1).encode())
            links.append(
                FileLink(href=f"results/{name}", label=f"{team.name}, {team.result.mode}: result.json")
            )
    return tuple(links)


def make_standalone(figure: Figure, *, picked: int) -> str:
    """Return a figure as an SVG file of its own: light colours inside, white below, the winner picked."""
    style = fill_variables(read_style("figure.css"))
    svg = pick_team(str(figure.svg), picked)
    head, rest = svg.split(">", 1)
    background = f"<rect width='100%' height='100%' fill='{LIGHT['paper']}'/>"
    return f"{head}><style>{style}</style>{background}{rest}"


def rasterise(svg: str) -> bytes:
    """Return an SVG as PNG at twice its size, in the font that matplotlib brings along."""
    fonts = Path(mpl.get_data_path()) / "fonts" / "ttf"
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg,
            zoom=PNG_ZOOM,
            skip_system_fonts=True,
            font_files=[str(fonts / name) for name in ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")],
            font_family="DejaVu Sans",
            sans_serif_family="DejaVu Sans",
        )
    )
