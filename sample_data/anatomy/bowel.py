"""Bowel and appendix."""

import numpy as np

from sample_data.anatomy import wall
from sample_data.geometry import Points, bezier, blob, ellipse, elliptic_arc, ribbon
from sample_data.scene import Scene, Texture

CONTENT = Texture("cloud", 5.0, 4.0)
STRANDING = Texture("septa", 7.0, 2.5)


def bowel(rng: np.random.Generator, variant: str) -> Scene:
    """Return loops of small bowel: dark walls, mixed content, gas with dirty shadows (`plain` only)."""
    scene = Scene(wall.curved_probe(rng, 120.0), -3.0, wall.MIXED_TISSUE)
    for column in range(-2, 3):
        for row in range(3):
            middle = (
                column * 26.0 + rng.uniform(-7, 7) + 12.0 * (row % 2),
                38.0 + 27.0 * row + rng.uniform(-5, 5),
            )
            loop = blob(rng, middle, (rng.uniform(10, 14), rng.uniform(7, 10)), rng.uniform(-40, 40), 0.07)
            scene.fill(loop, -16.0, edge_mm=0.7)
            scene.rim(loop, 5.0, 0.8, 0.08)
            inside = blob(rng, middle, (rng.uniform(6, 9), rng.uniform(3, 6)), rng.uniform(-40, 40), 0.12)
            scene.fill(inside, rng.uniform(-3, 5), CONTENT, edge_mm=0.8)
            if rng.random() < 0.45:
                scene.fill(ellipse(middle, (6, 1.5)), 10.0, attenuation=30.0, edge_mm=1.0)
                scene.line(elliptic_arc((middle[0], middle[1] + 2), (7, 4), 0.0, (200, 340)), 18.0, 1.6, 0.4)
    wall.add_abdominal_wall(rng, scene)
    return scene


def _tube(
    rng: np.random.Generator, long_section: bool, middle: tuple[float, float], radius: float
) -> tuple[Points, Points]:
    """Return the outer outline of the appendix and its axis."""
    if not long_section:
        axis = np.array([middle, middle], dtype=np.float64)
        return blob(rng, middle, (radius, radius * 0.95), 0.0, 0.03), axis
    x, y = middle
    path = bezier(
        (x - 15.0, y + rng.uniform(-3, 3)), (x, y + rng.uniform(-8, 8)), (x + 13.0, y + rng.uniform(-3, 3))
    )
    taper = radius * np.sqrt(np.clip(1.0 - np.linspace(-0.15, 1.0, len(path)) ** 8, 0.02, 1.0))
    return ribbon(path, taper), path


def appendix(rng: np.random.Generator, variant: str) -> Scene:
    """Return an appendix, `normal` (thin, collapsed, layered) or `abnormal`.

    The inflamed one is wide, with a dark thick wall, fluid inside, bright stranded fat around it, and in
    half of the patients an appendicolith with its shadow.
    """
    sick = variant == "abnormal"
    scene = Scene(wall.linear_probe(rng, 46.0), -5.0, wall.FAT)
    wall.add_skin(scene, 1.8)
    wall.add_fat(rng, scene, 1.8, rng.uniform(6, 8))
    wall.add_muscle(rng, scene, 8.0, rng.uniform(13, 15))
    for x in rng.uniform(-25, 25, 3):
        gas = (float(x), float(rng.uniform(38, 44)))
        scene.fill(ellipse(gas, (6, 2)), 2.0, attenuation=35.0, edge_mm=0.8)
        scene.line(elliptic_arc(gas, (6, 3), 0.0, (200, 340)), 16.0, 0.8, 0.4)
    scene.fill(blob(rng, (rng.uniform(-6, 6), 43.0), (24, 6), 0.0, 0.06), -9.0, wall.MUSCLE, edge_mm=0.7)
    middle = (rng.uniform(-5, 5), rng.uniform(23, 28))
    radius = rng.uniform(4.6, 6.6) if sick else rng.uniform(2.2, 2.9)
    outer, axis = _tube(rng, bool(rng.random() < 0.5), middle, radius)
    if sick:
        scene.fill(blob(rng, middle, (22.0, radius + 6.5), 0.0, 0.08), 6.0, STRANDING, edge_mm=2.0)
    around = ribbon if len(axis) > 2 else None
    shells = ((1.0, -19.0), (0.66, 4.0), (0.42, -38.0 if sick else -10.0))
    for part, level in shells:
        shell = outer if part == 1.0 else _shell(outer, axis, part, around is not None)
        scene.fill(shell, level, attenuation=-2.0 if level < -30 else 0.0, edge_mm=0.25)
    scene.rim(outer, 8.0, 0.35, 0.2)
    if sick and rng.random() < 0.5:
        spot = axis[len(axis) // 2]
        wall.add_stone(scene, (float(spot[0]), float(spot[1])), 0.42 * radius)
    scene.name("appendix", outer)
    return scene


def _shell(outer: Points, axis: Points, part: float, long_section: bool) -> Points:
    """Return the outline moved towards the axis so that `part` of the radius is left."""
    if not long_section:
        return np.asarray(axis[0] + (outer - axis[0]) * part)
    both = np.concatenate([axis, axis[::-1]])
    return np.asarray(both + (outer - both) * part)
