"""A board as Markdown, CSV and JSON, and its writing to disk.

Promises: a file is either the old one or the whole new one; JSON never holds NaN; null is a dash in Markdown
and an empty cell in CSV.
"""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evaluation.contract.result import Bootstrap
from evaluation.files.atomic import write_atomically
from leaderboard.board import Board, Entry
from leaderboard.cells import (
    NULL,
    escape_markdown,
    format_gib,
    format_number,
    format_score,
    guard_formula,
)
from leaderboard.metric import Metric, split_metrics
from leaderboard.staging import refuse_folder


def list_headers(protocol: str) -> list[str]:
    """Name the printed columns of a board of this protocol."""
    before, after = ([metric.label for metric in part] for part in split_metrics(protocol))
    shared = ["Rank", "Submission", "Final", "Perf"]
    cost = ["Eff", "Time (s)", "Peak GPU (GiB)"]
    return [*shared, *before, *cost, *after, "Failed"]


def list_cells(entry: Entry) -> list[str]:
    """Print one entry's cells, in the order of `list_headers`; foreign text is not yet escaped."""
    result, run = entry.result, entry.result.run
    before, after = (
        [format_score(result.summary[metric.key], metric) for metric in part]
        for part in split_metrics(result.protocol)
    )
    shared = [
        NULL if entry.rank is None else str(entry.rank),
        result.submission,
        format_number(entry.final, 4),
        format_number(entry.perf, 4),
    ]
    cost = [
        format_number(entry.eff, 4),
        format_number(run.runtime_s if run else None, 2),
        format_gib(run.peak_gpu_mib if run else None),
    ]
    failed = f"{result.n_failed} of {result.n_cases}"
    return [*shared, *before, *cost, *after, failed]


def render_markdown(board: Board) -> str:
    """Write a board as a Markdown page: table, notes, rules, and what the numbers rest on."""
    rows = [list_headers(board.protocol), *(list_cells(entry) for entry in board.entries)]
    lines = [_join_row([escape_markdown(cell) for cell in row]) for row in rows]
    align = ["---:" if i != 1 else ":---" for i in range(len(rows[0]))]
    table = [lines[0], _join_row(align), *lines[1:]]
    provenance = [
        f"Protocol: {board.protocol}",
        f"Mode: {board.mode}",
        f"Manifest sha256: {board.manifest_sha256}",
        f"Reference sha256: {board.reference_sha256}",
        *describe_bootstraps(board),
    ]
    sections = [
        [f"# Leaderboard: {escape_markdown(board.protocol)}, {board.mode} mode", "", *table],
        ["## Notes", "", *_list_items(board.notes or ("None.",))],
        ["## Rules", "", *_list_items(board.rules)],
        ["## Basis", "", *_list_items(provenance)],
    ]
    return "\n\n".join("\n".join(section) for section in sections) + "\n"


def render_csv(board: Board) -> str:
    """Write a board as CSV for machines: one row an entry, unrounded numbers, empty cells for null.

    Intervals are in `_lo` and `_hi` columns, as in the published tables; `peak_gpu_gb` is GiB, unrounded.
    """
    text = io.StringIO()
    rows = [_list_values(entry) for entry in board.entries]
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def render_json(board: Board) -> str:
    """Write a board as JSON: entries in board order, notes, rules and what the numbers rest on."""
    return json.dumps(
        {
            "protocol": board.protocol,
            "mode": board.mode,
            "manifest_sha256": board.manifest_sha256,
            "reference_sha256": board.reference_sha256,
            "entries": [_describe_entry(entry) for entry in board.entries],
            "notes": board.notes,
            "rules": board.rules,
            "bootstrap": [
                {"setting": setting.model_dump(mode="json") if setting else None, "submissions": names}
                for setting, names in board.bootstraps
            ],
        },
        allow_nan=False,
        indent=2,
    )


def write_board(board: Board, folder: Path) -> tuple[Path, Path]:
    """Write `leaderboard.md` and `leaderboard.csv`, making the folder when it is absent.

    Returns:
        The two paths.

    Raises:
        ConfigurationError: the folder or a file in it cannot be written.
    """
    pages = {"leaderboard.md": render_markdown(board), "leaderboard.csv": render_csv(board)}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in pages.items():
            write_atomically(folder / name, text.encode())
    except OSError as error:
        raise refuse_folder(folder, error) from error
    return folder / "leaderboard.md", folder / "leaderboard.csv"


def describe_bootstraps(board: Board) -> list[str]:
    """Say how the intervals were made, and for whom where settings differ."""
    if len(board.bootstraps) == 1:
        return [f"Intervals: {_describe_bootstrap(board.bootstraps[0][0])}"]
    return [
        f"Intervals of {', '.join(names)}: {_describe_bootstrap(setting)}"
        for setting, names in board.bootstraps
    ]


def _describe_bootstrap(setting: Bootstrap | None) -> str:
    if setting is None:
        return "none"
    return (
        f"{setting.method} bootstrap, {setting.n_resamples} resamples by {setting.unit}, seed {setting.seed}"
    )


def _describe_entry(entry: Entry) -> dict[str, Any]:
    return {
        "rank": entry.rank,
        "submission": entry.result.submission,
        "final": entry.final,
        "perf": entry.perf,
        "p": entry.p,
        "eff": entry.eff,
        "unranked_reason": entry.unranked_reason,
        "run": entry.result.run.model_dump(mode="json") if entry.result.run else None,
        "summary": {key: score.model_dump(mode="json") for key, score in entry.result.summary.items()},
        "n_failed": entry.result.n_failed,
        "n_cases": entry.result.n_cases,
    }


def _list_values(entry: Entry) -> dict[str, str | float | None]:
    result, run = entry.result, entry.result.run
    before, after = split_metrics(result.protocol)
    return {
        "rank": entry.rank,
        "submission": guard_formula(result.submission),
        "final": entry.final,
        "perf": entry.perf,
        **_list_scores(entry, before),
        "eff": entry.eff,
        "time_s": run.runtime_s if run else None,
        "peak_gpu_gb": run.peak_gpu_mib / 1024 if run else None,
        **_list_scores(entry, after),
        "n_failed": result.n_failed,
        "n_cases": result.n_cases,
    }


def _list_scores(entry: Entry, metrics: Sequence[Metric]) -> dict[str, float | None]:
    values: dict[str, float | None] = {}
    for metric in metrics:
        score = entry.result.summary[metric.key]
        values[metric.key] = score.value
        if metric.with_interval:
            values[f"{metric.key}_lo"] = score.interval.low if score.interval else None
            values[f"{metric.key}_hi"] = score.interval.high if score.interval else None
    return values


def _join_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _list_items(sentences: Sequence[str]) -> list[str]:
    return [f"- {escape_markdown(sentence)}" for sentence in sentences]
