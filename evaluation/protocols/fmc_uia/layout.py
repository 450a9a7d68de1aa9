"""FMC_UIA's folder: every CSV below ``csv_files/``, labelled or not, as one manifest.

File names mean nothing and one task may span several files. Paths start from ``csv_files/`` and are kept byte
for byte (spaces, commas, brackets, U+00A0). `patient_id`, `center`, `spacing_mm`, `image_width` and
`image_height` are optional columns of ours. Formats only, no code, from
github.com/lijiake2408/Foundation-Model-Challenge-for-Ultrasound-Image-Analysis.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from evaluation.contract.case import (
    SUBGROUP_PREFIX,
    BoxReference,
    Case,
    ClassReference,
    MaskReference,
    PointsReference,
    Reference,
    make_case_id,
)
from evaluation.contract.errors import ManifestError
from evaluation.contract.manifest import Manifest
from evaluation.contract.task import Kind, Task
from evaluation.files.images import MAX_PIXELS, read_size
from evaluation.files.json_text import parse_json
from evaluation.files.untrusted import is_safe_relative
from evaluation.protocols.entries import explain, integer, numbers, raise_if_any, spacing

PROTOCOL = "fmc_uia"
CSV_FOLDER = "csv_files"
_KINDS = {
    "segmentation": Kind.SEGMENTATION,
    "classification": Kind.CLASSIFICATION,
    "detection": Kind.DETECTION,
    "regression": Kind.REGRESSION,
}
_BOX = ("x_min", "y_min", "x_max", "y_max")

Row = Mapping[str, str]


def mask_output_path(mask_path: str) -> str:
    """Return where a predicted mask belongs: the row's ``mask_path`` without any ``../``."""
    return mask_path.replace("../", "")


def read_manifest(root: Path, *, labelled: bool = False) -> Manifest:
    """Read a challenge folder.

    Args:
        root: the folder that holds ``csv_files/``.
        labelled: read the references too; rows without a label or mask are problems; a detection row without
            a box is kept without a reference, a missing point of a regression row is None.

    Raises:
        ManifestError: with every problem found, not only the first.
    """
    problems: list[str] = []
    notes: list[str] = []
    tasks: dict[str, Task] = {}
    cases: dict[str, Case] = {}
    for place, row in _read_rows(root, problems):
        try:
            task = _read_task(row)
            case = _read_case(row, task, root)
            if labelled:
                case = replace(case, reference=_read_reference(row, task, root))
        except (KeyError, TypeError, ValueError, OSError) as error:
            problems.append(f"{place}: {explain(error)}")
            continue
        if tasks.setdefault(task.task_id, task) != task:
            problems.append(f"{place}: task {task.task_id} has another task_name or num_classes elsewhere")
        known = cases.setdefault(case.case_id, case)
        if known is not case:
            if known == case:
                notes.append(f"{case.case_id} is listed twice; counted once")
            else:
                problems.append(f"{place}: {case.case_id} is listed twice with different content")
    problems += _find_collisions(cases)
    raise_if_any(ManifestError, root / CSV_FOLDER, problems)
    return Manifest(protocol=PROTOCOL, tasks=tasks, cases=tuple(cases.values()), notes=tuple(notes))


def _read_rows(root: Path, problems: list[str]) -> Iterator[tuple[str, Row]]:
    files = sorted((root / CSV_FOLDER).glob("*.csv"))
    if not files:
        raise ManifestError(f"{root}: expected a folder `{CSV_FOLDER}` with at least one .csv file")
    n_rows = 0
    for file in files:
        try:
            with file.open(encoding="utf-8-sig", newline="") as stream:
                for number, row in enumerate(csv.DictReader(stream, strict=True), start=2):
                    n_rows += 1
                    place = f"{file.name} row {number}"
                    # The None key holds what a row has beyond the header, None values what it lacks.
                    if any(row.get(None) or ()):
                        problems.append(f"{place}: more cells than the header has columns; quote commas")
                    else:
                        yield place, {k: v for k, v in row.items() if k and v is not None}
        except (OSError, csv.Error, UnicodeDecodeError) as error:
            problems.append(f"{file.name}: cannot be read as CSV in UTF-8 ({error})")
    if n_rows == 0 and not problems:
        raise ManifestError(f"{root / CSV_FOLDER}: the CSV files hold no row")


def _text(row: Row, column: str) -> str | None:
    value = row.get(column, "")
    # pandas writes nothing for a missing value, other tools write nan.
    return None if value.strip().lower() in ("", "nan", "none") else value


def _required(row: Row, column: str) -> str:
    value = _text(row, column)
    if value is None:
        raise ValueError(f"column `{column}` is empty or missing")
    return value


def _read_task(row: Row) -> Task:
    name = _required(row, "task_name")
    kind = _KINDS.get(name.lower())
    if kind is None:
        raise ValueError(f"unknown task_name `{name}`; expected one of {', '.join(_KINDS)}")
    num_classes = integer(float(_required(row, "num_classes")))
    least = 1 if kind in (Kind.DETECTION, Kind.REGRESSION) else 2
    if not least <= num_classes <= 255:
        raise ValueError(f"num_classes must be {least} to 255 for {kind} but is {num_classes}")
    return Task(task_id=_required(row, "task_id"), kind=kind, num_classes=num_classes)


def _read_case(row: Row, task: Task, root: Path) -> Case:
    image_path = _required(row, "image_path")
    image_file = root / CSV_FOLDER / image_path
    output_path = None
    if task.kind is Kind.SEGMENTATION:
        output_path = mask_output_path(_required(row, "mask_path"))
        if not is_safe_relative(output_path):
            raise ValueError(f"mask_path `{row['mask_path']}` leaves the output folder")
    return Case(
        case_id=make_case_id(task.task_id, image_path),
        task_id=task.task_id,
        image_path=image_path,
        image_file=image_file,
        size_hw=_read_size(row, task, image_file),
        output_path=output_path,
        patient_id=_text(row, "patient_id"),
        center=_text(row, "center"),
        subgroups=tuple(
            (column.removeprefix(SUBGROUP_PREFIX), value)
            for column in sorted(row)
            if column.startswith(SUBGROUP_PREFIX) and (value := _text(row, column))
        ),
        spacing_mm_yx=_read_spacing(_text(row, "spacing_mm")),
    )


def _read_size(row: Row, task: Task, image_file: Path) -> tuple[int, int] | None:
    width, height = _text(row, "image_width"), _text(row, "image_height")
    if width is not None and height is not None:
        size_hw = integer(float(height)), integer(float(width))
        if min(size_hw) < 1:
            raise ValueError(f"image_width and image_height must be positive but are {width} and {height}")
        if size_hw[0] * size_hw[1] > MAX_PIXELS:
            raise ValueError(f"image_width times image_height must be at most {MAX_PIXELS:,} pixels")
        return size_hw
    # Classes need no size, so their images are not opened.
    if task.kind is Kind.CLASSIFICATION or not image_file.is_file():
        return None
    try:
        return read_size(image_file)
    except (OSError, ValueError):
        # One damaged image must not stop a predictor that still has all the others.
        return None


def _read_spacing(text: str | None) -> tuple[float, float] | None:
    return None if text is None else spacing(parse_json(text.encode()).value)


def _read_reference(row: Row, task: Task, root: Path) -> Reference | None:
    match task.kind:
        case Kind.SEGMENTATION:
            file = root / CSV_FOLDER / _required(row, "mask_path")
            if not file.is_file():
                raise ValueError(f"reference mask `{file}` is missing")
            return MaskReference(file)
        case Kind.CLASSIFICATION:
            label = integer(float(_required(row, "mask")))
            if not 0 <= label < task.num_classes:
                raise ValueError(f"mask (the class) must be 0 to {task.num_classes - 1} but is {label}")
            return ClassReference(label)
        case Kind.DETECTION:
            return _read_box(row)
        case Kind.REGRESSION:
            points = tuple(_read_point(row, k) for k in range(1, task.num_classes + 1))
            return PointsReference(points)


def _read_box(row: Row) -> BoxReference | None:
    texts = [_text(row, column) for column in _BOX]
    if all(text is None for text in texts):
        return None
    x_min, y_min, x_max, y_max = (_finite(_required(row, column)) for column in _BOX)
    if x_max < x_min or y_max < y_min:
        raise ValueError(f"the reference box is inverted: {[x_min, y_min, x_max, y_max]}")
    return BoxReference((x_min, y_min, x_max, y_max))


def _read_point(row: Row, number: int) -> tuple[float, float] | None:
    text = _text(row, f"point_{number}_xy")
    if text is None:
        return None
    point = numbers(parse_json(text.encode()).value)
    if len(point) != 2:
        raise ValueError(f"point_{number}_xy must be [x, y] but is {text}")
    return _finite(point[0]), _finite(point[1])


def _finite(value: str | float) -> float:
    number = float(value)
    if not float("-inf") < number < float("inf"):
        raise ValueError(f"expected a finite number but got {value}")
    return number


def _find_collisions(cases: Mapping[str, Case]) -> list[str]:
    owners: dict[str, str] = {}
    problems: list[str] = []
    for case in cases.values():
        if case.output_path is None:
            continue
        first = owners.setdefault(case.output_path, case.case_id)
        if first != case.case_id:
            problems.append(f"{first} and {case.case_id} would share one mask ({case.output_path})")
    return problems
