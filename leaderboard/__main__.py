"""The command line of the leaderboard: `replay`, `build`, `place`, `published`, `gate` and `export`.

Promises: exit 0 when all is well; 1 when a replay's claims do not hold or the gate stops a candidate; 2
with the message alone on stderr when the user can put it right.
"""

import json
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from leaderboard.analysis import to_plain
from leaderboard.board import build_board
from leaderboard.export.commands import EXAMPLES as EXPORT_EXAMPLES
from leaderboard.export.commands import export
from leaderboard.gate.commands import EXAMPLES as GATE_EXAMPLES
from leaderboard.gate.commands import gate
from leaderboard.pages import render_json, write_board
from leaderboard.published.tables import load_score_sheet, load_table1
from leaderboard.ranking_commands import analyse_results, register, write_analyses
from leaderboard.ranking_terminal import print_analysis
from leaderboard.replay import Replay, replay_uusic25
from leaderboard.report.command import GalleryFolders, build_report
from leaderboard.report.write import group_by_mode
from leaderboard.result_files import load_results
from leaderboard.staging import stage_board
from leaderboard.terminal import print_board, print_replay, user_errors

# The \b line keeps the lines below it from being filled into one paragraph.
REPLAY_EXAMPLES = """\b
Examples:
  python -m leaderboard replay uusic25
  python -m leaderboard replay uusic25 --json > replay.json
"""
BUILD_EXAMPLES = """\b
Examples:
  python -m leaderboard build runs/a/result.json runs/b/result.json --out board
  python -m leaderboard build runs/*/result.json --out board --scheme uusic25 --scheme test-then-rank
"""

app = typer.Typer(
    help="Rank and compare result files, and recompute UUSIC25's official final table.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command(epilog=GATE_EXAMPLES)(gate)
app.command(epilog=EXPORT_EXAMPLES)(export)
register(app)


class Challenge(StrEnum):
    """Challenges whose final table is published."""

    UUSIC25 = "uusic25"


@app.command(epilog=REPLAY_EXAMPLES)
def replay(
    challenge: Annotated[Challenge, typer.Argument(help="The challenge whose final table is recomputed.")],
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Recompute an official final table from the published scores and compare.

    Exit status 0 when the order is exact and no Final differs by more than the printed precision, else 1.
    """
    with user_errors():
        replayed = replay_uusic25(load_score_sheet(), load_table1())
    if json_output:
        typer.echo(_render_replay(challenge, replayed))
    else:
        print_replay(replayed, Console())
    raise typer.Exit(0 if replayed.holds else 1)


@app.command(epilog=BUILD_EXAMPLES)
def build(
    results: Annotated[list[Path], typer.Argument(metavar="RESULT", help="result.json files.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for index.html, tables and figures.")],
    scheme: Annotated[
        list[str] | None,
        typer.Option("--scheme", help="Rank by this too: a shipped scheme or a YAML file; may be repeated."),
    ] = None,
    resamples: Annotated[int, typer.Option("--resamples", min=2, help="Of the cases, a scheme.")] = 1000,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the resamples.")] = 0,
    images: Annotated[
        Path | None, typer.Option("--images", help="The images, for a gallery of the worst cases.")
    ] = None,
    references: Annotated[
        Path | None,
        typer.Option(
            "--references", help="Folder of ground_truth.json or of csv_files/: outlines in the gallery."
        ),
    ] = None,
    predictions: Annotated[
        list[str] | None,
        typer.Option(
            "--predictions", help="NAME=FOLDER of one team's output; default predictions/ beside its result."
        ),
    ] = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Rank results of one protocol and manifest by 0.7 accuracy + 0.3 efficiency, and write the report.

    A result without a run record is listed by accuracy only. The page `index.html` ranks by every shipped
    scheme of the protocol, or by each --scheme, with the uncertainty of every place; that needs the
    cases.csv beside each result.json. Results of both modes may be given: the page switches between them,
    the tables are of the strict ones.
    """
    with user_errors():
        first = group_by_mode(results)[0] if results else []
        board = build_board(load_results(first))
        analyses = analyse_results(first, scheme, resamples=resamples, seed=seed) if scheme else []
        folders = GalleryFolders(images=images, references=references, predictions=tuple(predictions or ()))
        with stage_board(out) as fresh:
            made = (*write_board(board, fresh), *write_analyses(analyses, fresh))
            made += build_report(
                results, fresh, scheme, analyses, resamples=resamples, seed=seed, folders=folders
            )
        pages = [out / page.relative_to(fresh) for page in made]
    if json_output:
        content = json.loads(render_json(board)) | {"rankings": [to_plain(one) for one in analyses]}
        typer.echo(json.dumps(content, allow_nan=False, indent=2))
        return
    console = Console()
    print_board(board, console)
    for analysis in analyses:
        print_analysis(analysis, console)
    for page in pages:
        console.print(f"Wrote {page}", markup=False, highlight=False, soft_wrap=True)


def _render_replay(challenge: Challenge, replayed: Replay) -> str:
    claims = {
        name: asdict(agreement) | {"holds": agreement.holds}
        for name, agreement in (("sheet", replayed.sheet), ("table1", replayed.table1))
    }
    teams = [asdict(team) for team in replayed.teams]
    without = [asdict(one) for one in replayed.without]
    content = {"challenge": challenge, **claims, "holds": replayed.holds, "teams": teams, "without": without}
    return json.dumps(content, allow_nan=False, indent=2)


if __name__ == "__main__":
    app()
