"""What lies between the face of the transducer and the organ: probes, skin, fat, muscle, ribs, gas."""

import numpy as np

from sample_data.geometry import Points, band, ellipse, elliptic_arc, wavy
from sample_data.probes import Probe
from sample_data.scene import Scene, Texture

FAT = Texture("septa", 16.0, 2.6)
MUSCLE = Texture("fibres", 4.5, 1.6)
DEEP_MUSCLE = Texture("fibres", 4.0, 3.5)
DEEP_FAT = Texture("septa", 13.0, 5.0)
# a neighbourhood of loops, vessels and fat that nobody would name
MIXED_TISSUE = Texture("cloud", 5.0, 8.0)
BONE_LOSS = 180.0
FLUID_DB = -40.0


def linear_probe(rng: np.random.Generator, depth_mm: float) -> Probe:
    """Return a linear array whose field is about four to three, at a depth within 8 % of the given one."""
    depth = depth_mm * rng.uniform(0.94, 1.08)
    return Probe(depth, half_width_mm=depth * rng.uniform(0.6, 0.68))


def curved_probe(rng: np.random.Generator, depth_mm: float) -> Probe:
    """Return an abdominal curved array."""
    return Probe(
        depth_mm * rng.uniform(0.95, 1.06), radius_mm=rng.uniform(44, 56), half_angle_deg=rng.uniform(30, 36)
    )


def cavity_probe(rng: np.random.Generator, depth_mm: float) -> Probe:
    """Return an endocavity array: small radius, wide sector."""
    return Probe(
        depth_mm * rng.uniform(0.95, 1.06), radius_mm=rng.uniform(9, 12), half_angle_deg=rng.uniform(56, 66)
    )


def cardiac_probe(rng: np.random.Generator, depth_mm: float) -> Probe:
    """Return a phased array: a sector from nearly a point."""
    return Probe(depth_mm * rng.uniform(0.96, 1.06), radius_mm=3.0, half_angle_deg=rng.uniform(37, 43))


def _layer_between(
    rng: np.random.Generator, scene: Scene, top_mm: float, bottom_mm: float, swing_mm: float
) -> tuple[Points, Points]:
    """Return two paths that follow the transducer's face, the lower one waving a little."""
    upper, lower = scene.probe.layer(top_mm), scene.probe.layer(bottom_mm)
    wave = wavy(rng, (0.0, 1.0), 0.0, swing_mm, len(lower))[:, 1:]
    return upper, lower + scene.probe.beam_direction(lower) * wave


def add_skin(scene: Scene, thickness_mm: float) -> None:
    """Add bright skin with its entry and exit echo."""
    scene.fill(band(scene.probe.layer(-6.0), scene.probe.layer(thickness_mm)), 4.0, edge_mm=0.1)
    scene.line(scene.probe.layer(0.12 * thickness_mm), 14.0, 0.15 * thickness_mm)
    scene.line(scene.probe.layer(thickness_mm), 9.0, 0.1 * thickness_mm)


def add_fat(
    rng: np.random.Generator, scene: Scene, top_mm: float, bottom_mm: float, texture: Texture = FAT
) -> None:
    """Add a layer of fat: dark lobules between bright septa."""
    upper, lower = _layer_between(rng, scene, top_mm, bottom_mm, 0.06 * (bottom_mm - top_mm) + 0.3)
    scene.fill(band(upper, lower), -9.0, texture)
    scene.line(lower, 6.0, 0.3, 0.15)


def add_muscle(
    rng: np.random.Generator, scene: Scene, top_mm: float, bottom_mm: float, texture: Texture = MUSCLE
) -> None:
    """Add a layer of muscle: fibres along the face between two bright fasciae."""
    upper, lower = _layer_between(rng, scene, top_mm, bottom_mm, 0.05 * (bottom_mm - top_mm) + 0.2)
    scene.fill(band(upper, lower), -6.5, texture)
    scene.line(upper, 10.0, 0.4, 0.15)
    scene.line(lower, 10.0, 0.4, 0.15)


def add_abdominal_wall(rng: np.random.Generator, scene: Scene) -> float:
    """Add skin, fat and muscle of the belly; return the depth in mm where they end."""
    fat, muscle = rng.uniform(6.0, 13.0), rng.uniform(13.0, 20.0)
    add_skin(scene, 2.2)
    add_fat(rng, scene, 2.2, fat, DEEP_FAT)
    add_muscle(rng, scene, fat, max(muscle, fat + 5.0), DEEP_MUSCLE)
    return float(max(muscle, fat + 5.0))


def ray(
    probe: Probe, u: float, half_width_u: float, span_v: tuple[float, float], flare: float = 1.0
) -> Points:
    """Return the outline of a streak along the beams, from depth v0 to v1, `flare` times wider at its end."""
    v = np.linspace(span_v[0], span_v[1], 12)
    width = half_width_u * np.linspace(1.0, flare, 12)
    left = probe.from_beam(np.stack([u - width, v], axis=1))
    right = probe.from_beam(np.stack([u + width, v], axis=1))
    return band(left, right)


def add_bone(
    scene: Scene, centre: tuple[float, float], radii: tuple[float, float], angle_deg: float = 0.0
) -> None:
    """Add a bone in section: a bright near face and darkness behind it."""
    core = ellipse(centre, radii, angle_deg, 48)
    scene.fill(core, -14.0, attenuation=BONE_LOSS * 0.25, edge_mm=0.4)
    near = elliptic_arc(centre, radii, angle_deg, (180.0, 360.0))
    scene.line(near, 20.0, min(0.8, 0.15 * radii[1] + 0.25), 0.05)


def add_stone(scene: Scene, centre: tuple[float, float], radius_mm: float) -> None:
    """Add a stone: a bright arc with a clean shadow."""
    scene.fill(ellipse(centre, (radius_mm, 0.7 * radius_mm)), 8.0, attenuation=BONE_LOSS, edge_mm=0.2)
    scene.line(
        elliptic_arc(centre, (radius_mm, 0.8 * radius_mm), 0.0, (200.0, 340.0)), 22.0, 0.35 * radius_mm, 0.4
    )


def add_edge_shadows(scene: Scene, outline: Points, loss_db_per_cm: float) -> None:
    """Add the narrow refraction shadows below both flanks of a round structure."""
    beams = scene.probe.to_beam(outline)
    reach = 0.09 * (beams[:, 1].max() - beams[:, 1].min())
    for index in (int(beams[:, 0].argmin()), int(beams[:, 0].argmax())):
        u, v = beams[index]
        streak = ray(scene.probe, float(u), 0.006, (float(v - reach), float(v + reach)))
        # no echo of its own: the level at the flank is the lesion's soft border
        scene.fill(streak, -6.0, attenuation=loss_db_per_cm, edge_mm=0.4)


def add_vessel(scene: Scene, outline: Points, wall_db: float = 8.0, thickness_mm: float = 0.4) -> None:
    """Add a fluid-filled vessel or cyst: black inside, a specular wall, brighter tissue behind."""
    scene.fill(outline, FLUID_DB, attenuation=-3.0, edge_mm=0.35)
    scene.rim(outline, wall_db, thickness_mm, 0.08)
