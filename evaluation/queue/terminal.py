"""What the terminal shows of a queue: a live table, or a line as each submission ends."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.live import Live
from rich.markup import escape
from rich.table import Table

from evaluation.queue.board import Row, State
from evaluation.terminal import console, printable

_COLOURS = {State.RUNNING: "cyan", State.SCORING: "cyan", State.DONE: "green", State.FAILED: "red"}
_SHOWN_METRICS = 3


@contextmanager
def live_table() -> Iterator[Callable[[Sequence[Row]], None]]:
    """Give a function that shows the rows; off a terminal it prints a line as each one ends."""
    if not console.is_terminal:
        yield _LinePrinter()
        return
    with Live(console=console, auto_refresh=False) as live:
        yield lambda rows: live.update(make_table(rows), refresh=True)


class _LinePrinter:
    def __init__(self) -> None:
        self._shown: set[str] = set()

    def __call__(self, rows: Sequence[Row]) -> None:
        for row in rows:
            if row.state in (State.DONE, State.FAILED) and row.name not in self._shown:
                self._shown.add(row.name)
                text = f"{row.name}: {row.state}, {_outcome(row)} {_scores(row)}"
                console.print(printable(text).rstrip(), markup=False, soft_wrap=True)


def make_table(rows: Sequence[Row]) -> Table:
    """Return one line a submission."""
    n_ended = sum(row.state in (State.DONE, State.FAILED) for row in rows)
    table = Table(title=f"{n_ended} of {len(rows)} ended")
    for column in ("submission", "state", "outcome", "time", "scores", "tried again"):
        table.add_column(column, overflow="fold")
    for row in rows:
        colour = _COLOURS.get(row.state, "dim")
        table.add_row(
            escape(row.name),
            f"[{colour}]{row.state}[/{colour}]",
            escape(printable(_outcome(row))),
            f"{row.run.runtime_s:.1f} s" if row.run else "",
            escape(_scores(row)),
            str(len(row.faults)) if row.faults else "",
        )
    return table


def _outcome(row: Row) -> str:
    if row.run is None or row.words:
        return row.words
    return row.run.outcome + (" (lay there)" if row.run.is_resumed else "")


def _scores(row: Row) -> str:
    if row.score is None:
        return ""
    shown = list(row.score.summary.items())[:_SHOWN_METRICS]
    return ", ".join(f"{name} {'—' if value is None else f'{value:.4f}'}" for name, value in shown)
