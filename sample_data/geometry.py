"""Outlines and paths in millimetres: the shapes that anatomy is drawn with.

Every function returns a float64 array of shape (N, 2), columns x (to the image's right) and y (depth, down).
Closed outlines do not repeat their first vertex.
"""

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]


def rotated(points: Points, angle_deg: float, centre: tuple[float, float] = (0.0, 0.0)) -> Points:
    """Return points (N, 2) turned about a centre; a positive angle is clockwise on screen."""
    angle = np.deg2rad(angle_deg)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    middle = np.asarray(centre, dtype=np.float64)
    return np.asarray((points - middle) @ turn + middle, dtype=np.float64)


def ellipse(
    centre: tuple[float, float], radii: tuple[float, float], angle_deg: float = 0.0, count: int = 96
) -> Points:
    """Return an ellipse of `count` vertices; radii (along its own x, along its own y) in mm."""
    turn = np.linspace(0.0, 2.0 * np.pi, count, endpoint=False)
    points = np.stack([radii[0] * np.cos(turn), radii[1] * np.sin(turn)], axis=1)
    return rotated(points, angle_deg) + np.asarray(centre, dtype=np.float64)


def ellipse_point(
    centre: tuple[float, float], radii: tuple[float, float], angle_deg: float, at_deg: float
) -> tuple[float, float]:
    """Return the point of an ellipse at parameter `at_deg`, measured in the ellipse's own axes."""
    at = np.deg2rad(at_deg)
    point = rotated(np.array([[radii[0] * np.cos(at), radii[1] * np.sin(at)]]), angle_deg)[0]
    return float(point[0] + centre[0]), float(point[1] + centre[1])


def elliptic_arc(
    centre: tuple[float, float],
    radii: tuple[float, float],
    angle_deg: float,
    span_deg: tuple[float, float],
    count: int = 48,
) -> Points:
    """Return an open arc of an ellipse between two parameters (degrees, in the ellipse's own axes)."""
    turn = np.deg2rad(np.linspace(span_deg[0], span_deg[1], count))
    points = np.stack([radii[0] * np.cos(turn), radii[1] * np.sin(turn)], axis=1)
    return rotated(points, angle_deg) + np.asarray(centre, dtype=np.float64)


def blob(
    rng: np.random.Generator,
    centre: tuple[float, float],
    radii: tuple[float, float],
    angle_deg: float = 0.0,
    roughness: float = 0.05,
    orders: tuple[int, int] = (2, 7),
    count: int = 128,
) -> Points:
    """Return an ellipse whose radius is disturbed by random harmonics.

    Args:
        rng: source of the amplitudes and phases.
        centre: middle in mm.
        radii: half axes in mm.
        angle_deg: rotation of the whole shape.
        roughness: amplitude of the disturbance, as a part of the radius; 0 is an ellipse.
        orders: lowest and highest harmonic; high orders make small lobes.
        count: number of vertices.
    """
    turn = np.linspace(0.0, 2.0 * np.pi, count, endpoint=False)
    swing = np.zeros(count)
    for order in range(orders[0], orders[1] + 1):
        swing += rng.normal() * np.cos(order * turn + rng.uniform(0.0, 2.0 * np.pi))
    swing *= roughness / np.sqrt(max(1.0, (orders[1] - orders[0] + 1) / 2.0))
    factor = np.clip(1.0 + swing, 0.35, 1.8)
    points = np.stack([radii[0] * factor * np.cos(turn), radii[1] * factor * np.sin(turn)], axis=1)
    return rotated(points, angle_deg) + np.asarray(centre, dtype=np.float64)


def spiculated(
    rng: np.random.Generator, centre: tuple[float, float], radii: tuple[float, float], spikes: int
) -> Points:
    """Return an irregular outline with `spikes` pointed extensions, as of an infiltrating tumour."""
    base = blob(rng, centre, radii, roughness=0.12, orders=(2, 9), count=240)
    middle = np.asarray(centre, dtype=np.float64)
    turn = np.linspace(0.0, 2.0 * np.pi, len(base), endpoint=False)
    factor = np.ones(len(base))
    for at in rng.uniform(0.0, 2.0 * np.pi, spikes):
        distance = np.abs(np.angle(np.exp(1j * (turn - at))))
        factor += rng.uniform(0.12, 0.38) * np.exp(-((distance / rng.uniform(0.06, 0.13)) ** 2))
    # neighbouring spikes add up; a longer one would lie unseen in the shadow
    factor = np.minimum(factor, 1.4)
    return np.asarray((base - middle) * factor[:, None] + middle, dtype=np.float64)


def scaled(outline: Points, factor: float) -> Points:
    """Return the outline grown (factor > 1) or shrunk about its mean vertex."""
    middle = outline.mean(axis=0)
    return np.asarray((outline - middle) * factor + middle, dtype=np.float64)


def shifted(path: Points, down_mm: float) -> Points:
    """Return the path moved down."""
    return np.asarray(path + np.array([0.0, down_mm]), dtype=np.float64)


def band(upper: Points, lower: Points) -> Points:
    """Return the closed outline between two open paths that run the same way."""
    return np.concatenate([upper, lower[::-1]])


def ribbon(path: Points, half_width_mm: float | npt.NDArray[np.float64]) -> Points:
    """Return the outline of a tube about a path (N, 2); half width a number or one value per vertex (N,)."""
    along = np.gradient(path, axis=0)
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    normal = np.stack([-along[:, 1], along[:, 0]], axis=1)
    width = np.broadcast_to(np.asarray(half_width_mm, dtype=np.float64), (len(path),))[:, None]
    return band(path + normal * width, path - normal * width)


def bezier(
    start: tuple[float, float], bend: tuple[float, float], end: tuple[float, float], count: int = 40
) -> Points:
    """Return a quadratic Bézier path from start to end, drawn towards `bend`."""
    t = np.linspace(0.0, 1.0, count)[:, None]
    a, b, c = (np.asarray(p, dtype=np.float64) for p in (start, bend, end))
    return np.asarray((1 - t) ** 2 * a + 2 * t * (1 - t) * b + t**2 * c, dtype=np.float64)


def wavy(
    rng: np.random.Generator, span_mm: tuple[float, float], y_mm: float, swing_mm: float, count: int = 80
) -> Points:
    """Return a gently waving path from left to right about a depth (three random harmonics)."""
    x = np.linspace(span_mm[0], span_mm[1], count)
    phase = np.linspace(0.0, 1.0, count)
    y = np.full(count, y_mm)
    for order in (0.6, 1.3, 2.7):
        y += (
            swing_mm
            * rng.normal()
            / (1.0 + order)
            * np.sin(2.0 * np.pi * order * phase + rng.uniform(0.0, 2.0 * np.pi))
        )
    return np.stack([x, y], axis=1)
