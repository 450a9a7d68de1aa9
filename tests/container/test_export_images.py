"""The exported images, built and run with the options of the platforms' own workers."""

import json
import shlex
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.container.engines import call, require
from tests.leaderboard.export_scenes import (
    PREDICTIONS,
    export,
    lay_out_codabench,
    lay_out_grand_challenge,
    score_here,
    split_predictions,
)

TAG = "ultrasound-bench-export:test"
pytestmark = pytest.mark.container
docker = partial(call, "docker")

DROPPED = (
    *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE"),
    *("NET_RAW", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"),
)
"""What Codabench's worker takes away (`compute_worker.py`)."""


@pytest.fixture(scope="module")
def engine() -> Iterator[None]:
    """Have an engine that answers, or skip; remove the image afterwards."""
    require("docker")
    yield
    docker("image", "rm", "--force", TAG)


def build(folder: Path) -> None:
    """Build an image from a context."""
    built = docker("build", "--network=host", "--tag", TAG, str(folder))
    assert built.returncode == 0, built.stderr[-2000:]


def expected(protocol: str) -> dict[str, float]:
    """Return what the platform must show."""
    result = score_here(protocol, PREDICTIONS[protocol])
    scores = {name: score.value for name, score in result.summary.items() if score.value is not None}
    return {**scores, "n_failed": float(result.n_failed)}


def test_grand_challenge_container_writes_the_metrics(engine: None, tmp_path: Path) -> None:
    container = export("grand-challenge", "fmc_uia", tmp_path / "container")
    build(container / "context")
    jobs = split_predictions("fmc_uia", tmp_path / "jobs")
    inputs, truth = lay_out_grand_challenge(container, jobs, tmp_path / "run")
    output = tmp_path / "output"
    output.mkdir()
    output.chmod(0o777)
    done = docker(
        *("run", "--rm", "--network", "none", "--cap-drop=ALL", "--security-opt=no-new-privileges"),
        *("--volume", f"{inputs}:/input:ro", "--volume", f"{output}:/output"),
        *("--volume", f"{truth}:/opt/ml/input/data/ground_truth:ro", TAG),
    )
    assert done.returncode == 0, done.stderr
    metrics = json.loads((output / "metrics.json").read_text())
    assert metrics["aggregates"] == expected("fmc_uia")
    assert docker("run", "--rm", "--entrypoint=id", TAG, "-u").stdout == "10001\n"


def test_codabench_program_runs_in_its_image_as_the_worker_runs_it(engine: None, tmp_path: Path) -> None:
    bundle = export("codabench", "uusic25", tmp_path / "bundle")
    build(bundle / "scoring_image")
    app_dir = tmp_path / "app"
    command = lay_out_codabench(bundle, PREDICTIONS["uusic25"], app_dir)
    mounts = [f"--volume={app_dir / name}:/app/{name}" for name in ("program", "output", "input")]
    locks = [f"--cap-drop={name}" for name in DROPPED]
    done = docker(
        *("run", "--rm", "--network", "none", "--security-opt=no-new-privileges", *locks, *mounts),
        *("--workdir=/app/program", "--env=PYTHONUNBUFFERED=1", TAG, *shlex.split(command)),
    )
    assert done.returncode == 0, done.stderr
    assert json.loads((app_dir / "output" / "scores.json").read_text()) == expected("uusic25")
