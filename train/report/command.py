"""``python -m train report``: the numbers of a model card on one part of a prepared split."""

from itertools import pairwise
from pathlib import Path
from typing import Annotated

import typer

from evaluation.contract.errors import ConfigurationError, HarnessError, UserError
from evaluation.files.atomic import write_atomically
from evaluation.files.json_text import dump_json
from evaluation.terminal import progress_bar
from train.report.building import ReportOptions, build_report
from train.report.markdown import show_report
from train.report.measuring import Pair
from train.report.records import Report

# The \b line keeps the lines below it from being filled into one paragraph.
EXAMPLES = """\b
Examples:
  python -m train report --split runs/split --row USGen=runs/usgen --row USpec=runs/uspec --out runs/card
  python -m train report --split runs/split --part test --row lite=runs/lite --bus-bra bus_bra --out card
"""


def report(
    *,
    split: Annotated[Path, typer.Option(help="What `prepare --split` wrote.")],
    rows: Annotated[
        list[str],
        typer.Option("--row", metavar="NAME=DIR", help="Predictions: DIR/uusic25, DIR/fmc_uia. Repeatable."),
    ],
    out: Annotated[Path, typer.Option(help="The folder for report.json and report.md.")],
    part: Annotated[str, typer.Option(help="Which part: train, val or test.")] = "val",
    compare: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME,BASE", help="NAME minus BASE; default each row minus the one before it."),
    ] = None,
    bus_bra: Annotated[Path | None, typer.Option(help="As published: devices and BI-RADS groups.")] = None,
    bootstrap: Annotated[int, typer.Option(min=0, help="Resamples; 0 gives no intervals.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the resamples.")] = 0,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes; default one a core.")] = None,
) -> None:
    """Score models on one part of a split: tasks, sources, differences, calibration, subgroups."""
    try:
        folders = parse_rows(rows)
        pairs = parse_pairs(compare, list(folders))
        options = ReportOptions(n_resamples=bootstrap, seed=seed, n_processes=jobs)
        with progress_bar() as progress:
            made = build_report(
                split, part, folders, pairs, bus_bra=bus_bra, options=options, progress=progress
            )
        write_report(made, out)
    except (UserError, HarnessError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2 if isinstance(error, UserError) else 3) from error
    n_met = sum(target.met is True for target in made.targets)
    typer.echo(f"{out / 'report.md'}: {len(made.lines)} lines, {n_met} of {len(made.targets)} targets met")


def parse_rows(texts: list[str]) -> dict[str, Path]:
    """Return the folders by name, in the order given.

    Raises:
        ConfigurationError: not NAME=DIR, a name given twice or one that a table cannot hold, no such folder.
    """
    folders: dict[str, Path] = {}
    for text in texts:
        name, _, folder = text.partition("=")
        if not name or not folder or not name.isprintable() or set(name) & set("|,"):
            raise ConfigurationError(f"Expected `--row` to be NAME=DIR, no | or , in NAME, but got {text}")
        if name in folders:
            raise ConfigurationError(f"Expected every `--row` to have a name of its own but got {name} twice")
        if not Path(folder).is_dir():
            raise ConfigurationError(f"Expected `--row` {name} to be a folder but {folder} is none")
        folders[name] = Path(folder)
    return folders


def parse_pairs(texts: list[str] | None, names: list[str]) -> list[Pair]:
    """Return the rows to subtract: as asked, else each row and the one before it.

    Raises:
        ConfigurationError: not two different rows.
    """
    if not texts:
        return [(second, first) for first, second in pairwise(names)]
    pairs = []
    for text in texts:
        first, _, second = text.partition(",")
        if first == second or first not in names or second not in names:
            raise ConfigurationError(f"Expected `--compare` to be two of {', '.join(names)} but got {text}")
        pairs.append((first, second))
    return pairs


def write_report(made: Report, out: Path) -> None:
    """Write ``report.json`` and ``report.md``.

    Raises:
        ConfigurationError: the folder cannot be written.
    """
    try:
        write_atomically(out / "report.json", dump_json(made.model_dump(mode="json"), indent=1))
        write_atomically(out / "report.md", show_report(made).encode())
    except OSError as error:
        raise ConfigurationError(f"{out}: cannot be written ({error.strerror})") from error
