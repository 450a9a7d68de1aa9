"""Images and masks: sizes from headers, masks as arrays, PNG bytes.

Promises: a size is checked from the header before any pixel is decoded; a damaged or hostile file raises
`ValueError` with a sentence; formats are told by content, never by the name.
"""

import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

MAX_PIXELS = 64_000_000
"""No ultrasound frame comes near; beyond it a file is refused before it is decoded."""

MAX_JPEG_SCANS = 100
"""Encoders write ten or so; each scan costs a pass over the image, and a few bytes are enough for one."""

_FORMATS = ("PNG", "JPEG", "BMP")
# What Pillow raises on damaged files, found by fuzzing; its documentation names only the first.
_DAMAGED = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, OverflowError)
_DAMAGED_TOO = (struct.error, zlib.error, MemoryError, AttributeError)


class WrongSizeError(ValueError):
    """A mask that is not of the image's size."""


def read_size(file: Path) -> tuple[int, int]:
    """Return height and width in pixels from an image's header.

    Raises:
        ValueError: not an image of a known format.
        OSError: the file cannot be opened.
    """
    with file.open("rb") as stream:
        image = _open(stream)
        return image.height, image.width


def decode_mask(
    content: bytes,
    *,
    expected_hw: tuple[int, int] | None = None,
    flatten_colour: bool = False,
    flatten_palette: bool = False,
) -> NDArray[np.integer]:
    """Decode a mask.

    Args:
        content: bytes of a PNG, JPEG or BMP file.
        expected_hw: refuse any other size, before decoding.
        flatten_colour: convert colour and palettes to grey (what OpenCV's greyscale reading does) instead of
            refusing colour and returning palette indices.
        flatten_palette: convert palettes to grey, and still refuse colour.

    Returns:
        (h, w) integers: pixel values, palette indices, or 0 and 1 of a one-bit image.

    Raises:
        WrongSizeError: of another size than expected.
        ValueError: damaged, too large, slow to decode, or (without `flatten_colour`) in colour.
    """
    image = _open(io.BytesIO(content))
    size_hw = (image.height, image.width)
    if expected_hw is not None and size_hw != expected_hw:
        raise WrongSizeError(f"mask is {_show(size_hw)}, image is {_show(expected_hw)} (height × width)")
    _refuse_slow(image, content)
    wanted = image.mode == "P" if flatten_palette else image.mode not in ("1", "L", "I;16", "I")
    if wanted and (flatten_colour or flatten_palette):
        return np.asarray(_convert_to_grey(image))
    if image.mode not in ("1", "L", "P", "I;16", "I"):
        raise ValueError(f"mask has mode {image.mode}, expected one channel (8-bit grey or palette)")
    pixels = _pixels(image)
    # Pillow's true pixels are bytes of 255.
    return (pixels.view(np.uint8) != 0).astype(np.uint8) if pixels.dtype == np.bool_ else pixels


def encode_png(mask: NDArray[np.uint8]) -> bytes:
    """Encode a (h, w) uint8 mask as a single-channel PNG."""
    buffer = io.BytesIO()
    # Level 1: masks are long runs, which even the fastest setting packs well.
    Image.fromarray(mask).save(buffer, format="PNG", compress_level=1)
    return buffer.getvalue()


def _open(stream: IO[bytes]) -> Image.Image:
    with _quietly():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            image = Image.open(stream, formats=_FORMATS)
        except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
            raise ValueError(f"more than {MAX_PIXELS:,} pixels") from error
        except (*_DAMAGED, *_DAMAGED_TOO) as error:
            raise ValueError(f"not a readable {', '.join(_FORMATS)} file") from error
    if image.width * image.height > MAX_PIXELS:
        raise ValueError(f"{image.width}×{image.height}, more than {MAX_PIXELS:,} pixels")
    return image


def _refuse_slow(image: Image.Image, content: bytes) -> None:
    """Refuse what takes seconds to decode although it is small."""
    # Compressed data never holds this marker, so counting it counts scans (and a thumbnail's).
    if image.format in ("JPEG", "MPO") and content.count(b"\xff\xda") > MAX_JPEG_SCANS:
        raise ValueError(f"a JPEG of more than {MAX_JPEG_SCANS} scans; write a PNG")
    if any(tile.codec_name == "bmp_rle" for tile in getattr(image, "tile", ())):
        raise ValueError("a run-length encoded BMP, which is not read; write a PNG")


def _pixels(image: Image.Image) -> NDArray[np.integer]:
    with _quietly():
        try:
            return np.asarray(image)
        except (*_DAMAGED, *_DAMAGED_TOO) as error:
            raise ValueError(f"damaged image data ({error})") from error


def _convert_to_grey(image: Image.Image) -> Image.Image:
    with _quietly():
        try:
            return image.convert("L")
        except (*_DAMAGED, *_DAMAGED_TOO) as error:
            raise ValueError(f"damaged image data ({error})") from error


@contextmanager
def _quietly() -> Iterator[None]:
    # Pillow warns on the terminal of oddities that are either harmless or refused here.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _show(size_hw: tuple[int, int]) -> str:
    return f"{size_hw[0]}×{size_hw[1]}"
