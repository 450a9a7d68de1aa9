"""The container's door with a network's weights, run as the command that the container runs."""

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import openvino as ov  # type: ignore[import-untyped] # ships no type hints
import pytest
from scipy.ndimage import label

from evaluation.contract.manifest import Manifest
from evaluation.contract.prediction import BoxPrediction, ClassPrediction, PointsPrediction, Prediction
from evaluation.contract.task import Kind
from evaluation.files.images import decode_mask, read_size
from evaluation.protocols.fmc_uia import layout, predictions
from model.checkpoint import load_network
from model.decode import decode
from model.engines.torch_engine import TorchEngine
from model.export import export
from model.graphs import graphs_folder
from model.header import EmptyWhen, LearnedHead
from model.pictures import read_picture
from model.views import AS_IT_IS, look
from tests.model.networks import write_network
from tests.train.challenge_trees import write_fmc_uia

ROOT = Path(__file__).parent.parent
HEADS = (
    LearnedHead(
        task_id="quarters", kind=Kind.SEGMENTATION, num_classes=2, flip_allowed=True, only_largest=True
    ),
    # So sure an untrained network never is.
    LearnedHead(
        task_id="halves",
        kind=Kind.SEGMENTATION,
        num_classes=3,
        flip_allowed=True,
        min_peak=0.999,
        empty_when=EmptyWhen(task_id="nobody_asks", class_index=4, above=0.99),
    ),
    LearnedHead(task_id="kinds_of_old", kind=Kind.CLASSIFICATION, num_classes=3, flip_allowed=True),
    LearnedHead(task_id="box", kind=Kind.DETECTION, num_classes=1, flip_allowed=True),
    LearnedHead(task_id="nobody_asks", kind=Kind.CLASSIFICATION, num_classes=5),
)
"""All but the tree's `ends`; its `kinds` is only near."""
WARNED = [
    "task kinds (3 classes or points): not learned, answered as kinds_of_old",
    "task ends (2 classes or points): not learned, answered generically",
]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with FMC_UIA's mount, weights and their graphs."""
    folder = tmp_path_factory.mktemp("fmc_uia")
    write_fmc_uia(folder)
    random = np.random.default_rng(3)
    for file in (folder / "input").rglob("*.png"):
        height, width = read_size(file)
        blobs = cv2.resize(random.integers(0, 255, (6, 6), dtype=np.uint8), (width, height))
        cv2.imwrite(str(file), blobs)
    write_network(folder / "net.safetensors", HEADS)
    export(folder / "net.safetensors", graphs_folder(folder / "net.safetensors"))
    return folder


@pytest.fixture
def folder(tree: Path, tmp_path: Path) -> Path:
    """Return a copy of the tree."""
    shutil.copytree(tree, tmp_path / "copy")
    return tmp_path / "copy"


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the door; later options override the first."""
    mounts = [f"--input={folder / 'input'}", f"--input-json={folder / 'none'}"]
    rest = [f"--output={folder / 'output'}", f"--weights={folder / 'net.safetensors'}", "--device=cpu"]
    words = [sys.executable, str(ROOT / "inference.py"), *mounts, *rest, *options]
    return subprocess.run(words, capture_output=True, text=True, timeout=300, check=False, cwd=folder)


def read_log(folder: Path) -> dict[str, object]:
    """Return the run's log."""
    log: dict[str, object] = json.loads((folder / "output/predict_log.json").read_text())
    return log


def read_answers(folder: Path) -> tuple[Manifest, dict[str, Prediction]]:
    """Return the manifest and all predictions but the masks."""
    manifest = layout.read_manifest(folder / "input")
    submission = predictions.read_predictions(manifest, folder / "output")
    assert submission.problems == ()
    return manifest, dict(submission.predictions)


def numbers_of(answer: object) -> Sequence[float]:
    """Return a prediction's numbers."""
    match answer:
        case ClassPrediction(probabilities=probabilities):
            assert probabilities is not None
            return probabilities
        case BoxPrediction(xyxy_px=xyxy_px):
            return xyxy_px
    raise AssertionError(answer)


def test_every_case_is_answered_as_torch_answers_it(folder: Path) -> None:
    done = run(folder)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.splitlines() == [*WARNED, "predicted 15 of 15 cases, 2 problems"]
    manifest, answers = read_answers(folder)
    network, header = load_network(folder / "net.safetensors")
    engine = TorchEngine(network, device="cpu")
    heads = {"quarters": 0, "halves": 1, "kinds": 2, "box": 3}
    for case in manifest.cases:
        if case.task_id not in heads:
            continue
        head = heads[case.task_id]
        picture = read_picture(case.image_file, header.input_size)
        output = look(engine, header, picture.grey[None], {head: [0]}, (AS_IT_IS,))[head][0]
        learned = header.heads[head]
        expected = decode(
            learned.kind,
            output,
            picture.size_hw,
            min_peak=learned.min_peak,
            only_largest=learned.only_largest,
        )
        if isinstance(expected, np.ndarray):
            assert case.output_path is not None
            content = (folder / "output" / case.output_path).read_bytes()
            answer = decode_mask(content, expected_hw=picture.size_hw)
            assert np.mean(answer == expected) > 0.97
            assert not learned.only_largest or label(answer, np.ones((3, 3)))[1] <= 1
            assert expected.any() == (learned.min_peak == 0)
        else:
            tolerance = 0.03 * (max(picture.size_hw) if isinstance(expected, BoxPrediction) else 1)
            np.testing.assert_allclose(
                numbers_of(answers[case.case_id]), numbers_of(expected), atol=tolerance
            )


def test_task_without_a_head_is_answered_by_the_floor(folder: Path) -> None:
    run(folder)
    manifest, answers = read_answers(folder)
    ends = [case for case in manifest.cases if case.task_id == "ends"]
    for case in ends:
        assert case.size_hw is not None
        height, width = case.size_hw
        middle = (width / 3, height / 2, 2 * width / 3, height / 2)
        answer = answers[case.case_id]
        assert isinstance(answer, PointsPrediction)
        assert answer.flat_xy_px == pytest.approx(middle)


def test_log_says_what_ran_and_what_went_wrong(folder: Path) -> None:
    run(folder)
    log = read_log(folder)
    has_bf16 = "BF16" in ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    assert log["engine"] == f"openvino-cpu-{'mixed' if has_bf16 else 'f32'}"
    assert (log["n_cases"], log["n_written"], log["n_views"]) == (15, 15, 1)
    assert (log["problems"], log["skipped"]) == (WARNED, [])


def test_two_runs_write_the_same_bytes(folder: Path) -> None:
    written = []
    for name in ("first", "second"):
        assert run(folder, f"--output={folder / name}").returncode == 0
        files = [file for file in sorted((folder / name).rglob("*")) if file.is_file()]
        written.append({str(file.relative_to(folder / name)): file.read_bytes() for file in files})
    assert written[0] == written[1]
    assert len(written[0]) == 10


def test_broken_image_gets_the_floor_s_answer_and_a_line(folder: Path) -> None:
    broken = folder / "input/Segmentation/Two/imgs [a], 0\u00a0x/us.png"
    content = broken.read_bytes()
    # The header still tells the size; the pixels do not come.
    broken.write_bytes(content[: content.index(b"IDAT") + 6])
    done = run(folder)
    assert done.returncode == 0
    problems = read_log(folder)["problems"]
    assert isinstance(problems, list)
    assert len(problems) == 3
    assert "us.png: damaged image data" in problems[2]
    manifest, answers = read_answers(folder)
    box = next(case for case in manifest.cases if case.task_id == "box" and "], 0" in case.image_path)
    assert answers[box.case_id] == BoxPrediction((24.0, 16.0, 72.0, 48.0))
    assert read_log(folder)["n_written"] == 15


def test_views_change_the_answers_and_are_logged(folder: Path) -> None:
    run(folder)
    _, plain = read_answers(folder)
    assert run(folder, "--tta").returncode == 0
    _, averaged = read_answers(folder)
    assert averaged.keys() == plain.keys()
    assert averaged != plain
    assert read_log(folder)["n_views"] == 3


def test_without_graphs_they_are_made_for_the_run(folder: Path) -> None:
    run(folder)
    expected = (folder / "output/classification_predictions.json").read_bytes()
    shutil.rmtree(folder / "net.graphs")
    done = run(folder)
    assert done.returncode == 0
    assert "no net.graphs beside the weights" in done.stderr
    assert (folder / "output/classification_predictions.json").read_bytes() == expected
    assert not (folder / "net.graphs").exists()


def test_graphs_of_other_weights_are_exit_2(folder: Path) -> None:
    write_network(folder / "net.safetensors", HEADS[::-1])
    done = run(folder)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert "made from other weights" in done.stderr


def test_self_test_is_0_for_sound_weights_and_2_for_others(folder: Path) -> None:
    done = run(folder, "--self-test")
    assert done.returncode == 0
    assert "5 heads, " in done.stderr
    (folder / "net.safetensors").write_bytes(b"no weights")
    done = run(folder, "--self-test")
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert not (folder / "output").exists()


def test_timing_names_the_stages(folder: Path) -> None:
    said = run(folder, "--timing").stderr
    for stage in ("start", "decode", "network", "write"):
        assert f"{stage} " in said


def test_missing_gpu_is_exit_3(folder: Path) -> None:
    if any(Path("/dev").glob("nvidia[0-9]*")):
        pytest.skip("there is an NVIDIA device")
    done = run(folder, "--device=cuda")
    assert (done.returncode, "Traceback" in done.stderr) == (3, False)
