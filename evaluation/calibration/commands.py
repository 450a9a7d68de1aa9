"""``python -m evaluation calibrate``."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from evaluation.cores import usable_cores
from evaluation.files.atomic import write_atomically
from evaluation.terminal import console, errors

_DEFAULT_CPUS = 2


def calibrate(
    cpus: Annotated[
        int | None, typer.Option(min=1, help="Cores that work at once; default 2, as in `run`.")
    ] = None,
    repeats: Annotated[int, typer.Option(min=1, help="How often; the median counts.")] = 5,
    out: Annotated[Path | None, typer.Option(help="Where the record goes.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the record as JSON.")] = False,
) -> None:
    """Measure how fast this host is with a fixed workload; `rehearse --calibration` predicts times with it.

    Examples:
    `python -m evaluation calibrate`

    `python -m evaluation calibrate --cpus 4 --out organiser.json`
    """
    from evaluation.calibration.host import measure_host  # loads OpenCV, which other commands do without

    with Progress(console=errors, transient=True, disable=not errors.is_terminal) as bar:
        row = bar.add_task("calibration", total=repeats)
        record = measure_host(
            cpus=cpus or min(_DEFAULT_CPUS, usable_cores()),
            n_repeats=repeats,
            progress=lambda done: bar.update(row, completed=done),
        )
    if out is not None:
        write_atomically(out, (record.model_dump_json(indent=1) + "\n").encode())
    if as_json:
        sys.stdout.write(record.model_dump_json(indent=1) + "\n")
        return
    console.print(
        f"host factor {record.host_factor:.3f} on {record.cpus} core(s) of {record.processor}:"
        f" {record.unit_s:.3f} s a unit, reference {record.reference}",
        markup=False,
        soft_wrap=True,
    )
    if record.gpu is not None:
        console.print(f"{record.gpu.name}: {record.gpu.unit_s:.3f} s a unit", markup=False, soft_wrap=True)
    for note in record.notes:
        console.print(f"note: {note}", markup=False, soft_wrap=True)
