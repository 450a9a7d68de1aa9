"""Rankings, placements and published tables on a terminal.

Promises: as `leaderboard.terminal`.
"""

from rich.console import Console
from rich.text import Text

from leaderboard.analysis import Analysis
from leaderboard.analysis_pages import HEADERS, describe_stability, list_lines, print_span
from leaderboard.cells import clean_text
from leaderboard.place import Place, Placement
from leaderboard.published.catalogue import PublishedTable
from leaderboard.terminal import make_table, print_table


def print_analysis(analysis: Analysis, console: Console) -> None:
    """Print a ranking, then how stable it is, its notes and its rules."""
    title = f"{analysis.scheme.name}: {analysis.protocol}, {analysis.mode} mode"
    table = make_table(title, list(HEADERS), left=1)
    for line in list_lines(analysis):
        table.add_row(*(Text(clean_text(cell)) for cell in line))
    print_table(table, console)
    for heading, sentences in (
        ("Stability", describe_stability(analysis)),
        ("Notes", analysis.notes),
        ("Rules", analysis.rules),
    ):
        _print_sentences(heading, sentences, console)


def print_placement(placement: Placement, console: Console) -> None:
    """Print where a system would have stood, and what keeps the comparison from being one."""
    for place in (placement.final, placement.perf):
        if place is not None:
            line = f"{clean_text(placement.submission)}: {_describe_place(place, placement.level)}"
            console.print(Text(line), soft_wrap=True)
    _print_sentences("Read with", placement.notes, console)


def print_published(table: PublishedTable, console: Console) -> None:
    """Print a published table with its source, unit and flags."""
    printed = make_table(table.title, list(table.headers), left=0)
    for row in table.rows:
        printed.add_row(*(Text(cell) for cell in row))
    print_table(printed, console)
    console.print(Text(f"Source: {table.source}. Unit: {table.unit}."), soft_wrap=True)
    _print_sentences("Flags", table.flags, console)


def _describe_place(place: Place, level: float | None) -> str:
    text = f"{place.what} {place.value:.4f}, place {place.rank} of 16"
    if place.best_rank is not None and place.worst_rank is not None and level is not None:
        span = print_span(place.best_rank, place.worst_rank)
        text += f" ({100 * level:g} % interval {place.low:.4f} to {place.high:.4f}, place {span})"
    where = [f"below {place.above}"] if place.above else []
    where += [f"above {place.below}"] if place.below else []
    return f"{text}; {', '.join(where)}."


def _print_sentences(heading: str, sentences: tuple[str, ...], console: Console) -> None:
    if sentences:
        console.print(Text(heading, style="bold"))
    for sentence in sentences:
        console.print(Text(f"- {clean_text(sentence)}"), soft_wrap=True)
