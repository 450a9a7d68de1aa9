"""Two-dimensional NIfTI-1 images: pixels and spacing, nothing else of the format.

Not through SimpleITK: it reads a file that is cut off as if it were whole, and a mask must not be guessed.
Promises: any other content raises `ValueError`. Format from nifti.nimh.nih.gov/nifti-1 (nifti1.h).
"""

import gzip
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_HEADER = np.dtype(
    {
        "names": ["size", "dim", "datatype", "pixdim", "offset", "slope", "inter", "magic"],
        "formats": ["<i4", ("<i2", 8), "<i2", ("<f4", 8), "<f4", "<f4", "<f4", "S4"],
        "offsets": [0, 40, 70, 76, 108, 112, 116, 344],
        "itemsize": 348,
    }
)
_TYPES = {2: "<u1", 4: "<i2", 8: "<i4", 16: "<f4", 64: "<f8", 256: "<i1", 512: "<u2"}


@dataclass(frozen=True)
class NiftiImage:
    """One image."""

    pixels: NDArray[np.generic]
    """(h, w) as stored; the file's first axis is the width."""
    spacing_mm_yx: tuple[float, float]


def read_nifti(file: Path) -> NiftiImage:
    """Read a ``.nii`` or ``.nii.gz`` file with one image.

    Raises:
        ValueError: missing, damaged, not little-endian NIfTI-1, scaled values, or more than one image.
    """
    try:
        content = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    except OSError as error:
        raise ValueError(f"{file.name}: {error.strerror or error}") from error
    except (EOFError, zlib.error) as error:
        raise ValueError(f"{file.name}: {error}") from error
    if len(content) < _HEADER.itemsize:
        raise ValueError(f"{file.name}: too short for a NIfTI-1 header")
    header = np.frombuffer(content, _HEADER, count=1)[0]
    if header["size"] != _HEADER.itemsize or header["magic"] != b"n+1":
        raise ValueError(f"{file.name}: not a little-endian NIfTI-1 file")
    shape = tuple(int(n) for n in header["dim"][1 : 1 + int(header["dim"][0])])
    kind = _TYPES.get(int(header["datatype"]))
    if kind is None or len(shape) < 2 or any(n != 1 for n in shape[2:]) or min(shape) < 1:
        raise ValueError(f"{file.name}: expected one 2-D image but got shape {shape}")
    if (float(header["slope"]), float(header["inter"])) not in ((0.0, 0.0), (1.0, 0.0)):
        raise ValueError(f"{file.name}: scaled values are not read")
    width, height = shape[:2]
    offset, n_bytes = int(header["offset"]), width * height * np.dtype(kind).itemsize
    if len(content) < offset + n_bytes:
        raise ValueError(f"{file.name}: cut off")
    pixels = np.frombuffer(content, kind, count=width * height, offset=offset).reshape(height, width)
    return NiftiImage(pixels, (float(header["pixdim"][2]), float(header["pixdim"][1])))
