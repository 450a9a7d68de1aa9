"""Adult heart in the apical four-chamber view."""

import numpy as np

from sample_data.anatomy import wall
from sample_data.geometry import Points, band, bezier, blob, rotated
from sample_data.scene import Scene, Texture

MYOCARDIUM = Texture("cloud", 3.5, 5.0)
LUNG = Texture("cloud", 4.0, 12.0)


def _bullet(apex: tuple[float, float], length: float, half_width: float, angle_deg: float) -> Points:
    """Return a chamber's outline: round at the apex, widest below the middle, closed at the base."""
    along = np.sin(np.linspace(0.0, np.pi / 2.0, 30)) ** 1.6
    width = half_width * np.sqrt(1.0 - (1.0 - along) ** 2.3) * (1.0 - 0.2 * along**5)
    left = np.stack([-width, along * length], axis=1)
    right = np.stack([width, along * length], axis=1)
    return rotated(band(left, right), angle_deg) + np.asarray(apex, dtype=np.float64)


def four_chambers(rng: np.random.Generator, variant: str) -> Scene:
    """Return the four chambers; structures `ventricle`, `myocardium` and `atrium` are the left heart's.

    The variant `plain` is the only one.
    """
    scene = Scene(wall.cardiac_probe(rng, 152.0), -13.0, LUNG)
    wall.add_skin(scene, 2.5)
    scene.fill(band(scene.probe.layer(2.5), scene.probe.layer(14.0)), -5.0, wall.DEEP_MUSCLE)
    length, wide, tilt = rng.uniform(66, 80), rng.uniform(19, 25), rng.uniform(-10, 4)
    apex = (rng.uniform(8, 15), rng.uniform(24, 30))
    thick = rng.uniform(8.0, 11.0)
    ventricle = _bullet((apex[0], apex[1] + thick), length, wide, tilt)
    outer = _bullet(apex, length + thick, wide + thick, tilt)
    down = rotated(np.array([[0.0, 1.0]]), tilt)[0]
    across = rotated(np.array([[1.0, 0.0]]), tilt)[0]
    base = np.asarray(apex) + down * (length + thick)
    right_heart = np.asarray(apex) - across * (wide + thick + rng.uniform(11, 15)) + down * 48.0
    heart = blob(rng, tuple(np.asarray(apex) + down * 62.0 - across * 14.0), (68.0, 72.0), tilt, 0.03, (2, 4))
    scene.fill(heart, -4.0, MYOCARDIUM, edge_mm=2.0)
    scene.rim(heart, 6.0, 1.6, 0.05)
    chambers = {
        "right ventricle": blob(rng, tuple(right_heart), (14.0, 32.0), tilt + 14.0, 0.07),
        "right atrium": blob(
            rng, tuple(base - across * (wide + thick + 8.0) + down * 20.0), (17.0, 19.0), tilt, 0.06
        ),
        "atrium": blob(
            rng, tuple(base + down * 20.0), (rng.uniform(17, 22), rng.uniform(17, 22)), tilt, 0.04, (2, 4)
        ),
    }
    scene.fill(outer, -1.0, MYOCARDIUM, edge_mm=1.2)
    for outline in (*chambers.values(), ventricle):
        scene.fill(outline, -29.0, Texture("cloud", 3.0, 14.0), attenuation=-0.5, edge_mm=1.8)
        scene.rim(outline, 3.0, 1.4, 0.05)
    for side, reach in ((-1.0, 0.55), (1.0, 0.5)):
        hinge = base + across * side * 0.8 * wide
        tip = base - down * rng.uniform(8, 14) + across * side * wide * rng.uniform(0.05, 0.3)
        middle = (hinge + tip) / 2.0 + down * reach * 8.0
        scene.line(bezier(tuple(hinge), tuple(middle), tuple(tip)), 14.0, 1.8, 0.5)
    scene.name("myocardium", outer)
    scene.name("ventricle", ventricle)
    scene.name("atrium", chambers["atrium"])
    return scene
