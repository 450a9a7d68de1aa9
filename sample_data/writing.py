"""Drawing pictures and writing them with their masks, in parallel; the facts returned go into label files."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from sample_data.cases import Plan, Size, draw

JPEG_QUALITY = 90


@dataclass(frozen=True)
class MaskJob:
    """A mask to write: structure i gets the value `values[i]`; `order` as in `Task.paint_order`."""

    path: Path
    structures: tuple[str, ...]
    order: tuple[int, ...]
    values: tuple[int, ...]


@dataclass(frozen=True)
class PictureJob:
    """A picture to draw and write, and the labels that are wanted of it."""

    plan: Plan
    seed: int
    size: Size
    path: Path
    masks: tuple[MaskJob, ...] = ()
    boxed: str | None = None
    landmarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class PictureFacts:
    """What the label files say of a picture.

    Attributes:
        size_wh: width and height in pixels.
        size_bytes: of the file.
        spacing_mm_yx: size of a pixel, rounded to 1e-5 mm.
        box: x_min, y_min, x_max, y_max of the boxed structure, the maximum exclusive; None if none was
            wanted.
        points: the wanted landmarks (x, y) in pixels, rounded to 1e-2; empty if none was wanted.
    """

    size_wh: tuple[int, int]
    size_bytes: int
    spacing_mm_yx: tuple[float, float]
    box: tuple[int, int, int, int] | None
    points: tuple[tuple[float, float], ...]


def save_picture(picture: npt.NDArray[np.uint8], path: Path, size: Size) -> None:
    """Write a grey picture in the format its suffix names; small PNGs are packed as tightly as possible."""
    image = Image.fromarray(picture)
    if path.suffix in (".jpg", ".jpeg"):
        image.save(path, quality=JPEG_QUALITY, optimize=size == "small")
    elif path.suffix == ".png":
        # level 1 writes a clinical picture five times faster than level 9 for a tenth more bytes
        image.save(path, optimize=size == "small", compress_level=1)
    else:
        image.save(path)


def write_picture(job: PictureJob) -> PictureFacts:
    """Draw one picture, write it and its masks (folders must exist), and return its facts."""
    drawn = draw(job.plan, job.seed, job.size)
    save_picture(drawn.picture, job.path, job.size)
    for mask in job.masks:
        values = np.array((0, *mask.values), dtype=np.uint8)
        Image.fromarray(values[drawn.index_mask(mask.structures, mask.order)]).save(mask.path, optimize=True)
    points = drawn.points(job.landmarks) if job.landmarks else np.zeros((0, 2))
    spacing = drawn.frame.spacing_mm_yx
    return PictureFacts(
        drawn.frame.size_wh,
        job.path.stat().st_size,
        (round(spacing[0], 5), round(spacing[1], 5)),
        drawn.box(job.boxed) if job.boxed else None,
        tuple((round(float(x), 2), round(float(y), 2)) for x, y in points),
    )


def write_all(jobs: Sequence[PictureJob], workers: int) -> Iterator[PictureFacts]:
    """Yield the facts of every picture in the order of the jobs, drawn by `workers` processes."""
    for folder in {path.parent for job in jobs for path in (job.path, *(mask.path for mask in job.masks))}:
        folder.mkdir(parents=True, exist_ok=True)
    if workers == 1:
        yield from map(write_picture, jobs)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(write_picture, jobs, chunksize=8)
