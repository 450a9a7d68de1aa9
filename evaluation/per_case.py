"""A challenge taken apart into cases of one entry each, and their answers put together again."""

import csv
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from evaluation.checking import check_submission
from evaluation.contract.case import Case
from evaluation.contract.errors import ConfigurationError
from evaluation.contract.manifest import Manifest
from evaluation.files.atomic import write_atomically
from evaluation.files.json_text import dump_json, parse_json
from evaluation.files.untrusted import UnusableFileError, read_untrusted
from evaluation.protocols.entries import json_limit_bytes
from evaluation.protocols.fmc_uia import layout as fmc_uia
from evaluation.protocols.fmc_uia.predictions import FILES
from evaluation.protocols.uusic25 import layout as uusic25
from evaluation.protocols.uusic25.predictions import CLASSES_FILE
from evaluation.runner.draft import Challenge
from evaluation.runner.folder import remove_tree
from evaluation.runner.per_case import CaseByCase, Part

_MAX_MASK_BYTES = 2**28
_NUMBERS_A_CASE = 512


def take_apart(challenge: Challenge) -> CaseByCase:
    """Return the challenge, case by case."""
    return _Uusic25Cases(challenge) if challenge.input_json is not None else _FmcUiaCases(challenge)


class _Cases:
    """What both challenges share: images by link, masks by file, answers of other cases left behind."""

    def __init__(self, challenge: Challenge) -> None:
        self._challenge = challenge
        self._asked: dict[str, Case] = {}
        self._answers: dict[str, Any] = {}

    def _make_part(self, manifest: Manifest, input_dir: Path, input_json: Path | None) -> Part | None:
        (case,) = manifest.cases
        if case.case_id in self._asked:
            return None
        self._asked[case.case_id] = case
        return Part(case.case_id, input_dir, input_json, lambda folder: check_submission(manifest, folder))

    def collect(self, part: Part, predictions: Path, whole: Path) -> None:
        """Take the mask of a case, or its entry in the file of its kind."""
        case = self._asked[part.case_id]
        # What cannot be used is missing from the whole, as `check` said of the part.
        with suppress(UnusableFileError, ValueError):
            if case.output_path is not None:
                mask = read_untrusted(predictions, case.output_path, limit_bytes=_MAX_MASK_BYTES)
                write_atomically(whole / case.output_path, mask)
            else:
                self._collect_entry(case, predictions)

    def _collect_entry(self, case: Case, predictions: Path) -> None:
        raise NotImplementedError

    def write(self, whole: Path) -> None:
        """Write the JSON files."""
        for name, answers in self._answers.items():
            # As the submission spelled them, NaN included: judging is the scorer's.
            write_atomically(whole / name, _dump(answers))
        self._asked, self._answers = {}, {}


def _dump(answers: object) -> bytes:
    try:
        return dump_json(answers, indent=1)
    except ValueError:
        return json.dumps(answers, indent=1).encode()


def _read(predictions: Path, name: str) -> Any:  # noqa: ANN401 # any JSON value
    content = read_untrusted(predictions, name, limit_bytes=json_limit_bytes(1, _NUMBERS_A_CASE))
    return parse_json(content).value


class _Uusic25Cases(_Cases):
    def split(self, place: Path) -> Iterator[Part]:
        """Yield one entry of the JSON list after the other."""
        source = self._challenge.input_json
        entries = [] if source is None else parse_json(source.read_bytes()).value
        for entry in entries:
            remove_tree(place)
            images = place / "images"
            images.mkdir(parents=True)
            file = place / "manifest.json"
            file.write_bytes(dump_json([entry]))
            relative = entry["img_path_relative"]
            _link(self._challenge.input_dir / relative, images / relative, images)
            part = self._make_part(uusic25.read_manifest(file, images_dir=images), images, file)
            if part is not None:
                yield part

    def _collect_entry(self, case: Case, predictions: Path) -> None:
        answers = _read(predictions, CLASSES_FILE)
        if isinstance(answers, dict) and case.image_path in answers:
            self._answers.setdefault(CLASSES_FILE, {})[case.image_path] = answers[case.image_path]


class _FmcUiaCases(_Cases):
    def split(self, place: Path) -> Iterator[Part]:
        """Yield one row of the CSV files after the other."""
        folder = self._challenge.input_dir / fmc_uia.CSV_FOLDER
        for source in sorted(folder.glob("*.csv")):
            with source.open(encoding="utf-8-sig", newline="") as stream:
                rows = list(csv.reader(stream))
            for row in rows[1:]:
                remove_tree(place)
                file = place / fmc_uia.CSV_FOLDER / source.name
                file.parent.mkdir(parents=True)
                with file.open("w", encoding="utf-8", newline="") as target:
                    csv.writer(target).writerows([rows[0], row])
                image_path = row[rows[0].index("image_path")]
                _link(folder / image_path, file.parent / image_path, place)
                part = self._make_part(fmc_uia.read_manifest(place), place, None)
                if part is not None:
                    yield part

    def _collect_entry(self, case: Case, predictions: Path) -> None:
        name = FILES[self._challenge.manifest.tasks[case.task_id].kind]
        rows = _read(predictions, name)
        mine = {"image_path": case.image_path, "task_id": case.task_id}
        if isinstance(rows, list):
            kept = [r for r in rows if isinstance(r, dict) and mine.items() <= r.items()]
            self._answers.setdefault(name, []).extend(kept)


def _link(source: Path, target: Path, root: Path) -> None:
    """Show one image, by a second name where the disk allows it."""
    target = Path(os.path.normpath(target))
    if not target.is_relative_to(root):
        raise ConfigurationError(f"{source}: lies outside the input folder; --per-case cannot show it alone")
    target.parent.mkdir(parents=True, exist_ok=True)
    if not source.is_file():
        return
    try:
        os.link(source.resolve(), target)
    except OSError:
        shutil.copyfile(source, target)
