"""The commands that run submissions: run, clean, verify."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from evaluation.challenge import Mode, Protocol
from evaluation.contract.errors import ConfigurationError
from evaluation.files.json_text import dump_json
from evaluation.per_case import take_apart
from evaluation.runner.draft import RunOptions
from evaluation.runner.engines import EngineName, choose_cpus, choose_engine, open_engine, open_installed
from evaluation.runner.folder import RESULT_FILE, RUN_FILE
from evaluation.runner.limits import Limits, Profile, make_limits, parse_size
from evaluation.runner.record import RunFile
from evaluation.runner.run import Finished, Tell, run_submission
from evaluation.runner.submission import choose_submission
from evaluation.runner.watch import Tick
from evaluation.running import ReferencePlace, make_check, open_challenge, score_run, verify_run
from evaluation.scoring import ScoringOptions
from evaluation.terminal import (
    console,
    errors,
    printable,
    progress_bar,
    show_problems,
    show_result,
    show_table,
)

_SHOWN_LINES = 20
_DEFAULT = Limits()


def run(
    protocol: Annotated[Protocol, typer.Option(help="The challenge.")],
    input_dir: Annotated[Path, typer.Option("--input", help="The participant's input folder.")],
    out: Annotated[Path, typer.Option(help="The run's folder: predictions, log, run.json.")],
    manifest: Annotated[
        Path | None, typer.Option(help="uusic25: the JSON list; default INPUT/manifest.json.")
    ] = None,
    image: Annotated[str | None, typer.Option(help="An image; pulled when it is not here.")] = None,
    image_tar: Annotated[
        Path | None, typer.Option(help="What `docker save` wrote, or an Apptainer .sif.")
    ] = None,
    command: Annotated[
        str | None,
        typer.Option(help="A plain command, not isolated; {input} {input_json} {output} are filled in."),
    ] = None,
    engine: Annotated[
        EngineName | None, typer.Option(help="Default: docker, else podman; local for --command.")
    ] = None,
    profile: Annotated[
        Profile, typer.Option(help="official: root and a writable root file system, still no network.")
    ] = Profile.SAFE,
    gpus: Annotated[
        str | None, typer.Option(help="all, none, or indices or UUIDs; default all there are.")
    ] = None,
    memory: Annotated[str, typer.Option(help="Host memory, swap included.")] = "8g",
    cpus: Annotated[float | None, typer.Option(min=0.01, help="Cores; default 2, or all of fewer.")] = None,
    pids: Annotated[int, typer.Option(min=8, help="Processes and threads.")] = _DEFAULT.pids,
    shm: Annotated[str, typer.Option(help="Shared memory.")] = "1g",
    tmp: Annotated[str, typer.Option(help="Size of each temporary folder (in memory).")] = "1g",
    time_limit: Annotated[float, typer.Option(min=0.1, help="Seconds.")] = _DEFAULT.time_limit_s,
    output_limit: Annotated[str, typer.Option(help="Bytes that it may write to its output.")] = "2g",
    output_files: Annotated[
        int, typer.Option(min=1, help="Files and folders there.")
    ] = _DEFAULT.output_files,
    per_case: Annotated[bool, typer.Option("--per-case", help="A container for each case.")] = False,
    repeat: Annotated[int, typer.Option(min=1, help="Runs whose median time counts.")] = 1,
    warmup: Annotated[bool, typer.Option("--warmup", help="One run before, not counted.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Run again though the same run lies there.")] = False,
    remove_image: Annotated[
        bool, typer.Option("--remove-image", help="Forget the image afterwards.")
    ] = False,
    score: Annotated[
        Path | None, typer.Option(help="Score with this reference; never shown to the submission.")
    ] = None,
    score_images: Annotated[Path | None, typer.Option(help="uusic25: the tree of reference masks.")] = None,
    mode: Annotated[Mode, typer.Option(help="How to score.")] = Mode.STRICT,
    bootstrap: Annotated[int, typer.Option(min=0, help="Resamples; 0 gives no intervals.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the resamples.")] = 0,
    name: Annotated[str | None, typer.Option(help="The submission's name; default the run folder's.")] = None,
    job: Annotated[
        str | None, typer.Option(help="Recorded, such as a CI run's number; see `leaderboard gate`.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print run.json.")] = False,
) -> None:
    """Run a submission locked in, watch its time and memory, and say how it ended.

    Without network, on a read-only root, as an unprivileged user, within limits. Exit status 0: it answered
    every case; 1: the submission is at fault; 3: the infrastructure is. The same run is not made twice.

    Examples:
    `python -m evaluation run --protocol uusic25 --input images --manifest manifest.json --image predictor
    --out runs/a --score ground_truth.json --score-images references`

    `python -m evaluation run --protocol fmc_uia --input input --out runs/b --engine local
    --command "python inference.py --input {input} --output {output}"`
    """
    submission = choose_submission(image, image_tar, command)
    chosen = choose_engine(engine, submission)
    if remove_image and not chosen.is_isolated:
        raise ConfigurationError("--remove-image: a command has no image to remove")
    place = None if score is None else ReferencePlace(score, score_images)
    challenge = open_challenge(protocol, input_dir, manifest, place)
    options = RunOptions(
        limits=make_limits(
            memory_bytes=parse_size(memory),
            cpus=choose_cpus(cpus, chosen),
            pids=pids,
            shm_bytes=parse_size(shm),
            tmp_bytes=parse_size(tmp),
            time_limit_s=time_limit,
            output_bytes=parse_size(output_limit),
            output_files=output_files,
        ),
        profile=profile,
        gpus=gpus,
        n_repeats=repeat,
        has_warmup=warmup,
        is_forced=force,
        job=job,
    )
    # Ended politely, the harness takes its container along.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    with _progress(len(challenge.manifest.cases)) as tell:
        finished = run_submission(
            chosen,
            submission,
            challenge,
            out,
            options,
            name=name,
            check=make_check(challenge.manifest),
            cases=take_apart(challenge) if per_case else None,
            tell=tell,
        )
    if not as_json:
        show_run(finished)
    record = finished.record
    if place is not None and record.passes and record.fault != "infrastructure":
        _score(
            out, place, ScoringOptions(mode=mode.value, n_resamples=bootstrap, seed=seed), is_quiet=as_json
        )
    if remove_image and record.image_digest is not None:
        chosen.remove_image(record.image_digest)
    if as_json:
        sys.stdout.buffer.write((out / RUN_FILE).read_bytes())
    raise typer.Exit({"none": 0, "submission": 1, "infrastructure": 3}[record.fault])


def clean(
    everything: Annotated[
        bool, typer.Option("--all", help="Of harnesses that are still at work too; this ends their runs.")
    ] = False,
    engine: Annotated[
        EngineName | None, typer.Option(help="One engine; default every installed one.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was removed as JSON.")] = False,
) -> None:
    """Remove containers and processes that a killed harness left behind.

    Each run does so for its own engine before it starts; this does it without a run.

    Examples:
    `python -m evaluation clean`

    `python -m evaluation clean --all --engine docker`
    """
    engines = open_installed() if engine is None else [open_engine(engine)]
    removed = {one.name: one.remove_orphans(everything=everything) for one in engines}
    if as_json:
        sys.stdout.buffer.write(dump_json(removed))
        return
    n_removed = sum(map(len, removed.values()))
    console.print(f"removed {n_removed} left-over run(s): {', '.join(removed)} looked at")


def verify(
    run_dir: Annotated[Path, typer.Argument(help="A folder that `run --out` wrote.")],
    reference: Annotated[Path | None, typer.Option(help="The references, if they have moved.")] = None,
    images: Annotated[Path | None, typer.Option(help="uusic25: the tree of reference masks.")] = None,
    input_dir: Annotated[
        Path | None, typer.Option("--input", help="Hash the input again too: where it lies.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what changed as JSON.")] = False,
) -> None:
    """Hash and score a run again; exit 0 when nothing changed, else 1.

    Examples:
    `python -m evaluation verify runs/a`

    `python -m evaluation verify runs/a --input images --reference ground_truth.json --images references`
    """
    place = None if reference is None else ReferencePlace(reference, images)
    changes = verify_run(run_dir, place, input_dir=input_dir)
    if as_json:
        sys.stdout.buffer.write(dump_json(changes, indent=1))
    else:
        for change in changes:
            console.print(escape(printable(change)), soft_wrap=True)
        console.print(f"{run_dir}: {len(changes) or 'nothing'} changed", soft_wrap=True)
    raise typer.Exit(1 if changes else 0)


def add_commands(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    for function in (run, clean, verify):
        app.command()(function)


def show_run(finished: Finished) -> None:
    """Print how a run ended, what it cost and, when it failed, the end of its log."""
    record = finished.record
    table = Table(title=escape(printable(record.submission)), show_header=False)
    again = " (the same run lay there already)" if finished.is_resumed else ""
    table.add_row("outcome", f"[bold]{record.outcome}[/bold]{again}")
    table.add_row("", escape(printable(record.sentence)))
    if record.runtime is not None:
        table.add_row("time", _show_time(record))
    counted = [entry for entry in record.passes if entry.kind == "counted"]
    if counted:
        basis = counted[0].memory
        host = f"host {max(entry.memory.peak_host_mib for entry in counted):.0f} MiB ({basis.host_basis})"
        table.add_row("memory", f"{host}, GPU {record.peak_gpu_mib:.0f} MiB ({basis.gpu_basis})")
    table.add_row(
        "ran as",
        f"{record.engine.name} {record.engine.version}, {record.profile}, {str(record.image_digest)[:19]}",
    )
    show_table(table)
    for note in record.notes:
        console.print(f"note: {escape(printable(note))}", soft_wrap=True)
    if record.fault != "none" and record.log is not None:
        for line in record.log.last_lines[-_SHOWN_LINES:]:
            console.print(f"  | {escape(printable(line))}", soft_wrap=True, highlight=False)
    show_problems(record.problems[:5], record.n_problems)


def _show_time(record: RunFile) -> str:
    runtime = record.runtime
    if runtime is None:
        return "—"
    text = f"{runtime.median:.3f} s"
    if record.repeats > 1:
        text += (
            f" (median of {record.repeats}; {runtime.low:.3f} to {runtime.high:.3f} at {runtime.level:.0%})"
        )
    return text


def _score(out: Path, place: ReferencePlace, options: ScoringOptions, *, is_quiet: bool) -> None:
    with progress_bar() as report:
        scored = score_run(out, place, options, progress=report)
    if not is_quiet:
        show_result(scored.result)
        console.print(f"wrote {out / RESULT_FILE}", soft_wrap=True)


@contextmanager
def _progress(n_cases: int) -> Iterator[Tell]:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as bar:
        row = bar.add_task("preparing")

        def tell(title: str, tick: Tick) -> None:
            bar.update(row, description=f"{title}: {tick.n_entries} files for {n_cases} cases")

        yield tell
