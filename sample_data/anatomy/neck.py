"""Neck in transverse section: thyroid with a nodule, and the common carotid artery."""

import numpy as np

from sample_data.anatomy import wall
from sample_data.geometry import blob, ellipse, elliptic_arc, scaled
from sample_data.probes import Probe
from sample_data.scene import Scene, Texture

THYROID = Texture("cloud", 2.0, 1.8)
NODULE = Texture("cloud", 3.0, 1.2)


def _neck(rng: np.random.Generator, probe: Probe, strap_end: float) -> Scene:
    scene = Scene(probe, -5.0, wall.MUSCLE)
    wall.add_skin(scene, 1.6)
    wall.add_fat(rng, scene, 1.6, strap_end * 0.45)
    wall.add_muscle(rng, scene, strap_end * 0.45, strap_end)
    return scene


def _add_spine_front(rng: np.random.Generator, scene: Scene, side: int) -> None:
    """Add the longus colli muscle and the vertebra behind everything."""
    depth = scene.probe.depth_mm
    scene.fill(ellipse((side * 3.0, depth * 0.77), (12.0, 4.5), side * 8.0), -9.0, wall.MUSCLE)
    wall.add_bone(scene, (-side * 4.0, depth + 2.0), (20.0, 6.0), side * rng.uniform(2, 8))


def thyroid(rng: np.random.Generator, variant: str) -> Scene:
    """Return a thyroid lobe between trachea and carotid, with a nodule (`benign` or `malignant`) in it."""
    side = 1 if rng.random() < 0.5 else -1
    scene = _neck(rng, wall.linear_probe(rng, 38.0), rng.uniform(7.5, 9.5))
    half = scene.probe.half_width_mm
    _add_spine_front(rng, scene, side)
    lobe_at = (side * rng.uniform(0.0, 2.0), rng.uniform(17.0, 19.0))
    lobe = blob(rng, lobe_at, (rng.uniform(11.5, 14.0), rng.uniform(7.0, 9.0)), side * -8.0, 0.03, (2, 4))
    isthmus = ellipse((-side * 14.0, lobe_at[1] - 5.5), (10.0, 2.0), side * -6.0)
    for part in (isthmus, lobe):
        scene.fill(part, 3.5, THYROID)
    scene.rim(lobe, 6.0, 0.3, 0.06)
    trachea = (-side * (half - 6.0), lobe_at[1] + 3.5)
    scene.fill(ellipse(trachea, (9.0, 9.0)), -18.0, attenuation=14.0)
    for ring in (9.0, 7.4, 5.8):
        scene.line(elliptic_arc(trachea, (ring, ring), 0.0, (205, 335)), 17.0 - 4.0 * (9.0 - ring), 0.6, 0.04)
    artery = (side * (half - rng.uniform(6.5, 8.0)), lobe_at[1] + rng.uniform(0.0, 3.0))
    wall.add_vessel(scene, ellipse(artery, (3.4, 3.3)), 11.0)
    wide = rng.uniform(2.8, 5.2)
    middle = (lobe_at[0] + rng.uniform(-3.5, 3.5), lobe_at[1] + rng.uniform(-1.2, 1.2))
    if variant == "malignant":
        nodule = blob(rng, middle, (0.75 * wide, 0.95 * wide), 0.0, 0.13, (3, 9))
        scene.fill(nodule, -13.0, NODULE, 5.0)
        for _ in range(int(rng.integers(4, 10))):
            spot = np.asarray(middle) + rng.uniform(-0.45, 0.45, 2) * wide
            scene.fill(
                ellipse((spot[0], spot[1]), (0.3, 0.25), count=12), 14.0, attenuation=10.0, edge_mm=0.1
            )
    else:
        nodule = blob(rng, middle, (wide, 0.72 * wide), rng.uniform(-10, 10), 0.03, (2, 4))
        scene.fill(scaled(nodule, 1.05), -16.0, edge_mm=0.2)
        scene.fill(scaled(nodule, 0.9), rng.choice([-7.0, -4.0]), NODULE, -1.0)
        if rng.random() < 0.6:
            scene.fill(
                blob(rng, middle, (0.5 * wide, 0.3 * wide), roughness=0.1), wall.FLUID_DB, attenuation=-4.0
            )
    scene.name("nodule", nodule)
    return scene


def carotid(rng: np.random.Generator, variant: str) -> Scene:
    """Return the common carotid artery, plain or with a `plaque`, beside the jugular vein."""
    side = 1 if rng.random() < 0.5 else -1
    scene = _neck(rng, wall.linear_probe(rng, 36.0), rng.uniform(9.0, 12.0))
    _add_spine_front(rng, scene, side)
    middle = (side * rng.uniform(-4, 4), rng.uniform(17.0, 21.0))
    radius = rng.uniform(3.0, 4.4)
    scene.fill(ellipse((middle[0] - side * 15.0, middle[1] - 2.0), (9.0, 6.5)), 3.0, THYROID)
    vein = blob(
        rng,
        (middle[0] + side * 9.0, middle[1] - 4.0),
        (4.5, rng.uniform(1.6, 3.0)),
        side * 18.0,
        0.05,
        (2, 4),
    )
    wall.add_vessel(scene, vein, 4.0)
    outline = blob(rng, middle, (radius, radius * rng.uniform(0.94, 1.0)), 0.0, 0.012, (2, 4))
    scene.fill(scaled(outline, 1.2), 0.0, edge_mm=0.3)
    wall.add_vessel(scene, outline, 14.0, 0.45)
    if variant == "plaque":
        at = rng.uniform(0.0, 2.0 * np.pi)
        spot = (middle[0] + 0.75 * radius * np.cos(at), middle[1] + 0.75 * radius * np.sin(at))
        scene.fill(
            blob(rng, spot, (0.5 * radius, 0.28 * radius), np.degrees(at) + 90.0, 0.1), -4.0, attenuation=15.0
        )
    scene.name("artery", outline)
    return scene
