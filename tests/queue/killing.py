"""Kill a queue at random moments and start it again, until it has been killed often enough.

Every second moment is drawn over the whole time of an undisturbed queue, start-up included; the others over
half of it, counted from the first change below the folder, so that a busy machine does not only kill queues
that have not begun.

``python -m tests.queue.killing --kills 50 --out runs/kills [--image IMG]`` prints a line a session and the
figures at the end; exit 1 when anything differs from an undisturbed queue.
"""

import hashlib
import json
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import psutil
import typer

from tests.queue.scenes import count_starts, make_answers, make_submission, start_queue, write_plan

N_SUBMISSIONS = 10
SECONDS = 0.4
_LEFT_S = 30.0


@dataclass
class Figures:
    """What the killing showed."""

    n_kills: int = 0
    n_sessions: int = 0
    n_runs_interrupted: int = 0
    n_started_again_when_done: int = 0
    differences: list[str] = field(default_factory=list)
    left_behind: list[str] = field(default_factory=list)


def kill_queues(folder: Path, *, n_kills: int, seed: int, image: str | None = None) -> Figures:
    """Do it below an empty folder.

    Args:
        folder: where everything goes.
        n_kills: kills in all; a session that ends before its kill is checked and a new one begins.
        seed: of the moments.
        image: run this image, which answers by itself, in a container; None: plain commands.
    """
    moments = random.Random(seed)  # noqa: S311 # no secret
    folder.mkdir(parents=True)
    n = 3 if image else N_SUBMISSIONS
    answers = [] if image else [make_answers(folder / "answers" / str(k), k) for k in range(n)]
    figures = Figures()
    start = time.monotonic()
    expected = _read(_run_session(folder / "undisturbed", answers, image, figures, None))
    whole_s = time.monotonic() - start
    while figures.n_kills < n_kills:
        figures.n_sessions += 1
        session = folder / f"session-{figures.n_sessions}"
        waits = _Waits(moments, whole_s, n_kills)
        out = _run_session(session, answers, image, figures, waits)
        found = _read(out)
        figures.differences += [
            f"session {figures.n_sessions}: {name}" for name in expected if found.get(name) != expected[name]
        ]
        sys.stdout.write(f"{figures}\n")
        sys.stdout.flush()
        shutil.rmtree(session)
    return figures


@dataclass
class _Waits:
    moments: random.Random
    whole_s: float
    n_kills: int


def _run_session(
    session: Path, answers: list[Path], image: str | None, figures: Figures, waits: _Waits | None
) -> Path:
    session.mkdir()
    out = session / "out"
    if image:
        lines = [{"name": f"s{k}", "image": image} for k in range(3)]
    else:
        lines = [make_submission(session, f"s{k}", place, SECONDS) for k, place in enumerate(answers)]
    plan = write_plan(session, lines)
    done: dict[str, int] = {}
    seen: set[psutil.Process] = set()
    while True:
        process = start_queue(plan, out)
        try:
            text = _wait(process, out, figures, waits)
        except subprocess.TimeoutExpired:
            with suppress(psutil.NoSuchProcess):
                seen.update(psutil.Process(process.pid).children(recursive=True))
            process.send_signal(signal.SIGKILL)
            process.communicate()
            figures.n_kills += 1
            n_runs, n_results = (len(list(out.glob(f"*/{name}.json"))) for name in ("run", "result"))
            sys.stdout.write(f"kill {figures.n_kills}: {n_runs} runs, {n_results} results\n")
            sys.stdout.flush()
            done = _note_done(session, out, done)
            continue
        if process.returncode != 0:
            figures.differences.append(f"{session.name}: exit {process.returncode}: {text[-2000:]}")
        break
    figures.n_started_again_when_done += sum(count_starts(session, name) > n for name, n in done.items())
    figures.n_runs_interrupted += sum(max(0, count_starts(session, row["name"]) - 1) for row in lines)
    _, left = psutil.wait_procs(seen, timeout=_LEFT_S)
    figures.left_behind += [f"process {one.pid}: {_describe(one)}" for one in left]
    if image:
        figures.left_behind += _find_containers(image)
    return out


def _wait(process: subprocess.Popen[str], out: Path, figures: Figures, waits: _Waits | None) -> str:
    if waits is None or figures.n_kills >= waits.n_kills:
        return process.communicate()[0]
    span_s = waits.whole_s
    if figures.n_kills % 2:
        span_s /= 2
        before = _look(out)
        while process.poll() is None and _look(out) == before:
            time.sleep(0.05)
    return process.communicate(timeout=waits.moments.uniform(0, span_s))[0]


def _look(out: Path) -> list[tuple[str, int]]:
    return [(str(place), place.stat().st_mtime_ns) for place in sorted(out.glob("*"))]


def _note_done(session: Path, out: Path, done: dict[str, int]) -> dict[str, int]:
    """Return the starts of each submission whose run was whole at the kill: none may be added later."""
    now = {file.parent.name: count_starts(session, file.parent.name) for file in out.glob("*/run.json")}
    return now | done


def _describe(process: psutil.Process) -> str:
    with suppress(psutil.NoSuchProcess):
        return " ".join(process.cmdline())[:200]
    return "gone"


def _find_containers(image: str) -> list[str]:
    docker = shutil.which("docker")
    if docker is None:
        return []
    words = [docker, "ps", "-aq", "--filter", "label=ultrasound-bench.owner", "--filter", f"ancestor={image}"]
    found = subprocess.run(words, capture_output=True, text=True, check=False).stdout.split()
    return [f"container {name}" for name in found]


def _read(out: Path) -> dict[str, str]:
    """Return predictions and scores of every submission; times and dates may differ."""
    found = {}
    for file in sorted(out.glob("*/result.json")):
        result = json.loads(file.read_bytes())
        scores = {key: result[key] for key in ("tasks", "groups", "summary", "problems", "cases_sha256")}
        digest = hashlib.sha256(json.dumps(scores, sort_keys=True).encode())
        folder = file.parent / "predictions"
        for place in sorted(folder.rglob("*")):
            digest.update(str(place.relative_to(folder)).encode())
            digest.update(place.read_bytes() if place.is_file() else b"")
        found[file.parent.name] = digest.hexdigest()
    return found


def main(
    out: Annotated[Path, typer.Option(help="A new folder.")],
    kills: Annotated[int, typer.Option(min=1)] = 50,
    seed: Annotated[int, typer.Option()] = 1,
    image: Annotated[str | None, typer.Option(help="Of a container; default plain commands.")] = None,
) -> None:
    """Kill queues and print the figures."""
    figures = kill_queues(out.resolve(), n_kills=kills, seed=seed, image=image)
    sys.stdout.write(f"{figures}\n")
    broken = figures.differences or figures.left_behind or figures.n_started_again_when_done
    raise typer.Exit(1 if broken else 0)


if __name__ == "__main__":
    typer.run(main)
