"""The comparison of the CPU engines, as the command that people run."""

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from model.export import export
from model.graphs import graphs_folder
from tests.model.networks import write_network

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with weights, their graphs and five images."""
    folder = tmp_path_factory.mktemp("measure")
    write_network(folder / "net.safetensors")
    export(folder / "net.safetensors", graphs_folder(folder / "net.safetensors"))
    random = np.random.default_rng(0)
    (folder / "images").mkdir()
    for number in range(5):
        image = cv2.resize(random.integers(0, 255, (6, 8), dtype=np.uint8), (80, 60))
        cv2.imwrite(str(folder / f"images/{number}.png"), image)
    return folder


def measure(folder: Path, images: str) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    words = ["--weights", str(folder / "net.safetensors"), "--images", str(folder / images)]
    command = [sys.executable, "-m", "model.measure", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, cwd=ROOT)


def test_every_engine_has_its_row_and_is_compared_with_torch(folder: Path) -> None:
    done = measure(folder, "images")
    assert (done.returncode, done.stderr) == (0, "")
    head, _, *rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in done.stdout.splitlines()]
    assert head == ["engine", "images a CPU second", "peak MiB", "least mask Dice", "largest difference"]
    assert [row[0].split("-")[0] for row in rows] == ["torch", "onnxruntime", *["openvino"] * 3]
    assert rows[0][3:] == ["1.0000", "0.0000"]
    for _, speed, peak_mib, dice, difference in rows[1:3]:  # In single precision.
        assert (float(speed) > 0, float(peak_mib) > 50) == (True, True)
        assert (float(dice) >= 0.999, float(difference) <= 0.001) == (True, True)


def test_what_cannot_be_measured_is_refused(folder: Path, tmp_path: Path) -> None:
    done = measure(folder, "nothing")
    assert (done.returncode, "holds none" in done.stderr) == (2, True)
    (tmp_path / "images").mkdir()
    write_network(tmp_path / "net.safetensors")
    done = measure(tmp_path, "images")
    assert (done.returncode, "model.export" in done.stderr) == (2, True)
