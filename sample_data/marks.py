"""Marks that a scanner burns into its pictures: callipers, depth ticks, a line of text, a grey bar."""

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from sample_data.geometry import Points

Picture = npt.NDArray[np.uint8]


def _cross(pen: ImageDraw.ImageDraw, x: float, y: float, arm: float) -> None:
    pen.line([(x - arm, y), (x + arm, y)], 235)
    pen.line([(x, y - arm), (x, y + arm)], 235)


def _callipers(pen: ImageDraw.ImageDraw, outline_px: Points, arm: float) -> None:
    """Draw crosses at the two ends of the longest diameter, and dots between them."""
    gaps = np.linalg.norm(outline_px[:, None] - outline_px[None, :], axis=2)
    first, second = np.unravel_index(int(gaps.argmax()), gaps.shape)
    start, end = outline_px[first], outline_px[second]
    for x, y in (start, end):
        _cross(pen, float(x), float(y), arm)
    count = max(2, int(gaps.max() / (3.0 * arm)))
    for part in np.linspace(0.0, 1.0, count + 1)[1:-1]:
        pen.point([tuple((start + part * (end - start)).round().astype(int).tolist())], 200)


def burn_in(picture: Picture, rng: np.random.Generator, measured_px: Points | None) -> Picture:
    """Return a copy (height, width) with marks; callipers only on a given outline (N, 2) in pixels."""
    image = Image.fromarray(picture)
    pen = ImageDraw.Draw(image)
    height, width = picture.shape
    unit = max(1.0, height / 110.0)
    for part in np.linspace(0.08, 0.96, 12):
        y = part * height
        pen.line([(width - 1 - 2.0 * unit, y), (width - 1, y)], 170)
    size = max(8, height // 45)
    megahertz, gain, decibels = rng.uniform(4, 15), rng.integers(40, 75), rng.integers(50, 75)
    words = f"B {megahertz:.1f} MHz  G{gain}  {decibels} dB" if height > 300 else f"{megahertz:.1f} MHz"
    pen.text((2.0 * unit, height - 1.5 * size), words, fill=180, font=ImageFont.load_default(size))
    bar = np.linspace(235, 0, int(0.3 * height)).astype(np.uint8)
    thick = max(2, int(1.5 * unit))
    column = np.repeat(bar[:, None], thick, axis=1)
    image.paste(Image.fromarray(column), (int(unit), int(0.05 * height)))
    if measured_px is not None:
        _callipers(pen, measured_px[:: max(1, len(measured_px) // 60)], 2.0 * unit if height < 300 else 6.0)
    return np.asarray(image)
