"""From what a head says at the network's size to an answer at the image's size."""

import cv2
import numpy as np
from numpy.typing import NDArray

from evaluation.contract.prediction import BoxPrediction, ClassPrediction, PointsPrediction, Prediction
from evaluation.contract.task import Kind


def softmax(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return (..., C) probabilities that sum to 1 in double precision."""
    power = np.exp(logits.astype(np.float64) - logits.max(axis=-1, keepdims=True))
    return np.asarray(power / power.sum(axis=-1, keepdims=True), dtype=np.float64)


def decode(
    kind: Kind,
    output: NDArray[np.float32] | NDArray[np.float64],
    size_hw: tuple[int, int],
    *,
    min_peak: float = 0,
    only_largest: bool = False,
) -> NDArray[np.uint8] | Prediction:
    """Return one image's answer.

    Args:
        kind: of the head.
        output: (C, s, s) logits of a mask, (C,) probabilities of classes, (4,) xyxy shares of width and
            height, or (K, s, s) logits of places.
        size_hw: of the original image.
        min_peak: of the head; a mask without a place that shows a foreground with at least this
            probability is left empty.
        only_largest: of the head; of each class, all but the largest connected region is taken away.

    Returns:
        A (h, w) mask of class indices, or a class, a box or points in pixels of the original image.
    """
    match kind:
        case Kind.SEGMENTATION:
            if min_peak > 0 and peak_probability(output) < min_peak:
                return np.zeros(size_hw, dtype=np.uint8)
            mask = draw_mask(output.astype(np.float32), size_hw)
            return keep_largest(mask) if only_largest else mask
        case Kind.CLASSIFICATION:
            return ClassPrediction(int(np.argmax(output)), tuple(output.tolist()))
        case Kind.DETECTION:
            return place_box(output, size_hw)
        case Kind.REGRESSION:
            return place_points(output.astype(np.float64), size_hw)


def peak_probability(logits: NDArray[np.floating]) -> float:
    """Return how probable it is, where it is most so, that (C, s, s) logits show no background."""
    return float(1 - softmax(np.moveaxis(logits, 0, -1))[..., 0].min())


def draw_mask(logits: NDArray[np.float32], size_hw: tuple[int, int]) -> NDArray[np.uint8]:
    """Return the (h, w) mask of the likeliest class, its (C, s, s) logits interpolated linearly.

    One class alone is background everywhere. Where two classes are equal, the first wins.
    """
    size_wh = size_hw[::-1]
    if len(logits) == 1:
        return np.zeros(size_hw, dtype=np.uint8)
    if len(logits) == 2:
        # Interpolation is linear, so the difference can be taken first.
        difference = cv2.resize(logits[1] - logits[0], size_wh, interpolation=cv2.INTER_LINEAR)
        return (np.asarray(difference) > 0).astype(np.uint8)
    best = np.asarray(cv2.resize(logits[0], size_wh, interpolation=cv2.INTER_LINEAR))
    mask = np.zeros(size_hw, dtype=np.uint8)
    for index, plane in enumerate(logits[1:], start=1):
        value = np.asarray(cv2.resize(plane, size_wh, interpolation=cv2.INTER_LINEAR))
        mask[value > best] = index
        np.maximum(best, value, out=best)
    return mask


def keep_largest(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a (h, w) mask with the largest 8-connected region of each class; of equal ones, the first.

    Source: nnU-Net's postprocessing (Isensee et al., Nature Methods 18, 2021).
    """
    kept = np.zeros_like(mask)
    for index in range(1, int(mask.max(initial=0)) + 1):
        _, regions, statistics, _ = cv2.connectedComponentsWithStats((mask == index).view(np.uint8))
        areas = np.asarray(statistics)[1:, cv2.CC_STAT_AREA]
        if len(areas):
            kept[np.asarray(regions) == 1 + int(areas.argmax())] = index
    return kept


def place_box(xyxy: NDArray[np.float32] | NDArray[np.float64], size_hw: tuple[int, int]) -> BoxPrediction:
    """Return a box of (4,) shares of width and height in pixels, inside the image, its edges in order."""
    inside = np.clip(xyxy.astype(np.float64), 0, 1).reshape(2, 2)
    scale_xy = np.array([size_hw[1], size_hw[0]])
    corners = np.sort(inside, axis=0) * scale_xy
    return BoxPrediction(tuple(corners.ravel().tolist()))


def place_points(logits: NDArray[np.float64], size_hw: tuple[int, int]) -> PointsPrediction:
    """Return the expected place of each of (K, s, s) maps of logits in pixels."""
    points = expected_places(logits) * np.array([size_hw[1], size_hw[0]])
    return PointsPrediction(tuple(points.ravel().tolist()))


def expected_places(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (K, 2) x, y as shares of width and height: the mean place under each map's softmax.

    Args:
        logits: (K, s, s), one map a point.
    """
    n_points, rows, columns = logits.shape
    probability = softmax(logits.reshape(n_points, -1)).reshape(logits.shape)
    x = probability.sum(axis=1) @ ((np.arange(columns) + 0.5) / columns)
    y = probability.sum(axis=2) @ ((np.arange(rows) + 0.5) / rows)
    return np.stack([x, y], axis=1)
