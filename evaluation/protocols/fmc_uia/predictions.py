"""FMC_UIA's prediction files: three JSON lists and one mask a segmentation row.

Only ``predicted_class``, ``predicted_probs``, ``bbox_pixels`` and ``predicted_points_pixels`` are scored; the
normalised twins are written because the official format has them. Source: the repository named in `layout`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from evaluation.contract.case import Case, make_case_id
from evaluation.contract.errors import GeometryError
from evaluation.contract.manifest import Manifest
from evaluation.contract.prediction import (
    BoxPrediction,
    ClassPrediction,
    PointsPrediction,
    Prediction,
    Submission,
)
from evaluation.contract.problem import Code, Problem
from evaluation.contract.task import Kind
from evaluation.files.atomic import write_atomically
from evaluation.files.images import encode_png
from evaluation.files.json_text import dump_json, parse_json
from evaluation.files.untrusted import UnusableFileError, read_untrusted
from evaluation.protocols.entries import (
    explain,
    finite_floats,
    integer,
    json_limit_bytes,
    numbers,
    refuse_flood,
    show_name,
)

FILES = {
    Kind.CLASSIFICATION: "classification_predictions.json",
    Kind.DETECTION: "detection_predictions.json",
    Kind.REGRESSION: "regression_predictions.json",
}

_MOST_PROBABILITIES = 256
"""One more than the classes that a manifest may give a task; each becomes a column of the table of cases."""


def read_predictions(manifest: Manifest, folder: Path) -> Submission:
    """Read the JSON files of the kinds that the manifest asks; masks are left for the scorer.

    Never raises on a submission's content: what cannot be used is listed in `Submission.problems`.
    """
    predictions: dict[str, Prediction] = {}
    problems: list[Problem] = []
    for kind, name in FILES.items():
        cases = {c.case_id for c in manifest.cases if manifest.tasks[c.task_id].kind is kind}
        if cases:
            widest = max(task.num_classes for task in manifest.tasks.values() if task.kind is kind)
            source = _Source(folder, name, kind, json_limit_bytes(len(cases), widest))
            problems += _collect(source, cases, predictions)
    return Submission(folder=folder, predictions=predictions, problems=tuple(problems))


class _Source:
    """One prediction file and how its entries are read."""

    def __init__(self, folder: Path, name: str, kind: Kind, limit_bytes: int) -> None:
        self.name = name
        self._folder = folder
        self._limit_bytes = limit_bytes
        self.read_entry = _READERS[kind]

    def entries(self, n_cases: int) -> tuple[list[Any], frozenset[str]]:
        content = read_untrusted(self._folder, self.name, limit_bytes=self._limit_bytes)
        parsed = parse_json(content)
        if not isinstance(parsed.value, list):
            raise TypeError("expected a list of entries")
        refuse_flood(len(parsed.value), n_cases)
        return parsed.value, parsed.conflicting_keys


def _collect(source: _Source, cases: set[str], predictions: dict[str, Prediction]) -> Iterator[Problem]:
    try:
        entries, conflicting = source.entries(len(cases))
    except UnusableFileError as error:
        yield Problem(code=error.code, message=str(error))
        return
    except (TypeError, ValueError) as error:
        yield Problem(code=Code.UNREADABLE, message=f"`{source.name}` cannot be used: {error}")
        return
    if conflicting:
        keys = show_name(", ".join(sorted(conflicting)))
        yield Problem(
            code=Code.REPEATED,
            severity="warning",
            message=f"`{source.name}`: keys given twice in one entry ({keys}); the last counts",
        )
    for number, entry in enumerate(entries):
        yield from _collect_entry(source, number, entry, cases, predictions)


def _collect_entry(
    source: _Source, number: int, entry: object, cases: set[str], predictions: dict[str, Prediction]
) -> Iterator[Problem]:
    if not isinstance(entry, dict):
        message = f"`{source.name}` entry {number}: not an object"
        yield Problem(code=Code.MALFORMED, severity="warning", message=message)
        return
    case_id = make_case_id(_text(entry.get("task_id"))[:300], _text(entry.get("image_path"))[:4096])
    if case_id not in cases:
        message = f"`{source.name}` entry {number}: the manifest does not ask `{show_name(case_id)}`"
        yield Problem(code=Code.UNKNOWN_CASE, severity="warning", message=message)
        return
    try:
        prediction = source.read_entry(entry)
    except (KeyError, TypeError, ValueError) as error:
        # The last entry counts, so a malformed one takes the place of what came before it.
        predictions.pop(case_id, None)
        yield Problem(code=Code.MALFORMED, case_id=case_id, message=f"malformed entry: {explain(error)}")
        return
    if predictions.get(case_id, prediction) != prediction:
        message = f"`{source.name}` lists it twice with different content; write one entry"
        yield Problem(code=Code.REPEATED, case_id=case_id, message=message)
    predictions[case_id] = prediction


def _text(value: object) -> str:
    # Writing out nested containers may take longer than the whole file is worth, or recurse too deeply.
    return type(value).__name__ if isinstance(value, list | dict) else str(value)


def _read_class(entry: Mapping[str, Any]) -> ClassPrediction:
    probabilities = entry.get("predicted_probs")
    return ClassPrediction(
        label=integer(entry["predicted_class"]),
        # A row that is cut here is still longer than any task's classes, hence as wrong as before.
        probabilities=None if probabilities is None else numbers(probabilities)[:_MOST_PROBABILITIES],
    )


def _read_box(entry: Mapping[str, Any]) -> BoxPrediction:
    return BoxPrediction(numbers(entry["bbox_pixels"]))


def _read_points(entry: Mapping[str, Any]) -> PointsPrediction:
    return PointsPrediction(numbers(entry["predicted_points_pixels"]))


_READERS: dict[Kind, Callable[[Mapping[str, Any]], Prediction]] = {
    Kind.CLASSIFICATION: _read_class,
    Kind.DETECTION: _read_box,
    Kind.REGRESSION: _read_points,
}


class PredictionWriter:
    """Writes predictions in the official files; the JSON lists are written on leaving the `with` block."""

    def __init__(self, manifest: Manifest, folder: Path) -> None:
        self._folder = folder
        kinds = {task.kind for task in manifest.tasks.values()}
        self._entries: dict[Kind, list[dict[str, object]]] = {k: [] for k in FILES if k in kinds}

    def add_mask(self, case: Case, mask: NDArray[np.uint8]) -> None:
        """Write a (h, w) mask of class indices."""
        if case.output_path is None or mask.shape != case.size_hw:
            raise GeometryError(f"{case.case_id}: mask is {mask.shape}, image is {case.size_hw}")
        write_atomically(self._folder / case.output_path, encode_png(mask))

    def add_class(self, case: Case, prediction: ClassPrediction) -> None:
        """Note a class and its probabilities."""
        self._add(
            Kind.CLASSIFICATION,
            case,
            predicted_class=int(prediction.label),
            predicted_probs=(
                None
                if prediction.probabilities is None
                else finite_floats(case.case_id, prediction.probabilities)
            ),
        )

    def add_box(self, case: Case, prediction: BoxPrediction) -> None:
        """Note a box in original pixels."""
        self._add(
            Kind.DETECTION,
            case,
            bbox_normalized=_normalise(case, prediction.xyxy_px),
            bbox_pixels=finite_floats(case.case_id, prediction.xyxy_px),
        )

    def add_points(self, case: Case, prediction: PointsPrediction) -> None:
        """Note points in original pixels."""
        self._add(
            Kind.REGRESSION,
            case,
            predicted_points_normalized=_normalise(case, prediction.flat_xy_px),
            predicted_points_pixels=finite_floats(case.case_id, prediction.flat_xy_px),
        )

    def _add(self, kind: Kind, case: Case, **values: object) -> None:
        self._entries[kind].append({"image_path": case.image_path, "task_id": case.task_id, **values})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for entry_kind, entries in self._entries.items():
            write_atomically(self._folder / FILES[entry_kind], dump_json(entries, indent=1))


def _normalise(case: Case, flat_xy_px: Sequence[float]) -> list[float]:
    if case.size_hw is None:
        raise GeometryError(f"{case.case_id}: the image's size is not known")
    height, width = case.size_hw
    finite = finite_floats(case.case_id, flat_xy_px)
    return [value / (height if i % 2 else width) for i, value in enumerate(finite)]
