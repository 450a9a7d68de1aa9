"""One case: from a plan line to the picture and its labels."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from sample_data import imaging
from sample_data.centres import CENTRES
from sample_data.geometry import Points
from sample_data.marks import burn_in
from sample_data.probes import Frame, fit_frame
from sample_data.scatterers import paint
from sample_data.scene import Scene, draw_view, seen_from
from sample_data.seeds import Layout, stream

Size = Literal["small", "clinical"]
SIZES_WH: dict[Size, tuple[tuple[int, int], ...]] = {
    "small": ((128, 96), (144, 108), (160, 128), (136, 112), (124, 112)),
    "clinical": ((800, 600), (776, 584), (820, 616), (768, 576), (720, 640)),
}
GRIDS: dict[Size, tuple[int, int]] = {"small": (176, 144), "clinical": (600, 256)}
# structures whose size a sonographer would measure
MEASURED = ("lesion", "nodule", "mass", "fibroid")


@dataclass(frozen=True)
class Plan:
    """What to draw.

    Attributes:
        layout: `uusic25` or `fmc_uia`; names the random stream.
        patient: number of the patient: its pictures share the anatomy.
        image: number of the picture: view, speckle, noise.
        anatomy: function of a patient's stream and a variant.
        variant: what the anatomy shows.
        centre: a key of `CENTRES`.
    """

    layout: Layout
    patient: int
    image: int
    anatomy: Callable[[np.random.Generator, str], Scene]
    variant: str
    centre: str


@dataclass(frozen=True)
class Drawn:
    """A finished picture.

    Attributes:
        picture: uint8 (height, width).
        inside: the field of view, bool (height, width).
        frame: where the pixels lie.
        scene: the anatomy as seen, in mm.
    """

    picture: npt.NDArray[np.uint8]
    inside: npt.NDArray[np.bool_]
    frame: Frame
    scene: Scene

    def index_mask(self, structures: tuple[str, ...], order: tuple[int, ...] = ()) -> npt.NDArray[np.uint8]:
        """Return the mask (height, width): value i + 1 where structure i is.

        Values are painted in the given order, by default ascending. A structure that the scene lacks
        leaves no pixel. Nothing is labelled outside the field of view.
        """
        image = Image.new("L", self.frame.size_wh)
        pen = ImageDraw.Draw(image)
        for value in order or range(1, len(structures) + 1):
            for outline in self.scene.structures.get(structures[value - 1], []):
                pen.polygon([(float(x), float(y)) for x, y in self.frame.to_pixels(outline)], fill=value)
        return np.where(self.inside, np.asarray(image), 0).astype(np.uint8)

    def box(self, structure: str) -> tuple[int, int, int, int]:
        """Return x_min, y_min, x_max, y_max: the edges of the structure's visible pixels, max exclusive.

        Raises:
            ValueError: no pixel of the structure is visible (an anatomy's bug).
        """
        rows, columns = np.nonzero(self.index_mask((structure,)))
        if rows.size == 0:
            raise ValueError(f"structure {structure!r} is not visible")
        return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1

    def points(self, landmarks: tuple[str, ...]) -> Points:
        """Return the landmarks (N, 2) in pixels (x, y), kept inside the picture."""
        where = self.frame.to_pixels(np.array([self.scene.landmarks[name] for name in landmarks]))
        last = np.array(self.frame.size_wh, dtype=np.float64) - 1.0
        return np.asarray(np.clip(where, 0.0, last))


def draw(plan: Plan, seed: int, size: Size) -> Drawn:
    """Return the picture of a plan; the same arguments give the same pixels."""
    scene = plan.anatomy(stream(seed, plan.layout, "patient", plan.patient), plan.variant)
    rng = stream(seed, plan.layout, "image", plan.image)
    centre = CENTRES[plan.centre]
    scene = seen_from(scene, draw_view(rng, scene.probe))
    size_wh = SIZES_WH[size][int(rng.integers(len(SIZES_WH[size])))]
    margin = centre.margin if scene.probe.is_linear else 0.02 + centre.margin
    frame = fit_frame(scene.probe, size_wh, margin)
    maps = paint(scene, GRIDS[size], rng)
    envelope = imaging.simulate_envelope(maps, scene.probe, centre, rng)
    grey = imaging.compress(envelope, centre, float(rng.uniform(-3.0, 3.0)))
    picture, inside = imaging.scan_convert(grey, scene.probe, frame)
    if centre.burnt_in:
        found = [scene.structures[name][0] for name in MEASURED if name in scene.structures]
        callipers = frame.to_pixels(found[0]) if found and rng.random() < 0.5 else None
        picture = burn_in(picture, rng, callipers)
    return Drawn(picture, inside, frame, scene)
