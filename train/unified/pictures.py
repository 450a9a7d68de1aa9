"""A run as a person sees it: curves, and validation pictures with what the network drew on them."""

import io
from pathlib import Path

import cv2
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from evaluation.contract.task import Kind
from evaluation.files.atomic import write_atomically
from model.decode import softmax
from model.network.unified import HeadKey
from train.unified.cache import Cache, CachedPicture
from train.unified.validate import Answers, Said

ROWS = 4
"""Pictures a head."""
REFERENCE, ANSWER = (80, 220, 80), (60, 120, 255)
"""Green and orange, in OpenCV's order."""
_NOT_SCORES = ("step", "cpu_s", "loss", "mean")


def draw_curves(history: list[dict[str, float]], file: Path) -> None:
    """Write loss and validation scores over steps as a PNG."""
    figure = Figure(figsize=(12, 5), layout="constrained")
    left, right = figure.subplots(1, 2)
    steps = [row["step"] for row in history]
    left.plot(steps, [row["loss"] for row in history], color="black")
    left.set(xlabel="step", ylabel="training loss")
    for name in history[0]:
        if name not in _NOT_SCORES:
            right.plot(steps, [row.get(name, np.nan) for row in history], linewidth=0.8, label=name)
    right.plot(steps, [row["mean"] for row in history], color="black", linewidth=2, label="mean")
    right.set(xlabel="step", ylabel="validation score", ylim=(0, 1))
    if len(history[0]) < 20:
        right.legend(fontsize=6, ncols=2)
    encoded = io.BytesIO()
    figure.savefig(encoded, format="png", dpi=100)
    write_atomically(file, encoded.getvalue())


def draw_contact_sheet(answers: Answers, cache: Cache, file: Path) -> None:
    """Write the first pictures of every head, reference in green and answer in orange, as a PNG."""
    columns = [_draw_head(key, of[:ROWS], cache) for key, of in answers.items()]
    lines = [np.hstack(columns[start : start + 8]) for start in range(0, len(columns), 8)]
    width = max(line.shape[1] for line in lines)
    padded = [np.pad(line, ((0, 0), (0, width - line.shape[1]), (0, 0))) for line in lines]
    encoded = cv2.imencode(".png", np.vstack(padded))[1]
    write_atomically(file, encoded.tobytes())


def _draw_head(key: HeadKey, answers: list[tuple[CachedPicture, Said]], cache: Cache) -> NDArray[np.uint8]:
    side = cache.images.shape[1]
    tiles = [_draw_one(key, picture, said, cache) for picture, said in answers]
    tiles += [np.zeros((side, side, 3), np.uint8)] * (ROWS - len(tiles))
    title = np.zeros((20, side, 3), np.uint8)
    cv2.putText(title, key.task_id[-34:], (3, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (255, 255, 255), 1)
    return np.vstack([title, *tiles])


def _draw_one(key: HeadKey, picture: CachedPicture, said: Said, cache: Cache) -> NDArray[np.uint8]:
    tile = np.repeat(cache.images[picture.row][:, :, None], 3, axis=2)
    side, label = tile.shape[0], picture.labels[key]
    match key.kind:
        case Kind.SEGMENTATION:
            _outline(tile, cache.masks[label.mask or 0], REFERENCE)
            _outline(tile, said.astype(np.uint8), ANSWER)
        case Kind.CLASSIFICATION:
            sure = softmax(said.astype(np.float32)).max()
            text = f"{label.class_index} | {int(said.argmax())} ({sure:.2f})"
            colour = REFERENCE if int(said.argmax()) == label.class_index else ANSWER
            cv2.putText(tile, text, (4, side - 6), cv2.FONT_HERSHEY_SIMPLEX, 0.6, colour, 1)
        case Kind.DETECTION:
            for box, colour in ((label.box or (), REFERENCE), (said, ANSWER)):
                left, top, right, bottom = (int(value * side) for value in box)
                cv2.rectangle(tile, (left, top), (right, bottom), colour, 1)
        case Kind.REGRESSION:
            for points, colour in ((label.points or (), REFERENCE), (said, ANSWER)):
                for point in points:
                    if point is not None:
                        x, y = (int(value * side) for value in point)
                        cv2.drawMarker(tile, (x, y), colour, cv2.MARKER_CROSS, 9, 1)
    return tile


def _outline(tile: NDArray[np.uint8], mask: NDArray[np.uint8], colour: tuple[int, int, int]) -> None:
    for index in range(1, int(mask.max(initial=0)) + 1):
        inside = (mask == index).astype(np.uint8)
        contours = cv2.findContours(inside, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]
        cv2.drawContours(tile, contours, -1, colour, 1)
