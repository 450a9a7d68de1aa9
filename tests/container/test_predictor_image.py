"""The predictor's image: builds, and answers as the checkout does, offline, read-only and as any user."""

import json
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.container.engines import call, require

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "sample_data"
TAG = "ultrasound-bench-predictor:test"
REAL = ROOT / "runs" / "real" / "split" / "val"
"""What `python -m train prepare` makes of the public data sets, where somebody has run it."""

LOCKED = (
    "--network=none",
    "--read-only",
    "--cap-drop=ALL",
    "--memory=2g",
    "--security-opt=no-new-privileges",
)
USER = "--user=1000:1000"

pytestmark = pytest.mark.container


docker = partial(call, "docker")


@pytest.fixture(scope="module")
def image() -> Iterator[str]:
    """Build the image once; skip where there is no engine."""
    require("docker")
    built = docker("build", "--network=host", "--tag", TAG, str(ROOT))
    assert built.returncode == 0, built.stderr[-2000:]
    yield TAG
    docker("image", "rm", "--force", TAG)


def _run(image: str, mounts: dict[Path, str], output: Path, *options: str) -> str:
    output.mkdir()
    output.chmod(0o777)
    volumes = [f"--volume={place}:{inside}:ro" for place, inside in mounts.items()]
    done = docker("run", "--rm", *LOCKED, *options, *volumes, f"--volume={output}:/output", image)
    assert done.returncode == 0, done.stderr
    return done.stderr


def _run_here(output: Path, *options: str) -> None:
    door = [sys.executable, str(ROOT / "inference.py"), f"--output={output}", *options]
    subprocess.run(door, check=True, capture_output=True, timeout=600)


def _check(protocol: str, output: Path, *options: str) -> None:
    """Have the scorer's own check accept an output folder."""
    words = [sys.executable, "-m", "evaluation", "check", "--protocol", protocol, *options]
    done = subprocess.run(
        [*words, "--predictions", str(output)],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 error(s), 0 warning(s)" in done.stdout + done.stderr


def _files(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.mark.parametrize("user", ["1000:1000", "12345:54321"])
def test_uusic25_is_answered_as_outside(image: str, tmp_path: Path, user: str) -> None:
    images, manifest = SAMPLES / "uusic25" / "images", SAMPLES / "uusic25" / "manifest.json"
    mounts = {images: "/input", manifest: "/input_json"}
    said = _run(image, mounts, tmp_path / "inside", f"--user={user}")
    _run_here(tmp_path / "outside", f"--input={images}", f"--input-json={manifest}")
    assert _files(tmp_path / "inside") == _files(tmp_path / "outside")
    assert "classification.json" in _files(tmp_path / "inside")
    assert said.endswith(" 0 problems\n")
    _check("uusic25", tmp_path / "inside", "--input", str(images), "--manifest", str(manifest))


def test_fmc_uia_is_answered_as_outside(image: str, tmp_path: Path) -> None:
    root = SAMPLES / "fmc_uia" / "input"
    said = _run(image, {root: "/input"}, tmp_path / "inside", USER)
    _run_here(tmp_path / "outside", f"--input={root}", f"--input-json={tmp_path / 'none'}")
    assert _files(tmp_path / "inside") == _files(tmp_path / "outside")
    assert len(_files(tmp_path / "inside")) > 3
    assert said.endswith(" 0 problems\n")
    _check("fmc_uia", tmp_path / "inside", "--input", str(root))


@pytest.mark.skipif(not REAL.is_dir(), reason=f"{REAL.relative_to(ROOT)} is not prepared")
@pytest.mark.parametrize("protocol", ["uusic25", "fmc_uia"])
def test_real_folder_is_answered_in_full(image: str, tmp_path: Path, protocol: str) -> None:
    root = REAL / protocol
    images = root / ("images" if protocol == "uusic25" else "input")
    mounts, given = {images: "/input"}, ["--input", str(images)]
    if protocol == "uusic25":
        mounts[root / "manifest.json"] = "/input_json"
        given += ["--manifest", str(root / "manifest.json")]
    said = _run(image, mounts, tmp_path / "out", USER)
    assert said.endswith(" 0 problems\n")
    log = json.loads((tmp_path / "out" / "predict_log.json").read_text())
    assert log["n_written"] == log["n_cases"] > 0
    assert log["engine"].startswith("openvino-cpu-")
    _check(protocol, tmp_path / "out", *given)


def test_unwritable_output_is_explained_without_traceback(image: str) -> None:
    root = SAMPLES / "fmc_uia" / "input"
    done = docker("run", "--rm", *LOCKED, f"--volume={root}:/input:ro", "--tmpfs=/output:ro", image)
    assert done.returncode == 2
    assert "Expected `--output` to be writable but /output is not" in done.stderr
    assert "Traceback" not in done.stderr


def test_image_runs_unprivileged_by_default(image: str) -> None:
    assert docker("run", "--rm", "--entrypoint=id", image, "-u").stdout == "10001\n"


def test_self_test_is_the_health_check_and_passes(image: str) -> None:
    inspected = docker("image", "inspect", "--format={{json .Config.Healthcheck.Test}}", image).stdout
    command = json.loads(inspected)
    assert command[0] == "CMD"
    assert command[-2:] == ["/app/inference.py", "--self-test"]
    done = docker("run", "--rm", *LOCKED, USER, f"--entrypoint={command[1]}", image, *command[2:])
    assert done.returncode == 0, done.stderr
    assert "answered" in done.stderr


def test_image_holds_no_scores_no_references_and_no_training(image: str) -> None:
    listed = docker("run", "--rm", "--entrypoint=find", image, "/app", "-type", "f").stdout.splitlines()
    assert "/app/inference.py" in listed
    assert "/app/model/weights/floor.safetensors" in listed
    assert "/app/model/weights/lite.graphs/graphs.json" in listed
    unexpected = ("scor", "metrics", "statistics", "reference", "train/", "tests/", "sample_data", ".git")
    assert [file for file in listed if any(word in file for word in unexpected)] == []


@pytest.mark.parametrize("package", ["torch", "onnx", "scipy", "sklearn", "medpy", "pandas", "nnunetv2"])
def test_image_does_not_hold(image: str, package: str) -> None:
    code = (
        f"import importlib.util as u; print(u.find_spec({package!r}) is None, u.find_spec('numpy') is None)"
    )
    assert docker("run", "--rm", "--entrypoint=python", image, "-c", code).stdout == "True False\n"


def test_image_is_smaller_than_it_must_be(image: str) -> None:
    size = int(docker("image", "inspect", "--format={{.Size}}", image).stdout)
    assert size < 1_000_000_000
