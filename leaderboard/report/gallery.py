"""The worst cases of every task as pictures: image, reference and every team's prediction.

Promises: pictures are re-encoded, never copied, so nothing of a file but its pixels gets into the page; what
cannot be read is left out and counted; the whole gallery stays within a budget of bytes.
"""

import base64
import io
import math
import os
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup
from PIL import Image

from evaluation.contract.case import Case, MaskReference
from evaluation.contract.manifest import Manifest
from evaluation.contract.prediction import Submission
from evaluation.contract.task import Kind, Task
from evaluation.files.images import MAX_PIXELS, read_size
from evaluation.protocols.fmc_uia import layout as fmc_uia
from evaluation.protocols.uusic25 import layout as uusic25
from evaluation.scoring import read_predictions
from leaderboard.field import Field
from leaderboard.report.overlay import Overlay, outline_prediction, outline_reference
from leaderboard.report.records import Entrant
from leaderboard.report.worst import find_worst, say_value

THUMB_PX = (320, 240)
"""Largest width and height of a picture."""
QUALITY = 62
BUDGET_BYTES = 6 * 2**20
"""Of all pictures as they stand in the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One case."""

    case_id: str
    image_path: str
    value: str
    """The field's mean score of it; for classes the mean probability of the true one."""
    truth: str
    """The reference in words, where it is no outline."""
    answers: tuple[tuple[Entrant, str], ...]
    """Every team's score or answer in words."""
    svg: Markup
    """Image and outlines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryTask:
    """One task's worst cases, worst first."""

    task_id: str
    measure: str
    """What the cases are sorted by."""
    pictures: tuple[Picture, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gallery:
    """All tasks."""

    tasks: tuple[GalleryTask, ...]
    has_references: bool
    teams_with_predictions: tuple[str, ...]
    n_unreadable: int
    """Pictures that could not be read."""
    n_over_budget: int
    """Pictures left out to keep the page small."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GallerySources:
    """Where pictures come from."""

    images: Path
    """The folder that UUSIC25's image paths start from; FMC_UIA: the one that holds `csv_files/`."""
    references: Path | None
    """UUSIC25: the folder of `ground_truth.json`; FMC_UIA: the one that holds `csv_files/`."""
    predictions: Mapping[str, Path]
    """Output folders by team."""


def collect_gallery(
    field: Field,
    entrants: Sequence[Entrant],
    sources: GallerySources,
    progress: Callable[[str], None] | None = None,
) -> Gallery:
    """Find the worst cases of every task over all teams and draw them.

    Args:
        field: one or more teams.
        entrants: the teams in the page's order.
        sources: images, references and predictions; outlines need the references.
        progress: told which task is drawn.

    Raises:
        ManifestError: the references cannot be read.
        ConfigurationError: a folder of predictions does not exist.
    """
    manifest = None if sources.references is None else read_references(field.protocol, sources.references)
    submissions = {}
    if manifest is not None:
        submissions = {
            name: read_predictions(manifest, folder) for name, folder in sources.predictions.items()
        }
    painter = _Painter(field, entrants, sources.images, manifest, submissions)
    tasks = []
    for task in field.tasks.values():
        if progress is not None:
            progress(task.task_id)
        measure, worst = find_worst(field, task)
        pictures = tuple(painter.paint(task, measure, worst))
        tasks.append(GalleryTask(task_id=task.task_id, measure=measure, pictures=pictures))
    return Gallery(
        tasks=tuple(task for task in tasks if task.pictures),
        has_references=manifest is not None,
        teams_with_predictions=tuple(e.name for e in entrants if e.name in submissions),
        n_unreadable=painter.n_unreadable,
        n_over_budget=painter.n_over_budget,
    )


def read_references(protocol: str, folder: Path) -> Manifest:
    """Read a labelled manifest from its folder.

    Raises:
        ManifestError: it cannot be read.
    """
    if protocol == "fmc_uia":
        return fmc_uia.read_manifest(folder, labelled=True)
    masks = folder / "references" if (folder / "references").is_dir() else folder
    truth = folder / "ground_truth.json"
    return uusic25.read_manifest(truth, images_dir=masks, references_dir=masks, labelled=True)


class _Painter:
    """Draws pictures and counts what could not be drawn."""

    def __init__(
        self,
        field: Field,
        entrants: Sequence[Entrant],
        images: Path,
        manifest: Manifest | None,
        submissions: Mapping[str, Submission],
    ) -> None:
        self.n_unreadable = 0
        self.n_over_budget = 0
        self._left = BUDGET_BYTES
        self._field = field
        self._entrants = entrants
        self._images = images / fmc_uia.CSV_FOLDER if field.protocol == "fmc_uia" else images
        self._root = Path(os.path.normpath(images))
        self._cases = {} if manifest is None else {case.case_id: case for case in manifest.cases}
        self._submissions = submissions
        self._tables = {team.name: team.cases for team in field.teams}

    def paint(self, task: Task, measure: str, worst: Sequence[tuple[int, float]]) -> Iterator[Picture]:
        """Draw the worst cases of a task."""
        for row, value in worst:
            cells = self._field.teams[0].cases.iloc[row]
            thumb = self._read_thumb(str(cells["image_path"]))
            if thumb is None:
                continue
            svg = self._draw(task, str(cells["case_id"]), thumb)
            if len(svg) > self._left:
                self.n_over_budget += 1
                continue
            self._left -= len(svg)
            answers = tuple(
                (e, _say_answer(self._tables[e.name].iloc[row].to_dict(), measure)) for e in self._entrants
            )
            label = cells["label"] if task.kind is Kind.CLASSIFICATION else None
            yield Picture(
                case_id=str(cells["case_id"]),
                image_path=str(cells["image_path"]),
                value=say_value(value, measure),
                truth="" if label is None else f"true class {int(label)}",
                answers=answers,
                svg=svg,
            )

    def _read_thumb(self, image_path: str) -> "_Thumb | None":
        # Links inside the organiser's own folder are followed; a path from a table may not climb out of it.
        file = Path(os.path.normpath(self._images / image_path))
        try:
            if not file.is_relative_to(self._root):
                raise ValueError("outside the images")
            height, width = read_size(file)
            if height * width > MAX_PIXELS:
                raise ValueError("too large")
            with Image.open(file, formats=("PNG", "JPEG", "BMP")) as image:
                grey = image.convert("L")
        except (OSError, ValueError, SyntaxError):
            self.n_unreadable += 1
            return None
        grey.thumbnail(THUMB_PX)
        buffer = io.BytesIO()
        grey.save(buffer, format="JPEG", quality=QUALITY, optimize=True)
        return _Thumb(buffer.getvalue(), (grey.height, grey.width), (height, width))

    def _draw(self, task: Task, case_id: str, thumb: "_Thumb") -> Markup:
        height, width = thumb.size_hw
        address = "data:image/jpeg;base64," + base64.b64encode(thumb.jpeg).decode()
        parts = [
            Markup(
                "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {} {}' aria-hidden='true'>"
                "<image href='{}' width='{}' height='{}'/>"
            ).format(width, height, address, width, height)
        ]
        case = self._cases.get(case_id)
        if case is not None:
            parts += [_path("outline-reference", d) for d in self._outline_reference(case, thumb)]
            for entrant in self._entrants:
                if entrant.name in self._submissions:
                    for d in self._outline_prediction(task, case, entrant.name, thumb):
                        parts.append(_path("outline-prediction only", d, entrant.index))
        return Markup("").join([*parts, Markup("</svg>")])

    def _outline_reference(self, case: Case, thumb: "_Thumb") -> list[str]:
        return outline_reference(
            case, self._overlay(thumb, is_mask=isinstance(case.reference, MaskReference))
        )

    def _outline_prediction(self, task: Task, case: Case, name: str, thumb: "_Thumb") -> list[str]:
        overlay = self._overlay(thumb, is_mask=task.kind is Kind.SEGMENTATION)
        return outline_prediction(task, case, self._submissions[name], overlay)

    def _overlay(self, thumb: "_Thumb", *, is_mask: bool) -> Overlay:
        return Overlay(
            protocol=self._field.protocol,
            full_hw=thumb.full_hw,
            thumb_hw=thumb.size_hw,
            binary=is_mask and self._field.protocol == "uusic25",
        )


@dataclass(frozen=True, slots=True)
class _Thumb:
    jpeg: bytes
    size_hw: tuple[int, int]
    full_hw: tuple[int, int]


def _path(kind: str, d: str, team: int | None = None) -> Markup:
    if team is None:
        return Markup("<path class='{}' d='{}'/>").format(kind, d)
    return Markup("<path class='{}' data-team='{}' d='{}'/>").format(kind, team, d)


def _say_answer(cells: Mapping[Hashable, Any], measure: str) -> str:
    """Say what a team answered, or scored."""
    if cells["status"] != "ok":
        return str(cells["status"])
    if measure in cells:
        value = float(cells[measure])
        return "no value" if math.isnan(value) else say_value(value, measure)
    return f"class {int(cells['predicted'])}"
