"""What the terminal shows: tables of scores and problems, progress bars."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from evaluation.contract.problem import Problem
from evaluation.contract.result import Result, Score
from evaluation.scoring import Progress as ReportProgress
from evaluation.tolerance import ToleranceReport

console = Console()
errors = Console(stderr=True)

_SHOWN_PROBLEMS = 50
_SHOWN_NOTES = 10


def show_result(result: Result) -> None:
    """Print a result: one line a task, an organ or centre, and the summary."""
    title = f"{printable(result.submission)}: {result.protocol}, {result.mode}"
    table = Table(title=escape(title), caption=_caption(result))
    for column, justify in (("what", "left"), ("cases", "right"), ("failed", "right"), ("scores", "left")):
        table.add_column(column, justify=justify, overflow="fold")  # type: ignore[arg-type] # literals
    for task in result.tasks:
        scores = _scores({k: v for k, v in task.scores.items() if "_class_" not in k})
        table.add_row(escape(task.task_id), str(task.n_cases), str(task.n_failed), scores)
    table.add_section()
    for group in result.groups:
        table.add_row(escape(f"{group.kind}: {group.name}"), "", "", _scores(group.scores))
    table.add_section()
    for name, score in result.summary.items():
        table.add_row(f"[bold]{name}[/bold]", "", "", show_score(score))
    show_table(table)
    for note in result.notes[:_SHOWN_NOTES]:
        console.print(f"note: {escape(printable(note))}", soft_wrap=True)
    if len(result.notes) > _SHOWN_NOTES:
        console.print(f"… and {len(result.notes) - _SHOWN_NOTES} more notes in result.json")


def show_table(table: Table) -> None:
    """Print a table; off a terminal rich assumes 80 columns, which would fold every one of ours in a log."""
    if not console.is_terminal:
        console.width = 120
    console.print(table)


def _caption(result: Result) -> str:
    text = f"{result.n_cases} cases, {result.n_failed} failed, {result.n_problems} problem(s)"
    if result.bootstrap is not None:
        text += (
            f"; 95 % {result.bootstrap.method} intervals from {result.bootstrap.n_resamples} resamples"
            f" of {result.bootstrap.unit}s, seed {result.bootstrap.seed}"
        )
    return text


def _scores(scores: dict[str, Score]) -> str:
    return "\n".join(f"{name} {show_score(score)}" for name, score in scores.items())


def show_score(score: Score) -> str:
    """Return a score as text: value and interval, or the reason why there is none."""
    if score.value is None:
        return f"— ({escape(str(score.reason))})"
    text = f"{score.value:.4f}"
    if score.interval is not None:
        text += f" [dim]\\[{score.interval.low:.4f}, {score.interval.high:.4f}][/dim]"
    return f"{text} ({escape(score.reason)})" if score.reason else text


def show_tolerance(report: ToleranceReport) -> None:
    """Print NSD by organ and tolerance."""
    table = Table(title=escape(f"{printable(report.submission)}: NSD by tolerance"))
    table.add_column("organ")
    for tolerance in report.tolerances_px:
        table.add_column(f"{tolerance:g} px", justify="right")
    for organ in report.organs:
        values = ["-" if score.value is None else f"{score.value:.3f}" for score in organ.nsd]
        table.add_row(escape(printable(organ.organ)), *values)
    show_table(table)


def show_problems(problems: Sequence[Problem], n_problems: int | None = None) -> None:
    """Print problems, errors first, the first fifty in full."""
    ordered = sorted(problems, key=lambda problem: problem.severity)
    for problem in ordered[:_SHOWN_PROBLEMS]:
        console.print(escape(printable(str(problem))), soft_wrap=True)
    left = (len(problems) if n_problems is None else n_problems) - min(len(ordered), _SHOWN_PROBLEMS)
    if left > 0:
        console.print(f"… and {left} more; --json or result.json lists them")


def printable(text: str) -> str:
    """Replace what could drive a terminal: a submission chooses some of the names we print."""
    return "".join(c if c.isprintable() else "�" for c in text)


@contextmanager
def progress_bar() -> Iterator[ReportProgress]:
    """Give a progress function; silent when the error stream is not a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as bar:
        rows: dict[str, int] = {}

        def report(what: Literal["masks", "resamples"], done: int, total: int) -> None:
            if what not in rows:
                rows[what] = int(bar.add_task(what, total=total))
            bar.update(bar.task_ids[rows[what]], completed=done)

        yield report
