"""``python -m evaluation rehearse``."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from evaluation.challenge import Protocol
from evaluation.contract.errors import ConfigurationError
from evaluation.cores import usable_cores
from evaluation.rehearsal.limits_file import LIMITS_DIR, Limit, RehearsalLimits, read_limits
from evaluation.rehearsal.rehearse import Rehearsal, Stage
from evaluation.rehearsal.rehearse import rehearse as run_rehearsal
from evaluation.runner.engines import EngineName, choose_engine
from evaluation.runner.submission import choose_submission
from evaluation.terminal import console, errors, printable, show_table

_COLOURS = {"kept": "green", "broken": "red", "unsure": "yellow", "not_tested": "dim"}


def rehearse(
    protocol: Annotated[Protocol, typer.Option(help="The challenge.")],
    image: Annotated[str | None, typer.Option(help="An image; pulled when it is not here.")] = None,
    image_tar: Annotated[
        Path | None, typer.Option(help="What `docker save` wrote, or an Apptainer .sif.")
    ] = None,
    command: Annotated[
        str | None, typer.Option(help="A plain command with {input} {input_json} {output}; not locked in.")
    ] = None,
    engine: Annotated[
        EngineName | None, typer.Option(help="Default: docker, else podman; local for --command.")
    ] = None,
    gpus: Annotated[
        str | None, typer.Option(help="all, none, or indices or UUIDs; default all there are.")
    ] = None,
    calibration: Annotated[
        Path | None, typer.Option(help="The organiser's `calibrate --out` file; this host is measured too.")
    ] = None,
    host_factor: Annotated[
        float | None, typer.Option(min=0.001, help="Or: how many times as long the organiser's host takes.")
    ] = None,
    limits: Annotated[Path | None, typer.Option(help="Another limits file; default the protocol's.")] = None,
    entries: Annotated[int | None, typer.Option(min=1, help="Entries of the full test set.")] = None,
    time_limit: Annotated[
        float | None, typer.Option(min=0.1, help="Seconds for each run on the sample folder.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Keep the runs here; default they are thrown away.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the verdicts as JSON.")] = False,
) -> None:
    """Run a submission twice on the sample folder and judge each rule; exit 1 when one is broken.

    Needs no reference and no test set. Time and memory are predicted for the full test set.

    Examples:
    `python -m evaluation rehearse --protocol uusic25 --image predictor --calibration organiser.json`

    `python -m evaluation rehearse --protocol fmc_uia --command "python inference.py --input {input}
    --output {output}" --json`
    """
    submission = choose_submission(image, image_tar, command)
    held_to = _change(read_limits(limits or LIMITS_DIR / f"{protocol.value}.yaml"), entries, time_limit)
    factor = _find_factor(calibration, host_factor)
    with _place(out) as folder, errors.status("rehearsing") as status:
        stage = Stage(
            protocol=protocol,
            engine=choose_engine(engine, submission),
            submission=submission,
            name=str(image or image_tar or "command"),
            out=folder,
            gpus=gpus,
        )
        report = run_rehearsal(
            stage,
            held_to,
            factor=factor,
            tell=lambda title, tick: status.update(
                f"{title}: {tick.elapsed_s:.0f} s, {tick.n_entries} files"
            ),
        )
    if as_json:
        sys.stdout.write(report.model_dump_json(indent=1) + "\n")
    else:
        show_rehearsal(report)
    raise typer.Exit(0 if report.is_passed else 1)


def show_rehearsal(report: Rehearsal) -> None:
    """Print one line a rule."""
    table = Table(title=escape(printable(f"{report.submission}: {report.protocol}, {report.outcome}")))
    for column in ("rule", "verdict", "why"):
        table.add_column(column, overflow="fold")
    for verdict in report.verdicts:
        colour = _COLOURS[verdict.finding]
        shown = verdict.finding.replace("_", " ")
        table.add_row(verdict.rule, f"[{colour}]{shown}[/{colour}]", escape(printable(verdict.sentence)))
    show_table(table)
    for note in report.notes:
        console.print(f"note: {escape(printable(note))}", soft_wrap=True)
    broken = [verdict.rule.value for verdict in report.verdicts if verdict.finding == "broken"]
    console.print(f"broken: {', '.join(broken)}" if broken else "no rule is broken")


def _change(limits: RehearsalLimits, entries: int | None, time_limit: float | None) -> RehearsalLimits:
    changes = {}
    if entries is not None:
        changes["test_entries"] = Limit(value=entries, source="ours: --entries")
    if time_limit is not None:
        changes["rehearsal_time_limit_s"] = Limit(value=time_limit, source="ours: --time-limit")
    return limits.model_copy(update=changes)


def _find_factor(calibration: Path | None, host_factor: float | None) -> float:
    if calibration is not None and host_factor is not None:
        raise ConfigurationError("Expected one of --calibration and --host-factor but got both")
    if calibration is None:
        return host_factor or 1.0
    from evaluation.calibration.host import measure_host  # loads OpenCV, which other commands do without
    from evaluation.calibration.record import find_factor, read_calibration

    there = read_calibration(calibration)
    if there.cpus > usable_cores():
        raise ConfigurationError(
            f"{calibration}: measured with {there.cpus} cores but this host may use {usable_cores()};"
            f" ask for one of `calibrate --cpus {usable_cores()}`"
        )
    with errors.status("calibrating this host"):
        here = measure_host(cpus=there.cpus, n_repeats=3)
    return find_factor(there, here)


@contextmanager
def _place(out: Path | None) -> Iterator[Path]:
    if out is not None:
        yield out
        return
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as folder:
        yield Path(folder)
