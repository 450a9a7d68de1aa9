"""Boards and replays as rich tables.

Promises: foreign text is shown as plain text, never as terminal markup; where output is no terminal, a table
takes the width it needs instead of being cut to 80 columns.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.measure import Measurement
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from evaluation.contract.errors import UserError
from leaderboard.board import Board
from leaderboard.cells import clean_text
from leaderboard.gate.report import GateReport
from leaderboard.pages import describe_bootstraps, list_cells, list_headers
from leaderboard.replay import Agreement, Replay

MAX_WIDTH = 10_000
NAME_COLUMN = 1
"""Where `list_headers` puts the submission."""


def print_board(board: Board, console: Console) -> None:
    """Print a board's table, intervals below their values, then its notes and its rules."""
    title = f"{board.protocol}, {board.mode} mode, manifest {board.manifest_sha256[:12]}"
    table = make_table(title, list_headers(board.protocol), left=NAME_COLUMN)
    for entry in board.entries:
        cells = [clean_text(cell) for cell in list_cells(entry)]
        name, scores = cells[NAME_COLUMN], [cell.replace(" (", "\n(") for cell in cells]
        table.add_row(*map(Text, [*scores[:NAME_COLUMN], name, *scores[NAME_COLUMN + 1 :]]))
    print_table(table, console)
    for heading, sentences in (
        ("Notes", board.notes),
        ("Rules", (*board.rules, *describe_bootstraps(board))),
    ):
        if sentences:
            console.print(Text(heading, style="bold"))
        for sentence in sentences:
            console.print(Text(f"- {clean_text(sentence)}"), soft_wrap=True)


def print_replay(replay: Replay, console: Console) -> None:
    """Print the recomputed table beside the official one, then both claims."""
    headers = [
        "Team", "Official\nrank", "\nFinal", "Sheet\nrank", "\nFinal", "Table 1\nrank", "\nFinal", "\nEff",
    ]  # fmt: skip
    table = make_table("UUSIC25: the official final table, recomputed", headers, left=0)
    for team in replay.teams:
        table.add_row(
            team.team,
            *(str(team.official_rank), f"{team.official_final:.9f}"),
            *(str(team.sheet_rank), f"{team.sheet_final:.9f}"),
            *(str(team.table1_rank), f"{team.table1_final:.6f}", f"{team.table1_eff:.6f}"),
        )
    print_table(table, console)
    console.print(_describe_claim("from the sheet (seg, cls, eff)", replay.sheet), soft_wrap=True)
    console.print(
        _describe_claim("from Table 1 (time, memory) with the sheet's seg and cls", replay.table1),
        soft_wrap=True,
    )
    fragile = [f"{one.team} (tau {one.kendall_tau:.3f})" for one in replay.without if one.n_moved]
    if fragile:
        text = f"The others change places without {' or without '.join(fragile)}; no other team moves them."
        console.print(Text(text), soft_wrap=True)
    verdict = "hold" if replay.holds else "DO NOT HOLD"
    console.print(Text(f"The claims {verdict}.", style="bold"))


def print_gate(report: GateReport, console: Console) -> None:
    """Print what fails first, then every row, the notes and the verdict."""
    for table in report.tables:
        shown = make_table(table.title, list(table.headers), left=0)
        for column in shown.columns[: table.n_left]:
            column.justify = "left"
        # False sorts before True: failing rows first, the rest in order.
        for failed, row in sorted(zip(table.failed, table.rows, strict=True), key=lambda pair: not pair[0]):
            cells = [Text(clean_text(cell)) for cell in row]
            shown.add_row(*cells, style="bold red" if failed else None)
        print_table(shown, console)
    for note in report.notes:
        console.print(Text(f"- {clean_text(note)}"), soft_wrap=True)
    console.print(Text(clean_text(report.headline)), soft_wrap=True)
    console.print(Text(f"Gate {'passed' if report.passes else 'FAILED'}.", style="bold"))


@contextmanager
def resampling_bar() -> Iterator[Callable[[int, int], None]]:
    """Give a progress function (more done, all); silent when the error stream is not a terminal."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        row = bar.add_task("resamples", total=None)
        yield lambda done, total: bar.update(row, advance=done, total=total)


@contextmanager
def user_errors() -> Iterator[None]:
    """Let an error of the user end the command with its message alone on stderr and exit status 2."""
    try:
        yield
    except UserError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error


def _describe_claim(source: str, agreement: Agreement) -> Text:
    sign = "<=" if agreement.largest_difference <= agreement.limit else ">"
    return Text(
        f"{source}: Kendall tau {agreement.kendall_tau:.3f}, largest |Final - official| "
        f"{agreement.largest_difference:.3g} {sign} {agreement.limit:.2g}"
    )


def make_table(title: str, headers: list[str], *, left: int) -> Table:
    """Make an empty table; numbers to the right, the column `left` to the left."""
    table = Table(title=Text(title), box=SIMPLE_HEAD)
    for i, header in enumerate(headers):
        table.add_column(header, justify="left" if i == left else "right", overflow="fold")
    return table


def print_table(table: Table, console: Console) -> None:
    """Print a table, at the width it needs where output is no terminal."""
    if not console.is_terminal:
        unlimited = console.options.update(max_width=MAX_WIDTH)
        console.width = max(console.width, Measurement.get(console, unlimited, table).maximum)
    console.print(table)
