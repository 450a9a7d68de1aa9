"""The two centres: how their scanners and presets differ."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Centre:
    """A scanner and its preset.

    Attributes:
        name: value of `center` in the layouts.
        speckle: size of the resolution cell relative to the internal centre (a lower frequency makes it
            larger).
        dynamic_range_db: range shown between black and white.
        gain_db: overall gain.
        noise_db: electronic noise at the face, relative to parenchyma; it rises with the time gain.
        smoothing_cells: width of the speckle filter on the compressed picture, in beam cells.
        gamma: exponent of the grey map.
        margin: black border, as a part of the picture's side.
        burnt_in: whether text, depth marks and callipers are drawn into the picture.
    """

    name: str
    speckle: float
    dynamic_range_db: float
    gain_db: float
    noise_db: float
    smoothing_cells: float
    gamma: float
    margin: float
    burnt_in: bool


INTERNAL = Centre("internal", 1.0, 64.0, 0.0, -50.0, 0.7, 1.05, 0.0, burnt_in=False)
EXTERNAL = Centre("external", 1.6, 54.0, 1.5, -42.0, 1.0, 0.95, 0.035, burnt_in=True)
CENTRES = {centre.name: centre for centre in (INTERNAL, EXTERNAL)}
