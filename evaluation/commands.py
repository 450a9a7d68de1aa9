"""The commands of ``python -m evaluation``: check, score, schema, bench, and the runner's."""

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from evaluation.calibration.commands import calibrate
from evaluation.challenge import Mode, Protocol, read_input, read_reference
from evaluation.checking import check_submission
from evaluation.contract.errors import ConfigurationError, HarnessError, UserError
from evaluation.contract.problem import Problem
from evaluation.contract.result import Result, RunRecord
from evaluation.files.atomic import write_atomically
from evaluation.queue.commands import queue
from evaluation.rehearsal.commands import rehearse
from evaluation.result_files import check_writable, read_run, show_schema, write_result
from evaluation.runner.commands import add_commands
from evaluation.scoring import ScoringOptions, score_submission
from evaluation.terminal import (
    console,
    errors,
    printable,
    progress_bar,
    show_problems,
    show_result,
    show_tolerance,
)
from evaluation.tolerance import measure_tolerance

app = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown", pretty_exceptions_enable=False)
app.command()(calibrate)
app.command()(queue)
app.command()(rehearse)


class IntervalMethod(StrEnum):
    """How to make intervals."""

    PERCENTILE = "percentile"
    BCA = "bca"


class RecordName(StrEnum):
    """The records that cross the disk."""

    RESULT = "result"
    RUN = "run"
    PROBLEM = "problem"


_RECORDS = {RecordName.RESULT: Result, RecordName.RUN: RunRecord, RecordName.PROBLEM: Problem}

ProtocolOption = Annotated[Protocol, typer.Option("--protocol", help="The challenge.")]
PredictionsOption = Annotated[Path, typer.Option("--predictions", help="The submission's output folder.")]
JobsOption = Annotated[int | None, typer.Option("--jobs", min=1, help="Processes; default one a core.")]


@app.command()
def check(
    protocol: ProtocolOption,
    input_dir: Annotated[Path, typer.Option("--input", help="The participant's input folder.")],
    predictions: PredictionsOption,
    manifest: Annotated[
        Path | None, typer.Option(help="uusic25: the JSON list; default INPUT/manifest.json.")
    ] = None,
    jobs: JobsOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the problems as JSON.")] = False,
) -> None:
    """List every problem of a submission's files; exit 0 when none fails a case, else 2. Needs no reference.

    Examples:
    `python -m evaluation check --protocol uusic25 --input images --manifest manifest.json --predictions out`

    `python -m evaluation check --protocol fmc_uia --input input --predictions out --json`
    """
    asked = read_input(protocol, input_dir, manifest)
    with progress_bar() as report:
        total = sum(case.output_path is not None for case in asked.cases)
        problems = check_submission(
            asked, predictions, n_processes=jobs, progress=lambda done: report("masks", done, total)
        )
    n_errors = sum(problem.severity == "error" for problem in problems)
    if as_json:
        sys.stdout.write(json.dumps([p.model_dump(mode="json") for p in problems], indent=1) + "\n")
    else:
        show_problems(problems)
        console.print(f"{len(asked.cases)} cases, {n_errors} error(s), {len(problems) - n_errors} warning(s)")
    raise typer.Exit(2 if n_errors else 0)


@app.command()
def score(
    protocol: ProtocolOption,
    reference: Annotated[
        Path, typer.Option(help="uusic25: the ground-truth JSON; fmc_uia: the folder that holds csv_files/.")
    ],
    predictions: PredictionsOption,
    out: Annotated[Path, typer.Option(help="Where result.json goes; cases.csv goes beside it.")],
    images: Annotated[
        Path | None, typer.Option(help="uusic25: the tree that holds the masks; default beside the JSON.")
    ] = None,
    mode: Annotated[Mode, typer.Option(help="strict: ours; official: the public evaluator.")] = Mode.STRICT,
    bootstrap: Annotated[int, typer.Option(min=0, help="Resamples; 0 gives no intervals.")] = 1000,
    interval: Annotated[IntervalMethod, typer.Option(help="Kind of interval.")] = IntervalMethod.PERCENTILE,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the resamples.")] = 0,
    jobs: JobsOption = None,
    run: Annotated[Path | None, typer.Option(help="run.json with runtime_s and peak_gpu_mib.")] = None,
    name: Annotated[str | None, typer.Option(help="The submission's name; default its folder's.")] = None,
) -> None:
    """Score a submission: a table here, result.json and cases.csv on disk.

    Examples:
    `python -m evaluation score --protocol fmc_uia --reference refs --predictions out --out result.json`

    `python -m evaluation score --protocol uusic25 --reference ground_truth.json --images references
    --predictions out --out scored/result.json --mode official --run run.json`
    """
    check_writable(out)
    record = None if run is None else read_run(run)
    labelled = read_reference(protocol, reference, images)
    options = ScoringOptions(
        mode=mode.value, n_resamples=bootstrap, seed=seed, interval=interval.value, n_processes=jobs
    )
    with progress_bar() as report:
        scored = score_submission(
            labelled,
            predictions,
            options,
            name=name or predictions.resolve().name,
            run=record,
            progress=report,
        )
    cases_file = write_result(scored, out)
    show_result(scored.result)
    show_problems(scored.result.problems, scored.result.n_problems)
    console.print(f"wrote {out} and {cases_file}", soft_wrap=True)


@app.command()
def tolerance(
    reference: Annotated[Path, typer.Option(help="UUSIC25's ground-truth JSON.")],
    predictions: PredictionsOption,
    out: Annotated[Path, typer.Option(help="Where the report goes, a .json file.")],
    images: Annotated[
        Path | None, typer.Option(help="The tree that holds the masks; default beside the JSON.")
    ] = None,
    bootstrap: Annotated[int, typer.Option(min=0, help="Resamples; 0 gives no intervals.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the resamples.")] = 0,
    jobs: JobsOption = None,
    name: Annotated[str | None, typer.Option(help="The submission's name; default its folder's.")] = None,
) -> None:
    """Score UUSIC25's masks by NSD at tolerances from 0.5 to 5 pixels.

    Examples:
    `python -m evaluation tolerance --reference ground_truth.json --images references --predictions out
    --out tolerance.json`

    `python -m evaluation tolerance --reference ground_truth.json --predictions out --out tolerance.json
    --bootstrap 0`
    """
    check_writable(out)
    labelled = read_reference(Protocol.UUSIC25, reference, images)
    with progress_bar() as show:
        report = measure_tolerance(
            labelled,
            predictions,
            name=name or predictions.resolve().name,
            n_resamples=bootstrap,
            seed=seed,
            n_processes=jobs,
            progress=lambda done, n_masks: show("masks", done, n_masks),
        )
    write_atomically(out, report.model_dump_json(indent=1).encode())
    show_tolerance(report)
    console.print(f"wrote {out}", soft_wrap=True)


@app.command()
def schema(record: Annotated[RecordName, typer.Argument(help="Which record.")]) -> None:
    """Print the JSON Schema of a record that crosses the disk.

    Examples:
    `python -m evaluation schema result`

    `python -m evaluation schema run > run.schema.json`
    """
    sys.stdout.write(show_schema(_RECORDS[record]) + "\n")


@app.command()
def bench(
    clinical: Annotated[
        Path | None, typer.Option(help="A generated UUSIC25 set with references/ and predictions/.")
    ] = None,
    job: Annotated[
        str | None, typer.Option(help="Recorded; the gate compares figures of one job only.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Measure our speed against plain implementations, side by side; exit 1 when a promise is broken.

    The README says how a clinical set is made.

    Examples:
    `python -m evaluation bench`

    `python -m evaluation bench --clinical runs/clinical --json > bench.json`
    """
    try:
        from evaluation.bench.command import run_bench, show_bench
    except ModuleNotFoundError as error:
        text = f"bench compares with {error.name}: pip install -r tests/requirements.txt"
        raise ConfigurationError(text) from error
    report = run_bench(clinical, job=job)
    if as_json:
        sys.stdout.write(report.model_dump_json(indent=1) + "\n")
    else:
        show_bench(report)
    raise typer.Exit(0 if all(ratio.holds for ratio in report.ratios) else 1)


add_commands(app)


def main() -> None:
    """Run the command; errors of the user end with 2, of the machinery with 3, without a traceback."""
    try:
        app()
    except UserError as error:
        _complain("error", error)
        sys.exit(2)
    except HarnessError as error:
        _complain("harness error", error)
        sys.exit(3)


def _complain(what: str, error: Exception) -> None:
    lines = [printable(line) for line in f"{what}: {error}".splitlines()]
    errors.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)
