"""Breast: normal layers, benign and malignant lesions, and four molecular subtypes as they tend to look."""

import numpy as np

from sample_data.anatomy import wall
from sample_data.geometry import Points, band, blob, scaled, shifted, spiculated, wavy
from sample_data.scene import Scene, Texture

STROMA = Texture("fibres", 4.6, 3.4)
SOLID = Texture("cloud", 1.5, 1.6)
MIXED = Texture("cloud", 4.5, 1.5)


def breast(rng: np.random.Generator, variant: str) -> Scene:
    """Return a breast.

    Args:
        rng: the patient's stream.
        variant: `normal`, `benign`, `malignant`, or a subtype `her2`, `luminal_a`, `luminal_b`,
            `triple_negative`.
    """
    scene = Scene(wall.linear_probe(rng, 40.0), -1.0, STROMA)
    depth, half = scene.probe.depth_mm, scene.probe.half_width_mm
    fat_end, gland_end = rng.uniform(6, 11), rng.uniform(25, 29)
    span = (-1.3 * half, 1.3 * half)
    wall.add_skin(scene, 1.8)
    wall.add_fat(rng, scene, 1.8, fat_end)
    retro, fascia = wavy(rng, span, gland_end, 1.0), wavy(rng, span, gland_end + 3.0, 0.7)
    scene.fill(band(retro, fascia), -8.0, wall.FAT)
    chest = wavy(rng, span, gland_end + rng.uniform(8, 10), 0.6)
    scene.fill(band(fascia, chest), -7.0, wall.MUSCLE)
    scene.line(fascia, 11.0, 0.5)
    scene.line(chest, 12.0, 0.5)
    scene.fill(band(chest, shifted(chest, 40.0)), -16.0, attenuation=4.0)
    if rng.random() < 0.4:
        wall.add_bone(scene, (float(rng.uniform(-0.7, 0.7) * half), depth - 2.0), (7.0, 4.0))
    for _ in range(int(rng.integers(4, 10))):
        _add_lobule(rng, scene, fat_end, gland_end)
    if variant != "normal":
        middle = (float(rng.uniform(-0.4, 0.4) * half), float(rng.uniform(fat_end + 5.0, 19.0)))
        _LESIONS[variant](rng, scene, middle)
    return scene


def _add_lobule(rng: np.random.Generator, scene: Scene, top: float, bottom: float) -> None:
    """Add a fat lobule within the gland."""
    half = scene.probe.half_width_mm
    middle = (float(rng.uniform(-half, half)), float(rng.uniform(top, bottom)))
    lobule = blob(rng, middle, (rng.uniform(3, 8), rng.uniform(1.2, 2.6)), rng.uniform(-12, 12), 0.12)
    scene.fill(lobule, -8.0, wall.FAT, edge_mm=0.5)
    scene.rim(lobule, 3.0, 0.3, 0.05)


def _add_calcifications(rng: np.random.Generator, scene: Scene, outline: Points, count: int) -> None:
    middle, reach = outline.mean(axis=0), 0.55 * np.ptp(outline, axis=0) / 2.0
    for _ in range(count):
        x, y = middle + rng.uniform(-1, 1, 2) * reach
        scene.fill(
            blob(rng, (float(x), float(y)), (0.3, 0.25), count=12), 12.0, attenuation=12.0, edge_mm=0.1
        )


def _benign(rng: np.random.Generator, scene: Scene, middle: tuple[float, float]) -> None:
    """A smooth oval, wider than tall, thin capsule, enhancement behind: fibroadenoma or (a third) cyst."""
    wide = rng.uniform(4.5, 9.0)
    outline = blob(rng, middle, (wide, wide * rng.uniform(0.5, 0.68)), rng.uniform(-12, 12), 0.025, (2, 4))
    if rng.random() < 0.33:
        wall.add_vessel(scene, outline, 12.0, 0.4)
        wall.add_edge_shadows(scene, outline, 25.0)
    else:
        wall.add_edge_shadows(scene, outline, 25.0)
        scene.fill(outline, rng.uniform(-19, -15), SOLID, -4.0)
        scene.rim(outline, 6.0, 0.3, 0.08)
    scene.name("lesion", outline)


def _tumour(
    rng: np.random.Generator,
    scene: Scene,
    outline: Points,
    echo_db: float,
    texture: Texture,
    loss: float,
    halo_db: float,
) -> None:
    scene.fill(scaled(outline, 1.22), halo_db, STROMA, edge_mm=1.3)
    scene.fill(outline, echo_db, texture, loss, edge_mm=0.45)
    scene.name("lesion", outline)


def _malignant(rng: np.random.Generator, scene: Scene, middle: tuple[float, float]) -> None:
    """Irregular, spiculated, taller than wide, with an echogenic halo, calcifications and a shadow."""
    wide = rng.uniform(3.6, 6.0)
    outline = spiculated(rng, middle, (wide, wide * rng.uniform(1.05, 1.4)), int(rng.integers(6, 11)))
    _tumour(rng, scene, outline, rng.uniform(-23, -17), MIXED, rng.uniform(7, 15), 4.0)
    _add_calcifications(rng, scene, outline, int(rng.integers(0, 6)))


def _luminal_a(rng: np.random.Generator, scene: Scene, middle: tuple[float, float]) -> None:
    """Small, many spicules, a wide echogenic halo and a strong shadow."""
    wide = rng.uniform(3.0, 4.6)
    outline = spiculated(rng, middle, (wide, wide * rng.uniform(1.0, 1.3)), int(rng.integers(10, 15)))
    _tumour(rng, scene, outline, -20.0, SOLID, rng.uniform(16, 24), 7.0)


def _luminal_b(rng: np.random.Generator, scene: Scene, middle: tuple[float, float]) -> None:
    """Larger, coarsely lobed, uneven inside, weak shadow."""
    wide = rng.uniform(6.0, 8.5)
    outline = blob(rng, middle, (wide, wide * rng.uniform(0.65, 0.85)), rng.uniform(-25, 25), 0.16, (3, 7))
    _tumour(rng, scene, outline, -14.0, MIXED, rng.uniform(2, 5), 2.0)


def _her2(rng: np.random.Generator, scene: Scene, middle: tuple[float, float]) -> None:
    """Irregular with many calcifications."""
    wide = rng.uniform(5.0, 7.0)
    outline = blob(rng, middle, (wide, wide * rng.uniform(0.75, 1.0)), rng.uniform(-25, 25), 0.13, (2, 8))
    _tumour(rng, scene, outline, -16.0, MIXED, 0.5, 3.0)
    _add_calcifications(rng, scene, outline, int(rng.integers(14, 26)))


def _triple_negative(rng: np.random.Generator, scene: Scene, middle: tuple[float, float]) -> None:
    """Round, well circumscribed, very dark, enhancement behind: it can pass for benign."""
    wide = rng.uniform(5.0, 7.5)
    outline = blob(rng, middle, (wide, wide * rng.uniform(0.85, 1.0)), 0.0, 0.045, (3, 8))
    _tumour(rng, scene, outline, -26.0, SOLID, rng.uniform(-8, -5), 0.0)
    scene.rim(outline, 5.0, 0.4, 0.15)


_LESIONS = {
    "benign": _benign,
    "malignant": _malignant,
    "luminal_a": _luminal_a,
    "luminal_b": _luminal_b,
    "her2": _her2,
    "triple_negative": _triple_negative,
}
