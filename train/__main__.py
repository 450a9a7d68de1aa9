"""``python -m train``: learns the weights that the predictor ships."""

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.progress import track

from evaluation.contract.errors import ConfigurationError, UserError
from evaluation.contract.manifest import Manifest
from evaluation.protocols.fmc_uia import layout as fmc_uia
from evaluation.protocols.uusic25 import layout as uusic25
from model.floor_file import FloorHeader, TrainingSource, save_floor
from train.floor import Lesson, learn_floor
from train.nnunet import command as specialists
from train.prepare import Job, prepare
from train.report import command as reporting
from train.unified import command as unified

T = TypeVar("T")

# The \b line keeps the lines below it from being filled into one paragraph.
FLOOR_EXAMPLES = """\b
Examples:
  python -m train floor --uusic25 uusic25 --fmc-uia fmc_uia/labelled --out floor.safetensors
  python -m train floor --uusic25 hospital_a --uusic25 hospital_b --out floor_uusic25.safetensors
"""

PREPARE_EXAMPLES = """\b
Examples:
  python -m train prepare --busi busi --hc18 hc18 --limit 60 --seed 1 --out runs/part
  python -m train prepare --busi busi --bus-bra bus_bra --split 70,15,15 --out runs/split
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
    *,
    out: Annotated[Path, typer.Option(help="An absent or empty folder for both layouts and a data card.")],
    busi: Annotated[Path | None, typer.Option(help="Breast: benign, malignant, normal.")] = None,
    busis: Annotated[Path | None, typer.Option(help="Breast tumours.")] = None,
    bus_bra: Annotated[Path | None, typer.Option(help="Breast: pathology, boxes.")] = None,
    ddti: Annotated[Path | None, typer.Option(help="Thyroid nodules.")] = None,
    fatty_liver: Annotated[Path | None, typer.Option(help="Livers, the .mat file or its folder.")] = None,
    kidney_us: Annotated[Path | None, typer.Option(help="Kidneys.")] = None,
    hc18: Annotated[Path | None, typer.Option(help="Fetal heads.")] = None,
    camus: Annotated[Path | None, typer.Option(help="Hearts, NIfTI.")] = None,
    regensburg: Annotated[Path | None, typer.Option(help="Appendix.")] = None,
    usgra_seg: Annotated[Path | None, typer.Option(help="Nerves and vessels.")] = None,
    muscle_dltrack: Annotated[Path | None, typer.Option(help="Aponeuroses of muscles.")] = None,
    lung_pocus: Annotated[Path | None, typer.Option(help="Lungs.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="About how many pictures of each.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the limit's choice and of the split.")] = 0,
    split: Annotated[
        str | None,
        typer.Option(metavar="A,B,C", help="Shares of train/, val/ and test/; no group is in two of them."),
    ] = None,
) -> None:
    """Turn public data sets as published into labelled challenge folders of both layouts."""
    given = {
        "busi": busi,
        "busis": busis,
        "bus_bra": bus_bra,
        "ddti": ddti,
        "fatty_liver": fatty_liver,
        "kidney_us": kidney_us,
        "hc18": hc18,
        "camus": camus,
        "regensburg": regensburg,
        "usgra_seg": usgra_seg,
        "muscle_dltrack": muscle_dltrack,
        "lung_pocus": lung_pocus,
    }
    sources = {name: folder for name, folder in given.items() if folder is not None}
    try:
        shares = None if split is None else _read_shares(split)
        prepared = prepare(sources, out=out, limit=limit, seed=seed, split=shares, watch=_watch_writing)
    except UserError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    for line in prepared.skipped:
        typer.echo(f"skipped {line}", err=True)
    for line in prepared.left_out:
        typer.echo(f"left out {line}", err=True)
    counts = f"{prepared.n_uusic25} UUSIC25 entries, {prepared.n_fmc_uia} FMC_UIA rows"
    typer.echo(f"{out}: {counts}, {len(prepared.skipped)} skipped")


def _read_shares(text: str) -> tuple[float, float, float]:
    try:
        train, val, test = (float(part) for part in text.split(","))
    except ValueError as error:
        raise ConfigurationError(f"Expected `--split` to be like 70,15,15 but got {text}") from error
    return train, val, test


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
    return _track(lessons, "Learning")


def _watch_writing(jobs: Sequence[Job]) -> Iterable[Job]:
    return _track(jobs, "Writing")


def _track(items: Sequence[T], what: str) -> Iterable[T]:
    return track(items, what, console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True)


app.command(epilog=unified.STAGE1_EXAMPLES)(unified.stage1)
app.command(epilog=unified.STAGE2_EXAMPLES)(unified.stage2)
app.command(epilog=unified.SHIP_EXAMPLES)(unified.ship)
app.command(epilog=reporting.EXAMPLES)(reporting.report)
app.command(epilog=specialists.NNUNET_EXAMPLES)(specialists.nnunet)
app.command(name="nnunet-predict", epilog=specialists.PREDICT_EXAMPLES)(specialists.nnunet_predict)
app.command(name="select-tasks", epilog=specialists.SELECT_EXAMPLES)(specialists.select_tasks_command)


if __name__ == "__main__":
    app()
