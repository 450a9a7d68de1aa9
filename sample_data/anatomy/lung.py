"""Lung: ribs, pleural line, and the artefacts that tell aerated, wet and consolidated lung apart."""

from dataclasses import dataclass

import numpy as np

from sample_data.anatomy import wall
from sample_data.geometry import Points, band, blob, ellipse
from sample_data.probes import Probe
from sample_data.scene import Scene, Texture

HEPATISED = Texture("cloud", 3.0, 4.0)
REVERB = Texture("cloud", 4.0, 6.0)


@dataclass(frozen=True)
class _Window:
    """The gap between two ribs: depth of the pleura in mm, and the ribs' places across the aperture."""

    pleura_mm: float
    left: float
    right: float


def _path_at(probe: Probe, u: Points, depth_mm: Points) -> Points:
    return probe.from_beam(np.stack([u, depth_mm / probe.depth_mm], axis=1))


def lung(rng: np.random.Generator, variant: str) -> Scene:
    """Return an intercostal view.

    Args:
        rng: the patient's stream.
        variant: `healthy` (A-lines), `wet` (B-lines), `covid` (B-lines, broken pleura, small subpleural
            consolidations) or `consolidated` (a large consolidation with air bronchograms, often with
            effusion).
    """
    probe = wall.linear_probe(rng, 70.0) if rng.random() < 0.4 else wall.curved_probe(rng, 105.0)
    scene = Scene(probe, -19.0, REVERB)
    window = _Window(rng.uniform(15.0, 21.0), rng.uniform(0.02, 0.14), rng.uniform(0.86, 0.98))
    u = np.linspace(-0.05, 1.05, 90)
    roughness = {"healthy": 0.15, "wet": 0.3, "covid": 0.9, "consolidated": 0.3}[variant]
    wave = roughness * np.convolve(rng.normal(size=96), np.ones(7) / 2.6, mode="valid")
    depth = window.pleura_mm + 2.5 * (u - 0.5) ** 2 * rng.uniform(-1, 3) + wave
    pleura, floor = _path_at(probe, u, depth), probe.layer(probe.depth_mm * 1.05, 90)
    lung_fill = band(pleura, floor)
    scene.fill(lung_fill, -19.0, REVERB, attenuation=1.6)
    _ARTEFACTS[variant](rng, scene, window)
    scene.fill(band(probe.layer(-5.0, 90), pleura), -6.0, wall.DEEP_MUSCLE, edge_mm=0.2)
    _add_pleura(rng, scene, pleura, variant)
    wall.add_skin(scene, 2.0)
    wall.add_fat(rng, scene, 2.0, rng.uniform(5.0, 8.0))
    for at in (window.left, window.right):
        spot = probe.from_beam(np.array([[at, (window.pleura_mm - 6.0) / probe.depth_mm]]))[0]
        wall.add_bone(scene, (float(spot[0]), float(spot[1])), (rng.uniform(6.0, 8.0), 3.0))
    inner = np.linspace(window.left + 0.1, window.right - 0.1, 40)
    top = _path_at(probe, inner, np.interp(inner, u, depth))
    bottom = _path_at(probe, inner, np.full(40, probe.depth_mm * 0.97))
    scene.name("lung", band(top, bottom))
    return scene


def _add_pleura(rng: np.random.Generator, scene: Scene, pleura: Points, variant: str) -> None:
    """Add the pleural line, whole or in pieces."""
    if variant != "covid":
        scene.line(pleura, 19.0, 0.9, 0.25)
        return
    start = 0
    while start < len(pleura) - 3:
        length = int(rng.integers(8, 20))
        scene.line(pleura[start : start + length], rng.uniform(12, 20), 1.7, 0.4)
        start += length + int(rng.integers(1, 5))


def _add_a_lines(rng: np.random.Generator, scene: Scene, window: _Window) -> None:
    probe = scene.probe
    u = np.linspace(window.left + 0.08, window.right - 0.08, 40)
    for order in range(2, int(probe.depth_mm / window.pleura_mm) + 1):
        echo = _path_at(probe, u, np.full(40, order * window.pleura_mm))
        scene.line(echo, 13.0 - 5.0 * order, 1.4, 0.15)


def _add_b_lines(rng: np.random.Generator, scene: Scene, window: _Window, count: int) -> None:
    start = window.pleura_mm / scene.probe.depth_mm
    for u in np.linspace(0.2, 0.8, count) + rng.uniform(-0.05, 0.05, count):
        streak = wall.ray(
            scene.probe, float(u), rng.uniform(0.008, 0.022), (start, 1.05), rng.uniform(1.2, 2.4)
        )
        scene.fill(streak, rng.uniform(-6, 0), REVERB, attenuation=0.6, edge_mm=1.0)


def _healthy(rng: np.random.Generator, scene: Scene, window: _Window) -> None:
    _add_a_lines(rng, scene, window)


def _wet(rng: np.random.Generator, scene: Scene, window: _Window) -> None:
    _add_b_lines(rng, scene, window, int(rng.integers(4, 8)))


def _covid(rng: np.random.Generator, scene: Scene, window: _Window) -> None:
    _add_b_lines(rng, scene, window, int(rng.integers(2, 5)))
    for u in rng.uniform(0.25, 0.75, int(rng.integers(2, 4))):
        spot = scene.probe.from_beam(np.array([[u, (window.pleura_mm + 3.0) / scene.probe.depth_mm]]))[0]
        small = blob(
            rng, (float(spot[0]), float(spot[1])), (rng.uniform(4, 7), rng.uniform(3, 5)), roughness=0.12
        )
        scene.fill(small, -14.0, HEPATISED)
        below = scene.probe.to_beam(small)
        glow = wall.ray(scene.probe, float(u), 0.035, (float(below[:, 1].max()), 1.05), 1.4)
        scene.fill(glow, -3.0, REVERB, attenuation=0.8, edge_mm=1.5)


def _consolidated(rng: np.random.Generator, scene: Scene, window: _Window) -> None:
    probe = scene.probe
    reach = rng.uniform(0.45, 0.65) * probe.depth_mm
    middle = probe.from_beam(
        np.array([[rng.uniform(0.42, 0.58), (window.pleura_mm + reach / 2.0) / probe.depth_mm]])
    )[0]
    width = 0.38 * (probe.box_mm()[2] - probe.box_mm()[0]) / 1.3
    solid = blob(rng, (float(middle[0]), float(middle[1])), (width, reach / 2.0 + 3.0), roughness=0.09)
    scene.fill(solid, -3.0, HEPATISED, edge_mm=1.5)
    for _ in range(int(rng.integers(8, 16))):
        spot = middle + rng.uniform(-0.6, 0.6, 2) * (width, reach / 2.0)
        bubble = ellipse(
            (float(spot[0]), float(spot[1])), (rng.uniform(0.8, 2.4), 0.6), rng.uniform(-50, 50), 16
        )
        scene.fill(bubble, 14.0, attenuation=4.0)
    if rng.random() < 0.6:
        fluid = band(
            probe.layer(window.pleura_mm, 30), probe.layer(window.pleura_mm + rng.uniform(5, 12), 30)
        )
        scene.fill(fluid, wall.FLUID_DB, attenuation=-2.0, edge_mm=0.8)


_ARTEFACTS = {"healthy": _healthy, "wet": _wet, "covid": _covid, "consolidated": _consolidated}
