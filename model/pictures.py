"""From an image file to the network's input."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from evaluation.files.images import read_size


@dataclass(frozen=True, slots=True)
class Picture:
    """An image as the network sees it."""

    grey: NDArray[np.uint8]
    """(S, S): the whole image, squashed."""
    size_hw: tuple[int, int]
    """Of the original image in pixels."""


def read_picture(file: Path, input_size: int) -> Picture:
    """Read a PNG, JPEG or BMP image, in grey, squashed to `input_size` rows and columns.

    An orientation noted in the file is ignored: both challenges count pixels as they are stored.

    Raises:
        ValueError: not an image of these formats, damaged, or too large.
        OSError: the file cannot be read.
    """
    size_hw = read_size(file)
    content = np.fromfile(file, dtype=np.uint8)
    try:
        grey = cv2.imdecode(content, cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error as error:
        raise ValueError(f"cannot be decoded ({error.err})") from error
    if grey is None or grey.shape != size_hw:
        raise ValueError("damaged image data")
    return Picture(squash(np.asarray(grey, dtype=np.uint8), input_size), size_hw)


def squash(grey: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Return a (h, w) image as (size, size): area means where it shrinks, linear where it grows."""
    shrinks = size <= min(grey.shape)
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(grey, (size, size), interpolation=method), dtype=np.uint8)


def normalise(grey: NDArray[np.uint8], *, mean: float, std: float) -> NDArray[np.float32]:
    """Return (B, S, S) pixels as the network's (B, 1, S, S) input."""
    return ((grey[:, None].astype(np.float32) / 255 - mean) / std).astype(np.float32)
