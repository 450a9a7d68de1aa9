"""A scene: what lies in front of the transducer, as layers painted one over the other, with its labels.

Echo levels are in dB relative to ordinary parenchyma (0 dB). Later layers cover earlier ones.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from sample_data.geometry import Points
from sample_data.probes import Probe

TextureKind = Literal["plain", "cloud", "fibres", "septa"]


@dataclass(frozen=True)
class Texture:
    """A random change of the echo level inside a region.

    Attributes:
        kind: `plain` (none), `cloud` (smooth patches), `fibres` (streaks across the beams) or `septa`
            (thin bright curves in a darker ground).
        depth_db: standard deviation of the change (for septa: height of the curves).
        scale_mm: size of the structures.
    """

    kind: TextureKind = "plain"
    depth_db: float = 0.0
    scale_mm: float = 2.0


PLAIN = Texture()


@dataclass(frozen=True)
class Region:
    """A filled outline (N, 2) in mm with an echo level, an extra attenuation and a soft edge."""

    outline: Points
    echo_db: float
    texture: Texture = PLAIN
    attenuation_db_per_cm: float = 0.0
    edge_mm: float = 0.3


@dataclass(frozen=True)
class Interface:
    """A specular path (N, 2) in mm: bright where the sound meets it head on.

    Attributes:
        path: vertices in mm.
        echo_db: level where the sound meets it at a right angle.
        thickness_mm: its thickness.
        diffuse: part of the amplitude (0 to 1) that does not depend on the angle.
    """

    path: Points
    echo_db: float
    thickness_mm: float = 0.4
    diffuse: float = 0.3


@dataclass
class Scene:
    """All that one picture shows.

    Attributes:
        probe: the field of view.
        background_db: echo level where nothing is painted.
        texture: texture where nothing is painted.
        layers: painted in order.
        structures: outlines by name; the labels are made of these.
        landmarks: points (x, y) in mm by name.
    """

    probe: Probe
    background_db: float = 0.0
    texture: Texture = PLAIN
    layers: list[Region | Interface] = field(default_factory=list)
    structures: dict[str, list[Points]] = field(default_factory=dict)
    landmarks: dict[str, tuple[float, float]] = field(default_factory=dict)

    def fill(
        self,
        outline: Points,
        echo_db: float,
        texture: Texture = PLAIN,
        attenuation: float = 0.0,
        edge_mm: float = 0.3,
    ) -> None:
        """Paint a region; attenuation in dB per cm beyond ordinary tissue (negative behind fluid)."""
        self.layers.append(Region(outline, echo_db, texture, attenuation, edge_mm))

    def line(self, path: Points, echo_db: float, thickness_mm: float = 0.4, diffuse: float = 0.3) -> None:
        """Paint a specular path."""
        self.layers.append(Interface(path, echo_db, thickness_mm, diffuse))

    def rim(self, outline: Points, echo_db: float, thickness_mm: float = 0.4, diffuse: float = 0.3) -> None:
        """Paint the whole border of an outline as a specular path."""
        self.line(np.concatenate([outline, outline[:1]]), echo_db, thickness_mm, diffuse)

    def name(self, structure: str, outline: Points) -> None:
        """Add an outline to a named structure."""
        self.structures.setdefault(structure, []).append(outline)

    def mark(self, landmark: str, x_mm: float, y_mm: float) -> None:
        """Set a named point."""
        self.landmarks[landmark] = (float(x_mm), float(y_mm))


@dataclass(frozen=True)
class View:
    """A small change of how the same anatomy is seen: shift, scale and tilt about a pivot."""

    shift_mm_xy: tuple[float, float]
    scale: float
    tilt_deg: float
    pivot_mm_xy: tuple[float, float]

    def apply(self, points: Points) -> Points:
        """Return points (N, 2) as seen in this view."""
        angle = np.deg2rad(self.tilt_deg)
        matrix = self.scale * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        pivot = np.asarray(self.pivot_mm_xy)
        return np.asarray((points - pivot) @ matrix + pivot + np.asarray(self.shift_mm_xy))


def draw_view(rng: np.random.Generator, probe: Probe) -> View:
    """Return a random view: up to 2 % of the depth sideways, 5 % in scale, 3 degrees of tilt."""
    return View(
        (float(rng.uniform(-0.02, 0.02) * probe.depth_mm), 0.0),
        float(rng.uniform(0.96, 1.05)),
        float(rng.uniform(-3.0, 3.0)),
        (0.0, probe.depth_mm / 2.0),
    )


def seen_from(scene: Scene, view: View) -> Scene:
    """Return the scene with every outline, path and point moved by the view; the probe stays."""
    layers: list[Region | Interface] = []
    for layer in scene.layers:
        if isinstance(layer, Region):
            layers.append(
                Region(
                    view.apply(layer.outline),
                    layer.echo_db,
                    layer.texture,
                    layer.attenuation_db_per_cm,
                    layer.edge_mm,
                )
            )
        else:
            layers.append(Interface(view.apply(layer.path), layer.echo_db, layer.thickness_mm, layer.diffuse))
    names: Iterable[str] = scene.structures
    points = {k: view.apply(np.array([p]))[0] for k, p in scene.landmarks.items()}
    return Scene(
        scene.probe,
        scene.background_db,
        scene.texture,
        layers,
        {name: [view.apply(outline) for outline in scene.structures[name]] for name in names},
        {k: (float(p[0]), float(p[1])) for k, p in points.items()},
    )
