"""From a scene to maps on the beam grid: echo level, attenuation and specular amplitude.

Maps are float32 of shape (samples, beams): rows go down the beams, columns across the aperture.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

from sample_data.geometry import Points
from sample_data.probes import Probe
from sample_data.scene import Interface, Region, Scene, Texture

Map = npt.NDArray[np.float32]


@dataclass(frozen=True)
class EchoMaps:
    """What the sound meets.

    Attributes:
        echo_db: level of the diffuse scatterers relative to ordinary parenchyma.
        attenuation_db_per_cm: loss beyond what the time gain compensates.
        specular: amplitude of mirror-like echoes (linear).
    """

    echo_db: Map
    attenuation_db_per_cm: Map
    specular: Map


@dataclass(frozen=True)
class _Grid:
    probe: Probe
    shape: tuple[int, int]

    def positions(self, points: Points) -> Points:
        """Return (N, 2) columns and rows of the beam grid."""
        beams = self.probe.to_beam(points)
        return np.asarray(beams * np.array([self.shape[1], self.shape[0]]) - 0.5)

    def mm_per_cell(self) -> tuple[float, float]:
        """Return mm per row and mm per column in the middle of the depth."""
        return self.probe.depth_mm / self.shape[0], self.probe.beam_pitch_mm(0.5, self.shape[1])


def smooth_noise(rng: np.random.Generator, shape: tuple[int, int], scale_cells: tuple[float, float]) -> Map:
    """Return a smooth random map, mean 0 and standard deviation about 1, of a grain (rows, columns)."""
    grain = [max(1.0, scale) for scale in scale_cells]
    coarse = (int(shape[0] / grain[0]) + 3, int(shape[1] / grain[1]) + 3)
    small = rng.standard_normal(coarse, dtype=np.float32)
    # the random offset keeps the grid's nodes from lying on the same rows in every picture
    box = (rng.uniform(0, 1), rng.uniform(0, 1), coarse[1] - 1 + 0.0, coarse[0] - 1 + 0.0)
    big = Image.fromarray(small).resize((shape[1], shape[0]), Image.Resampling.BICUBIC, box=box)
    return np.asarray(big, dtype=np.float32) * np.float32(1.35)


def _bent(rng: np.random.Generator, layers: Map, grain: tuple[float, float]) -> Map:
    """Shift every column by a smooth amount, so that straight layers wave."""
    swing = smooth_noise(rng, (1, layers.shape[1]), (1.0, 9.0 * grain[1]))[0] * 0.8 * grain[0]
    rows = np.arange(layers.shape[0])[:, None] + swing.round().astype(int)[None, :]
    return np.asarray(np.take_along_axis(layers, np.clip(rows, 0, layers.shape[0] - 1), axis=0))


def texture_map(rng: np.random.Generator, texture: Texture, grid: _Grid) -> Map:
    """Return the change of the echo level in dB that a texture makes on the whole grid."""
    row_mm, column_mm = grid.mm_per_cell()
    rows, columns = texture.scale_mm / row_mm, texture.scale_mm / column_mm
    if texture.kind == "cloud":
        coarse = smooth_noise(rng, grid.shape, (rows, columns))
        fine = smooth_noise(rng, grid.shape, (rows / 2.5, columns / 2.5))
        return np.float32(texture.depth_db) * (coarse + np.float32(0.6) * fine) / np.float32(1.17)
    if texture.kind == "fibres":
        long = smooth_noise(rng, grid.shape, (0.5 * rows, 7.0 * columns))
        short = smooth_noise(rng, grid.shape, (0.3 * rows, 2.5 * columns))
        return _bent(
            rng, np.float32(texture.depth_db / 1.17) * (long + np.float32(0.6) * short), (rows, columns)
        )
    # the zero crossings of a smooth field are thin closed curves: connective septa between fat lobules
    field = smooth_noise(rng, grid.shape, (rows, 2.6 * columns))
    strength = np.clip(smooth_noise(rng, grid.shape, (rows, columns)) * 0.5 + 0.7, 0.0, 1.4)
    return np.asarray(
        np.float32(texture.depth_db) * strength * np.exp(-((field / np.float32(0.2)) ** 2)), dtype=np.float32
    )


def _stamp(grid: _Grid, outline: Points, edge_mm: float) -> tuple[slice, slice, Map] | None:
    """Return the rows, the columns and the coverage (0 to 1) of an outline, or None outside the grid."""
    cells = grid.positions(outline)
    row_mm, column_mm = grid.mm_per_cell()
    blur = (edge_mm / column_mm, edge_mm / row_mm)
    pad = int(2.5 * max(blur)) + 2
    low = np.maximum(np.floor(cells.min(axis=0)).astype(int) - pad, 0)
    high = np.minimum(np.ceil(cells.max(axis=0)).astype(int) + pad + 1, [grid.shape[1], grid.shape[0]])
    if (high <= low).any():
        return None
    image = Image.new("L", (int(high[0] - low[0]), int(high[1] - low[1])))
    corners = [(float(x), float(y)) for x, y in cells - low]
    ImageDraw.Draw(image).polygon(corners, fill=255)
    soft = image.filter(ImageFilter.GaussianBlur((float(blur[0]), float(blur[1]))))
    cover = np.asarray(soft, dtype=np.float32) / np.float32(255.0)
    return slice(low[1], high[1]), slice(low[0], high[0]), cover


def _draw_interface(specular: Map, grid: _Grid, interface: Interface, rng: np.random.Generator) -> None:
    """Add a specular path: every segment as bright as its angle to the sound and its patchy surface allow."""
    row_mm, column_mm = grid.mm_per_cell()
    cells = grid.positions(interface.path)
    steps = np.diff(interface.path, axis=0)
    length = np.maximum(np.linalg.norm(steps, axis=1), 1e-9)
    ahead = grid.probe.beam_direction((interface.path[1:] + interface.path[:-1]) / 2.0)
    facing = np.abs(steps[:, 0] * ahead[:, 1] - steps[:, 1] * ahead[:, 0]) / length
    # no membrane is equally smooth all along: the level wanders by some dB over a few per cent of its length
    knots = rng.normal(0.0, 3.5, max(4, len(length) // 5)) - 2.0
    patchy_db = np.interp(np.linspace(0.0, 1.0, len(length)), np.linspace(0.0, 1.0, len(knots)), knots)
    peak = 10.0 ** ((interface.echo_db + patchy_db) / 20.0)
    amplitude = peak * (interface.diffuse + (1.0 - interface.diffuse) * facing**5)
    # cells are wider than tall: a steep line of the same thickness covers fewer of them
    across = np.hypot(steps[:, 1] / column_mm, steps[:, 0] / row_mm) / length
    width = np.maximum(1, np.round(interface.thickness_mm * across)).astype(int)
    image = Image.new("F", (grid.shape[1], grid.shape[0]))
    pen = ImageDraw.Draw(image)
    for start, end, value, thick in zip(cells[:-1], cells[1:], amplitude, width, strict=True):
        pen.line(
            [(float(start[0]), float(start[1])), (float(end[0]), float(end[1]))], float(value), int(thick)
        )
    np.maximum(specular, np.asarray(image, dtype=np.float32), out=specular)


def paint(scene: Scene, shape: tuple[int, int], rng: np.random.Generator) -> EchoMaps:
    """Return the maps (samples, beams) of a scene; the random stream draws the textures."""
    grid = _Grid(scene.probe, shape)
    known: dict[Texture, Map] = {}

    def texture_of(texture: Texture) -> Map:
        if texture not in known:
            known[texture] = texture_map(rng, texture, grid)
        return known[texture]

    echo = np.full(shape, scene.background_db, dtype=np.float32)
    if scene.texture.kind != "plain":
        echo += texture_of(scene.texture)
    attenuation = np.zeros(shape, dtype=np.float32)
    specular = np.zeros(shape, dtype=np.float32)
    for layer in scene.layers:
        if isinstance(layer, Interface):
            _draw_interface(specular, grid, layer, rng)
            continue
        _cover(
            layer,
            grid,
            texture_of(layer.texture) if layer.texture.kind != "plain" else None,
            echo,
            attenuation,
            specular,
        )
    return EchoMaps(echo, attenuation, specular)


def _cover(
    layer: Region, grid: _Grid, texture: Map | None, echo: Map, attenuation: Map, specular: Map
) -> None:
    """Lay a region over what was painted before."""
    stamp = _stamp(grid, layer.outline, layer.edge_mm)
    if stamp is None:
        return
    rows, columns, cover = stamp
    level: Map | np.float32 = np.float32(layer.echo_db)
    if texture is not None:
        level = level + texture[rows, columns]
    echo[rows, columns] += cover * (level - echo[rows, columns])
    attenuation[rows, columns] += cover * (
        np.float32(layer.attenuation_db_per_cm) - attenuation[rows, columns]
    )
    specular[rows, columns] *= 1.0 - cover
