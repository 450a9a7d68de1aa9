"""The container's door, run as the command that the container runs."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from evaluation.contract.manifest import Manifest
from evaluation.contract.prediction import BoxPrediction, ClassPrediction, PointsPrediction
from evaluation.files.images import decode_mask
from evaluation.protocols.fmc_uia import layout as fmc_uia
from evaluation.protocols.fmc_uia import predictions as fmc_uia_files
from evaluation.protocols.uusic25 import layout as uusic25
from evaluation.protocols.uusic25 import predictions as uusic25_files
from model.floor_file import FloorHeader, load_floor, save_floor
from tests.train.challenge_trees import SIZES_HW, quarter, write_fmc_uia, write_uusic25
from train.floor import learn_floor

ROOT = Path(__file__).parent.parent
DOOR = ROOT / "inference.py"


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the door on ``folder/input``, ``folder/input_json`` and ``folder/weights.safetensors``."""
    return subprocess.run(
        command(folder, *options), capture_output=True, text=True, timeout=60, check=False, cwd=folder
    )


def command(folder: Path, *options: str) -> list[str]:
    """Return the command line; later options override these."""
    mounts = [f"--input={folder / 'input'}", f"--input-json={folder / 'input_json'}"]
    rest = [f"--output={folder / 'output'}", f"--weights={folder / 'weights.safetensors'}"]
    return [sys.executable, str(DOOR), *mounts, *rest, *options]


def write_weights(folder: Path, manifest: Manifest) -> None:
    """Learn the floor from a labelled manifest and write it where `run` looks."""
    model, learned = learn_floor([manifest])
    save_floor(folder / "weights.safetensors", model, FloorHeader(tasks=learned, sources=()))


@pytest.fixture
def uusic25_folder(tmp_path: Path) -> Path:
    """Return a folder with UUSIC25's two mounts and weights that know its tasks."""
    write_uusic25(tmp_path)
    (tmp_path / "images").rename(tmp_path / "input")
    (tmp_path / "manifest.json").rename(tmp_path / "input_json")
    labelled = uusic25.read_manifest(
        tmp_path / "ground_truth.json",
        images_dir=tmp_path / "input",
        references_dir=tmp_path / "references",
        labelled=True,
    )
    write_weights(tmp_path, labelled)
    return tmp_path


@pytest.fixture
def fmc_uia_folder(tmp_path: Path) -> Path:
    """Return a folder with FMC_UIA's mount and weights that know its tasks."""
    write_fmc_uia(tmp_path)
    write_weights(tmp_path, fmc_uia.read_manifest(tmp_path / "labelled", labelled=True))
    return tmp_path


def test_uusic25_is_answered_in_full(uusic25_folder: Path) -> None:
    done = run(uusic25_folder)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "predicted 10 of 10 cases, 0 problems\n"
    output = uusic25_folder / "output"
    manifest = uusic25.read_manifest(uusic25_folder / "input_json", images_dir=uusic25_folder / "input")
    submission = uusic25_files.read_predictions(manifest, output)
    assert submission.problems == ()
    liver = submission.predictions["classification/Liver|classification/Liver/imgs/cls_0.png"]
    assert liver == ClassPrediction(1, (1 / 3, 2 / 3))
    subtype = "classification/Breast_luminal|classification/Breast_luminal/imgs/cls_3.png"
    assert submission.predictions[subtype] == ClassPrediction(0, (0.25,) * 4)
    assert len(submission.predictions) == 7
    for number, size_hw in enumerate(SIZES_HW):
        content = (output / f"segmentation/Breast/masks/us_{number}.jpg").read_bytes()
        mask = decode_mask(content, expected_hw=size_hw)
        assert set(np.unique(mask)) == {0, 255}
        assert np.mean((mask > 0) == quarter(size_hw)) > 0.97


def test_fmc_uia_is_answered_in_full(fmc_uia_folder: Path) -> None:
    done = run(fmc_uia_folder)
    assert (done.returncode, done.stderr) == (0, "predicted 15 of 15 cases, 0 problems\n")
    output = fmc_uia_folder / "output"
    manifest = fmc_uia.read_manifest(fmc_uia_folder / "input")
    submission = fmc_uia_files.read_predictions(manifest, output)
    assert submission.problems == ()
    assert len(submission.predictions) == 9
    for case in manifest.cases:
        assert case.size_hw is not None or case.task_id == "kinds"
        if case.output_path is not None and case.size_hw is not None:
            mask = decode_mask((output / case.output_path).read_bytes(), expected_hw=case.size_hw)
            assert set(np.unique(mask)) == ({0, 1} if case.task_id == "quarters" else {1, 2})
    first = "../Segmentation/Two/imgs [a], 0\u00a0x/us.png"
    assert submission.predictions[f"kinds|{first}"] == ClassPrediction(2, (1 / 3, 0.0, 2 / 3))
    assert submission.predictions[f"box|{first}"] == BoxPrediction((24.0, 16.0, 72.0, 48.0))
    assert submission.predictions[f"ends|{first}"] == PointsPrediction((24.0, 32.0, 72.0, 32.0))


@pytest.mark.parametrize("layout", ["uusic25_folder", "fmc_uia_folder"])
def test_two_runs_write_the_same_bytes(layout: str, request: pytest.FixtureRequest) -> None:
    folder: Path = request.getfixturevalue(layout)
    written = []
    for name in ("first", "second"):
        assert run(folder, f"--output={folder / name}").returncode == 0
        files = sorted((folder / name).rglob("*.*"))
        written.append({str(file.relative_to(folder / name)): file.read_bytes() for file in files})
    assert written[0] == written[1]
    assert len(written[0]) > 3


def test_missing_and_damaged_images_are_named_and_still_answered(uusic25_folder: Path) -> None:
    (uusic25_folder / "input/segmentation/Breast/imgs/us_0.jpg").unlink()
    (uusic25_folder / "input/classification/Liver/imgs/cls_1.png").write_bytes(b"no image")
    done = run(uusic25_folder)
    assert done.returncode == 0
    lines = done.stderr.splitlines()
    assert lines == [
        "image segmentation/Breast/imgs/us_0.jpg: No such file or directory",
        "image classification/Liver/imgs/cls_1.png: not a readable PNG, JPEG, BMP file",
        "predicted 10 of 10 cases, 2 problems",
    ]
    assert (uusic25_folder / "output/segmentation/Breast/masks/us_0.jpg").is_file()


def test_image_of_another_size_than_listed_is_named_and_answered_as_listed(uusic25_folder: Path) -> None:
    Image.new("L", (7, 5)).save(uusic25_folder / "input/segmentation/Breast/imgs/us_0.jpg")
    done = run(uusic25_folder)
    assert "us_0.jpg: is (5, 7) (h, w), the manifest says (64, 96)" in done.stderr
    mask = (uusic25_folder / "output/segmentation/Breast/masks/us_0.jpg").read_bytes()
    assert decode_mask(mask).shape == (64, 96)


def test_case_of_unknown_size_is_skipped_and_its_class_is_not(fmc_uia_folder: Path) -> None:
    (fmc_uia_folder / "input/Segmentation/Two/imgs [a], 1\u00a0x/us.png").unlink()
    done = run(fmc_uia_folder)
    assert done.returncode == 0
    assert done.stderr.count("skipped: neither the manifest nor the image tells the image's size") == 4
    assert done.stderr.splitlines()[-1] == "predicted 11 of 15 cases, 1 problems"
    classes = json.loads((fmc_uia_folder / "output/classification_predictions.json").read_text())
    assert len(classes) == 3


def test_nothing_predicted_is_exit_2(fmc_uia_folder: Path) -> None:
    for file in (fmc_uia_folder / "input/Segmentation").rglob("*.png"):
        file.unlink()
    csv_file = fmc_uia_folder / "input/csv_files/all.csv"
    rows = csv_file.read_text().splitlines(keepends=True)
    csv_file.write_text("".join(row for row in rows if ",kinds," not in row))
    done = run(fmc_uia_folder)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == "predicted 0 of 12 cases, 3 problems"


def test_task_that_was_not_learned_is_named_counted_and_answered(uusic25_folder: Path) -> None:
    model, header = load_floor(uusic25_folder / "weights.safetensors")
    for answers in (model.answers, header.tasks):
        assert isinstance(answers, dict)
        del answers["uusic25/segmentation/Breast"]
    save_floor(uusic25_folder / "weights.safetensors", model, header)
    done = run(uusic25_folder)
    assert done.returncode == 0
    assert done.stderr.splitlines() == [
        "task segmentation/Breast (2 classes or points): not learned, answered generically",
        "predicted 10 of 10 cases, 1 problems",
    ]


def test_neither_layout_is_explained(uusic25_folder: Path) -> None:
    (uusic25_folder / "input_json").unlink()
    done = run(uusic25_folder)
    assert done.returncode == 2
    assert "input_json (UUSIC25)" in done.stderr
    assert "csv_files (FMC_UIA)" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (uusic25_folder / "output").exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [("input_json", "input_json: it is not text"), ("weights.safetensors", "not a safetensors file")],
)
def test_broken_file_is_explained(uusic25_folder: Path, name: str, message: str) -> None:
    (uusic25_folder / name).write_bytes(b"\x80\x04N.")
    done = run(uusic25_folder)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert message in done.stderr


def test_output_below_a_file_is_explained(uusic25_folder: Path) -> None:
    done = run(uusic25_folder, f"--output={uusic25_folder / 'input_json' / 'output'}")
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert "input_json/output" in done.stderr


def test_output_without_write_permission_is_explained(uusic25_folder: Path) -> None:
    (uusic25_folder / "output").mkdir(mode=0o555)
    below_temp = [
        p for p in uusic25_folder.parents if p != Path(tempfile.gettempdir()) and "pytest" in str(p)
    ]
    for place in (uusic25_folder, *below_temp):
        place.chmod(place.stat().st_mode | 0o055)
    done = subprocess.run(
        [*_someone_else(), *command(uusic25_folder)], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert "Expected `--output` to be writable" in done.stderr


def _someone_else() -> list[str]:
    """Return the words before a command that make it run as a user who may not write everywhere."""
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("root may write anywhere, and there is no setpriv to run as another user")
    words = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    probe = [*words, sys.executable, str(DOOR), "--help"]
    if subprocess.run(probe, capture_output=True, check=False).returncode != 0:
        pytest.skip("root may write anywhere, and another user cannot read this checkout")
    return words


def test_input_is_left_as_it_was(fmc_uia_folder: Path) -> None:
    def look() -> list[tuple[Path, int]]:
        return [(place, place.stat().st_mtime_ns) for place in sorted((fmc_uia_folder / "input").rglob("*"))]

    before = look()
    assert run(fmc_uia_folder).returncode == 0
    assert look() == before


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_stopped_run_leaves_what_it_predicted(
    uusic25_folder: Path, number: signal.Signals, code: int
) -> None:
    n_cases = _repeat_images(uusic25_folder, copies=1000)
    masks = uusic25_folder / "output/segmentation/Breast/masks"
    with subprocess.Popen(command(uusic25_folder), stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 60
        while not masks.exists() and time.monotonic() < deadline:
            time.sleep(0.002)
        process.send_signal(number)
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == code
    n_masks = sum(1 for file in masks.iterdir() if decode_mask(file.read_bytes()).any())
    n_classes = len(json.loads((uusic25_folder / "output/classification.json").read_text()))
    assert 0 < n_masks + n_classes < n_cases
    assert stderr == f"predicted {n_masks + n_classes} of {n_cases} cases, 0 problems\n"


def _repeat_images(folder: Path, *, copies: int) -> int:
    """List the first mask's image and the first class's image `copies` times; return the number of cases."""
    entries = json.loads((folder / "input_json").read_text())
    first = {entry["task"]: entry for entry in reversed(entries)}
    repeated = []
    for copy in range(copies):
        for entry in first.values():
            file = Path(entry["img_path_relative"])
            path = file.with_stem(f"{file.stem}_{copy}")
            (folder / "input" / path).hardlink_to(folder / "input" / file)
            repeated.append({**entry, "img_path_relative": str(path)})
    (folder / "input_json").write_text(json.dumps(repeated))
    return len(repeated)


def test_missing_input_folder_is_explained(uusic25_folder: Path) -> None:
    done = run(uusic25_folder, f"--input={uusic25_folder / 'nowhere'}")
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert "Expected `--input` to be a folder" in done.stderr


def test_a_mount_without_any_readable_image_is_not_success(uusic25_folder: Path) -> None:
    empty = uusic25_folder / "empty"
    empty.mkdir()
    done = run(uusic25_folder, f"--input={empty}")
    assert done.returncode == 2
    assert "No such file" in done.stderr
