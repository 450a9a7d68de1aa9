"""A picture of a public data set with what its source says of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evaluation.files.images import decode_mask, read_size


@dataclass(frozen=True, slots=True)
class Picture:
    """One ultrasound image and its labels."""

    name: str
    """Unique in the data set; becomes the file's stem in a challenge folder."""
    image_file: Path
    mask_files: tuple[Path, ...]
    """Their union is the mask; none when the source has no mask."""
    group: str
    """Images of one group (patient, near-duplicates) never leave each other."""
    size_hw: tuple[int, int]
    label: str | None = None
    """The class's name in the source."""
    spacing_mm: float | None = None
    """Millimetres a pixel, the same in both directions."""

    def read_mask(self) -> NDArray[np.uint8]:
        """Return the union of the masks, (h, w) of 0 and 1."""
        inside = np.zeros(self.size_hw, dtype=np.bool_)
        for file in self.mask_files:
            inside |= decode_mask(file.read_bytes(), expected_hw=self.size_hw, flatten_colour=True) > 0
        return inside.astype(np.uint8)


@dataclass(frozen=True)
class Collection:
    """What a reader found: pictures, and what did not match, named and counted."""

    name: str
    pictures: tuple[Picture, ...]
    skipped: tuple[str, ...]


def check_picture(image_file: Path, mask_files: Sequence[Path]) -> tuple[int, int]:
    """Return the size (height, width) that an image and all its masks share.

    Raises:
        ValueError: a file is missing, unreadable or of another size; the text names it.
    """
    try:
        size_hw = read_size(image_file)
    except (OSError, ValueError) as error:
        raise ValueError(f"{image_file.name}: {error}") from error
    for file in mask_files:
        try:
            mask_hw = read_size(file)
        except (OSError, ValueError) as error:
            raise ValueError(f"{file.name}: {error}") from error
        if mask_hw != size_hw:
            raise ValueError(f"{file.name} is {mask_hw}, its image is {size_hw}")
    return size_hw


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
