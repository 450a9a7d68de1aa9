"""Command line: write a data set of synthetic B-mode ultrasound in one of the two challenge layouts.

Examples:
    python -m sample_data.generate --layout uusic25 --cases 120 --out sample_data/uusic25
    python -m sample_data.generate --layout fmc_uia --cases 2000 --size clinical --seed 1000000001 --out DIR
"""

import json
import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from evaluation.contract.errors import ConfigurationError, UserError
from sample_data import layout_fmc_uia, layout_uusic25
from sample_data.seeds import COMMITTED_SEED, purpose_of

FORMAT_VERSION = 1
console = Console(stderr=True)


class LayoutName(StrEnum):
    """The layouts on offer."""

    UUSIC25 = "uusic25"
    FMC_UIA = "fmc_uia"


class SizeName(StrEnum):
    """The picture sizes on offer."""

    SMALL = "small"
    CLINICAL = "clinical"


def generate(
    layout: LayoutName,
    cases: int,
    size: SizeName,
    seed: int,
    out: Path,
    jobs: int = 1,
    labelled_tree: bool = False,
) -> dict[str, object]:
    """Write a data set and return its record (also in `generator.json`).

    Args:
        layout: the challenge.
        cases: rows in all; several may show one picture.
        size: `small` (about 128x96 to 160x128 pixels) or `clinical` (about 800x600).
        seed: 0 or more; see `sample_data.seeds` for what a seed may be used for.
        out: an absent or empty folder.
        jobs: processes.
        labelled_tree: fmc_uia only, also write `labelled/`.

    Raises:
        ConfigurationError: too few cases, a folder with something in it, a negative seed, or
            `labelled_tree` with
            uusic25.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigurationError(f"Expected argument `out` to be an absent or empty folder but got {out}")
    if seed < 0:
        raise ConfigurationError(f"Expected argument `seed` to be 0 or more but got {seed}")
    if labelled_tree and layout is LayoutName.UUSIC25:
        raise ConfigurationError(
            "Expected argument `labelled_tree` to be used with fmc_uia but got uusic25; "
            "images/, references/ and ground_truth.json are all that training needs"
        )
    module = layout_uusic25 if layout is LayoutName.UUSIC25 else layout_fmc_uia
    rows = module.plan(cases, seed)
    pictures = len({row.picture for row in rows})
    out.mkdir(parents=True, exist_ok=True)
    finished = module.write(rows, seed, size.value, out, jobs)
    for _ in track(finished, "pictures", pictures, console=console, disable=not console.is_terminal):
        pass
    if labelled_tree:
        layout_fmc_uia.write_labelled_tree(out)
    record: dict[str, object] = {
        "format_version": FORMAT_VERSION,
        "layout": layout.value,
        "size": size.value,
        "cases": cases,
        "pictures": pictures,
        "seed": seed,
        "purpose": purpose_of(seed),
    }
    (out / "generator.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return record


def main(
    layout: Annotated[LayoutName, typer.Option(help="The challenge layout to write.")],
    cases: Annotated[
        int, typer.Option(min=1, help="Rows in all (uusic25: at least 77; fmc_uia: at least 152).")
    ],
    out: Annotated[Path, typer.Option(help="An absent or empty folder.")],
    size: Annotated[SizeName, typer.Option(help="Size of the pictures.")] = SizeName.SMALL,
    seed: Annotated[int, typer.Option(help="Training uses 1000000000 to 1999999999 only.")] = COMMITTED_SEED,
    jobs: Annotated[int, typer.Option(min=0, help="Processes; 0 means one a core.")] = 0,
    labelled_tree: Annotated[bool, typer.Option(help="fmc_uia: also write labelled/, for training.")] = False,
) -> None:
    """Write synthetic B-mode ultrasound with labels in a challenge's layout.

    Two worked examples:

    python -m sample_data.generate --layout uusic25 --cases 120 --out sample_data/uusic25

    python -m sample_data.generate --layout fmc_uia --cases 2000 --seed 1000000001 --labelled-tree --out DIR
    """
    try:
        record = generate(layout, cases, size, seed, out, jobs or os.cpu_count() or 1, labelled_tree)
    except UserError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    typer.echo(json.dumps(record))


if __name__ == "__main__":
    typer.run(main)
