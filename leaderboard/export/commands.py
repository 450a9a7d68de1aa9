"""`python -m leaderboard export`."""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from evaluation.challenge import Mode, Protocol
from evaluation.contract.errors import ConfigurationError
from evaluation.files.atomic import write_atomically
from leaderboard.export.challenge import Challenge, read_challenge
from leaderboard.export.codabench import Phase, build_bundle
from leaderboard.export.grand_challenge import build_container
from leaderboard.export.programs.job import ScoringJob
from leaderboard.terminal import user_errors

# The \b line keeps the lines below it from being filled into one paragraph.
EXAMPLES = """\b
Examples:
  python -m leaderboard export codabench --protocol fmc_uia --reference references --input input \\
    --image registry/scoring:1 --start 2026-05-01 --out bundle
  python -m leaderboard export grand-challenge --protocol uusic25 --reference ground_truth.json \\
    --images references --out container
"""


class Platform(StrEnum):
    """Where a challenge can run."""

    CODABENCH = "codabench"
    GRAND_CHALLENGE = "grand-challenge"


Date = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="codabench: the phase's day.")]


def export(
    platform: Annotated[Platform, typer.Argument(help="Where the challenge will run.")],
    protocol: Annotated[Protocol, typer.Option(help="The challenge.")],
    reference: Annotated[
        Path, typer.Option(help="uusic25: the ground-truth JSON; fmc_uia: the folder that holds csv_files/.")
    ],
    out: Annotated[Path, typer.Option(help="An empty or new folder.")],
    images: Annotated[Path | None, typer.Option(help="uusic25: the tree that holds the masks.")] = None,
    input_dir: Annotated[
        Path | None, typer.Option("--input", help="codabench: the participant's folder, given out as data.")
    ] = None,
    manifest: Annotated[Path | None, typer.Option(help="uusic25: the participant's manifest.")] = None,
    title: Annotated[str | None, typer.Option(help="The challenge's name; default the protocol's.")] = None,
    mode: Annotated[Mode, typer.Option(help="strict: ours; official: the public evaluator.")] = Mode.STRICT,
    bootstrap: Annotated[int, typer.Option(min=0, help="Resamples of the intervals.")] = 1000,
    image: Annotated[str | None, typer.Option(help="codabench: the scoring image's name.")] = None,
    start: Date = None,
    end: Date = None,
    max_submissions_per_day: Annotated[int, typer.Option(min=1, help="codabench.")] = 5,
) -> None:
    """Pack a challenge for a platform; its submissions are then scored there by this project's code.

    The references go into the pack: keep the folder to yourself.
    """
    with user_errors():
        _check_folder(out)
        job = ScoringJob(protocol=protocol.value, mode=mode.value, n_resamples=bootstrap)
        challenge = read_challenge(
            title or protocol.value,
            job,
            reference=reference,
            images=images,
            inputs=input_dir,
            manifest=manifest,
        )
        if platform is Platform.CODABENCH:
            files = _pack_bundle(challenge, start, end, max_submissions_per_day, image)
        else:
            files = build_container(challenge)
        _write_files(out, files)
    typer.echo(f"Wrote {len(files)} files to {out}; README.md there says what to upload.")


def _pack_bundle(
    challenge: Challenge, start: datetime | None, end: datetime | None, per_day: int, image: str | None
) -> dict[str, bytes]:
    if start is None or not image:
        raise ConfigurationError(
            "Expected --start YYYY-MM-DD and --image NAME: a Codabench bundle names both."
        )
    if end is not None and end <= start:
        raise ConfigurationError("Expected --end to be later than --start.")
    phase = Phase(start.date(), None if end is None else end.date(), per_day)
    return build_bundle(challenge, phase, image=image)


def _check_folder(out: Path) -> None:
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigurationError(f"{out}: Expected a new or empty folder; name another --out.")


def _write_files(out: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        try:
            write_atomically(out / name, content)
        except OSError as error:
            raise ConfigurationError(f"{out / name}: cannot be written ({error.strerror}).") from error
