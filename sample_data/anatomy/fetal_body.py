"""Fetal trunk and limbs: abdomen, thorax with heart, femur, and a view that is no standard plane."""

import numpy as np

from sample_data.anatomy import wall
from sample_data.anatomy.fetal_head import womb
from sample_data.geometry import bezier, blob, ellipse, elliptic_arc, ribbon, rotated
from sample_data.scene import Scene, Texture

SOFT = Texture("cloud", 2.0, 5.0)
LUNG = Texture("cloud", 1.5, 3.0)


class _Trunk:
    """A round section of the trunk; local angle 0 points to the spine, radii as parts of the trunk's."""

    def __init__(self, rng: np.random.Generator, scene: Scene, radius_part: float) -> None:
        depth = scene.probe.depth_mm
        self.radius = radius_part * depth
        self.centre = (float(rng.uniform(-5, 5)), 0.57 * depth)
        self.spine_deg = float(rng.uniform(20, 160) if rng.random() < 0.7 else rng.uniform(-20, 20))
        self.outline = blob(
            rng, self.centre, (self.radius, 0.93 * self.radius), rng.uniform(-30, 30), 0.015, (2, 3)
        )

    def at(self, angle_deg: float, part: float) -> tuple[float, float]:
        point = rotated(np.array([[part * self.radius, 0.0]]), self.spine_deg + angle_deg)[0]
        return float(point[0] + self.centre[0]), float(point[1] + self.centre[1])


def _add_trunk(scene: Scene, trunk: _Trunk, echo_db: float) -> None:
    """Add skin, body wall, spine and ribs."""
    scene.fill(trunk.outline, -5.0, edge_mm=0.8)
    scene.rim(trunk.outline, 8.0, 1.2, 0.06)
    inner = (trunk.outline - np.asarray(trunk.centre)) * 0.92 + np.asarray(trunk.centre)
    scene.fill(inner, echo_db, SOFT, edge_mm=1.0)
    for angle in (45.0, 80.0, -45.0, -80.0):
        x, y = trunk.at(angle, 0.95)
        scene.fill(
            ellipse((x, y), (4.0, 2.0), trunk.spine_deg + angle + 90.0), 8.0, attenuation=22.0, edge_mm=0.5
        )
    for angle, part in ((0.0, 0.72), (9.0, 0.88), (-9.0, 0.88)):
        spot = trunk.at(angle, part)
        scene.fill(ellipse(spot, (2.8, 2.3), count=24), 11.0, attenuation=55.0, edge_mm=0.5)
        scene.line(elliptic_arc(spot, (2.8, 2.3), 0.0, (180, 360)), 18.0, 1.3, 0.6)


def fetal_abdomen(rng: np.random.Generator, variant: str) -> Scene:
    """Return the abdominal plane; structures `artery`, `liver`, `stomach`, `vein` (`plain` only)."""
    scene = womb(rng, 130.0)
    trunk = _Trunk(rng, scene, rng.uniform(0.29, 0.33))
    _add_trunk(scene, trunk, -7.0)
    side = float(rng.choice([-1.0, 1.0]))
    scale = trunk.radius / 40.0
    liver = blob(
        rng,
        trunk.at(side * 128.0, 0.36),
        (25 * scale, 20 * scale),
        trunk.spine_deg + side * 128,
        0.05,
        (2, 4),
    )
    scene.fill(liver, 0.5, LUNG, edge_mm=1.2)
    stomach = blob(
        rng, trunk.at(side * -82.0, 0.52), (11 * scale, 7 * scale), trunk.spine_deg + side * 20, 0.07
    )
    wall.add_vessel(scene, stomach, 10.0, 1.0)
    path = bezier(trunk.at(side * 168.0, 0.62), trunk.at(side * 165.0, 0.3), trunk.at(side * 105.0, 0.22))
    vein = ribbon(path, np.linspace(2.6, 3.3, len(path)) * scale)
    wall.add_vessel(scene, vein, 9.0, 0.9)
    artery = ellipse(trunk.at(side * -16.0, 0.48), (3.2 * scale, 3.0 * scale))
    wall.add_vessel(scene, artery, 10.0, 0.9)
    for name, outline in (("artery", artery), ("liver", liver), ("stomach", stomach), ("vein", vein)):
        scene.name(name, outline)
    wall.add_abdominal_wall(rng, scene)
    return scene


def fetal_thorax(rng: np.random.Generator, variant: str) -> Scene:
    """Return the four-chamber plane of the fetal thorax; structure `heart` (`plain` only)."""
    scene = womb(rng, 115.0)
    trunk = _Trunk(rng, scene, rng.uniform(0.28, 0.32))
    _add_trunk(scene, trunk, 1.0)
    side = float(rng.choice([-1.0, 1.0]))
    centre = trunk.at(side * 160.0, 0.22)
    long = 0.5 * trunk.radius
    axis = trunk.spine_deg + 180.0 + side * 45.0
    heart = blob(rng, centre, (long, 0.78 * long), axis, 0.035, (2, 4))
    scene.fill(heart, -5.0, edge_mm=0.8)
    scene.rim(heart, 5.0, 0.9, 0.06)
    for along, across, part in (
        (0.28, 0.3, 1.0),
        (0.26, -0.32, 1.0),
        (-0.42, 0.27, 0.8),
        (-0.42, -0.27, 0.8),
    ):
        offset = rotated(np.array([[along * long, across * long]]), axis)[0]
        spot = (centre[0] + float(offset[0]), centre[1] + float(offset[1]))
        chamber = blob(rng, spot, (0.29 * long * part, 0.19 * long), axis, 0.07)
        scene.fill(chamber, -40.0, edge_mm=0.7)
        scene.rim(chamber, 2.0, 0.7, 0.1)
    wall.add_vessel(scene, ellipse(trunk.at(side * -22.0, 0.45), (2.7, 2.5)), 9.0, 0.8)
    scene.name("heart", heart)
    wall.add_abdominal_wall(rng, scene)
    return scene


def fetal_femur(rng: np.random.Generator, variant: str) -> Scene:
    """Return a femur: a bright slightly bowed shaft with a shadow; landmarks `femur left`, `femur right`.

    The variant `plain` is the only one.
    """
    scene = womb(rng, 110.0)
    depth = scene.probe.depth_mm
    half, tilt = rng.uniform(0.15, 0.27) * depth, np.deg2rad(rng.uniform(-24, 24))
    middle = np.array([rng.uniform(-7, 7), rng.uniform(0.46, 0.58) * depth])
    axis = np.array([np.cos(tilt), np.sin(tilt)])
    left, right = middle - axis * half, middle + axis * half
    bow = middle + np.array([-axis[1], axis[0]]) * rng.uniform(-6, -2)
    shaft = bezier(tuple(left), tuple(bow), tuple(right))
    thigh = blob(rng, tuple(middle), (half + 15.0, rng.uniform(15, 19)), float(np.rad2deg(tilt)), 0.06)
    scene.fill(thigh, -7.0, Texture("fibres", 2.5, 4.0), edge_mm=1.2)
    scene.rim(thigh, 6.0, 1.0, 0.06)
    ends = 2.1 + 0.9 * np.abs(np.linspace(-1, 1, len(shaft))) ** 4
    scene.fill(ribbon(shaft, ends), 12.0, attenuation=45.0, edge_mm=0.4)
    scene.line(shaft, 22.0, 2.6, 0.7)
    for end in (left - axis * 5.0, right + axis * 5.0):
        scene.fill(ellipse((end[0], end[1]), (5.0, 5.0)), -15.0, edge_mm=1.0)
    scene.mark("femur left", *left)
    scene.mark("femur right", *right)
    wall.add_abdominal_wall(rng, scene)
    return scene


def other_plane(rng: np.random.Generator, variant: str) -> Scene:
    """Return fluid with cord loops, a placenta and cross-sections of limbs (`plain` only)."""
    scene = womb(rng, 120.0)
    depth = scene.probe.depth_mm
    bed = blob(rng, (rng.uniform(-10, 10), 0.84 * depth), (0.5 * depth, 0.14 * depth), 0.0, 0.05)
    scene.fill(bed, 1.5, SOFT, edge_mm=1.5)
    for _ in range(int(rng.integers(3, 6))):
        x, y = rng.uniform(-0.32, 0.32) * depth, rng.uniform(0.36, 0.66) * depth
        scene.fill(blob(rng, (x, y), (7.0, 6.0), roughness=0.05), -9.0, edge_mm=0.7)
        scene.rim(ellipse((x, y), (7.0, 6.0)), 5.0, 0.8, 0.1)
        for angle in (90.0, 210.0, 330.0):
            spot = rotated(np.array([[3.2, 0.0]]), angle)[0] + [x, y]
            wall.add_vessel(scene, ellipse((spot[0], spot[1]), (1.7, 1.7), count=24), 5.0, 0.6)
    for _ in range(int(rng.integers(1, 3))):
        x, y = rng.uniform(-0.3, 0.3) * depth, rng.uniform(0.4, 0.7) * depth
        limb = blob(rng, (x, y), (12.0, 10.0), roughness=0.05)
        scene.fill(limb, -6.0, SOFT, edge_mm=0.8)
        scene.rim(limb, 10.0, 1.1, 0.15)
        wall.add_bone(scene, (x, y), (3.2, 2.4))
    wall.add_abdominal_wall(rng, scene)
    return scene
