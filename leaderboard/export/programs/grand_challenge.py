"""Grand Challenge's evaluation method: reads `/input/predictions.json`, writes `/output/metrics.json`.

`predictions.json` lists the algorithm's jobs; an output lies at `/input/<pk>/output/<relative_path>`, where
the relative path is its socket's (older files: its interface's). Here each job's output `predictions` is a
ZIP file in the challenge's own prediction format, for the images that the job was given. The references are
the ground truth of the phase, unpacked at `/opt/ml/input/data/ground_truth`. Source:
grand-challenge.org/documentation, "Runtime environment" and the evaluation method of a phase's starter kit.
"""

import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from evaluation.contract.errors import BenchError, SubmissionError
from evaluation.contract.result import Result
from evaluation.files.atomic import write_atomically
from evaluation.files.json_text import dump_json, parse_json
from evaluation.files.untrusted import is_safe_relative
from leaderboard.export.programs.job import list_scores, score_folder
from leaderboard.export.programs.merging import PredictionFolder

INPUT = Path("/input")
OUTPUT = Path("/output")
GROUND_TRUTH = Path("/opt/ml/input/data/ground_truth")
SLUG = "predictions"
"""The output socket's slug."""


def run(input_dir: Path, output_dir: Path, ground_truth: Path) -> None:
    """Score all jobs of one submission together.

    Raises:
        BenchError: `predictions.json` or an output cannot be used, or nothing can be scored.
        OSError: the output cannot be written.
    """
    jobs = read_jobs(input_dir / "predictions.json")
    with tempfile.TemporaryDirectory() as folder:
        merged = PredictionFolder(Path(folder))
        for job in jobs:
            file = find_output(input_dir, job)
            if file is not None:
                merged.add_zip(file, job=str(job["pk"]))
        result = score_folder(ground_truth, Path(folder))
    write_atomically(output_dir / "metrics.json", dump_json(make_metrics(result, jobs), indent=1))


def read_jobs(file: Path) -> list[dict[str, Any]]:
    """Read the list of jobs.

    Raises:
        SubmissionError: absent, or no list of objects that each name their `pk` once.
    """
    try:
        jobs = parse_json(file.read_bytes()).value
    except (OSError, ValueError) as error:
        raise SubmissionError(f"{file}: cannot be read ({error})") from error
    if not isinstance(jobs, list) or not all(isinstance(job, dict) and job.get("pk") for job in jobs):
        raise SubmissionError(f"{file}: expected a list of jobs that each name their pk")
    names = [str(job["pk"]) for job in jobs]
    if len(set(names)) < len(names) or not all(is_safe_relative(name) and "/" not in name for name in names):
        raise SubmissionError(f"{file}: expected every job to have its own pk")
    return jobs


def find_output(input_dir: Path, job: dict[str, Any]) -> Path | None:
    """Return where a job's predictions lie; None for a job that did not succeed: its images have none.

    Raises:
        SubmissionError: a job that succeeded has no such output.
    """
    if job.get("status", "Succeeded") != "Succeeded":
        return None
    for value in job.get("outputs") or ():
        # Grand Challenge renamed interfaces to sockets.
        socket = value.get("socket") or value.get("interface") or {} if isinstance(value, dict) else {}
        path = str(socket.get("relative_path", ""))
        if socket.get("slug") == SLUG and is_safe_relative(path):
            file = input_dir / str(job["pk"]) / "output" / path
            if file.is_file():
                return file
    raise SubmissionError(f"job {job['pk']}: no output `{SLUG}`; write one ZIP file of predictions")


def make_metrics(result: Result, jobs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what `metrics.json` holds; a leaderboard reads `aggregates.<score>`."""
    return {
        "aggregates": list_scores(result),
        "intervals": {
            name: [score.interval.low, score.interval.high]
            for name, score in result.summary.items()
            if score.interval is not None
        },
        "results": [task.model_dump(mode="json") for task in result.tasks],
        "n_jobs": len(jobs),
        "runtime_s": sum_runtimes(jobs),
        "protocol": result.protocol,
        "mode": result.mode,
        "manifest_sha256": result.manifest_sha256,
        "rules": list(result.rules),
        "problems": [str(problem) for problem in result.problems],
        "provenance": result.provenance.model_dump(mode="json"),
    }


def sum_runtimes(jobs: list[dict[str, Any]]) -> float | None:
    """Return the jobs' seconds from start to completion, summed; None where a job does not tell."""
    total = 0.0
    for job in jobs:
        try:
            started = datetime.fromisoformat(str(job["started_at"]))
            total += (datetime.fromisoformat(str(job["completed_at"])) - started).total_seconds()
        except (KeyError, ValueError, TypeError):
            return None
    return total


def main() -> int:
    """Run in the platform's folders; the last line on stderr is what reaches the participant."""
    try:
        run(INPUT, OUTPUT, GROUND_TRUTH)
    except BenchError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
