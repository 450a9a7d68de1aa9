"""Test-time augmentation: the views of an image, and how their answers are brought together."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.contract.task import Kind
from model.decode import softmax
from model.engines.engine import Engine
from model.header import NetworkHeader
from model.pictures import normalise

GAMMA = 0.8
"""Of the brighter view, within the range of the training's augmentation."""


@dataclass(frozen=True, slots=True)
class View:
    """One way to look at an image."""

    change: Callable[[NDArray[np.uint8]], NDArray[np.uint8]]
    """From (B, S, S) pixels to as many."""
    is_mirrored: bool = False


def _brighten(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    table = np.rint(255 * (np.arange(256) / 255) ** GAMMA).astype(np.uint8)
    return table[grey]


AS_IT_IS = View(lambda grey: grey)
MIRRORED = View(lambda grey: grey[:, :, ::-1], is_mirrored=True)
BRIGHTER = View(_brighten)
ALL_VIEWS = (AS_IT_IS, MIRRORED, BRIGHTER)

Wanted = Mapping[int, Sequence[int]]
"""By head: the rows of the batch that it is asked about."""


def look(
    engine: Engine, header: NetworkHeader, grey: NDArray[np.uint8], wanted: Wanted, views: Sequence[View]
) -> dict[int, NDArray[np.float64]]:
    """Return each head's answers as `model.decode.decode` takes them, averaged over the views.

    Args:
        engine: runs the network.
        header: of the network.
        grey: (B, S, S) images.
        wanted: who is asked about what.
        views: the first is one that every head may see; mirrored ones only reach heads that allow them.
    """
    seen: dict[int, list[NDArray[np.float64]]] = {head: [] for head in wanted}
    for view in views:
        batch = normalise(view.change(grey), mean=header.grey_mean, std=header.grey_std)
        features = engine.encode(batch)
        for head, rows in wanted.items():
            learned = header.heads[head]
            if view.is_mirrored and not learned.flip_allowed:
                continue
            answer = as_numbers(learned.kind, engine.answer(head, features, rows))
            seen[head].append(_mirror(learned.kind, answer) if view.is_mirrored else answer)
    return {
        head: np.mean(answers, axis=0) if len(answers) > 1 else answers[0] for head, answers in seen.items()
    }


def as_numbers(kind: Kind, answer: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return what `model.decode.decode` takes: probabilities of classes, all else as the head says it."""
    return softmax(answer) if kind is Kind.CLASSIFICATION else answer.astype(np.float64)


def _mirror(kind: Kind, answer: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bring the answers to a mirrored view back to the image as it is."""
    match kind:
        case Kind.CLASSIFICATION:
            return answer
        case Kind.DETECTION:
            x_min, y_min, x_max, y_max = answer.T
            return np.stack([1 - x_max, y_min, 1 - x_min, y_max], axis=1)
        case Kind.SEGMENTATION | Kind.REGRESSION:
            return answer[..., ::-1]
