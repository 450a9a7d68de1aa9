"""Overlap of two masks: Dice and IoU, each with its rule for two empty masks in its name or docstring."""

import numpy as np
from numpy.typing import NDArray

from evaluation.contract.errors import ConfigurationError
from evaluation.metrics.crop import Mask, as_bool, check_masks, margin_box

UUSIC25_EPSILON = 1e-6
"""What UUSIC25's official code adds to the denominator of DSC and NSD."""


def dice(*, mask_ref: Mask, mask_pred: Mask) -> float:
    """Return the Dice coefficient 2|A∩B| / (|A|+|B|), between 0 and 1.

    Both masks empty: 1.0 (nothing to find, nothing found).  One empty: 0.0.

    Args:
        mask_ref: reference (h, w), bool or integer, non-zero = inside.
        mask_pred: prediction (h, w), bool or integer, non-zero = inside.

    Raises:
        GeometryError: not two 2-D masks of one shape.

    Source: Dice 1945; the empty rule is FMC_UIA's.
    """
    size_ref, size_pred, size_both = _sizes(mask_ref=mask_ref, mask_pred=mask_pred)
    return 2 * size_both / (size_ref + size_pred) if size_ref + size_pred else 1.0


def dice_uusic25(*, mask_ref: Mask, mask_pred: Mask) -> float:
    """Return UUSIC25's official DSC: 2|A∩B| / (|A|+|B|+1e-6), from 0 to just under 1; both empty 0.0.

    Args:
        mask_ref: reference (h, w), bool or integer, non-zero = inside.
        mask_pred: prediction (h, w), bool or integer, non-zero = inside.

    Raises:
        GeometryError: not two 2-D masks of one shape.

    Source: github uusic2025/challenge, reproduced to 1e-9.
    """
    size_ref, size_pred, size_both = _sizes(mask_ref=mask_ref, mask_pred=mask_pred)
    return 2 * size_both / (size_ref + size_pred + UUSIC25_EPSILON)


def mask_iou(*, mask_ref: Mask, mask_pred: Mask) -> float:
    """Return the intersection over union |A∩B| / |A∪B|, between 0 and 1; both empty 1.0.

    Args:
        mask_ref: reference (h, w), bool or integer, non-zero = inside.
        mask_pred: prediction (h, w), bool or integer, non-zero = inside.

    Raises:
        GeometryError: not two 2-D masks of one shape.

    Source: Jaccard 1901.
    """
    size_ref, size_pred, size_both = _sizes(mask_ref=mask_ref, mask_pred=mask_pred)
    union = size_ref + size_pred - size_both
    return size_both / union if union else 1.0


def dice_per_class(*, labels_ref: Mask, labels_pred: Mask, num_classes: int) -> NDArray[np.float64]:
    """Return the Dice coefficient of each class 0 … C−1, (C,) float64 between 0 and 1.

    A class that neither image has: 1.0.  A pixel whose value is no class (255, or negative) matches no class.

    Args:
        labels_ref: reference (h, w), a class index a pixel.
        labels_pred: prediction (h, w), a class index a pixel.
        num_classes: C, background included.

    Raises:
        GeometryError: not two 2-D label images of one shape.
        ConfigurationError: `num_classes` is less than 1.

    Source: FMC_UIA's public evaluator, reproduced to 1e-9.
    """
    check_masks(mask_ref=labels_ref, mask_pred=labels_pred)
    check_num_classes(num_classes)
    box = margin_box(as_bool(labels_ref) | as_bool(labels_pred))
    ref, pred = labels_ref[box], labels_pred[box]
    values = np.ones(num_classes)
    for index in range(num_classes):
        # Whatever lies outside the box is background in both images.
        outside = labels_ref.size - ref.size if index == 0 else 0
        at_ref, at_pred = ref == index, pred == index
        total = np.count_nonzero(at_ref) + np.count_nonzero(at_pred) + 2 * outside
        if total:
            values[index] = 2 * (np.count_nonzero(at_ref & at_pred) + outside) / total
    return values


def check_num_classes(num_classes: int) -> None:
    """Refuse a number of classes below 1.

    Raises:
        ConfigurationError: it is below 1.
    """
    if num_classes < 1:
        raise ConfigurationError(f"Expected argument `num_classes` to be at least 1 but got {num_classes}.")


def _sizes(*, mask_ref: Mask, mask_pred: Mask) -> tuple[int, int, int]:
    """Count the pixels of the reference, of the prediction and of both."""
    check_masks(mask_ref=mask_ref, mask_pred=mask_pred)
    ref, pred = as_bool(mask_ref), as_bool(mask_pred)
    return int(np.count_nonzero(ref)), int(np.count_nonzero(pred)), int(np.count_nonzero(ref & pred))
