"""``python -m evaluation queue``."""

import math
import shlex
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from evaluation.contract.errors import ConfigurationError
from evaluation.cores import usable_cores
from evaluation.files.atomic import write_atomically
from evaluation.queue.board import QueueReport, Row, State, describe_row
from evaluation.queue.plan import BOARD, QUEUE_FILE, QueuePlan, read_plan
from evaluation.runner.folder import RESULT_FILE
from evaluation.terminal import console


def queue(
    submissions: Annotated[Path, typer.Argument(help="The YAML file that lists them.")],
    out: Annotated[Path, typer.Option(help="One folder a submission goes below it.")],
    scheduler: Annotated[
        str, typer.Option(help="local, tcp://HOST:PORT, or a YAML file with SLURMCluster's arguments.")
    ] = "local",
    slots: Annotated[
        int | None, typer.Option(min=1, help="local: submissions at a time; default one a GPU or by cores.")
    ] = None,
    retries: Annotated[int, typer.Option(min=0, help="Tries more after an infrastructure fault.")] = 2,
    as_json: Annotated[bool, typer.Option("--json", help="Print queue.json.")] = False,
) -> None:
    """Run and score many submissions; start it again to go on after whatever stopped it.

    Exit status 0: each submission ended by its own doing; 3: the infrastructure failed one too often or one
    cannot be run as asked.

    Examples:
    `python -m evaluation queue submissions.yaml --out runs/round1`

    `python -m evaluation queue submissions.yaml --out runs/round1 --scheduler tcp://10.0.0.5:8786`
    """
    plan = read_plan(submissions)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"{out}: cannot be a folder for the runs ({error.strerror})") from error
    rows = _work(plan, out.resolve(), scheduler, slots, retries)
    report = QueueReport(
        created_utc=datetime.now(UTC).isoformat(timespec="seconds"),
        entries=tuple(describe_row(row, _find_result(row, out.resolve())) for row in rows),
    )
    text = report.model_dump_json(indent=1) + "\n"
    write_atomically(out / QUEUE_FILE, text.encode())
    if as_json:
        sys.stdout.write(text)
    else:
        _show_next(report, out)
    raise typer.Exit(3 if any(row.state is State.FAILED for row in rows) else 0)


def _work(plan: QueuePlan, out: Path, scheduler: str, slots: int | None, retries: int) -> Sequence[Row]:
    # Loading Dask takes a second: other commands do without.
    from evaluation.queue.cluster import open_cluster
    from evaluation.queue.dispatch import Queue
    from evaluation.queue.terminal import live_table

    cpus = max(entry.make_run_options().limits.cpus for entry in plan.submissions)
    if slots is not None and slots > max(1, usable_cores() // math.ceil(cpus)):
        text = f"{slots} slots of {cpus:g} core(s) share this host's {usable_cores()}"
        typer.echo(f"warning: {text}: their times disturb each other", err=True)
    with open_cluster(scheduler, n_slots=slots, cpus=cpus) as cluster, live_table() as show:
        work = Queue(plan, out, cluster, n_retries=retries)
        work.run(show)
    return work.rows


def _find_result(row: Row, out: Path) -> str | None:
    file = row.out / RESULT_FILE
    return file.relative_to(out).as_posix() if row.score is not None and file.is_file() else None


def _show_next(report: QueueReport, out: Path) -> None:
    files = [str(out / entry.result) for entry in report.entries if entry.result]
    console.print(f"wrote {out / QUEUE_FILE}", soft_wrap=True)
    if files:
        words = ["python", "-m", "leaderboard", "build", *files, "--out", str(out / BOARD)]
        console.print(f"rank them: {shlex.join(words)}", soft_wrap=True, markup=False, highlight=False)
