"""A queue's file, and submissions that take their time and count how often they are started."""

import shlex
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "sample_data" / "uusic25"

# The places are part of the program, not of its words: a word that names a file is hashed into the run's key.
PROGRAM = """
import shutil, sys, time
from pathlib import Path
answers, log, out = Path({answers!r}), Path({log!r}), Path(sys.argv[1])
with log.open("a") as stream:
    stream.write("started\\n")
files = sorted(file for file in answers.rglob("*") if file.is_file())
for file in files:
    time.sleep({seconds!r} / len(files))
    place = out / file.relative_to(answers)
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, place)
with log.open("a") as stream:
    stream.write("ended\\n")
"""


def make_answers(folder: Path, seed: int) -> Path:
    """Make a mediocre submission's files."""
    words = ["--layout", "uusic25", "--references", str(SAMPLES), "--seed", str(seed), "--out", str(folder)]
    command = [sys.executable, "-m", "sample_data.degrade", *words]
    subprocess.run(command, check=True, cwd=ROOT, capture_output=True)
    return folder


def make_submission(folder: Path, name: str, answers: Path, seconds: float) -> dict[str, str]:
    """Write a program that copies the answers slowly; return its line in the queue's file."""
    log = find_log(folder, name)
    file = folder / f"{name}.py"
    file.write_text(PROGRAM.format(answers=str(answers), log=str(log), seconds=seconds))
    return {"name": name, "command": f"{shlex.quote(sys.executable)} {shlex.quote(str(file))} {{output}}"}


def find_log(folder: Path, name: str) -> Path:
    """Return where a submission notes its starts and ends."""
    return folder / f"{name}.starts"


def count_starts(folder: Path, name: str) -> int:
    """Return how often a submission was started."""
    log = find_log(folder, name)
    return log.read_text().count("started") if log.exists() else 0


def write_plan(folder: Path, submissions: list[dict[str, str]], **changes: object) -> Path:
    """Write a queue over the sample folder of UUSIC25, without intervals."""
    plan: dict[str, object] = {
        "protocol": "uusic25",
        "input": str(SAMPLES / "images"),
        "manifest": str(SAMPLES / "manifest.json"),
        "reference": str(SAMPLES / "ground_truth.json"),
        "images": str(SAMPLES / "references"),
        "bootstrap": 0,
        "defaults": {"cpus": 1, "memory": "1g", "time_limit": 120, "output_limit": "50m", "gpus": "none"},
        "submissions": submissions,
    }
    file = folder / "submissions.yaml"
    file.write_text(yaml.safe_dump(plan | changes))
    return file


def start_queue(plan: Path, out: Path, *words: str) -> subprocess.Popen[str]:
    """Start the queue as a user does, in a session of its own."""
    command = [sys.executable, "-m", "evaluation", "queue", str(plan), "--out", str(out), *words]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
