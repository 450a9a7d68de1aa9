"""The box around two masks: every mask metric works on it, never on the whole frame.

A box keeps one pixel of background on each side that the frame allows.  So a mask pixel lies on the edge of
the box only where it lies on the edge of the image, and boundaries found in the box are those of the frame.
"""

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from evaluation.contract.errors import GeometryError

Mask: TypeAlias = NDArray[np.bool_] | NDArray[np.integer[Any]]
"""A 2-D array (h, w), bool or integer; for binary metrics every non-zero pixel is inside."""

BinaryImage: TypeAlias = NDArray[np.uint8]
"""A 2-D C-contiguous array (h, w) of 0 and 1, the form that OpenCV reads."""


@dataclass(frozen=True)
class MaskPair:
    """Two masks cut to their common box."""

    mask_ref: BinaryImage
    """The reference in the box, 0 and 1."""

    mask_pred: BinaryImage
    """The prediction in the box, 0 and 1."""

    row_start: int
    """The frame's row that is the box's first."""

    col_start: int
    """The frame's column that is the box's first."""

    frame_height: int
    """Height of the uncropped masks in pixels."""

    frame_width: int
    """Width of the uncropped masks in pixels."""

    @property
    def one_is_empty(self) -> bool:
        """Whether exactly one of the two masks has no pixel."""
        return bool(self.mask_ref.any()) != bool(self.mask_pred.any())


def check_masks(*, mask_ref: Mask, mask_pred: Mask) -> None:
    """Refuse arrays that are not two masks of one size.

    Args:
        mask_ref: expected (h, w), bool or integer.
        mask_pred: expected (h, w), bool or integer.

    Raises:
        GeometryError: a mask is not 2-D, has no pixel or is not bool or integer, or the shapes differ.
    """
    for name, mask in (("mask_ref", mask_ref), ("mask_pred", mask_pred)):
        if mask.ndim != 2 or mask.size == 0 or mask.dtype.kind not in "biu":
            raise GeometryError(
                f"Expected argument `{name}` to be a non-empty 2-D array of bool or integers "
                f"but got shape {mask.shape} and dtype {mask.dtype}."
            )
    if mask_ref.shape != mask_pred.shape:
        raise GeometryError(
            f"Expected argument `mask_pred` to be of the reference's shape {mask_ref.shape} "
            f"but got {mask_pred.shape}."
        )


def as_bool(mask: Mask) -> NDArray[np.bool_]:
    """Return the mask's pixels that are not zero, (h, w) bool; a bool mask is returned as it is."""
    return mask if mask.dtype == np.bool_ else mask != 0  # type: ignore[return-value] # the dtype decides


def crop_to_masks(*, mask_ref: Mask, mask_pred: Mask) -> MaskPair:
    """Cut two masks to the box around both, with one pixel of margin where the frame allows it.

    Metrics of the two cropped masks equal those of the two frames, so a scorer that needs several can crop
    once and pass `mask_ref` and `mask_pred` of the result on.  Exceptions, which look at the frame itself:
    `surface_dice_uusic25` (origin quirk), and the distances (Hausdorff, HD95) when one mask is empty.

    Args:
        mask_ref: reference (h, w), bool or integer, non-zero = inside.
        mask_pred: prediction (h, w), bool or integer, non-zero = inside.

    Returns:
        The pair in its box; the box of two empty masks is the frame's first pixel.

    Raises:
        GeometryError: see `check_masks`.
    """
    check_masks(mask_ref=mask_ref, mask_pred=mask_pred)
    box = _common_box(mask_ref, mask_pred)
    return MaskPair(
        mask_ref=np.ascontiguousarray(as_bool(mask_ref[box])).view(np.uint8),
        mask_pred=np.ascontiguousarray(as_bool(mask_pred[box])).view(np.uint8),
        row_start=box[0].start,
        col_start=box[1].start,
        frame_height=mask_ref.shape[0],
        frame_width=mask_ref.shape[1],
    )


def _common_box(mask_ref: Mask, mask_pred: Mask) -> tuple[slice, slice]:
    if mask_ref.dtype != np.uint8 or mask_pred.dtype != np.uint8:
        return margin_box(as_bool(mask_ref) | as_bool(mask_pred))
    # Grey pixels need no comparison on the whole frame this way.
    boxes = [cv2.boundingRect(np.ascontiguousarray(mask)) for mask in (mask_ref, mask_pred)]
    found = [(x, y, x + w, y + h) for x, y, w, h in boxes if w]
    if not found:
        return slice(0, 1), slice(0, 1)
    left, top = min(box[0] for box in found), min(box[1] for box in found)
    right, bottom = max(box[2] for box in found), max(box[3] for box in found)
    height, width = mask_ref.shape
    return slice(max(top - 1, 0), min(bottom + 1, height)), slice(max(left - 1, 0), min(right + 1, width))


def margin_box(inside: NDArray[np.bool_]) -> tuple[slice, slice]:
    """Find the box around all true pixels, one pixel wider on each side where the frame allows it.

    Args:
        inside: (h, w) bool.

    Returns:
        The slices of rows and columns; the first pixel when none is true.
    """
    rows = np.flatnonzero(inside.any(axis=1))
    if rows.size == 0:
        return slice(0, 1), slice(0, 1)
    height, width = inside.shape
    row_box = slice(max(int(rows[0]) - 1, 0), min(int(rows[-1]) + 2, height))
    cols = np.flatnonzero(inside[row_box].any(axis=0))
    return row_box, slice(max(int(cols[0]) - 1, 0), min(int(cols[-1]) + 2, width))


def frame_diagonal(height: int, width: int, spacing_yx: tuple[float, float] = (1.0, 1.0)) -> float:
    """Return the image diagonal sqrt(h² + w²), the worst distance, in the spacing's unit (pixels if none)."""
    if spacing_yx == (1.0, 1.0):
        return math.sqrt(height * height + width * width)
    return math.hypot(height * spacing_yx[0], width * spacing_yx[1])


def check_spacing(spacing_mm_yx: tuple[float, float]) -> None:
    """Refuse a pixel spacing that is not two positive, finite numbers.

    Raises:
        GeometryError: it is not.
    """
    if len(spacing_mm_yx) != 2 or not all(math.isfinite(step) and step > 0 for step in spacing_mm_yx):
        raise GeometryError(
            "Expected argument `spacing_mm_yx` to be two positive numbers (mm per row, mm per column) "
            f"but got {spacing_mm_yx!r}."
        )
