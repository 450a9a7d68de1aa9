"""The board as LaTeX: UUSIC25's Tables 1 and 2 in their printed form, or FMC_UIA's metrics.

Promises: foreign text is escaped; the file needs nothing but `booktabs`; null is a dash.
"""

from collections.abc import Mapping, Sequence

from evaluation.contract.result import Result, Score
from leaderboard.board import Board, Entry
from leaderboard.cells import clean_text, format_gib, format_number
from leaderboard.generalisation import Gap
from leaderboard.metric import Metric, list_metrics
from leaderboard.ranking import rank_with_missing
from leaderboard.report.methods import NAMES

DASH = "--"
_ESCAPES = {
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    **{character: rf"\{character}" for character in "&%$#_{}"},
}


def escape_latex(text: str) -> str:
    """Clean foreign text and escape what LaTeX would read as a command."""
    return "".join(_ESCAPES.get(character, character) for character in clean_text(text))


def render_latex(board: Board, gaps: Sequence[Gap]) -> str:
    """Write the tables of a board.

    Args:
        board: its entries in order.
        gaps: between centres; those of a subtyping task's AUC from internal to external make Table 2.
    """
    tables = [_write_ranks(board) if board.protocol == "uusic25" else _write_metrics(board)]
    pair = ("internal", "external")
    chosen = [gap for gap in gaps if gap.metric == "auc" and (gap.inside, gap.outside) == pair]
    subtyping = {
        task.task_id
        for entry in board.entries
        for task in entry.result.tasks
        if task.num_classes > 2 and board.protocol == "uusic25"
    }
    table2 = [gap for gap in chosen if gap.task in subtyping]
    if table2:
        tables.append(_write_gaps(board, table2))
    return "% needs \\usepackage{booktabs}\n" + "\n".join(tables)


def _write_ranks(board: Board) -> str:
    """Table 1: ranks, time, memory, mean DSC and AUC with intervals."""
    headers = [
        *("Rank", "Team", "Rank (final)", "Rank (seg)", "Rank (cls)", "Time (s)", "Memory (GB)"),
        *("Mean DSC", "Mean AUC (binary)", "Mean AUC (subtype)"),
    ]
    ranks = {key: _rank(board.entries, key) for key in ("seg", "cls")}
    rows = []
    for place, entry in enumerate(board.entries):
        result, run = entry.result, entry.result.run
        final = DASH if entry.rank is None else str(entry.rank)
        rows.append(
            [
                final,
                escape_latex(result.submission),
                final,
                *(ranks[key][place] for key in ("seg", "cls")),
                _dash(format_number(run.runtime_s if run else None, 2)),
                _dash(format_gib(run.peak_gpu_mib if run else None)),
                *(_score(result.summary[key]) for key in ("mean_dsc", "mean_auc_binary", "mean_auc_subtype")),
            ]
        )
    return _write_table(
        f"{_name(board)}: ranks, cost and mean scores with intervals.", "ranks", headers, rows
    )


def _write_metrics(board: Board) -> str:
    """FMC_UIA: every metric with its interval."""
    metrics = list_metrics(board.protocol)
    headers = ["Rank", "Team", *(escape_latex(metric.label) for metric in metrics), "Time (s)", "Memory (GB)"]
    rows = [
        [
            DASH if entry.rank is None else str(entry.rank),
            escape_latex(entry.result.submission),
            *(_score(entry.result.summary[metric.key], metric) for metric in metrics),
            *_cost(entry.result),
        ]
        for entry in board.entries
    ]
    return _write_table(f"{_name(board)}: metrics with intervals.", "metrics", headers, rows)


def _write_gaps(board: Board, gaps: Sequence[Gap]) -> str:
    """Table 2: internal and external AUC and their gap."""
    by_team: Mapping[str, Gap] = {gap.team: gap for gap in gaps}
    headers = ["Rank", "Team", "AUC (internal)", "AUC (external)", "Gap"]
    rows = []
    for entry in board.entries:
        gap = by_team[clean_text(entry.result.submission)]
        parts = [
            _with_interval(part.value, part.low, part.high, 3)
            for part in (gap.inside_score, gap.outside_score)
        ]
        change = DASH if gap.gap is None else f"${gap.gap:.3f}$"
        rank = DASH if entry.rank is None else str(entry.rank)
        rows.append([rank, escape_latex(entry.result.submission), *parts, change])
    return _write_table(f"{_name(board)}: generalisation of subtyping.", "generalisation", headers, rows)


def _write_table(caption: str, label: str, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    columns = "".join("l" if header == "Team" else "r" for header in headers)
    lines = [" & ".join(row) + r" \\" for row in rows]
    return "\n".join(
        [
            r"\begin{table}",
            rf"\caption{{{caption}}}\label{{tab:{label}}}",
            rf"\begin{{tabular}}{{{columns}}}",
            r"\toprule",
            " & ".join(headers) + r" \\",
            r"\midrule",
            *lines,
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
            "",
        ]
    )


def _rank(entries: Sequence[Entry], key: str) -> list[str]:
    """Rank all entries by one summary score; a dash where it is null."""
    values = [entry.result.summary[key].value for entry in entries]
    ranks = rank_with_missing([float("nan") if v is None else v for v in values], higher_is_better=True)
    return [DASH if v is None else str(int(rank)) for v, rank in zip(values, ranks, strict=True)]


def _score(score: Score, metric: Metric | None = None) -> str:
    decimals = 3 if metric is None else metric.decimals
    interval = score.interval
    low, high = (None, None) if interval is None else (interval.low, interval.high)
    return _with_interval(score.value, low, high, decimals)


def _with_interval(value: float | None, low: float | None, high: float | None, decimals: int) -> str:
    if value is None:
        return DASH
    text = f"{value:.{decimals}f}"
    return text if low is None or high is None else f"{text} ({low:.{decimals}f}--{high:.{decimals}f})"


def _cost(result: Result) -> tuple[str, str]:
    run = result.run
    time = format_number(run.runtime_s if run else None, 2)
    return _dash(time), _dash(format_gib(run.peak_gpu_mib if run else None))


def _dash(text: str) -> str:
    return text.replace("—", DASH)


def _name(board: Board) -> str:
    return f"{escape_latex(NAMES.get(board.protocol, board.protocol))}, {board.mode} mode"
