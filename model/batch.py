"""A batch of images from the files to the written masks."""

import errno
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from evaluation.contract.case import Case
from evaluation.contract.errors import UserError
from evaluation.contract.manifest import Manifest
from evaluation.contract.prediction import BoxPrediction, ClassPrediction, PointsPrediction, Prediction
from evaluation.files.images import read_size
from model.decode import decode
from model.engines.engine import Engine
from model.floor import FloorModel
from model.header import LearnedHead, NetworkHeader
from model.pictures import Picture, read_picture
from model.plan import ImageJob, Plan
from model.views import View, look

IMPOSSIBLE_NAME = (errno.ENAMETOOLONG, errno.ENOTDIR, errno.EISDIR, errno.EEXIST)
"""Of a file that cannot be written whatever the folder: its own case's fault, and nobody else's."""


class MaskAndClassWriter(Protocol):
    """What every challenge's writer offers."""

    def add_mask(self, case: Case, mask: NDArray[np.uint8]) -> None:
        """Write a (h, w) mask of class indices; called from several threads."""

    def add_class(self, case: Case, prediction: ClassPrediction) -> None:
        """Note a class and its probabilities."""


class FullWriter(MaskAndClassWriter, Protocol):
    """What a writer offers whose challenge also asks for boxes and points."""

    def add_box(self, case: Case, prediction: BoxPrediction) -> None:
        """Note a box in original pixels."""

    def add_points(self, case: Case, prediction: PointsPrediction) -> None:
        """Note points in original pixels."""


Writer = MaskAndClassWriter | FullWriter


@dataclass(frozen=True)
class Network:
    """A trained network that is ready to run."""

    engine: Engine
    header: NetworkHeader
    views: Sequence[View]


@dataclass
class Batch:
    """What became of a batch."""

    predictions: list[tuple[Case, Prediction]] = field(default_factory=list)
    """All but masks, which are written already."""
    n_masks: int = 0
    n_readable: int = 0
    problems: list[str] = field(default_factory=list)
    """Images that could not be read as the manifest says, and answers that could not be used."""
    skipped: list[str] = field(default_factory=list)
    """Cases that nothing could be written for."""
    seconds: dict[str, float] = field(default_factory=dict)
    """By what they were spent on: decode, network, write."""

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        """Add the time that the block takes."""
        start = time.perf_counter()
        yield
        self.seconds[what] = self.seconds.get(what, 0) + time.perf_counter() - start


@dataclass(frozen=True)
class _Opened:
    """An image as far as it could be read."""

    job: ImageJob
    size_hw: tuple[int, int] | None
    picture: Picture | None


@dataclass(frozen=True)
class _Said:
    """What the network says about a case, and the head that says it."""

    head: LearnedHead
    output: NDArray[np.float64]
    is_empty: bool = False
    """Whether a class head tells that there is nothing to segment."""


@dataclass(frozen=True)
class BatchPredictor:
    """Predicts batches; several threads may call it at once."""

    manifest: Manifest
    plan: Plan
    network: Network | None
    floor: FloorModel
    writer: Writer

    def predict(self, jobs: Sequence[ImageJob]) -> Batch:
        """Answer every case of some images; masks are written, the rest is returned."""
        batch = Batch()
        with batch.timed("decode"):
            opened = [self._open(job, batch) for job in jobs]
        with batch.timed("network"):
            said = self._ask_network(opened)
        with batch.timed("write"):
            for image in opened:
                for case in image.job.cases:
                    self._answer(replace(case, size_hw=case.size_hw or image.size_hw), said, batch)
        return batch

    def _open(self, job: ImageJob, batch: Batch) -> _Opened:
        try:
            size_hw = read_size(job.file)
            if wrong := [case.size_hw for case in job.cases if case.size_hw not in (None, size_hw)]:
                raise ValueError(f"is {size_hw} (h, w), the manifest says {wrong[0]}")
            picture = None
            if self.network is not None and any(case.task_id in self.plan.heads for case in job.cases):
                picture = read_picture(job.file, self.network.header.input_size)
        except (OSError, ValueError) as error:
            batch.problems.append(f"image {job.name}: {getattr(error, 'strerror', None) or error}")
            return _Opened(job, None, None)
        batch.n_readable += 1
        return _Opened(job, size_hw, picture)

    def _ask_network(self, opened: Sequence[_Opened]) -> dict[str, _Said]:
        """Return what heads say, by case."""
        seen = [image for image in opened if image.picture is not None]
        if self.network is None or not seen:
            return {}
        header = self.network.header
        asked = [
            (row, self.plan.heads[case.task_id], case)
            for row, image in enumerate(seen)
            for case in image.job.cases
            if case.task_id in self.plan.heads
        ]
        wanted: dict[int, list[int]] = {}
        for row, head, _ in asked:
            for index in header.find_asked(head):
                rows = wanted.setdefault(index, [])
                if row not in rows[-1:]:
                    rows.append(row)
        grey = np.stack([image.picture.grey for image in seen if image.picture is not None])
        answers = look(self.network.engine, header, grey, wanted, self.network.views)
        by_row = {head: dict(zip(rows, answers[head], strict=True)) for head, rows in wanted.items()}
        said = {}
        for row, head, case in asked:
            gate = header.find_gate(head)
            is_empty = gate is not None and by_row[gate[0]][row][gate[1].class_index] > gate[1].above
            said[case.case_id] = _Said(header.heads[head], by_row[head][row], bool(is_empty))
        return said

    def _answer(self, case: Case, answers: dict[str, _Said], batch: Batch) -> None:
        task = self.manifest.tasks[case.task_id]
        said = answers.get(case.case_id)
        if said is not None and not np.isfinite(said.output).all():
            batch.problems.append(f"case {case.case_id}: the network says NaN or infinity; the floor answers")
            said = None
        try:
            if said is None or case.size_hw is None:
                answer = self.floor.predict(self.manifest.protocol, task, case.size_hw)
            elif said.is_empty:
                answer = np.zeros(case.size_hw, dtype=np.uint8)
            else:
                answer = decode(
                    task.kind,
                    said.output,
                    case.size_hw,
                    min_peak=said.head.min_peak,
                    only_largest=said.head.only_largest,
                )
            if isinstance(answer, np.ndarray):
                self.writer.add_mask(case, answer)
                batch.n_masks += 1
            else:
                batch.predictions.append((case, answer))
        except UserError as error:
            batch.skipped.append(f"case {case.case_id}: skipped: {error}")
        except UnicodeError as error:
            batch.skipped.append(f"case {case.case_id!a}: skipped: {error}")
        except OSError as error:
            if error.errno not in IMPOSSIBLE_NAME:
                raise
            batch.skipped.append(f"case {case.case_id!a}: skipped: {error.strerror}")
