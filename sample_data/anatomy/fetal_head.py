"""Fetal head: the biometric plane, and axial sections whose rotation the class names tell."""

import numpy as np

from sample_data.anatomy import wall
from sample_data.geometry import (
    Points,
    bezier,
    blob,
    ellipse,
    ellipse_point,
    elliptic_arc,
    ribbon,
    rotated,
    scaled,
)
from sample_data.probes import Probe
from sample_data.scene import Scene, Texture

BRAIN = Texture("cloud", 2.4, 5.0)
PLACENTA = Texture("cloud", 2.4, 5.0)
FLUID = Texture("cloud", 3.5, 12.0)

# where the occiput (or the sacrum) points on the screen, degrees clockwise from the image's right
DIRECTIONS = {
    "left_anterior": -45.0,
    "left_posterior": 45.0,
    "left_transverse": 0.0,
    "normal_anterior": -90.0,
    "normal_posterior": 90.0,
    "right_anterior": -135.0,
    "right_posterior": 135.0,
    "right_transverse": 180.0,
}


def womb(rng: np.random.Generator, depth_mm: float) -> Scene:
    """Return the belly wall, uterine wall, placenta on one side and fluid, without a fetus."""
    scene = Scene(wall.curved_probe(rng, depth_mm), -7.0, wall.MIXED_TISSUE)
    depth = scene.probe.depth_mm
    cavity = blob(rng, (0.0, 0.57 * depth), (0.55 * depth, 0.37 * depth), 0.0, 0.045, (2, 5))
    scene.fill(scaled(cavity, 1.08), -4.0, PLACENTA, edge_mm=2.0)
    scene.fill(cavity, -33.0, FLUID, attenuation=-0.5, edge_mm=1.2)
    scene.rim(cavity, 6.0, 1.0, 0.05)
    if rng.random() < 0.6:
        side = float(rng.choice([-1.0, 1.0]))
        placenta = blob(
            rng, (side * 0.36 * depth, 0.32 * depth), (0.28 * depth, 0.09 * depth), side * 42.0, 0.08
        )
        scene.fill(placenta, 1.5, PLACENTA, edge_mm=1.4)
    return scene


class _Head:
    """A head's ellipse with points given in its own axes, as parts of the radii."""

    def __init__(self, centre: tuple[float, float], radii: tuple[float, float], angle_deg: float) -> None:
        self.centre, self.radii, self.angle_deg = centre, radii, angle_deg
        self.outline = ellipse(centre, radii, angle_deg, 128)

    def at(self, along: float, across: float) -> tuple[float, float]:
        point = rotated(np.array([[along * self.radii[0], across * self.radii[1]]]), self.angle_deg)[0]
        return float(point[0] + self.centre[0]), float(point[1] + self.centre[1])

    def path(self, *stations: tuple[float, float]) -> Points:
        return np.array([self.at(*station) for station in stations])


def _add_skull(rng: np.random.Generator, scene: Scene, head: _Head) -> None:
    """Add scalp, skull and brain; the skull drops out where the sound only grazes it."""
    scalp = ellipse(head.centre, (head.radii[0] + 3.5, head.radii[1] + 3.5), head.angle_deg)
    scene.fill(scalp, -5.0, edge_mm=0.8)
    scene.rim(scalp, 3.0, 0.8, 0.04)
    scene.fill(head.outline, -15.0, BRAIN, 0.5, edge_mm=0.6)
    thick = rng.uniform(1.4, 2.2)
    scene.rim(head.outline, 17.0, thick, 0.07)


def _add_brain(rng: np.random.Generator, scene: Scene, head: _Head) -> None:
    """Add falx, cavum, thalami, lateral ventricle and choroid plexus; -x of the head is the forehead."""
    for across in (-0.33, 0.3):
        scene.line(head.path((-0.15, across), (0.3, 1.25 * across), (0.6, 1.1 * across)), 8.0, 1.0, 0.3)
        choroid = ribbon(
            bezier(head.at(0.12, 0.8 * across), head.at(0.3, across), head.at(0.55, 1.05 * across)), 2.6
        )
        scene.fill(choroid, 1.0 if across > 0 else -4.0, edge_mm=1.0)
    for across in (-0.15, 0.15):
        scene.fill(
            blob(rng, head.at(0.03, across), (9.0, 5.0), head.angle_deg + 20 * np.sign(across), 0.04),
            -20.0,
            edge_mm=1.2,
        )
    for span in ((-0.92, -0.52), (-0.24, 0.9)):
        scene.line(
            head.path((span[0], 0.0), (sum(span) / 2, rng.uniform(-0.02, 0.02)), (span[1], 0.0)),
            13.0,
            1.2,
            0.35,
        )
    box = ((-0.5, -0.07), (-0.28, -0.07), (-0.28, 0.07), (-0.5, 0.07))
    scene.fill(head.path(*box), wall.FLUID_DB, edge_mm=0.6)
    for across in (-0.08, 0.08):
        scene.line(head.path((-0.5, across), (-0.28, across)), 11.0, 0.9, 0.4)
    for at in rng.uniform(-0.7, 0.7, 9):
        side = float(rng.choice([-1.0, 1.0])) * rng.uniform(0.45, 0.8)
        scene.line(head.path((at, side), (at + 0.09, side * 1.08)), 3.0, 0.9, 0.4)


def fetal_head(rng: np.random.Generator, variant: str) -> Scene:
    """Return the transthalamic plane; structure `head` is the skull's outline (`plain` only)."""
    scene = womb(rng, 140.0)
    depth = scene.probe.depth_mm
    long = rng.uniform(0.29, 0.37) * depth
    centre = (rng.uniform(-6, 6), rng.uniform(0.55, 0.6) * depth)
    head = _Head(
        centre, (long, long * rng.uniform(0.74, 0.82)), rng.uniform(-22, 22) + float(rng.choice([0.0, 180.0]))
    )
    _add_skull(rng, scene, head)
    _add_brain(rng, scene, head)
    wall.add_abdominal_wall(rng, scene)
    scene.name("head", head.outline)
    return scene


def head_position(rng: np.random.Generator, variant: str) -> Scene:
    """Return an axial head whose occiput points where the variant (a key of `DIRECTIONS`) says.

    The face end shows the two orbits and the nose, the occiput the cerebellum; the midline joins them.
    """
    scene = womb(rng, 130.0)
    depth = scene.probe.depth_mm
    angle = DIRECTIONS[variant] + rng.uniform(-11, 11)
    long = rng.uniform(0.29, 0.32) * depth
    head = _Head((rng.uniform(-4, 4), 0.56 * depth), (long, 0.82 * long), angle)
    _add_skull(rng, scene, head)
    scene.line(head.path((-0.35, 0.0), (0.1, 0.01), (0.55, 0.0)), 9.0, 1.0, 0.4)
    for side in (-1.0, 1.0):
        orbit = ellipse(head.at(-0.62, 0.4 * side), (6.5, 6.0), angle)
        scene.fill(ellipse(head.at(-0.62, 0.4 * side), (8.0, 7.5), angle), -3.0, edge_mm=0.8)
        scene.fill(orbit, wall.FLUID_DB, edge_mm=0.5)
        scene.rim(orbit, 9.0, 0.9, 0.15)
        scene.fill(blob(rng, head.at(0.1, 0.2 * side), (8.0, 5.5), angle, 0.05), -21.0, edge_mm=1.2)
        scene.fill(blob(rng, head.at(0.66, 0.2 * side), (6.0, 7.0), angle, 0.04), -22.0, edge_mm=0.8)
        scene.rim(ellipse(head.at(0.66, 0.2 * side), (6.0, 7.0), angle), 4.0, 0.8, 0.2)
    scene.fill(blob(rng, head.at(-1.02, 0.0), (6.0, 5.0), angle, 0.05), 5.0, edge_mm=0.8)
    wall.add_abdominal_wall(rng, scene)
    scene.name("head", head.outline)
    return scene


def sacral_position(rng: np.random.Generator, variant: str) -> Scene:
    """Return a fetal pelvis in section whose sacrum points where the variant (a key of `DIRECTIONS`) says.

    The sacrum is three bright ossification centres with a shadow; iliac wings flank it, the bladder lies
    opposite.
    """
    scene = womb(rng, 115.0)
    depth = scene.probe.depth_mm
    angle = DIRECTIONS[variant] + rng.uniform(-11, 11)
    long = rng.uniform(0.27, 0.3) * depth
    trunk = _Head((rng.uniform(-4, 4), 0.56 * depth), (long, 0.9 * long), angle)
    scene.fill(trunk.outline, -6.0, Texture("cloud", 2.6, 5.0), edge_mm=0.8)
    scene.rim(trunk.outline, 7.0, 1.1, 0.06)
    bladder = blob(rng, trunk.at(-0.45, 0.0), (8.0, 9.5), angle, 0.05)
    wall.add_vessel(scene, bladder, 9.0, 0.9)
    for side in (-1.0, 1.0):
        wing = bezier(trunk.at(0.42, 0.24 * side), trunk.at(0.35, 0.62 * side), trunk.at(-0.02, 0.7 * side))
        scene.fill(ribbon(wing, 1.6), 7.0, attenuation=30.0, edge_mm=0.6)
        scene.line(wing, 17.0, 2.4, 0.5)
    for along, across in ((0.58, 0.0), (0.74, -0.15), (0.74, 0.15)):
        spot = trunk.at(along, across)
        scene.fill(ellipse(spot, (3.0, 2.6), count=24), 11.0, attenuation=60.0, edge_mm=0.5)
        scene.line(elliptic_arc(spot, (3.0, 2.6), 0.0, (180, 360)), 19.0, 1.5, 0.6)
    wall.add_abdominal_wall(rng, scene)
    scene.name("trunk", trunk.outline)
    return scene


def labour(rng: np.random.Generator, variant: str) -> Scene:
    """Return the transperineal view in labour (`plain` only).

    Structures `symphysis` and `head`; landmarks `symphysis upper`, `symphysis lower` (ends of its long
    axis) and `tangent` (where the line from the lower end touches the head).
    """
    probe = Probe(rng.uniform(118, 130), radius_mm=rng.uniform(48, 56), half_angle_deg=rng.uniform(36, 40))
    scene = Scene(probe, -5.0, Texture("cloud", 3.4, 7.0))
    wall.add_skin(scene, 2.0)
    scene.fill(elliptic_arc((-20.0, 10.0), (30.0, 8.0), 0.0, (0, 350)), -8.0, wall.DEEP_MUSCLE, edge_mm=1.5)
    tilt, middle = rng.uniform(18, 42), (rng.uniform(-25, -16), rng.uniform(25, 30))
    radii = (rng.uniform(13, 16), 6.0)
    upper = ellipse_point(middle, radii, tilt, 180.0)
    lower = ellipse_point(middle, radii, tilt, 0.0)
    head_radii, way = (rng.uniform(40, 46), rng.uniform(33, 37)), np.deg2rad(rng.uniform(58, 82))
    gap = head_radii[0] + rng.uniform(6, 15)
    head_at = (lower[0] + gap * np.cos(way), lower[1] + gap * np.sin(way))
    head = ellipse(head_at, head_radii, rng.uniform(20, 60), 256)
    scene.fill(head, -12.0, BRAIN, 5.0, edge_mm=0.8)
    scene.rim(head, 19.0, 1.8, 0.05)
    scene.line(head.mean(axis=0) + (head - head.mean(axis=0))[20:90] * 0.9, 3.0, 1.2, 0.3)
    oval = ellipse(middle, radii, tilt)
    scene.fill(ellipse(middle, (radii[0] + 2.0, radii[1] + 2.0), tilt), 4.0, edge_mm=0.8)
    scene.fill(oval, -11.0, Texture("cloud", 2.0, 2.5), 2.5, edge_mm=0.6)
    scene.rim(oval, 11.0, 1.0, 0.15)
    touch = _right_tangent(lower, head)
    scene.name("symphysis", oval)
    scene.name("head", head)
    scene.mark("symphysis upper", *upper)
    scene.mark("symphysis lower", *lower)
    scene.mark("tangent", *touch)
    return scene


def _right_tangent(origin: tuple[float, float], outline: Points) -> tuple[float, float]:
    """Return the vertex where the line from an outside point touches a convex outline on its right."""
    rays = outline - np.asarray(origin)
    towards = np.arctan2(*(outline.mean(axis=0) - np.asarray(origin))[::-1])
    turn = np.angle(np.exp(1j * (np.arctan2(rays[:, 1], rays[:, 0]) - towards)))
    touch = outline[int(turn.argmin())]
    return float(touch[0]), float(touch[1])
