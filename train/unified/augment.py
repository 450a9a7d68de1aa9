"""Random views of a picture, its masks, boxes and points moved alike.

Flips, rotations, zoom and shift of the paper's Stage I; gamma and contrast by one table; speckle and blur for
devices that were not seen. Rotation turns the original picture, not the one squashed to a square.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field, NonNegativeFloat, PositiveFloat

from evaluation.contract.record import Record

Point = tuple[float, float]
SPECKLE = 128
"""Grains of speckle along a side."""


class AugmentConfig(Record):
    """How far views go; all zero and one is no augmentation."""

    rotation_deg: NonNegativeFloat = 20
    zoom: tuple[PositiveFloat, PositiveFloat] = (0.8, 1.3)
    stretch: NonNegativeFloat = 0.1
    """The aspect changes by up to this share."""
    shift: NonNegativeFloat = 0.08
    """In shares of the side."""
    flip: bool = True
    gamma: tuple[PositiveFloat, PositiveFloat] = (0.65, 1.5)
    contrast: tuple[PositiveFloat, PositiveFloat] = (0.7, 1.3)
    brightness: NonNegativeFloat = 0.1
    """In shares of the grey range."""
    noise_rate: float = Field(default=0.25, ge=0, le=1)
    blur_rate: float = Field(default=0.2, ge=0, le=1)


@dataclass(frozen=True)
class View:
    """One random view."""

    matrix: NDArray[np.float64]
    """(2, 3): from places in the picture, in shares of its sides, to places in the view."""
    grey_table: NDArray[np.uint8]
    """(256,)"""
    speckle: NDArray[np.float32] | None
    """(SPECKLE, SPECKLE) factors, stretched over the view."""
    blur_sigma: float
    """In cells; 0 for none."""

    def move_image(self, image: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
        """Return the (side, side) view of a square image; what comes in from outside is black."""
        moved = cv2.warpAffine(image, self._cells(image.shape[0], side), (side, side), flags=cv2.INTER_LINEAR)
        moved = cv2.LUT(moved, self.grey_table)
        if self.blur_sigma:
            moved = cv2.GaussianBlur(moved, (0, 0), self.blur_sigma)
        if self.speckle is not None:
            factors = cv2.resize(self.speckle, (side, side), interpolation=cv2.INTER_LINEAR)
            moved = np.clip(moved * factors, 0, 255)
        return np.asarray(moved, dtype=np.uint8)

    def move_mask(self, mask: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
        """Return the (side, side) view of a square mask; what comes in from outside is background."""
        cells = self._cells(mask.shape[0], side)
        moved = cv2.warpAffine(mask, cells, (side, side), flags=cv2.INTER_NEAREST)
        return np.asarray(moved, dtype=np.uint8)

    def move_point(self, point: Point) -> Point | None:
        """Return where a point comes to lie, in shares of the sides; None outside the view."""
        x, y = (self.matrix[:, :2] @ np.array(point) + self.matrix[:, 2]).tolist()
        return (x, y) if 0 <= x <= 1 and 0 <= y <= 1 else None

    def move_box(self, box: tuple[float, ...]) -> tuple[float, ...] | None:
        """Return the box around the moved ellipse that the box encloses, cut at the frame.

        A lesion fills its box like an ellipse, and a turned ellipse's box is exact; the box around the turned
        corners would be too large. None when less than half of it is in view.
        """
        centre = np.array([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2])
        half = np.array([(box[2] - box[0]) / 2, (box[3] - box[1]) / 2])
        centre = self.matrix[:, :2] @ centre + self.matrix[:, 2]
        half = np.sqrt((self.matrix[:, :2] ** 2) @ half**2)
        low, high = np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1)
        if np.prod(high - low) < 0.5 * np.prod(2 * half):
            return None
        return (*low.tolist(), *high.tolist())

    def _cells(self, side_in: int, side_out: int) -> NDArray[np.float64]:
        """Return the matrix from cells to cells, whose centres lie at half shares."""
        linear = self.matrix[:, :2] * (side_out / side_in)
        shift = side_out * self.matrix[:, 2] + (linear - np.eye(2)) @ np.array([0.5, 0.5])
        return np.column_stack([linear, shift])


def draw_view(
    rng: np.random.Generator,
    config: AugmentConfig,
    *,
    size_hw: tuple[int, int],
    may_flip: bool,
) -> View:
    """Draw a view.

    Args:
        rng: consumed.
        config: how far it goes.
        size_hw: of the original picture, for its aspect.
        may_flip: whether a left-right flip keeps all labels right.
    """
    angle = np.deg2rad(rng.uniform(-1, 1) * config.rotation_deg)
    zoom = np.exp(rng.uniform(*np.log(config.zoom)))
    stretch = np.exp(rng.uniform(-1, 1) * np.log1p(config.stretch) / 2)
    mirror = -1.0 if config.flip and may_flip and rng.random() < 0.5 else 1.0
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    to_px = np.diag([size_hw[1], size_hw[0]]).astype(float)
    linear = np.linalg.inv(to_px) @ turn @ np.diag([mirror * stretch, 1 / stretch]) @ to_px * zoom
    centre = np.array([0.5, 0.5])
    shift = centre + rng.uniform(-1, 1, 2) * config.shift - linear @ centre
    level = np.arange(256) / 255
    gamma = np.exp(rng.uniform(*np.log(config.gamma)))
    level = level**gamma * rng.uniform(*config.contrast) + rng.uniform(-1, 1) * config.brightness
    level[0] = 0  # Outside the fan stays black.
    speckle = None
    if rng.random() < config.noise_rate:
        spread = rng.uniform(0.05, 0.25)
        speckle = rng.normal(1, spread, (SPECKLE, SPECKLE)).astype(np.float32)
    blur = rng.uniform(0.4, 1.2) if rng.random() < config.blur_rate else 0.0
    table = np.clip(level * 255, 0, 255).round().astype(np.uint8)
    return View(np.column_stack([linear, shift]), table, speckle, float(blur))
