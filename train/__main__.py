"""``python -m train``: learns the weights that the predictor ships."""

import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from evaluation.contract.errors import ConfigurationError, UserError
from evaluation.contract.manifest import Manifest
from evaluation.protocols.fmc_uia import layout as fmc_uia
from evaluation.protocols.uusic25 import layout as uusic25
from model.floor_file import FloorHeader, TrainingSource, save_floor
from train.floor import Lesson, learn_floor
from train.prepare import prepare

# The \b line keeps the lines below it from being filled into one paragraph.
FLOOR_EXAMPLES = """\b
Examples:
  python -m train floor --uusic25 uusic25 --fmc-uia fmc_uia/labelled --out floor.safetensors
  python -m train floor --uusic25 hospital_a --uusic25 hospital_b --out floor_uusic25.safetensors
"""

PREPARE_EXAMPLES = """\b
Examples:
  python -m train prepare --busi busi --hc18 hc18 --out runs/public
  python -m train prepare --busi busi --limit 40 --seed 1 --out runs/part
"""

app = typer.Typer(
    add_completion=False, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False
)


@app.callback()
def main() -> None:
    """Train what `inference.py` predicts with."""


@app.command(epilog=FLOOR_EXAMPLES)
def floor(
    *,
    uusic25_dirs: Annotated[
        list[Path] | None,
        typer.Option(
            "--uusic25", metavar="DIR", help="Holds ground_truth.json, images/ and references/. Repeatable."
        ),
    ] = None,
    fmc_uia_dirs: Annotated[
        list[Path] | None,
        typer.Option("--fmc-uia", metavar="DIR", help="A labelled tree with csv_files/. Repeatable."),
    ] = None,
    out: Annotated[Path, typer.Option(help="The .safetensors file to write.")],
) -> None:
    """Learn the honest floor: class priors, mean shapes, median boxes and points."""
    try:
        manifests, sources = _read_folders(uusic25_dirs or [], fmc_uia_dirs or [])
        model, learned = learn_floor(manifests, watch=_watch)
        save_floor(out, model, FloorHeader(tasks=learned, sources=tuple(sources)))
    except UserError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    n_cases = sum(task.n_cases for task in learned.values())
    typer.echo(f"{out}: {len(learned)} tasks from {n_cases} cases, {out.stat().st_size:,} bytes")


@app.command(name="prepare", epilog=PREPARE_EXAMPLES)
def prepare_command(
    out: Annotated[Path, typer.Option(help="An absent or empty folder; gets uusic25/ and fmc_uia/.")],
    busi: Annotated[Path | None, typer.Option(help="BUSI, as published.")] = None,
    hc18: Annotated[Path | None, typer.Option(help="HC18, as published, with filled masks.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="About how many pictures of each.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Which pictures, with --limit.")] = 0,
) -> None:
    """Turn public data sets into labelled challenge folders of both layouts."""
    try:
        prepared = prepare(busi=busi, hc18=hc18, out=out, limit=limit, seed=seed)
    except UserError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    for line in prepared.skipped:
        typer.echo(f"skipped {line}", err=True)
    counts = f"{prepared.n_uusic25} UUSIC25 entries, {prepared.n_fmc_uia} FMC_UIA rows"
    typer.echo(f"{out}: {counts}, {len(prepared.skipped)} skipped")


def _read_folders(
    uusic25_dirs: list[Path], fmc_uia_dirs: list[Path]
) -> tuple[list[Manifest], list[TrainingSource]]:
    readers: list[tuple[Path, Callable[[Path], Manifest]]] = [
        *((folder, _read_uusic25) for folder in uusic25_dirs),
        *((folder, _read_fmc_uia) for folder in fmc_uia_dirs),
    ]
    if not readers:
        raise ConfigurationError("Expected at least one `--uusic25` or `--fmc-uia` folder but got none")
    manifests = [read(folder) for folder, read in readers]
    sources = [
        TrainingSource(
            protocol=manifest.protocol,
            manifest_sha256=manifest.sha256,
            n_cases=len(manifest.cases),
            generator=_read_generator(folder),
        )
        for manifest, (folder, _) in zip(manifests, readers, strict=True)
    ]
    return manifests, sources


def _read_uusic25(folder: Path) -> Manifest:
    return uusic25.read_manifest(
        folder / "ground_truth.json",
        images_dir=folder / "images",
        references_dir=folder / "references",
        labelled=True,
    )


def _read_fmc_uia(folder: Path) -> Manifest:
    return fmc_uia.read_manifest(folder, labelled=True)


def _read_generator(folder: Path) -> dict[str, str | int] | None:
    # The generator records itself beside `labelled/`, real data have no such file.
    files = [place / "generator.json" for place in (folder, folder.resolve().parent)]
    found = next((file for file in files if file.is_file()), None)
    if found is None:
        return None
    try:
        record = json.loads(found.read_bytes())
        return {key: value for key, value in record.items() if isinstance(value, str | int)}
    except (OSError, ValueError, AttributeError) as error:
        raise ConfigurationError(f"{found}: expected the generator's record ({error})") from error


def _watch(lessons: list[Lesson]) -> Iterable[Lesson]:
    return track(
        lessons, "Learning", console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True
    )


if __name__ == "__main__":
    app()
