"""Transducers: the shape of the field of view, and the way between millimetres and beam coordinates.

Beam coordinates (u, v) run from 0 to 1: u across the aperture, v from the transducer's face to the full
depth. Millimetres (x, y) have their origin at the middle of the face; y is depth.
"""

from dataclasses import dataclass

import numpy as np

from sample_data.geometry import Points


@dataclass(frozen=True)
class Probe:
    """A linear (`radius_mm` 0) or sector field of view.

    Attributes:
        depth_mm: length of every beam.
        half_width_mm: half of a linear array; ignored for a sector.
        radius_mm: radius of a curved face; 0 says linear. A phased array is a sector with a small radius.
        half_angle_deg: half of the sector's opening.
    """

    depth_mm: float
    half_width_mm: float = 0.0
    radius_mm: float = 0.0
    half_angle_deg: float = 0.0

    @property
    def is_linear(self) -> bool:
        """Say whether all beams are parallel."""
        return self.radius_mm == 0.0

    def to_beam(self, points: Points) -> Points:
        """Return (N, 2) beam coordinates of points in mm; outside the field of view they leave [0, 1]."""
        x, y = points[:, 0], points[:, 1]
        if self.is_linear:
            return np.stack([(x / self.half_width_mm + 1.0) / 2.0, y / self.depth_mm], axis=1)
        half = np.deg2rad(self.half_angle_deg)
        down = np.maximum(y + self.radius_mm, 1e-3)
        r = np.hypot(x, down)
        return np.stack(
            [(np.arctan2(x, down) / half + 1.0) / 2.0, (r - self.radius_mm) / self.depth_mm], axis=1
        )

    def from_beam(self, beams: Points) -> Points:
        """Return (N, 2) positions in mm of beam coordinates."""
        u, v = beams[:, 0], beams[:, 1]
        if self.is_linear:
            return np.stack([(2.0 * u - 1.0) * self.half_width_mm, v * self.depth_mm], axis=1)
        angle = (2.0 * u - 1.0) * np.deg2rad(self.half_angle_deg)
        r = self.radius_mm + v * self.depth_mm
        return np.stack([r * np.sin(angle), r * np.cos(angle) - self.radius_mm], axis=1)

    def beam_direction(self, points: Points) -> Points:
        """Return (N, 2) unit vectors of the sound's way at points in mm."""
        if self.is_linear:
            return np.tile(np.array([0.0, 1.0]), (len(points), 1))
        out = points + np.array([0.0, self.radius_mm])
        return np.asarray(out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-6))

    def beam_pitch_mm(self, v: float, beams: int) -> float:
        """Return the distance in mm between neighbouring beams at relative depth v."""
        if self.is_linear:
            return 2.0 * self.half_width_mm / beams
        return float(2.0 * np.deg2rad(self.half_angle_deg) * (self.radius_mm + v * self.depth_mm) / beams)

    def box_mm(self) -> tuple[float, float, float, float]:
        """Return (x_min, y_min, x_max, y_max) of the field of view."""
        if self.is_linear:
            return -self.half_width_mm, 0.0, self.half_width_mm, self.depth_mm
        half = np.deg2rad(self.half_angle_deg)
        reach = (self.radius_mm + self.depth_mm) * np.sin(half)
        return -float(reach), -float(self.radius_mm * (1.0 - np.cos(half))), float(reach), self.depth_mm

    def layer(self, depth_mm: float, count: int = 64) -> Points:
        """Return a path at constant depth below the face, wider than the field of view."""
        u = np.linspace(-0.1, 1.1, count)
        return self.from_beam(np.stack([u, np.full(count, depth_mm / self.depth_mm)], axis=1))


@dataclass(frozen=True)
class Frame:
    """Where the picture's pixels lie in mm.

    Attributes:
        size_wh: picture width and height in pixels.
        spacing_mm_yx: size of a pixel.
        origin_mm_xy: position of the upper left corner of the upper left pixel.
    """

    size_wh: tuple[int, int]
    spacing_mm_yx: tuple[float, float]
    origin_mm_xy: tuple[float, float]

    def to_pixels(self, points: Points) -> Points:
        """Return (N, 2) pixel positions (x, y); whole numbers are pixel centres."""
        scale = np.array([self.spacing_mm_yx[1], self.spacing_mm_yx[0]])
        return np.asarray((points - np.asarray(self.origin_mm_xy)) / scale - 0.5)


def fit_frame(probe: Probe, size_wh: tuple[int, int], margin: float) -> Frame:
    """Return the frame that shows the whole field of view with a black margin (a part of each side).

    A linear field fills the picture, so its pixels may be slightly longer one way; a sector's are square.
    """
    x_min, y_min, x_max, y_max = probe.box_mm()
    inner_w, inner_h = size_wh[0] * (1.0 - 2.0 * margin), size_wh[1] * (1.0 - 2.0 * margin)
    step_x, step_y = (x_max - x_min) / inner_w, (y_max - y_min) / inner_h
    if not probe.is_linear:
        step_x = step_y = max(step_x, step_y)
    origin = (
        (x_min + x_max) / 2.0 - step_x * size_wh[0] / 2.0,
        (y_min + y_max) / 2.0 - step_y * size_wh[1] / 2.0,
    )
    return Frame(size_wh, (float(step_y), float(step_x)), (float(origin[0]), float(origin[1])))
