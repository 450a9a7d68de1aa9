"""Outlines of references and predictions over a picture, as SVG paths in the picture's own pixels.

Promises: a prediction that cannot be used has no outline and raises nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from evaluation.contract.case import BoxReference, Case, MaskReference, PointsReference
from evaluation.contract.prediction import BoxPrediction, PointsPrediction, Submission
from evaluation.contract.problem import Problem
from evaluation.contract.task import Kind, Task
from evaluation.files.images import decode_mask
from evaluation.masks import read_strict_mask

_EPSILON_PX = 0.6
"""How far a drawn outline may be from the mask's, in px of the picture."""
_MAX_CORNERS = 600
"""Of all outlines of one mask: a mask of noise must not fill the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """How original pixels become a picture's."""

    protocol: str
    full_hw: tuple[int, int]
    thumb_hw: tuple[int, int]
    binary: bool
    """Whether every value above 0 is one and the same class."""


def outline_reference(case: Case, overlay: Overlay) -> list[str]:
    """Return the paths of a case's reference; none for a class, an unreadable file or no reference."""
    match case.reference:
        case MaskReference(file):
            try:
                mask = decode_mask(file.read_bytes(), flatten_colour=overlay.protocol == "uusic25")
            except (OSError, ValueError):
                return []
            return outline_mask(mask, overlay)
        case BoxReference(xyxy_px):
            return _outline_box(xyxy_px, overlay)
        case PointsReference(xy_px):
            return _outline_points([point for point in xy_px if point is not None], overlay)
        case _:
            return []


def outline_prediction(task: Task, case: Case, submission: Submission, overlay: Overlay) -> list[str]:
    """Return the paths of a submission's prediction of a case; none for a class or an unusable answer."""
    if task.kind is Kind.SEGMENTATION:
        mask = read_strict_mask(overlay.protocol, submission.folder, case, overlay.full_hw)
        return [] if isinstance(mask, Problem) else outline_mask(mask, overlay)
    match submission.predictions.get(case.case_id):
        case BoxPrediction(xyxy_px) if len(xyxy_px) == 4:
            return _outline_box(xyxy_px, overlay)
        case PointsPrediction(flat):
            return _outline_points(list(zip(flat[::2], flat[1::2], strict=False)), overlay)
        case _:
            return []


def outline_mask(mask: NDArray[np.integer], overlay: Overlay) -> list[str]:
    """Return one path of all outlines of a (h, w) index mask; empty where nothing is drawn or too much."""
    height, width = overlay.thumb_hw
    small = cv2.resize(mask.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
    values = [1] if overlay.binary else [int(v) for v in np.unique(small) if v > 0]
    rings = []
    for value in values:
        chosen = (small > 0 if overlay.binary else small == value).astype(np.uint8)
        found, _ = cv2.findContours(chosen, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
        rings += [cv2.approxPolyDP(ring, _EPSILON_PX, closed=True)[:, 0, :] for ring in found]
    # Pixels have their middle at half a pixel in SVG.
    path = "".join(f"M{'L'.join(f'{x + 0.5:g} {y + 0.5:g}' for x, y in ring)}Z" for ring in rings)
    return [path] if path and sum(len(ring) for ring in rings) <= _MAX_CORNERS else []


def _outline_box(xyxy_px: Sequence[float], overlay: Overlay) -> list[str]:
    corners = list(_shrink([(xyxy_px[0], xyxy_px[1]), (xyxy_px[2], xyxy_px[3])], overlay))
    if len(corners) < 2:
        return []
    (x0, y0), (x1, y1) = corners
    return [f"M{x0:.1f} {y0:.1f}H{x1:.1f}V{y1:.1f}H{x0:.1f}Z"]


def _outline_points(points: Iterable[tuple[float, float]], overlay: Overlay) -> list[str]:
    arm = 5
    crosses = [
        f"M{x - arm:.1f} {y:.1f}h{2 * arm}M{x:.1f} {y - arm:.1f}v{2 * arm}"
        for x, y in _shrink(points, overlay)
    ]
    return ["".join(crosses)] if crosses else []


def _shrink(points: Iterable[tuple[float, float]], overlay: Overlay) -> Iterable[tuple[float, float]]:
    """Scale points to the picture; what is not finite or far outside is left out."""
    height, width = overlay.thumb_hw
    for x, y in points:
        spot = (x * width / overlay.full_hw[1], y * height / overlay.full_hw[0])
        if np.isfinite(spot).all() and -width < spot[0] < 2 * width and -height < spot[1] < 2 * height:
            yield spot
