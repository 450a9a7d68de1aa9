"""DDTI: thyroid nodules (Pedraza et al., Proc. SPIE 9287:92870W, 2015).

Layout, from the public copies of the archive and code that reads them: ``N.xml`` a case with its images
``N_1.jpg``, ``N_2.jpg`` … in one folder. A ``<mark>`` holds ``<image>`` (the number after ``_``) and
``<svg>``: JSON, a list of regions with ``points`` of ``x`` and ``y`` in pixels. A few of these texts are cut
off; they are skipped. Assumed: every region of an image is a nodule, so their union is the mask.
"""

from functools import partial
from pathlib import Path
from xml.etree import ElementTree as ET

import cv2
import numpy as np
from numpy.typing import NDArray

from evaluation.contract.errors import ConfigurationError
from evaluation.files.json_text import parse_json
from train.datasets.files import check_sizes, list_images, pick
from train.datasets.picture import Collection, Mask, Picture, collect

Polygon = NDArray[np.int32]


def read_ddti(root: Path) -> Collection:
    """Read images and nodule outlines; a group is a case.

    Raises:
        ConfigurationError: the folder holds no XML.
    """
    images = list_images(root)
    files = sorted(root.glob("*.xml"))
    if not files:
        raise ConfigurationError(f"{root}: expected N.xml beside N_1.jpg")
    marks, problems = _read_marks(files)

    def read_one(stem: str) -> Picture:
        case = stem.rsplit("_", 1)[0]
        if case in problems:
            raise ValueError(problems[case])
        image_file = pick(images, stem, "image")
        if stem not in marks:
            raise ValueError("no outline")
        polygons = [polygon for text in marks[stem] for polygon in _read_polygons(text)]
        if not polygons:
            raise ValueError("no outline")
        size_hw = check_sizes(image_file, ())
        return Picture(
            name=f"ddti_{stem}",
            read_image=image_file.read_bytes,
            suffix=image_file.suffix.lower(),
            group=f"ddti {case}",
            size_hw=size_hw,
            read_mask=partial(_fill, tuple(polygons), size_hw),
        )

    return collect("ddti", sorted(images.keys() | marks.keys()), read_one)


def _read_marks(files: list[Path]) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Return the outlines' JSON texts by image stem, and what is wrong with a case."""
    marks: dict[str, list[str]] = {}
    problems: dict[str, str] = {}
    for file in files:
        try:
            tree = ET.parse(file)  # noqa: S314 # the user's own copy of the data; expat bounds entities
        except ET.ParseError as error:
            problems[file.stem] = f"{file.name}: {error}"
            continue
        for mark in tree.iter("mark"):
            number, text = (mark.findtext("image") or "").strip(), (mark.findtext("svg") or "").strip()
            if text:
                marks.setdefault(f"{file.stem}_{number}", []).append(text)
    return marks, problems


def _read_polygons(text: str) -> list[Polygon]:
    regions = parse_json(text.encode()).value
    try:
        polygons = [np.array([(p["x"], p["y"]) for p in region["points"]], float) for region in regions]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError("outline is not a list of regions with points of x and y") from error
    if any(polygon.size and not np.isfinite(polygon).all() for polygon in polygons):
        raise ValueError("outline with a point that is no number")
    return [np.rint(polygon).astype(np.int32) for polygon in polygons if len(polygon) > 2]


def _fill(polygons: tuple[Polygon, ...], size_hw: tuple[int, int]) -> Mask:
    mask = np.zeros(size_hw, dtype=np.uint8)
    for polygon in polygons:
        # One by one: together, overlapping outlines would cut holes into each other.
        cv2.fillPoly(mask, [polygon], 1)
    return mask
