"""How a batch is answered: each image once, whatever becomes of its neighbours."""

import errno
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from evaluation.contract.case import Case, make_case_id
from evaluation.contract.manifest import Manifest
from evaluation.contract.prediction import ClassPrediction
from evaluation.contract.task import Kind, Task
from evaluation.protocols.uusic25.predictions import PredictionWriter
from model.batch import BatchPredictor, Network, Writer
from model.floor import FloorModel
from model.header import EmptyWhen, LearnedHead
from model.plan import make_plan
from model.predictor import Done, predict_all
from model.views import AS_IT_IS
from tests.model.networks import make_header

FLOOR = FloorModel({})
TASKS = {
    "kinds": Task(task_id="kinds", kind=Kind.CLASSIFICATION, num_classes=2),
    "more": Task(task_id="more", kind=Kind.CLASSIFICATION, num_classes=3),
    "mask": Task(task_id="mask", kind=Kind.SEGMENTATION, num_classes=2),
}
HEADS = [LearnedHead(task_id=name, kind=t.kind, num_classes=t.num_classes) for name, t in TASKS.items()]


class GreyEngine:
    """Answers with the image's mean grey; NaN for a white image."""

    name = "grey"

    def __init__(self) -> None:
        self.batches: list[int] = []

    def encode(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the means."""
        self.batches.append(len(batch))
        return np.asarray(batch.mean(axis=(1, 2, 3)), dtype=np.float32)

    def answer(self, head: int, features: NDArray[np.float32], rows: Sequence[int]) -> NDArray[np.float32]:
        """Return logits whose last class is the mean."""
        means = features[list(rows)]
        means = np.where(means > 2.4, np.nan, means)
        shape = (8, 8) if head == 2 else ()
        logits = np.zeros((len(rows), HEADS[head].num_classes, *shape), dtype=np.float32)
        logits[:, -1] = means.reshape(-1, *[1] * len(shape))
        return logits


class ListWriter:
    """Keeps what is written."""

    def __init__(self) -> None:
        self.classes: list[tuple[str, ClassPrediction]] = []
        self.masks: dict[str, NDArray[np.uint8]] = {}

    def add_mask(self, case: Case, mask: NDArray[np.uint8]) -> None:
        """Keep a mask."""
        self.masks[case.image_path] = mask

    def add_class(self, case: Case, prediction: ClassPrediction) -> None:
        """Keep a class."""
        self.classes.append((case.case_id, prediction))


def make_manifest(folder: Path, greys: Mapping[str, int | None], asked: Sequence[str]) -> Manifest:
    """Write images (None leaves one out) and ask tasks about each, task by task."""
    for name, grey in greys.items():
        if grey is not None:
            Image.new("L", (40, 30), grey).save(folder / name)
    cases = [
        Case(
            case_id=make_case_id(task, name),
            task_id=task,
            image_path=name,
            image_file=folder / name,
            size_hw=(30, 40),
            output_path=name if task == "mask" else None,
        )
        for task in asked
        for name in greys
    ]
    return Manifest(protocol="p", tasks=TASKS, cases=tuple(cases))


def run(
    manifest: Manifest,
    *,
    n_workers: int = 1,
    stop_after: int = 99,
    heads: Sequence[LearnedHead] = HEADS,
    writer: Writer | None = None,
) -> tuple[Done, ListWriter, GreyEngine]:
    """Predict in batches of two; the second value keeps what is written without a `writer`."""
    engine, kept, header = GreyEngine(), ListWriter(), make_header(heads)
    plan = make_plan(manifest, header, FLOOR)
    predictor = BatchPredictor(manifest, plan, Network(engine, header, (AS_IT_IS,)), FLOOR, writer or kept)
    asked: list[int] = []

    def should_stop() -> bool:
        asked.append(1)
        return len(asked) > stop_after

    done = predict_all(
        predictor, n_workers=n_workers, batch_size=2, should_stop=should_stop, say=lambda _: None
    )
    return done, kept, engine


FIVE = {f"{number}.png": 40 * number for number in range(5)}


@pytest.mark.parametrize("n_workers", [1, 3])
def test_backbone_sees_each_image_once_in_full_batches(tmp_path: Path, n_workers: int) -> None:
    done, writer, engine = run(make_manifest(tmp_path, FIVE, list(TASKS)), n_workers=n_workers)
    assert sorted(engine.batches) == [1, 2, 2]
    assert (done.n_written, done.n_readable, len(writer.masks)) == (15, 5, 5)


@pytest.mark.parametrize("n_workers", [1, 3])
def test_answers_belong_to_their_images_and_keep_the_manifest_s_order(tmp_path: Path, n_workers: int) -> None:
    _, writer, _ = run(make_manifest(tmp_path, FIVE, ["kinds"]), n_workers=n_workers)
    assert [name for name, _ in writer.classes] == [f"kinds|{name}" for name in FIVE]
    logits = [np.log(p.probabilities[1] / p.probabilities[0]) for _, p in writer.classes if p.probabilities]
    expected = [(grey / 255 - 0.449) / 0.226 for grey in FIVE.values()]
    np.testing.assert_allclose(logits, expected, atol=1e-5)


def test_missing_image_costs_its_own_cases_only(tmp_path: Path) -> None:
    greys = {"a.png": 200, "gone.png": None, "b.png": 200}
    done, writer, engine = run(make_manifest(tmp_path, greys, ["kinds", "mask"]))
    assert (done.n_written, done.n_readable) == (6, 2)
    assert done.problems == ["image gone.png: No such file or directory"]
    answers = dict(writer.classes)
    assert answers["kinds|gone.png"] == ClassPrediction(0, (0.5, 0.5))
    assert answers["kinds|a.png"].label == answers["kinds|b.png"].label == 1
    assert writer.masks["a.png"].all()
    assert 0 < writer.masks["gone.png"].mean() < 1
    assert sum(engine.batches) == 2


def test_size_that_one_case_alone_has_wrong_is_a_problem(tmp_path: Path) -> None:
    manifest = make_manifest(tmp_path, {"a.png": 200, "b.png": 200}, ["kinds", "mask"])
    cases = [replace(c, size_hw=(20, 40)) if c.case_id == "mask|a.png" else c for c in manifest.cases]
    done, writer, _ = run(replace(manifest, cases=tuple(cases)))
    assert done.problems == ["image a.png: is (30, 40) (h, w), the manifest says (20, 40)"]
    assert (writer.masks["a.png"].shape, writer.masks["b.png"].shape) == ((20, 40), (30, 40))
    assert done.n_written == 4


@pytest.mark.parametrize("name", [256 * "x", "a.png/b", "\ud800.png"], ids=["long", "folder", "surrogate"])
def test_mask_that_cannot_be_called_so_costs_its_own_case_only(tmp_path: Path, name: str) -> None:
    manifest = make_manifest(tmp_path, {"a.png": 200, "b.png": 200, "c.png": 200}, ["mask"])
    cases = [replace(c, output_path=name) if c.image_path == "b.png" else c for c in manifest.cases]
    with PredictionWriter(manifest, tmp_path / "out") as writer:
        done, _, _ = run(replace(manifest, cases=tuple(cases)), writer=writer)
    assert (done.n_written, len(done.skipped)) == (2, 1)
    assert done.skipped[0].startswith("case 'mask|b.png': skipped: ")
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["a.png", "c.png"]


def test_full_disk_stops_the_run(tmp_path: Path) -> None:
    class FullWriter(ListWriter):
        def add_mask(self, case: Case, mask: NDArray[np.uint8]) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        run(make_manifest(tmp_path, {"a.png": 200}, ["mask"]), writer=FullWriter())


def test_answer_that_is_not_a_number_is_the_floor_s(tmp_path: Path) -> None:
    done, writer, _ = run(make_manifest(tmp_path, {"a.png": 200, "white.png": 255}, ["kinds"]))
    assert dict(writer.classes)["kinds|white.png"] == ClassPrediction(0, (0.5, 0.5))
    assert dict(writer.classes)["kinds|a.png"].label == 1
    assert done.problems == ["case kinds|white.png: the network says NaN or infinity; the floor answers"]
    assert done.n_written == 2


def test_stop_is_obeyed_between_batches_and_what_is_begun_is_finished(tmp_path: Path) -> None:
    done, writer, engine = run(make_manifest(tmp_path, FIVE, ["kinds"]), stop_after=1)
    assert engine.batches == [2]
    assert done.n_written == len(writer.classes) == 2


def test_plan_warns_of_every_task_that_the_network_did_not_learn(tmp_path: Path) -> None:
    manifest = make_manifest(tmp_path, {"a.png": 1}, list(TASKS))
    heads = [LearnedHead(task_id="kinds_old", kind=Kind.CLASSIFICATION, num_classes=2)]
    plan = make_plan(manifest, make_header(heads), FLOOR)
    assert plan.heads == {"kinds": 0}
    assert "answered as kinds_old" in plan.warnings["kinds"]
    assert "answered generically" in plan.warnings["more"]
    assert set(plan.warnings) == set(TASKS)


@pytest.mark.parametrize("asked", [["mask"], ["kinds", "mask"], ["mask", "more"]])
def test_mask_is_empty_where_a_class_head_says_so_asked_or_not(tmp_path: Path, asked: list[str]) -> None:
    # All masks of images brighter than 0.449 are full; of two classes the last has their (grey - mean) / std.
    gate = EmptyWhen(task_id="kinds", class_index=1, above=0.8)  # Logit 1.39, grey 0.76.
    heads = [
        head.model_copy(update={"empty_when": gate}) if head.task_id == "mask" else head for head in HEADS
    ]
    greys = {"dark.png": 40, "mid.png": 180, "bright.png": 210}
    done, writer, _ = run(make_manifest(tmp_path, greys, asked), heads=heads)
    assert {name: bool(mask.any()) for name, mask in writer.masks.items()} == {
        "dark.png": False,
        "mid.png": True,
        "bright.png": False,
    }
    assert {mask.shape for mask in writer.masks.values()} == {(30, 40)}
    assert (done.n_written, len(writer.classes), done.problems) == (3 * len(asked), 3 * len(asked) - 3, [])
