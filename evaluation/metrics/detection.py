"""Overlap of boxes in continuous pixel coordinates."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from evaluation.contract.errors import GeometryError


def box_iou(
    *, box_ref: Sequence[float] | NDArray[np.float64], box_pred: Sequence[float] | NDArray[np.float64]
) -> float:
    """Return the intersection over union of two boxes, between 0 and 1.

    Coordinates are continuous: a box's width is x_max − x_min, without +1.  A box that is inverted, has no
    area or is not finite gives 0.0.

    Args:
        box_ref: (x_min, y_min, x_max, y_max) in pixels.
        box_pred: (x_min, y_min, x_max, y_max) in pixels.

    Raises:
        GeometryError: a box has not four numbers.

    Source: FMC_UIA's public evaluator, reproduced to 1e-9.
    """
    for name, box in (("box_ref", box_ref), ("box_pred", box_pred)):
        if len(box) != 4:
            raise GeometryError(f"Expected argument `{name}` to be four numbers but got {len(box)}.")
    area_ref, area_pred = _area(box_ref), _area(box_pred)
    if not (area_ref > 0 and area_pred > 0 and math.isfinite(area_ref + area_pred)):
        return 0.0
    width = min(box_ref[2], box_pred[2]) - max(box_ref[0], box_pred[0])
    height = min(box_ref[3], box_pred[3]) - max(box_ref[1], box_pred[1])
    intersection = max(width, 0.0) * max(height, 0.0)
    return float(intersection / (area_ref + area_pred - intersection))


def _area(box: Sequence[float] | NDArray[np.float64]) -> float:
    """Return the box's area, 0 if it is inverted."""
    return float(max(box[2] - box[0], 0.0) * max(box[3] - box[1], 0.0))
