"""How good a network is on the validation part, at network size: what training is steered by.

The figures choose between epochs and stages; what is published is scored by `evaluation` at original size.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 # torch's own name for it
from numpy.typing import NDArray

from evaluation.contract.task import Kind
from evaluation.metrics.auc import auc_binary, auc_one_vs_rest_macro
from evaluation.metrics.detection import box_iou
from evaluation.metrics.overlap import dice_per_class
from model.decode import expected_places, peak_probability, softmax
from model.network.unified import HeadKey, UnifiedNetwork
from train.unified.batches import normalise
from train.unified.cache import Cache, CachedPicture, Label

Said = NDArray[np.float32] | NDArray[np.uint8]
Answers = dict[HeadKey, list[tuple[CachedPicture, Said]]]
BATCH = 32


@dataclass(frozen=True)
class Validation:
    """Scores of one epoch, all between 0 and 1, the higher the better."""

    by_head: dict[HeadKey, float]
    """Mean DSC, AUC, mean IoU, or 1 - mean radial error over a tenth of the diagonal, at least 0."""

    @property
    def mean(self) -> float:
        """The mean over heads."""
        return float(np.mean(list(self.by_head.values())))


def validate(network: UnifiedNetwork, cache: Cache) -> tuple[Validation, Answers]:
    """Score a network on every labelled head; the answers come along for the contact sheet.

    Args:
        network: in evaluation mode after the call.
        cache: the validation part.
    """
    answers = answer_all(network, cache)
    scored = find_scored(network.keys, cache)
    return Validation({key: _score(key, answers[key], cache) for key in scored}), answers


def find_scored(keys: Sequence[HeadKey], cache: Cache) -> list[HeadKey]:
    """Return the heads whose score the labels define: any label, all classes, or any point."""
    labels = {key: [p.labels[key] for p in cache.pictures if key in p.labels] for key in keys}
    return [key for key in keys if labels[key] and _defines_score(key, labels[key])]


def _defines_score(key: HeadKey, labels: Sequence[Label]) -> bool:
    match key.kind:
        case Kind.CLASSIFICATION:
            return len({label.class_index for label in labels}) == key.num_classes
        case Kind.REGRESSION:
            return any(any(label.points or ()) for label in labels)
        case _:
            return True


def answer_all(network: UnifiedNetwork, cache: Cache, keys: Sequence[HeadKey] | None = None) -> Answers:
    """Return what heads say about every picture that has their label, computed in bfloat16.

    Masks are (S, S) uint8 classes; classes (C,) logits; boxes and points shares of width and height.

    Args:
        network: in evaluation mode after the call.
        cache: the pictures.
        keys: of the heads that are asked; None for all.
    """
    return _ask(network, cache, keys or network.keys, _finish)


def find_peaks(network: UnifiedNetwork, cache: Cache, key: HeadKey) -> list[tuple[CachedPicture, float]]:
    """Return how probable a segmentation head finds a foreground, where it does most (`model.decode`)."""

    def finish(_: HeadKey, answer: torch.Tensor, __: int) -> NDArray[np.float32]:
        return np.array([[peak_probability(logits)] for logits in answer.cpu().numpy()], dtype=np.float32)

    return [(picture, float(said[0])) for picture, said in _ask(network, cache, [key], finish)[key]]


def find_probabilities(
    network: UnifiedNetwork, cache: Cache, *, of: HeadKey, by: HeadKey
) -> NDArray[np.float64]:
    """Return (n, C) probabilities that a classification head gives the pictures with another head's label.

    Args:
        network: in evaluation mode after the call.
        cache: the pictures.
        of: the head whose pictures are meant.
        by: the classification head.
    """
    answers = _ask(network, cache, [of], _finish, by=by)[of]
    return softmax(np.stack([said.astype(np.float64) for _, said in answers]))


def _ask(
    network: UnifiedNetwork,
    cache: Cache,
    keys: Sequence[HeadKey],
    finish: Callable[[HeadKey, torch.Tensor, int], Said],
    *,
    by: HeadKey | None = None,
) -> Answers:
    network.eval()
    device = next(network.parameters()).device
    answers: Answers = {}
    asked = [picture for picture in cache.pictures if any(key in picture.labels for key in keys)]
    for start in range(0, len(asked), BATCH):
        pictures = asked[start : start + BATCH]
        images = normalise(cache.images[[picture.row for picture in pictures]]).to(device)
        with torch.no_grad(), torch.autocast(device.type, torch.bfloat16):
            features = network.encode(images.contiguous(memory_format=torch.channels_last))
            for key in keys:
                rows = [row for row, picture in enumerate(pictures) if key in picture.labels]
                if rows:
                    picked = type(features)(*(part[rows] for part in features))
                    answer = network.answer(network.keys.index(by or key), picked).float()
                    said = finish(by or key, answer, images.shape[-1])
                    pairs = zip((pictures[row] for row in rows), said, strict=True)
                    answers.setdefault(key, []).extend(pairs)
    return answers


def _finish(key: HeadKey, answer: torch.Tensor, side: int) -> Said:
    match key.kind:
        case Kind.SEGMENTATION:
            # As the predictor does: every second cell of the reference would lie half a cell aside.
            whole = F.interpolate(answer, (side, side), mode="bilinear", align_corners=False)
            return whole.argmax(dim=1).to(torch.uint8).cpu().numpy()
        case Kind.REGRESSION:
            return np.array([expected_places(of) for of in answer.cpu().double().numpy()], dtype=np.float32)
    return np.asarray(answer.cpu().numpy(), dtype=np.float32)


def _score(key: HeadKey, answers: list[tuple[CachedPicture, Said]], cache: Cache) -> float:
    if key.kind is Kind.CLASSIFICATION:
        labels = np.array([picture.labels[key].class_index for picture, _ in answers])
        probabilities = softmax(np.stack([said.astype(np.float32) for _, said in answers]))
        if key.num_classes == 2:
            return float(auc_binary(labels=labels, scores=probabilities[:, 1])[0])
        return float(auc_one_vs_rest_macro(labels=labels, probabilities=probabilities)[0])
    scores = [_score_one(key, picture, said, cache) for picture, said in answers]
    return float(np.mean([score for score in scores if score is not None]))


def _score_one(key: HeadKey, picture: CachedPicture, said: Said, cache: Cache) -> float | None:
    label = picture.labels[key]
    if label.mask is not None:
        truth = np.asarray(cache.masks[label.mask])
        return mean_dice(truth, said.astype(np.uint8), key)
    if label.box is not None:
        box = np.sort(said.reshape(2, 2).astype(np.float64), axis=0).ravel()
        return float(box_iou(box_ref=label.box, box_pred=tuple(box.tolist())))
    size_xy = np.array(picture.size_hw[::-1])
    truth_xy = [(p, s) for p, s in zip(label.points or (), said, strict=True) if p is not None]
    if not truth_xy:
        return None
    errors = [np.hypot(*((np.array(p) - s) * size_xy)) for p, s in truth_xy]
    return max(0.0, 1 - 10 * float(np.mean(errors)) / float(np.hypot(*size_xy)))


def mean_dice(truth: NDArray[np.uint8], said: NDArray[np.uint8], key: HeadKey) -> float:
    """Return the mean DSC of a mask's foreground classes."""
    return float(dice_per_class(labels_ref=truth, labels_pred=said, num_classes=key.num_classes)[1:].mean())
