"""Spinal cord in longitudinal section, seen through a laminectomy, with an injury."""

import numpy as np

from sample_data.anatomy import wall
from sample_data.geometry import band, blob, shifted, wavy
from sample_data.scene import Scene, Texture

CORD = Texture("fibres", 1.8, 1.2)
BLOOD = Texture("cloud", 4.0, 1.0)


def spinal_cord(rng: np.random.Generator, variant: str) -> Scene:
    """Return the cord between bright dura lines, with an echogenic injury that breaks the central canal.

    The variant `injured` is the only one.
    """
    scene = Scene(wall.linear_probe(rng, 26.0), -7.0, wall.MUSCLE)
    half = scene.probe.half_width_mm
    span = (-1.3 * half, 1.3 * half)
    top, cord = rng.uniform(8.0, 10.5), rng.uniform(5.0, 7.0)
    dura = wavy(rng, span, top, 0.8)
    upper, lower = shifted(dura, 1.4), shifted(dura, 1.4 + cord)
    under = shifted(lower, 1.3)
    scene.fill(band(scene.probe.layer(-3.0, len(dura)), dura), -22.0, Texture("cloud", 3.0, 3.0))
    scene.fill(band(dura, under), wall.FLUID_DB, attenuation=-2.0)
    scene.fill(band(upper, lower), -13.0, CORD)
    for path, level in ((dura, 17.0), (upper, 12.0), (lower, 13.0), (under, 17.0)):
        scene.line(path, level, 0.35, 0.15)
    canal = (upper + lower) / 2.0
    at = int(rng.integers(25, 55))
    wide, tall = rng.uniform(2.0, 4.8), cord * rng.uniform(0.3, 0.46)
    for part in (canal[: at - 3], canal[at + 4 :]):
        scene.line(shifted(part, -0.25), 9.0, 0.2)
        scene.line(shifted(part, 0.25), 9.0, 0.2)
    middle = (float(canal[at, 0]), float(canal[at, 1] + rng.uniform(-0.1, 0.1) * cord))
    injury = blob(rng, middle, (wide, tall), rng.uniform(-15, 15), 0.12, (2, 8))
    scene.fill(injury, rng.uniform(-1.0, 3.0), BLOOD, 2.0, edge_mm=0.4)
    if rng.random() < 0.5:
        scene.fill(blob(rng, middle, (0.4 * wide, 0.4 * tall), roughness=0.15), -24.0, edge_mm=0.3)
    scene.fill(band(under, shifted(under, 30.0)), -6.0, wall.MUSCLE, 3.0)
    for start in np.arange(-half, half, 9.0) + rng.uniform(0, 4):
        wall.add_bone(scene, (float(start), float(under[:, 1].mean() + 4.0)), (3.4, 2.0))
    scene.name("injury", injury)
    return scene
