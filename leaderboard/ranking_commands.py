"""The commands `place` and `published`, and the rankings that `build` adds.

Promises: as `leaderboard.__main__`; what is printed holds no terminal markup of a result's.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, TaskID

from evaluation.contract.errors import ConfigurationError
from evaluation.files.atomic import write_atomically
from leaderboard.analysis import Analysis, analyse_field, to_plain
from leaderboard.analysis_pages import render_analysis, render_comparison
from leaderboard.field import read_field
from leaderboard.place import place_result
from leaderboard.published.catalogue import describe_published, list_published
from leaderboard.published.tables import load_score_sheet, load_table1
from leaderboard.ranking_terminal import print_placement, print_published
from leaderboard.result_files import load_results
from leaderboard.scheme import load_scheme
from leaderboard.staging import refuse_folder
from leaderboard.terminal import user_errors

PLACE_EXAMPLES = """\b
Examples:
  python -m leaderboard place runs/a/result.json
  python -m leaderboard place runs/a/result.json --json > place.json
"""
PUBLISHED_EXAMPLES = """\b
Examples:
  python -m leaderboard published echovlm
  python -m leaderboard published uusic25-table1 --json
"""


def place(
    result: Annotated[Path, typer.Argument(metavar="RESULT", help="A result.json of UUSIC25.")],
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Say where a system would have stood among UUSIC25's 15 teams, with the official anchors."""
    with user_errors():
        (loaded,) = load_results([result])
        found = place_result(loaded, load_score_sheet(), load_table1())
    if json_output:
        typer.echo(json.dumps(asdict(found), allow_nan=False, indent=2))
    else:
        print_placement(found, Console())


def published(
    name: Annotated[str, typer.Argument(help="Which table; without it the names are listed.")] = "",
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Print a published table with its source, its unit and what is known to be wrong in it."""
    if not name:
        for one in list_published():
            typer.echo(one)
        return
    with user_errors():
        table = describe_published(name)
    if json_output:
        typer.echo(json.dumps(asdict(table), allow_nan=False, indent=2))
    else:
        print_published(table, Console())


def analyse_results(results: list[Path], schemes: list[str], *, resamples: int, seed: int) -> list[Analysis]:
    """Rank results by several schemes, with the uncertainty of every place.

    Args:
        results: result files, each with its cases.csv beside it.
        schemes: names of shipped schemes or YAML files.
        resamples: two or more.
        seed: 0 or more.

    Raises:
        ConfigurationError: what `read_field`, `load_scheme` and `analyse_field` refuse; two schemes of one
            name.
    """
    chosen = [load_scheme(name) for name in schemes]
    names = [scheme.name for scheme in chosen]
    if len(set(names)) < len(names):
        raise ConfigurationError(f"Expected schemes of different names but got {', '.join(names)}.")
    field = read_field(results)
    errors = Console(stderr=True)
    analyses = []
    with Progress(console=errors, transient=True, disable=not errors.is_terminal) as bar:
        for scheme in chosen:
            row = bar.add_task(scheme.name, total=resamples)

            def show(done: int, row: TaskID = row) -> None:
                bar.update(row, completed=done)

            analyses.append(analyse_field(field, scheme, n_resamples=resamples, seed=seed, progress=show))
    return analyses


def register(app: typer.Typer) -> None:
    """Add the commands to the leaderboard's command line."""
    app.command(epilog=PLACE_EXAMPLES)(place)
    app.command(epilog=PUBLISHED_EXAMPLES)(published)


def write_analyses(analyses: list[Analysis], folder: Path) -> tuple[Path, ...]:
    """Write `ranking-SCHEME.json` and `.md` for each scheme, `schemes.md` when there are several.

    Raises:
        ConfigurationError: the folder or a file in it cannot be written.
    """
    files = {}
    for one in analyses:
        text = json.dumps(to_plain(one), allow_nan=False, indent=1)
        files[f"ranking-{one.scheme.name}.json"] = text + "\n"
        files[f"ranking-{one.scheme.name}.md"] = render_analysis(one)
    if len(analyses) > 1:
        files["schemes.md"] = render_comparison(analyses)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            write_atomically(folder / name, text.encode())
    except OSError as error:
        raise refuse_folder(folder, error) from error
    return tuple(folder / name for name in files)
