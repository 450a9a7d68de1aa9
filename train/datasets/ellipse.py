"""An ellipse fitted to a mask, and the ends of its axes."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from train.datasets.picture import Mask, Point

MIN_IOU = 0.97
"""HC18's masks, drawn as ellipses, reach 0.997 and more; a blob or a half head does not reach this."""


@dataclass(frozen=True)
class Ellipse:
    """Centre, diameters and the angle of the first diameter from the x axis, in pixels and degrees."""

    centre_xy: Point
    diameters: tuple[float, float]
    angle_deg: float

    def draw(self, size_hw: tuple[int, int]) -> Mask:
        """Return the filled ellipse, (h, w) of 0 and 1."""
        mask = np.zeros(size_hw, dtype=np.uint8)
        cv2.ellipse(mask, (self.centre_xy, self.diameters, self.angle_deg), 1, thickness=-1)
        return mask

    def axis_ends(self) -> tuple[Point, Point, Point, Point]:
        """Return the ends of the major axis, smaller x first, then of the minor axis, smaller y first."""
        angle = math.radians(self.angle_deg)
        along = (math.cos(angle), math.sin(angle))
        axes = [(self.diameters[0], along), (self.diameters[1], (-along[1], along[0]))]
        (major, u), (minor, v) = sorted(axes, key=lambda axis: -axis[0])
        first, second = sorted(self._ends(major, u))
        third, fourth = sorted(self._ends(minor, v), key=lambda point: (point[1], point[0]))
        return first, second, third, fourth

    def _ends(self, diameter: float, direction: Point) -> list[Point]:
        (x, y), (dx, dy) = self.centre_xy, direction
        return [(x + sign * diameter / 2 * dx, y + sign * diameter / 2 * dy) for sign in (-1, 1)]


def fit_ellipse(mask: Mask) -> Ellipse:
    """Fit an ellipse to the outermost pixels of the largest object, without those on the image's border.

    A head that the image cuts off still gives its whole ellipse.

    Args:
        mask: (h, w), 0 = background.

    Raises:
        ValueError: too few pixels.
    """
    height, width = mask.shape
    found, _ = cv2.findContours((mask > 0).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = max(found, key=len)[:, 0, :] if found else np.empty((0, 2), np.int32)
    last_xy = (width - 1, height - 1)
    free = outline[((outline > 0) & (outline < last_xy)).all(axis=1)]
    if len(free) < 5:
        raise ValueError("an ellipse needs five pixels of an outline inside the image")
    (x, y), (first, second), angle = cv2.fitEllipse(free.astype(np.float32))
    return Ellipse((float(x), float(y)), (float(first), float(second)), float(angle))


def find_axis_ends(mask: Mask) -> tuple[Point, ...]:
    """Return the four ends of the axes of a mask's ellipse, none when the mask gives no such landmarks.

    None means: the mask is no ellipse (IoU with its own below `MIN_IOU`), or an end lies outside the image.
    Ends are centres of the outermost pixels, so an axis is one pixel shorter than the mask is long.
    """
    try:
        ellipse = fit_ellipse(mask)
    except ValueError:
        return ()
    height, width = mask.shape
    drawn, inside = ellipse.draw((height, width)) > 0, mask > 0
    if np.sum(drawn & inside) < MIN_IOU * np.sum(drawn | inside):
        return ()
    ends = ellipse.axis_ends()
    return ends if all(0 <= x <= width - 1 and 0 <= y <= height - 1 for x, y in ends) else ()
