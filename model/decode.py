"""From what a head says at the network's size to an answer at the image's size."""

import cv2
import numpy as np
from numpy.typing import NDArray

from evaluation.contract.prediction import BoxPrediction, ClassPrediction, PointsPrediction, Prediction
from evaluation.contract.task import Kind

PEAK_STEP = 2
"""Cells between the three values that a peak is fitted to: half a Gaussian's sigma at a 64x64 heatmap."""


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return (..., C) probabilities that sum to 1 in double precision."""
    power = np.exp(logits.astype(np.float64) - logits.max(axis=-1, keepdims=True))
    return np.asarray(power / power.sum(axis=-1, keepdims=True), dtype=np.float64)


def decode(
    kind: Kind, output: NDArray[np.float32] | NDArray[np.float64], size_hw: tuple[int, int]
) -> NDArray[np.uint8] | Prediction:
    """Return one image's answer.

    Args:
        kind: of the head.
        output: (C, s, s) logits of a mask, (C,) probabilities of classes, (4,) xyxy shares of width and
            height, or (K, s, s) heatmaps.
        size_hw: of the original image.

    Returns:
        A (h, w) mask of class indices, or a class, a box or points in pixels of the original image.
    """
    match kind:
        case Kind.SEGMENTATION:
            return draw_mask(output.astype(np.float32), size_hw)
        case Kind.CLASSIFICATION:
            return ClassPrediction(int(np.argmax(output)), tuple(output.tolist()))
        case Kind.DETECTION:
            return place_box(output, size_hw)
        case Kind.REGRESSION:
            return place_points(output.astype(np.float64), size_hw)


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


def place_box(xyxy: NDArray[np.float32] | NDArray[np.float64], size_hw: tuple[int, int]) -> BoxPrediction:
    """Return a box of (4,) shares of width and height in pixels, inside the image, its edges in order."""
    inside = np.clip(xyxy.astype(np.float64), 0, 1).reshape(2, 2)
    scale_xy = np.array([size_hw[1], size_hw[0]])
    corners = np.sort(inside, axis=0) * scale_xy
    return BoxPrediction(tuple(corners.ravel().tolist()))


def place_points(heatmaps: NDArray[np.float64], size_hw: tuple[int, int]) -> PointsPrediction:
    """Return the peak of each of (K, s, s) heatmaps in pixels.

    The paper takes the highest cell; ours goes on to the peak of a Gaussian through it and its neighbours on
    each axis, for a cell is a dozen pixels wide.
    """
    scale_xy = np.array([size_hw[1], size_hw[0]])
    points = [(find_peak(heatmap) * scale_xy).tolist() for heatmap in heatmaps]
    return PointsPrediction(tuple(value for point in points for value in point))


def find_peak(heatmap: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the peak (x, y) of a (s, s) heatmap as shares of its width and height."""
    rows, columns = heatmap.shape
    row, column = divmod(int(np.argmax(heatmap)), columns)
    x = column + _offset(heatmap[row], column)
    y = row + _offset(heatmap[:, column], row)
    return np.array([(x + 0.5) / columns, (y + 0.5) / rows])


def _offset(profile: NDArray[np.float64], place: int) -> float:
    """Return how far from its largest value, at `place`, a profile's peak lies: at most a cell."""
    before, after = place - PEAK_STEP, place + PEAK_STEP
    if before < 0 or after >= len(profile):
        return 0.0
    # A Gaussian's logarithm is a parabola; values below a thousandth of the peak are noise to it.
    least = max(profile[place] * 1e-3, 1e-12)
    left, middle, right = np.log(np.maximum(profile[[before, place, after]], least))
    curvature = left - 2 * middle + right
    if curvature >= 0:
        return 0.0
    return float(np.clip(PEAK_STEP / 2 * (left - right) / curvature, -1, 1))
