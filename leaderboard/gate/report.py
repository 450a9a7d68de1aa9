"""The gate's verdict as a table, as GitHub-flavoured Markdown and as JSON, all from the same cells.

Promises: foreign text (task names, hosts) drives neither a terminal nor a page.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from evaluation.contract.errors import ConfigurationError
from evaluation.files.atomic import write_atomically
from leaderboard.cells import NULL, escape_markdown
from leaderboard.gate.bench import BenchComparison
from leaderboard.gate.comparison import FAILING, LEVEL, ScoreRow, Verdict
from leaderboard.gate.cost import CostComparison, CostRow


@dataclass(frozen=True)
class GateTable:
    """One table of the report."""

    title: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    failed: tuple[bool, ...]
    """By row."""
    n_left: int
    """So many leading columns are text."""


@dataclass(frozen=True)
class GateReport:
    """A verdict and what it rests on."""

    passes: bool
    headline: str
    tables: tuple[GateTable, ...]
    notes: tuple[str, ...]
    record: dict[str, object]
    """The same numbers, for JSON."""


SCORE_HEADERS = (
    "Task",
    "Metric",
    "Baseline",
    "Candidate",
    "Worse by",
    "95 % interval",
    "Allowed",
    "p",
    "Verdict",
)
COST_HEADERS = ("Cost", "Baseline", "Candidate", "Growth", "Allowed", "Verdict")
RATIO_HEADERS = ("Speed", "On", "Baseline", "Candidate", "Slower by", "Allowed", "Verdict")
HOW = (
    "Worse by: above 0 is worse (distances in pixels count upwards); its interval is the paired bootstrap's "
    "over cases, or patients where they are known.",
    "Allowed: --max-drop; of a distance that share of the baseline's value.",
    "p: larger of paired bootstrap and paired swap test, Holm-adjusted over all scores; a score fails when "
    f"it is worse than allowed and p <= {LEVEL:g}. Scores within what is allowed are not tested.",
)


def report_scores(rows: Sequence[ScoreRow], cost: CostComparison, *, names: tuple[str, str]) -> GateReport:
    """Report a comparison of two results, named in order."""
    score_table = GateTable(
        title="Scores",
        headers=SCORE_HEADERS,
        rows=tuple(_score_cells(row) for row in rows),
        failed=tuple(row.verdict in FAILING for row in rows),
        n_left=2,
    )
    tables = (score_table, *_cost_tables("Time and memory", cost.rows))
    notes = HOW if cost.skipped is None else (*HOW, f"Time and memory were not compared: {cost.skipped}.")
    record: dict[str, object] = {
        "scores": [asdict(row) for row in rows],
        "costs": [asdict(row) | {"fails": row.fails} for row in cost.rows],
        "costs_skipped": cost.skipped,
    }
    return _conclude(f"{names[1]} against {names[0]}", tables, notes, record, _count_verdicts(rows))


def report_bench(comparison: BenchComparison) -> GateReport:
    """Report a comparison of two reports of the bench."""
    ratios = comparison.ratios
    table = GateTable(
        title="Speed ratios",
        headers=RATIO_HEADERS,
        rows=tuple(
            (
                *(row.name, row.group, _number(row.baseline), _number(row.candidate)),
                *(_number(row.slowdown), _number(row.allowed)),
                "FAIL: promise broken" if row.breaks_promise else _verdict(row.fails),
            )
            for row in ratios
        ),
        failed=tuple(row.fails for row in ratios),
        n_left=2,
    )
    tables = (table, *_cost_tables("Figures", comparison.figures))
    skipped = comparison.skipped
    notes = () if skipped is None else (f"Absolute figures were not compared: {skipped}.",)
    record: dict[str, object] = {
        "ratios": [asdict(row) | {"fails": row.fails} for row in ratios],
        "figures": [asdict(row) | {"fails": row.fails} for row in comparison.figures],
        "figures_skipped": skipped,
    }
    return _conclude("Speed", tables, notes, record, f"{len(ratios)} ratios compared")


def render_markdown(report: GateReport) -> str:
    """Render as GitHub-flavoured Markdown: what fails at the top, every row folded below."""
    lines = [f"### Gate {'passed' if report.passes else 'FAILED'}", "", escape_markdown(report.headline), ""]
    for table in report.tables:
        failing = [row for row, failed in zip(table.rows, table.failed, strict=True) if failed]
        if failing:
            lines += [
                f"**{table.title}: failing**",
                "",
                *_markdown_rows(table.headers, failing, table.n_left),
                "",
            ]
        lines += [f"<details><summary>{table.title}: all {len(table.rows)}</summary>", ""]
        lines += [*_markdown_rows(table.headers, table.rows, table.n_left), "", "</details>", ""]
    lines += [f"- {escape_markdown(note)}" for note in report.notes]
    return "\n".join(lines).rstrip() + "\n"


def render_json(report: GateReport) -> str:
    """Render as JSON."""
    content = {"passes": report.passes, "headline": report.headline, "notes": report.notes, **report.record}
    return json.dumps(content, allow_nan=False, indent=1)


def write_markdown(report: GateReport, file: Path, *, append: bool = False) -> None:
    """Write the Markdown; `append` adds it to what is there, as a job summary wants.

    Raises:
        ConfigurationError: the file cannot be written.
    """
    try:
        before = file.read_bytes() if append and file.exists() else b""
        write_atomically(file, before + render_markdown(report).encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise ConfigurationError(
            f"{file}: cannot be written ({error.strerror}); name another file."
        ) from error


def _conclude(
    what: str, tables: tuple[GateTable, ...], notes: tuple[str, ...], record: dict[str, object], tally: str
) -> GateReport:
    n_failed = sum(sum(table.failed) for table in tables)
    verdict = f"{n_failed} fail" if n_failed else "nothing fails"
    return GateReport(
        passes=n_failed == 0,
        headline=f"{what}: {verdict}; {tally}.",
        tables=tables,
        notes=notes,
        record=record,
    )


def _count_verdicts(rows: Sequence[ScoreRow]) -> str:
    counts = {verdict: sum(row.verdict is verdict for row in rows) for verdict in Verdict}
    return f"{len(rows)} scores: " + ", ".join(f"{n} {verdict}" for verdict, n in counts.items() if n)


def _score_cells(row: ScoreRow) -> tuple[str, ...]:
    decimals = 2 if row.metric.endswith("_px") else 4
    interval = NULL
    if row.interval is not None:
        interval = f"{row.interval.low:+.{decimals}f} to {row.interval.high:+.{decimals}f}"
    return (
        *(row.task_id, row.metric),
        *(_fixed(row.baseline, decimals), _fixed(row.candidate, decimals)),
        *(_fixed(row.drop, decimals, sign="+"), interval, _fixed(row.allowed, decimals)),
        *(_fixed(row.p_adjusted, 4), str(row.verdict)),
    )


def _cost_tables(title: str, rows: Sequence[CostRow]) -> tuple[GateTable, ...]:
    if not rows:
        return ()
    cells = tuple(
        (
            *(row.name, _number(row.baseline), _number(row.candidate)),
            *(_number(row.growth), _number(row.allowed), _verdict(row.fails)),
        )
        for row in rows
    )
    return (GateTable(title, COST_HEADERS, cells, tuple(row.fails for row in rows), n_left=1),)


def _markdown_rows(headers: Sequence[str], rows: Sequence[Sequence[str]], n_left: int) -> list[str]:
    rule = ["---" if i < n_left else "---:" for i in range(len(headers))]
    cells = [[escape_markdown(cell) for cell in row] for row in (headers, *rows)]
    lines = [f"| {' | '.join(row)} |" for row in cells]
    return [lines[0], f"| {' | '.join(rule)} |", *lines[1:]]


def _verdict(fails: bool) -> str:
    return "FAIL" if fails else "ok"


def _fixed(value: float | None, decimals: int, *, sign: str = "") -> str:
    return NULL if value is None else f"{value:{sign}.{decimals}f}"


def _number(value: float | None) -> str:
    return NULL if value is None else f"{value:.4g}"
