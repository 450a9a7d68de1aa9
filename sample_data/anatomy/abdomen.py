"""Upper abdomen and bladder: liver, gallbladder, spleen, kidney, urinary bladder."""

import numpy as np

from sample_data.anatomy import wall
from sample_data.geometry import Points, band, bezier, blob, ellipse, elliptic_arc, ribbon, scaled, shifted
from sample_data.scene import Scene, Texture

LIVER = Texture("cloud", 1.6, 5.0)
CIRRHOSIS = Texture("cloud", 3.4, 6.0)
SPLEEN = Texture("cloud", 1.3, 6.0)
LESION = Texture("cloud", 3.8, 6.0)
CORTEX = Texture("cloud", 1.2, 4.0)
SINUS = Texture("cloud", 4.0, 4.0)


def _add_diaphragm(rng: np.random.Generator, scene: Scene) -> None:
    """Add the bright arc behind the liver or spleen, and the mirrored noise of the lung behind it."""
    depth = scene.probe.depth_mm
    middle, radius = (rng.uniform(-15, 15), depth * 0.32), depth * rng.uniform(0.56, 0.62)
    arc = elliptic_arc(middle, (radius * 1.15, radius), 0.0, (15, 165))
    scene.fill(band(arc, shifted(arc, depth)), -12.0, LIVER, attenuation=2.0)
    scene.line(arc, 16.0, 1.5, 0.06)


def _add_vessels(rng: np.random.Generator, scene: Scene, top: float, bright_walls: bool, count: int) -> None:
    """Add hepatic veins (thin walls) or portal branches (bright walls) as tapering tubes."""
    for _ in range(count):
        start = (rng.uniform(-45, 45), rng.uniform(top + 18, top + 70))
        end = (start[0] + rng.uniform(-45, 45), start[1] + rng.uniform(-22, 28))
        bend = (
            (start[0] + end[0]) / 2 + rng.uniform(-12, 12),
            (start[1] + end[1]) / 2 + rng.uniform(-12, 12),
        )
        path = bezier(start, bend, end)
        tube = ribbon(path, np.linspace(rng.uniform(2.2, 4.2), 0.9, len(path)))
        scene.fill(tube, -27.0, attenuation=-0.5, edge_mm=0.8)
        if bright_walls:
            scene.rim(tube, 8.0, 0.9, 0.15)


def liver(rng: np.random.Generator, variant: str) -> Scene:
    """Return a liver: `normal`, `fatty` (bright, fading with depth), `hcc` or `hemangioma`."""
    cirrhotic = variant == "hcc"
    level = 7.0 if variant == "fatty" else 0.0
    scene = Scene(wall.curved_probe(rng, 150.0), level, CIRRHOSIS if cirrhotic else LIVER)
    depth = scene.probe.depth_mm
    if variant == "fatty":
        loss = rng.uniform(1.6, 2.4)
        scene.fill(band(scene.probe.layer(-5), scene.probe.layer(2 * depth)), level, LIVER, loss, edge_mm=0.1)
    portal, hepatic = (0, 1) if variant == "fatty" else (int(rng.integers(2, 4)), int(rng.integers(2, 4)))
    if variant != "fatty":
        _add_diaphragm(rng, scene)
    _add_vessels(rng, scene, 20.0, True, portal)
    _add_vessels(rng, scene, 20.0, False, hepatic)
    if cirrhotic or variant == "hemangioma":
        _add_liver_lesion(rng, scene, cirrhotic)
    top = wall.add_abdominal_wall(rng, scene)
    scene.line(scene.probe.layer(top + 0.5), 13.0, 0.8)
    return scene


def _add_liver_lesion(rng: np.random.Generator, scene: Scene, malignant: bool) -> None:
    wide = rng.uniform(11, 22)
    middle = (rng.uniform(-28, 28), rng.uniform(58, 88))
    outline = blob(
        rng, middle, (wide, wide * rng.uniform(0.8, 0.95)), rng.uniform(-20, 20), 0.05 if malignant else 0.03
    )
    if malignant:
        scene.fill(scaled(outline, 1.13), -22.0, edge_mm=0.8)
        scene.fill(outline, -11.0, LESION, 0.5, edge_mm=1.0)
        for _ in range(3):
            spot = np.asarray(middle) + rng.uniform(-0.5, 0.5, 2) * wide
            part = blob(rng, (spot[0], spot[1]), (0.35 * wide, 0.28 * wide), roughness=0.15)
            scene.fill(part, rng.choice([-17.0, -2.0]), edge_mm=1.5)
    else:
        scene.fill(outline, 9.0, Texture("cloud", 0.7, 2.0), -0.8, edge_mm=0.9)
    scene.name("lesion", outline)


def gallbladder(rng: np.random.Generator, variant: str) -> Scene:
    """Return a gallbladder in the liver, with stones in half of the patients (`plain` only)."""
    scene = Scene(wall.curved_probe(rng, 125.0), 0.0, LIVER)
    _add_vessels(rng, scene, 20.0, True, 2)
    middle, tilt = (rng.uniform(-10, 10), rng.uniform(58, 70)), rng.uniform(15, 45) * rng.choice([-1.0, 1.0])
    turn = np.linspace(0, 2 * np.pi, 96, endpoint=False)
    pear = np.stack([30 * np.cos(turn), (11.5 + 3.5 * np.cos(turn)) * np.sin(turn)], axis=1)
    angle = np.deg2rad(tilt)
    turned = pear @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) + np.asarray(
        middle
    )
    scene.fill(scaled(turned, 1.1), 3.0)
    scene.fill(turned, wall.FLUID_DB, attenuation=-2.2, edge_mm=0.8)
    scene.rim(turned, 9.0, 1.0, 0.12)
    if rng.random() < 0.5:
        lowest = turned[int(turned[:, 1].argmax())]
        for _ in range(int(rng.integers(1, 4))):
            wall.add_stone(scene, (lowest[0] + rng.uniform(-8, 8), lowest[1] - 4.0), rng.uniform(2.0, 4.0))
    _add_gas(rng, scene, 105.0)
    wall.add_abdominal_wall(rng, scene)
    return scene


def _add_gas(rng: np.random.Generator, scene: Scene, depth_mm: float) -> None:
    """Add bowel gas: bright curved fronts with dirty shadows."""
    for x in rng.uniform(-50, 50, 3):
        y = depth_mm + rng.uniform(-8, 8)
        scene.fill(ellipse((x, y + 2), (12, 3)), 4.0, attenuation=28.0, edge_mm=1.5)
        scene.line(elliptic_arc((x, y + 3), (12, 5), 0.0, (200, 340)), 17.0, 1.8, 0.4)


def spleen(rng: np.random.Generator, variant: str) -> Scene:
    """Return a spleen: a homogeneous crescent under the diaphragm; the variant `plain` is the only one."""
    scene = Scene(wall.curved_probe(rng, 130.0), -6.0, wall.MIXED_TISSUE)
    outer = elliptic_arc((0.0, 72.0), (62.0, 46.0), rng.uniform(-12, 12), (185, 355))
    inner = elliptic_arc((4.0, 84.0), (50.0, rng.uniform(6, 14)), rng.uniform(-8, 8), (185, 355))
    crescent = band(outer, inner)
    scene.fill(crescent, 1.0, SPLEEN, edge_mm=0.8)
    scene.rim(crescent, 9.0, 1.0, 0.05)
    hilum = (rng.uniform(-5, 10), 80.0)
    scene.fill(blob(rng, hilum, (9, 5), roughness=0.1), 4.0, SINUS)
    for x in (-6.0, 3.0):
        wall.add_vessel(scene, ellipse((hilum[0] + x, hilum[1] + 3), (2.2, 1.8)), 6.0, 0.8)
    _add_gas(rng, scene, 112.0)
    wall.add_abdominal_wall(rng, scene)
    return scene


def _kidney_outline(rng: np.random.Generator, middle: tuple[float, float], tilt: float) -> Points:
    turn = np.linspace(0, 2 * np.pi, 128, endpoint=False)
    long, short = rng.uniform(47, 55), rng.uniform(21, 25)
    dent = 1.0 - 0.16 * np.exp(-(((np.angle(np.exp(1j * (turn - np.pi / 2)))) / 0.55) ** 2))
    bean = np.stack([long * np.cos(turn), short * dent * np.sin(turn)], axis=1)
    angle = np.deg2rad(tilt)
    return np.asarray(
        bean @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) + middle
    )


def kidney(rng: np.random.Generator, variant: str) -> Scene:
    """Return a kidney in long section beside the liver: dark cortex, bright sinus (`plain` only)."""
    scene = Scene(wall.curved_probe(rng, 135.0), 0.0, LIVER)
    middle, tilt = (rng.uniform(-8, 8), rng.uniform(70, 80)), rng.uniform(-18, 18)
    _add_vessels(rng, scene, 15.0, True, 2)
    below = band(scene.probe.layer(middle[1] + 14.0), scene.probe.layer(300.0))
    scene.fill(below, -6.0, wall.DEEP_MUSCLE, 1.0, edge_mm=3.0)
    outline = _kidney_outline(rng, middle, tilt)
    scene.fill(scaled(outline, 1.07), 7.0, edge_mm=1.5)
    scene.fill(outline, -7.0, CORTEX, edge_mm=0.9)
    scene.rim(outline, 9.0, 1.0, 0.05)
    axis = np.array([np.cos(np.deg2rad(tilt)), np.sin(np.deg2rad(tilt))])
    across = np.array([-axis[1], axis[0]])
    scene.fill(blob(rng, middle, (31, 8.5), tilt, 0.14, (2, 9)), 8.0, SINUS, 0.6, edge_mm=1.8)
    for along in np.linspace(-30, 30, 6):
        for side in (-1, 1):
            spot = np.asarray(middle) + axis * along + across * side * 12.5 * np.sqrt(1 - (along / 55) ** 2)
            scene.fill(blob(rng, (spot[0], spot[1]), (4.2, 3.4), tilt, 0.1), -14.0, edge_mm=1.2)
    if rng.random() < 0.2:
        wall.add_stone(scene, (middle[0] + rng.uniform(-18, 18), middle[1]), 3.0)
    scene.name("kidney", outline)
    wall.add_abdominal_wall(rng, scene)
    return scene


def bladder(rng: np.random.Generator, variant: str) -> Scene:
    """Return a filled urinary bladder: thin wall, bright tissue behind (`plain` only)."""
    scene = Scene(wall.curved_probe(rng, 125.0), -4.0, wall.MIXED_TISSUE)
    wide = rng.uniform(34, 46)
    outline = blob(
        rng, (rng.uniform(-6, 6), rng.uniform(58, 66)), (wide, rng.uniform(22, 29)), 0.0, 0.045, (2, 5)
    )
    scene.fill(scaled(outline, 1.09), -2.0, edge_mm=1.0)
    scene.fill(outline, wall.FLUID_DB, attenuation=-2.6, edge_mm=0.9)
    scene.rim(outline, 8.0, 1.1, 0.1)
    scene.fill(blob(rng, (rng.uniform(-8, 8), 104.0), (20, 8), roughness=0.08), -6.0, LESION, edge_mm=1.5)
    wall.add_abdominal_wall(rng, scene)
    return scene
