"""The main job end to end on the sample folders: predict, check, time, score, rank.

``python -m sample_data.demo --out DIR`` runs the project's own commands one by one and prints each, so that
the demo is also a worked example. Three submissions: the unified network, the floor, degraded references.
"""

import json
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

SAMPLES = Path(__file__).parent
MODEL = SAMPLES.parent / "model"
PYTHON = sys.executable


@dataclass(frozen=True)
class Challenge:
    """A sample folder and the options that name its parts."""

    name: str
    inference: tuple[str, ...]
    check: tuple[str, ...]
    reference: tuple[str, ...]
    degrade: Path


def _challenges() -> tuple[Challenge, ...]:
    uusic25, fmc_uia = SAMPLES / "uusic25", SAMPLES / "fmc_uia"
    manifest, images = str(uusic25 / "manifest.json"), str(uusic25 / "images")
    truth, masks = str(uusic25 / "ground_truth.json"), str(uusic25 / "references")
    return (
        Challenge(
            "uusic25",
            inference=("--input", images, "--input-json", manifest),
            check=("--input", images, "--manifest", manifest),
            reference=("--reference", truth, "--images", masks),
            degrade=uusic25,
        ),
        Challenge(
            "fmc_uia",
            inference=("--input", str(fmc_uia / "input")),
            check=("--input", str(fmc_uia / "input")),
            reference=("--reference", str(fmc_uia / "references")),
            degrade=fmc_uia / "references",
        ),
    )


def run_demo(out: Path) -> list[Path]:
    """Run everything below `out`; return the leaderboards.

    Raises:
        subprocess.CalledProcessError: a step failed; its own words are on the terminal.
    """
    boards = []
    for challenge in _challenges():
        floor = ("--weights", str(MODEL / "weights" / "floor.safetensors"))
        results = [
            _submit(challenge, out, "lite", ["inference.py", *challenge.inference, "--output"]),
            _submit(challenge, out, "floor", ["inference.py", *challenge.inference, *floor, "--output"]),
            _submit(challenge, out, "degraded-references", _degrade(challenge)),
        ]
        board = out / challenge.name / "leaderboard"
        _run("-m", "leaderboard", "build", *map(str, results), "--out", str(board))
        boards.append(board / "leaderboard.md")
    return boards


def _degrade(challenge: Challenge) -> list[str]:
    options = ["--layout", challenge.name, "--references", str(challenge.degrade), "--seed", "1", "--out"]
    return ["-m", "sample_data.degrade", *options]


def _submit(challenge: Challenge, out: Path, name: str, predict: list[str]) -> Path:
    """Make one submission's predictions, time that, check and score them; return its result."""
    folder = out / challenge.name / name
    predictions, run_file, result = folder / name, folder / "run.json", folder / "result.json"
    seconds = _run(*predict, str(predictions))
    run_file.write_text(json.dumps({"runtime_s": seconds, "peak_gpu_mib": 0.0, "note": "demo, one run"}))
    protocol = ("--protocol", challenge.name)
    given = ("--predictions", str(predictions))
    _run("-m", "evaluation", "check", *protocol, *challenge.check, *given)
    scored = ("--run", str(run_file), "--out", str(result))
    _run("-m", "evaluation", "score", *protocol, *challenge.reference, *given, *scored)
    return result


def _run(*arguments: str) -> float:
    """Run one of the project's commands from its top folder; return the seconds it took."""
    sys.stdout.write(f"\n$ python {shlex.join(arguments)}\n")
    sys.stdout.flush()
    start = time.perf_counter()
    # Every argument is the project's own.
    subprocess.run([PYTHON, *arguments], check=True, cwd=SAMPLES.parent)  # noqa: S603
    return time.perf_counter() - start


def main(
    out: Annotated[Path, typer.Option(help="Where everything goes.")],
) -> None:
    """Run the demo.

    Examples:
    `python -m sample_data.demo --out runs/demo`

    `make demo`
    """
    if out.exists() and not out.is_dir():
        sys.stderr.write(f"{out}: expected a folder\n")
        raise typer.Exit(2)
    start = time.perf_counter()
    try:
        boards = run_demo(out.resolve())
    except subprocess.CalledProcessError as error:
        sys.stderr.write(f"the demo stopped: `{shlex.join(error.cmd)}` ended with {error.returncode}\n")
        raise typer.Exit(error.returncode) from error
    sys.stdout.write(f"\nThe whole demo took {time.perf_counter() - start:.0f} s. Leaderboards:\n")
    for board in boards:
        sys.stdout.write(f"  {board}\n")
    sys.stdout.write("Beside each: predictions, run.json, result.json and cases.csv of every submission.\n")


if __name__ == "__main__":
    typer.run(main)
