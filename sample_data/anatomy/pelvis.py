"""Female pelvis: cervix, ovary with a tumour, uterus with a fibroid."""

import numpy as np

from sample_data.anatomy import wall
from sample_data.geometry import band, bezier, blob, ellipse, elliptic_arc, ribbon, scaled
from sample_data.scene import Scene, Texture

STROMA = Texture("fibres", 2.2, 3.0)
UTERUS = Texture("cloud", 2.6, 5.0)
WHORL = Texture("cloud", 3.5, 3.0)


def cervix(rng: np.random.Generator, variant: str) -> Scene:
    """Return a transvaginal view of the cervix (`plain` only).

    Structures `anterior lip`, `posterior lip` and `cervix` (both); landmarks `internal os`, `external os`.
    """
    scene = Scene(wall.cavity_probe(rng, 68.0), -6.0, wall.MIXED_TISSUE)
    wall.add_skin(scene, 1.5)
    drop = rng.uniform(-6, 9)
    internal = (rng.uniform(-24, -17), 42.0 - drop / 2)
    external = (rng.uniform(12, 19), 36.0 + drop / 2)
    bend = (rng.uniform(-6, 4), (internal[1] + external[1]) / 2 + rng.uniform(-6, 6))
    canal = bezier(internal, bend, external)
    thick = rng.uniform(9, 13)
    shape = np.sqrt(np.clip(1.0 - np.abs(np.linspace(-1.0, 1.0, len(canal))) ** 3.2, 0.0, 1.0))
    whole = ribbon(canal, thick * shape)
    anterior, posterior = band(canal, whole[len(canal) :][::-1]), band(whole[: len(canal)], canal)
    head = (internal[0] - 26.0, internal[1] + rng.uniform(8, 16))
    scene.fill(ellipse(head, (33, 28)), wall.FLUID_DB, attenuation=-1.0, edge_mm=1.0)
    scene.fill(ellipse(head, (26, 24)), -14.0, attenuation=5.0)
    scene.rim(ellipse(head, (26, 24)), 15.0, 1.0, 0.04)
    bladder = blob(
        rng, (internal[0] + rng.uniform(-8, 4), internal[1] - thick - 10.0), (14, 5.5), -14.0, 0.06, (2, 4)
    )
    wall.add_vessel(scene, bladder, 10.0, 0.7)
    scene.fill(blob(rng, (rng.uniform(5, 20), 66.0), (20, 7), 8.0, 0.08), -9.0, wall.DEEP_MUSCLE)
    for lip in (anterior, posterior):
        scene.fill(lip, -1.5, STROMA, 0.4, edge_mm=0.7)
    scene.rim(whole, 6.0, 0.7, 0.05)
    scene.fill(ribbon(canal, 2.4), -8.0, edge_mm=0.7)
    scene.line(canal, 12.0, 0.7, 0.4)
    scene.name("anterior lip", anterior)
    scene.name("posterior lip", posterior)
    scene.name("cervix", whole)
    scene.mark("internal os", *internal)
    scene.mark("external os", *external)
    return scene


def ovary(rng: np.random.Generator, variant: str) -> Scene:
    """Return an ovary with a tumour: `cystic`, `septate` or `solid`; structure `mass`."""
    scene = Scene(wall.cavity_probe(rng, 85.0), -5.0, wall.MIXED_TISSUE)
    wall.add_skin(scene, 1.5)
    middle, wide = (rng.uniform(-8, 8), rng.uniform(38, 46)), rng.uniform(15, 24)
    mass = blob(rng, middle, (wide, wide * rng.uniform(0.7, 0.9)), rng.uniform(-25, 25), 0.05, (2, 5))
    for at in np.linspace(20, 160, 5):
        follicle = np.asarray(middle) + 1.16 * wide * np.array(
            [np.cos(np.deg2rad(at)), 0.85 * np.sin(np.deg2rad(at))]
        )
        scene.fill(ellipse((follicle[0], follicle[1]), (9, 6)), -4.0, UTERUS, edge_mm=1.0)
        wall.add_vessel(scene, ellipse((follicle[0], follicle[1]), (rng.uniform(1.5, 3), 2.0)), 4.0, 0.5)
    solid = variant == "solid"
    scene.fill(
        mass, -9.0 if solid else -41.0, WHORL if solid else Texture(), 1.0 if solid else -2.5, edge_mm=0.7
    )
    scene.rim(mass, 9.0, 0.8, 0.1)
    if variant == "septate":
        for at in rng.uniform(0, np.pi, int(rng.integers(2, 5))):
            arm = 0.95 * wide * np.array([np.cos(at), 0.8 * np.sin(at)])
            side = rng.uniform(-0.4, 0.4, 2) * wide
            start, end = np.asarray(middle) + arm, np.asarray(middle) - arm
            path = bezier(tuple(start), tuple(np.asarray(middle) + side), tuple(end))
            scene.fill(ribbon(path, rng.uniform(0.5, 1.1)), -2.0, edge_mm=0.4)
            scene.line(path, 9.0, 0.7, 0.3)
    else:
        for _ in range(int(rng.integers(1, 4))):
            at = rng.uniform(0, 2 * np.pi)
            spot = np.asarray(middle) + 0.6 * wide * np.array([np.cos(at), 0.75 * np.sin(at)])
            nodule = blob(rng, (spot[0], spot[1]), (0.3 * wide, 0.22 * wide), np.degrees(at) + 90, 0.12)
            scene.fill(nodule, -34.0 if solid else -2.0, WHORL if not solid else Texture(), edge_mm=0.6)
    scene.name("mass", mass)
    return scene


def fibroid(rng: np.random.Generator, variant: str) -> Scene:
    """Return a uterus with its bright endometrium and a round, whorled, dark fibroid (`plain` only)."""
    scene = Scene(wall.curved_probe(rng, 125.0), -5.0, wall.MIXED_TISSUE)
    side = float(rng.choice([-1.0, 1.0]))
    uterus = blob(rng, (0.0, 72.0), (50, 30), side * rng.uniform(4, 14), 0.04, (2, 4))
    bladder = blob(rng, (side * 26.0, 36.0), (24, 8), side * 12.0, 0.06)
    wall.add_vessel(scene, bladder, 10.0, 1.0)
    scene.fill(uterus, -4.0, UTERUS, edge_mm=1.0)
    scene.rim(uterus, 7.0, 0.9, 0.05)
    lining = bezier((side * -32.0, 70.0), (0.0, 66.0 + rng.uniform(0, 8)), (side * 28.0, 76.0))
    scene.fill(ribbon(lining, 3.6 * np.sin(np.linspace(0.15, np.pi, len(lining)))), 6.0, edge_mm=1.0)
    scene.line(lining, 10.0, 0.8)
    wide = rng.uniform(11, 19)
    middle = (side * rng.uniform(-24, 24), rng.uniform(66, 84))
    outline = blob(rng, middle, (wide, wide * rng.uniform(0.84, 1.0)), rng.uniform(-20, 20), 0.03, (2, 4))
    scene.fill(scaled(outline, 1.07), 0.0, edge_mm=0.6)
    wall.add_edge_shadows(scene, outline, 10.0)
    scene.fill(outline, -14.0, WHORL, 2.4, edge_mm=0.7)
    scene.rim(outline, 5.0, 0.8, 0.08)
    for part in np.linspace(0.3, 0.85, 4):
        start = rng.uniform(0, 360)
        arc = elliptic_arc(
            middle, (part * wide, 0.9 * part * wide), 0.0, (start, start + rng.uniform(90, 200))
        )
        scene.line(arc, rng.uniform(-2, 4), 1.0, 0.5)
    if rng.random() < 0.3:
        wall.add_stone(scene, (middle[0] + 0.4 * wide, middle[1]), 1.8)
    scene.name("fibroid", outline)
    wall.add_abdominal_wall(rng, scene)
    return scene
