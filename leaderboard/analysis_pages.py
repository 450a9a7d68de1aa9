"""An analysis as Markdown: the ranking with its uncertainty, the what-ifs, the rules; schemes side by side.

Promises: foreign text is escaped; null is a dash.
"""

from collections.abc import Sequence

from leaderboard.analysis import Analysis
from leaderboard.cells import NULL, escape_markdown, format_number
from leaderboard.sensitivity import LeftOut
from leaderboard.uncertainty import Range

HEADERS = ("Rank", "Submission", "Score", "Tier", "Rank set", "Rank interval", "First in", "Mean rank")


def list_lines(analysis: Analysis) -> list[list[str]]:
    """Print a ranking's cells, in the order of `HEADERS`; foreign text is not yet escaped."""
    sure = {team.name: team for team in analysis.uncertainty.teams}
    lines = []
    for standing in analysis.standings:
        team = sure.get(standing.name)
        if team is None:
            lines.append([NULL, standing.name, *[NULL] * (len(HEADERS) - 2)])
            continue
        lines.append(
            [
                str(standing.rank),
                standing.name,
                format_number(_show_score(analysis, standing.score), 4),
                str(team.tier),
                print_span(team.best_rank, team.worst_rank),
                print_span(round(team.rank_range.low), round(team.rank_range.high)),
                f"{100 * team.first_share:.1f} %",
                f"{team.mean_rank:.1f}",
            ]
        )
    return lines


def describe_stability(analysis: Analysis) -> tuple[str, ...]:
    """Say in sentences how stable the order is."""
    found = analysis.uncertainty
    sentences = []
    if found.tau_median is not None and found.tau_range is not None:
        sentences.append(
            f"Kendall's tau of a resample's order with this one: median {found.tau_median:.3f}, "
            f"{100 * found.level:g} % of them {_print_range(found.tau_range)}."
        )
    sentences += _describe_left_out("team", analysis.without_team)
    sentences += _describe_left_out("task", analysis.without_task)
    return tuple(sentences)


def render_analysis(analysis: Analysis) -> str:
    """Write an analysis as a Markdown page."""
    title = f"# Ranking by {analysis.scheme.name}: {analysis.protocol}, {analysis.mode} mode"
    sections = [
        [title, "", *_table(HEADERS, list_lines(analysis))],
        ["## Stability", "", *_items(describe_stability(analysis))],
        ["## Notes", "", *_items(analysis.notes or ("None.",))],
        ["## Rules", "", *_items(analysis.rules)],
    ]
    return "\n\n".join("\n".join(section) for section in sections) + "\n"


def render_comparison(analyses: Sequence[Analysis]) -> str:
    """Write the ranks of several schemes side by side, in the order of the first."""
    names = [standing.name for standing in analyses[0].standings]
    ranks = [{line.name: line.rank for line in one.standings} for one in analyses]
    rows = [
        [name, *(NULL if of_scheme[name] is None else str(of_scheme[name]) for of_scheme in ranks)]
        for name in names
    ]
    headers = ["Submission", *(one.scheme.name for one in analyses)]
    return "\n".join(["# Ranks by scheme", "", *_table(headers, rows)]) + "\n"


def print_span(low: int, high: int) -> str:
    """Print a range of ranks as `2-5`, or `2` where it holds one."""
    return str(low) if low == high else f"{low}-{high}"


def _show_score(analysis: Analysis, score: float | None) -> float | None:
    """A mean rank is kept as a negative number, so that higher is better, and shown as what it is."""
    return -score if score is not None and analysis.scheme.by_rank else score


def _print_range(values: Range) -> str:
    return f"from {values.low:.3f} to {values.high:.3f}"


def _describe_left_out(what: str, left_out: Sequence[LeftOut]) -> list[str]:
    moved = [one for one in left_out if one.tau is not None and one.tau < 1 - 1e-12]
    if not left_out:
        return []
    if not moved:
        return [f"Leaving out any one {what} changes the order of no two others."]
    named = ", ".join(f"{one.name} (tau {one.tau:.3f})" for one in moved)
    return [f"The order of the others changes without the {what} {named}."]


def _table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    align = [":---" if header == "Submission" else "---:" for header in headers]
    lines = [[escape_markdown(cell) for cell in row] for row in (headers, *rows)]
    return [_join(lines[0]), _join(align), *map(_join, lines[1:])]


def _join(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _items(sentences: Sequence[str]) -> list[str]:
    return [f"- {escape_markdown(sentence)}" for sentence in sentences]
