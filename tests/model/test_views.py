"""Test-time augmentation: what a mirrored view says is brought back, and reaches only who may see it."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from evaluation.contract.task import Kind
from model.header import LearnedHead
from model.views import ALL_VIEWS, AS_IT_IS, BRIGHTER, MIRRORED, look
from tests.model.networks import make_header

SIZE = 8


class MirrorEngine:
    """An engine whose answers move with the image: made of the brightest column."""

    name = "mirror"

    def __init__(self, kinds: Sequence[Kind]) -> None:
        self.kinds = kinds
        self.n_batches = 0

    def encode(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the images."""
        self.n_batches += 1
        return batch

    def answer(self, head: int, features: NDArray[np.float32], rows: Sequence[int]) -> NDArray[np.float32]:
        """Return a box around the brightest column, maps equal to the image, or its first column's mean."""
        images = features[list(rows)]
        match self.kinds[head]:
            case Kind.DETECTION:
                columns = images[:, 0].mean(axis=1).argmax(axis=1)
                sides = [[c / SIZE, 0, (c + 1) / SIZE, 1] for c in columns]
                return np.array(sides, dtype=np.float32)
            case Kind.CLASSIFICATION:
                first = images[:, 0, :, 0].mean(axis=1)
                return np.stack([first, -first], axis=1)
            case _:
                return images


@pytest.fixture
def grey() -> NDArray[np.uint8]:
    """Return two images with one bright column each."""
    images = np.zeros((2, SIZE, SIZE), dtype=np.uint8)
    images[0, :, 1] = images[1, :, 6] = 255
    return images


def ask(kind: Kind, grey: NDArray[np.uint8], views: Sequence[object], *, flip: bool) -> NDArray[np.float64]:
    """Ask one head about both images."""
    header = make_header([LearnedHead(task_id="a", kind=kind, num_classes=1, flip_allowed=flip)])
    chosen = [view for view in ALL_VIEWS if view in views]
    return look(MirrorEngine([kind]), header, grey, {0: [0, 1]}, chosen)[0]


@pytest.mark.parametrize("kind", [Kind.DETECTION, Kind.SEGMENTATION, Kind.REGRESSION])
def test_mirrored_answers_come_back_to_where_they_were(kind: Kind, grey: NDArray[np.uint8]) -> None:
    plain = ask(kind, grey, [AS_IT_IS], flip=True)
    np.testing.assert_allclose(ask(kind, grey, [AS_IT_IS, MIRRORED], flip=True), plain, atol=1e-6)


def test_mirrored_view_reaches_only_heads_that_allow_it(grey: NDArray[np.uint8]) -> None:
    grey[:, :, 0] = 100
    plain = ask(Kind.CLASSIFICATION, grey, [AS_IT_IS], flip=True)
    np.testing.assert_array_equal(ask(Kind.CLASSIFICATION, grey, [AS_IT_IS, MIRRORED], flip=False), plain)
    assert np.abs(ask(Kind.CLASSIFICATION, grey, [AS_IT_IS, MIRRORED], flip=True) - plain).max() > 0.01


def test_averaged_probabilities_sum_to_one(grey: NDArray[np.uint8]) -> None:
    probabilities = ask(Kind.CLASSIFICATION, grey, ALL_VIEWS, flip=True)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-12)


def test_brighter_view_is_brighter_and_keeps_black_and_white() -> None:
    ramp = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    brighter = BRIGHTER.change(ramp)
    assert (brighter >= ramp).all()
    assert brighter[0, 8, 0] > ramp[0, 8, 0]
    assert (brighter.min(), brighter.max()) == (0, 255)


def test_backbone_runs_once_a_view_for_all_heads(grey: NDArray[np.uint8]) -> None:
    kinds = [Kind.SEGMENTATION, Kind.DETECTION]
    heads = [LearnedHead(task_id=kind, kind=kind, num_classes=1, flip_allowed=True) for kind in kinds]
    engine = MirrorEngine(kinds)
    answers = look(engine, make_header(heads), grey, {0: [0, 1], 1: [1]}, ALL_VIEWS)
    assert engine.n_batches == len(ALL_VIEWS)
    assert {head: len(answer) for head, answer in answers.items()} == {0: 2, 1: 1}
