"""A picture of a public data set with what its source says of it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.uint8]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Picture:
    """One ultrasound image and its labels; pixels are read when they are needed."""

    name: str
    """Unique over all data sets; becomes the file's stem in a challenge folder."""
    read_image: Callable[[], bytes]
    """Returns a PNG, JPEG or BMP file's bytes."""
    suffix: str
    """Of the image's file, lower case, with the dot."""
    group: str
    """Images of one group (patient, video, near-duplicates) never leave each other. Unique over all sets."""
    size_hw: tuple[int, int]
    read_mask: Callable[[], Mask] | None = None
    """Returns (h, w) class indices, 0 = background; None when the source has no mask."""
    label: str | None = None
    """The class's name in the source."""
    spacing_mm_yx: tuple[float, float] | None = None
    box_xyxy: tuple[float, float, float, float] | None = None
    """First and last column and row of the lesion in 0-based pixels: x_min, y_min, x_max, y_max."""
    points_xy: tuple[Point, ...] = ()
    """Landmarks in 0-based pixels, (0, 0) the centre of the top left pixel."""

    def load_mask(self) -> Mask:
        """Return the mask, (h, w) of class indices.

        Raises:
            ValueError: the source has none, or its file was damaged since.
        """
        if self.read_mask is None:
            raise ValueError(f"{self.name}: expected a mask but its source has none")
        return self.read_mask()


@dataclass(frozen=True)
class Collection:
    """What a reader found: pictures, and what did not match, named and counted."""

    name: str
    pictures: tuple[Picture, ...]
    skipped: tuple[str, ...]


def collect(name: str, keys: Iterable[str], read_one: Callable[[str], Picture]) -> Collection:
    """Read every key; a `ValueError` names why that one is skipped, and the rest goes on."""
    pictures: list[Picture] = []
    skipped: list[str] = []
    for key in keys:
        try:
            pictures.append(read_one(key))
        except ValueError as error:
            skipped.append(f"{key}: {error}")
    return Collection(name, tuple(pictures), tuple(skipped))


def choose_groups(pictures: Sequence[Picture], limit: int | None, seed: int) -> tuple[Picture, ...]:
    """Return whole groups, drawn at random until `limit` pictures are reached; all without a limit."""
    if limit is None or limit >= len(pictures):
        return tuple(pictures)
    groups = sorted({picture.group for picture in pictures})
    chosen: set[str] = set()
    n_chosen = 0
    for k in np.random.default_rng(seed).permutation(len(groups)):
        if n_chosen >= limit:
            break
        chosen.add(groups[k])
        n_chosen += sum(picture.group == groups[k] for picture in pictures)
    return tuple(picture for picture in pictures if picture.group in chosen)
