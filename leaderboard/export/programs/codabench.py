"""Codabench's scoring program: `python3 -m leaderboard.export.programs.codabench INPUT OUTPUT`.

Reads the references in INPUT/ref and the submission in INPUT/res; writes `scores.json`,
`detailed_results.html` and `result.json` to OUTPUT. Source: docs.codabench.org, "Competition Bundle
Structure", and the platform's `compute_worker.py` (github.com/codalab/codabench), which mounts them below
/app and reads the files back.
"""

import html
import sys
from pathlib import Path

from evaluation.contract.errors import BenchError
from evaluation.contract.result import Result, Score
from evaluation.files.atomic import write_atomically
from evaluation.files.json_text import dump_json
from leaderboard.export.programs.job import list_scores, score_folder

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Detailed results</title>
<style>body{{font-family:sans-serif}}td,th{{padding:.2em .7em;text-align:left}}</style></head><body>
<h1>Detailed results</h1><p>{headline}</p>
<table><thead><tr><th>Task</th><th>Cases</th><th>Failed</th><th>Scores, 95 % interval</th></tr></thead><tbody>
{rows}
</tbody></table><h2>Problems</h2><ul>{problems}</ul><h2>Rules</h2><ul>{rules}</ul></body></html>
"""
_LISTED_PROBLEMS = 200


def run(input_dir: Path, output_dir: Path) -> None:
    """Score one submission and write what the platform reads.

    Raises:
        BenchError: nothing can be scored.
        OSError: the output cannot be written.
    """
    result = score_folder(input_dir / "ref", input_dir / "res")
    write_atomically(output_dir / "detailed_results.html", render_page(result).encode("utf-8", "replace"))
    write_atomically(output_dir / "result.json", dump_json(result.model_dump(mode="json"), indent=1))
    write_atomically(output_dir / "scores.json", dump_json(list_scores(result)))


def render_page(result: Result) -> str:
    """Render a submission's scores; all foreign text is escaped."""
    rows = [_row(task.task_id, task.n_cases, task.n_failed, task.scores) for task in result.tasks]
    rows.append(_row("all tasks", result.n_cases, result.n_failed, result.summary))
    return _PAGE.format(
        headline=html.escape(f"{result.protocol}, {result.mode} mode, {result.n_cases} cases"),
        rows="\n".join(rows),
        problems=_list_items([str(problem) for problem in result.problems[:_LISTED_PROBLEMS]] or ["none"]),
        rules=_list_items(list(result.rules)),
    )


def _row(name: str, n_cases: int, n_failed: int, scores: dict[str, Score]) -> str:
    lines = "<br>".join(html.escape(f"{metric} {_show(score)}") for metric, score in scores.items())
    return f"<tr><td>{html.escape(name)}</td><td>{n_cases}</td><td>{n_failed}</td><td>{lines}</td></tr>"


def _show(score: Score) -> str:
    if score.value is None:
        return f"undefined ({score.reason})"
    if score.interval is None:
        return f"{score.value:.4f}"
    return f"{score.value:.4f} [{score.interval.low:.4f}, {score.interval.high:.4f}]"


def _list_items(sentences: list[str]) -> str:
    return "".join(f"<li>{html.escape(sentence)}</li>" for sentence in sentences)


def main() -> int:
    """Run with the command line's two folders; return the exit status."""
    if len(sys.argv) != 3:
        sys.stderr.write("usage: python3 -m leaderboard.export.programs.codabench INPUT OUTPUT\n")
        return 2
    try:
        run(Path(sys.argv[1]), Path(sys.argv[2]))
    except BenchError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
