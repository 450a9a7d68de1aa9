"""UUSIC25's prediction files: ``classification.json`` and one mask an image.

Source: github.com/uusic2025/challenge (formats only).
"""

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from evaluation.contract.case import Case
from evaluation.contract.errors import GeometryError, SubmissionError
from evaluation.contract.manifest import Manifest
from evaluation.contract.prediction import ClassPrediction, Submission
from evaluation.contract.problem import Code, Problem
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

CLASSES_FILE = "classification.json"


def read_predictions(manifest: Manifest, folder: Path) -> Submission:
    """Read ``classification.json``; masks are left for the scorer.

    Never raises on a submission's content: what cannot be used is listed in `Submission.problems`.
    """
    cases = {c.image_path: c for c in manifest.cases if c.output_path is None}
    if not cases:
        return Submission(folder=folder, predictions={}, problems=())
    try:
        content = read_untrusted(folder, CLASSES_FILE, limit_bytes=json_limit_bytes(len(cases), 4))
        parsed = parse_json(content)
        if not isinstance(parsed.value, dict):
            raise ValueError("expected an object keyed by img_path_relative")
        refuse_flood(len(parsed.value), len(cases))
    except UnusableFileError as error:
        return Submission(folder, {}, (Problem(code=error.code, message=str(error)),))
    except ValueError as error:
        problem = Problem(code=Code.UNREADABLE, message=f"`{CLASSES_FILE}` cannot be used: {error}")
        return Submission(folder, {}, (problem,))
    return _collect(cases, folder, parsed.value, parsed.conflicting_keys)


def _collect(
    cases: Mapping[str, Case], folder: Path, entries: Mapping[str, Any], repeated: frozenset[str]
) -> Submission:
    predictions: dict[str, ClassPrediction] = {}
    problems: list[Problem] = []
    inner = ", ".join(show_name(key) for key in sorted(repeated - entries.keys())[:5])
    if inner:
        message = f"`{CLASSES_FILE}`: keys given twice in one entry ({inner}); the last counts"
        problems.append(Problem(code=Code.REPEATED, severity="warning", message=message))
    for path, entry in entries.items():
        case = cases.get(path)
        if case is None:
            message = f"`{CLASSES_FILE}` names `{show_name(path)}`, which the manifest does not ask"
            problems.append(Problem(code=Code.UNKNOWN_CASE, severity="warning", message=message))
            continue
        if path in repeated:
            message = "listed twice with different content; write one entry"
            problems.append(Problem(code=Code.REPEATED, case_id=case.case_id, message=message))
        try:
            predictions[case.case_id] = _read_class(entry)
        except (KeyError, TypeError, ValueError) as error:
            message = f"malformed entry: {explain(error)}"
            problems.append(Problem(code=Code.MALFORMED, case_id=case.case_id, message=message))
    return Submission(folder=folder, predictions=predictions, problems=tuple(problems))


def _read_class(entry: object) -> ClassPrediction:
    if not isinstance(entry, dict):
        raise TypeError('expected {"probability": [...], "prediction": int}')
    return ClassPrediction(label=integer(entry["prediction"]), probabilities=numbers(entry["probability"]))


class PredictionWriter:
    """Writes predictions in the official files; the JSON is written on leaving the `with` block."""

    def __init__(self, manifest: Manifest, folder: Path) -> None:
        self._folder = folder
        self._has_classes = any(case.output_path is None for case in manifest.cases)
        self._classes: dict[str, dict[str, object]] = {}

    def add_mask(self, case: Case, mask: NDArray[np.uint8]) -> None:
        """Write a (h, w) mask of class indices; non-zero becomes 255."""
        if case.output_path is None or mask.shape != case.size_hw:
            raise GeometryError(f"{case.case_id}: mask is {mask.shape}, image is {case.size_hw}")
        write_atomically(self._folder / case.output_path, encode_png(np.where(mask > 0, np.uint8(255), 0)))

    def add_class(self, case: Case, prediction: ClassPrediction) -> None:
        """Note a class and its probabilities, which this challenge cannot do without."""
        if prediction.probabilities is None:
            raise SubmissionError(f"{case.case_id}: probabilities are missing; nothing is written for it")
        self._classes[case.image_path] = {
            "probability": finite_floats(case.case_id, prediction.probabilities),
            "prediction": int(prediction.label),
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._has_classes:
            write_atomically(self._folder / CLASSES_FILE, dump_json(self._classes, indent=1))
