"""Images, masks and tables as the sources publish them.

Promises: an image is found by its stem, whatever its extension; what is missing, unreadable or of another
size raises `ValueError` with a sentence that names the file.
"""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from evaluation.contract.errors import ConfigurationError
from evaluation.files.images import decode_mask, read_size
from train.datasets.picture import Mask

_ENDINGS = (".png", ".jpg", ".jpeg", ".bmp")


def list_images(folder: Path) -> dict[str, Path]:
    """Return the images of a folder by stem, sorted; an absent folder has none.

    Raises:
        ConfigurationError: two files share a stem, so a label could belong to either.
    """
    if not folder.is_dir():
        return {}
    files = sorted(f for f in folder.iterdir() if f.suffix.lower() in _ENDINGS and not f.name.startswith("."))
    found: dict[str, Path] = {}
    for file in files:
        first = found.setdefault(file.stem, file)
        if first is not file:
            raise ConfigurationError(f"{folder}: expected one image a stem but got {first.name}, {file.name}")
    return found


def pick(files: Mapping[str, Path], stem: str, what: str) -> Path:
    """Return the file of a stem.

    Raises:
        ValueError: there is none; the text says that `what` is missing.
    """
    if stem not in files:
        raise ValueError(f"no {what}")
    return files[stem]


def check_sizes(image_file: Path, mask_files: Sequence[Path]) -> tuple[int, int]:
    """Return the size (height, width) that an image and all its masks share, from their headers.

    Raises:
        ValueError: a file is missing, unreadable or of another size; the text names it.
    """
    size_hw = _read_size(image_file)
    for file in mask_files:
        mask_hw = _read_size(file)
        if mask_hw != size_hw:
            raise ValueError(f"{file.name} is {mask_hw}, its image is {size_hw}")
    return size_hw


def read_union(files: Sequence[Path], size_hw: tuple[int, int]) -> Mask:
    """Return the union of masks, (h, w) of 0 and 1; colour and palettes count by their brightness.

    Raises:
        ValueError: a file is damaged or of another size.
    """
    inside = np.zeros(size_hw, dtype=np.bool_)
    for file in files:
        inside |= decode_mask(file.read_bytes(), expected_hw=size_hw, flatten_colour=True) > 0
    return inside.astype(np.uint8)


def read_indices(file: Path, size_hw: tuple[int, int]) -> Mask:
    """Return a mask's class indices, (h, w); of a palette image the index, not the colour.

    Raises:
        ValueError: the file is damaged, in colour or of another size.
    """
    return decode_mask(file.read_bytes(), expected_hw=size_hw).astype(np.uint8)


def read_rows(table: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """Read a CSV table.

    Raises:
        ConfigurationError: it is missing, cannot be read or lacks a column.
    """
    try:
        with table.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigurationError(f"{table}: expected a readable CSV table ({error})") from error
    missing = [column for column in columns if column not in (reader.fieldnames or ())]
    if missing:
        raise ConfigurationError(f"{table}: expected columns {', '.join(columns)} but {missing} is missing")
    return rows


def require(root: Path, *places: str) -> None:
    """Refuse a folder that lacks what every copy of the data set has.

    Raises:
        ConfigurationError: naming all that is missing.
    """
    missing = [place for place in places if not (root / place).exists()]
    if missing:
        raise ConfigurationError(f"{root}: expected {', '.join(places)} but {', '.join(missing)} is missing")


def _read_size(file: Path) -> tuple[int, int]:
    try:
        return read_size(file)
    except OSError as error:
        raise ValueError(f"{file.name}: {error.strerror}") from error
    except ValueError as error:
        raise ValueError(f"{file.name}: {error}") from error
