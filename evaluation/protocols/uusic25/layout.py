"""UUSIC25's manifest, as participants get it and in its labelled form.

Source: github.com/uusic2025/challenge (formats only). `patient_id`, `center` and `spacing_mm` are optional
keys of ours, absent in the official files.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evaluation.contract.case import (
    SUBGROUP_PREFIX,
    Case,
    ClassReference,
    MaskReference,
    Reference,
    make_case_id,
)
from evaluation.contract.errors import ManifestError
from evaluation.contract.manifest import Manifest
from evaluation.contract.task import Kind, Task
from evaluation.files.images import MAX_PIXELS, read_size
from evaluation.files.json_text import parse_json
from evaluation.files.untrusted import is_safe_relative
from evaluation.protocols.entries import explain, integer, raise_if_any, spacing

PROTOCOL = "uusic25"
_KINDS = {"segmentation": Kind.SEGMENTATION, "classification": Kind.CLASSIFICATION}
DATASETS = frozenset(
    {"Appendix", "Breast", "Breast_luminal", "Cardiac", "Fetal_Head", "Kidney", "Liver", "Thyroid"}
)
"""The challenge's own; of any other data set the entry's ``organ`` tells the organ."""
_ORGANS = {"Breast_luminal": "Breast", "Heart": "Cardiac", "Head": "Fetal_Head", "Fetal Head": "Fetal_Head"}


def canonical_organ(dataset_or_organ: str) -> str:
    """Return the organ's one spelling: sources say Heart or Cardiac, Head or "Fetal Head"."""
    name = dataset_or_organ.removeprefix("private_")
    return _ORGANS.get(name, name)


def mask_output_path(img_path_relative: str) -> str:
    """Return where the official scripts look for a predicted mask: every ``img`` becomes ``mask``.

    The extension is kept, so a JPG input names a ``.jpg`` mask; we write PNG bytes there.
    """
    return img_path_relative.replace("img", "mask")


def read_manifest(
    manifest_file: Path, *, images_dir: Path, references_dir: Path | None = None, labelled: bool = False
) -> Manifest:
    """Read a participant's manifest or, with `labelled`, the ground truth.

    Args:
        manifest_file: the JSON list of entries.
        images_dir: the folder that ``img_path_relative`` starts from.
        references_dir: the folder that ``mask_path_relative`` starts from; `images_dir` when not given.
        labelled: require a label or mask for every entry.

    Raises:
        ManifestError: with every problem found, not only the first.
    """
    entries = _read_entries(manifest_file)
    problems: list[str] = []
    cases: dict[str, Case] = {}
    tasks: dict[str, Task] = {}
    notes: list[str] = []
    for number, entry in enumerate(entries):
        try:
            task = _read_task(entry)
            case = _read_case(entry, task, images_dir)
            if labelled:
                reference = _read_reference(entry, task, references_dir or images_dir)
                case = _with_reference(case, reference)
        except (KeyError, TypeError, ValueError, OSError) as error:
            problems.append(f"entry {number}: {explain(error)}")
            continue
        if case.case_id in cases:
            if cases[case.case_id] != case:
                problems.append(f"entry {number}: {case.case_id} is listed twice with different content")
            else:
                notes.append(f"{case.case_id} is listed twice; counted once")
        tasks[task.task_id] = task
        cases[case.case_id] = case
    problems += _find_collisions(cases)
    raise_if_any(ManifestError, manifest_file, problems)
    return Manifest(protocol=PROTOCOL, tasks=tasks, cases=tuple(cases.values()), notes=tuple(notes))


def _read_entries(manifest_file: Path) -> list[Any]:
    try:
        entries = parse_json(manifest_file.read_bytes()).value
    except OSError as error:
        raise ManifestError(f"{manifest_file}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise ManifestError(f"{manifest_file}: {error}") from error
    if not isinstance(entries, list) or not entries:
        raise ManifestError(f"{manifest_file}: expected a JSON list of entries, one per image and task")
    return entries


def _read_task(entry: Mapping[str, Any]) -> Task:
    kind = _KINDS.get(entry["task"])
    if kind is None:
        raise ValueError(f"unknown task `{entry['task']}`; expected one of {', '.join(_KINDS)}")
    dataset = str(entry["dataset_name"]).removeprefix("private_")
    is_subtype = kind is Kind.CLASSIFICATION and dataset == "Breast_luminal"
    return Task(
        task_id=f"{kind}/{dataset}",
        kind=kind,
        num_classes=4 if is_subtype else 2,
        organ=canonical_organ(dataset if dataset in DATASETS else str(entry.get("organ") or dataset)),
    )


def _read_case(entry: Mapping[str, Any], task: Task, images_dir: Path) -> Case:
    image_path = entry["img_path_relative"]
    if not isinstance(image_path, str) or not is_safe_relative(image_path):
        raise ValueError(f"img_path_relative `{image_path}` must be a path inside the image folder")
    image_file = images_dir / image_path
    spacing_mm = entry.get("spacing_mm")
    is_mask = task.kind is Kind.SEGMENTATION
    return Case(
        case_id=make_case_id(task.task_id, image_path),
        task_id=task.task_id,
        image_path=image_path,
        image_file=image_file,
        size_hw=_read_dimensions(entry.get("img_dimensions"), image_file),
        output_path=mask_output_path(image_path) if is_mask else None,
        patient_id=_optional_text(entry.get("patient_id")),
        center=_optional_text(entry.get("center")),
        subgroups=_read_subgroups(entry),
        spacing_mm_yx=None if spacing_mm is None else spacing(spacing_mm),
    )


def _read_dimensions(dimensions: object, image_file: Path) -> tuple[int, int]:
    if dimensions is None:
        return read_size(image_file)
    if not isinstance(dimensions, list) or len(dimensions) != 2:
        raise ValueError(f"img_dimensions must be [width, height] but is {dimensions}")
    width, height = integer(dimensions[0]), integer(dimensions[1])
    if width < 1 or height < 1:
        raise ValueError(f"img_dimensions must be positive but is {dimensions}")
    if width * height > MAX_PIXELS:
        raise ValueError(f"img_dimensions must be at most {MAX_PIXELS:,} pixels but is {dimensions}")
    return height, width


def _optional_text(value: object) -> str | None:
    # pandas writes NaN where a table has no value.
    return None if value is None or value != value or value == "" else str(value)


def _read_subgroups(entry: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    found = {
        key.removeprefix(SUBGROUP_PREFIX): _optional_text(value)
        for key, value in entry.items()
        if key.startswith(SUBGROUP_PREFIX)
    }
    return tuple((name, value) for name, value in sorted(found.items()) if value)


def _read_reference(entry: Mapping[str, Any], task: Task, references_dir: Path) -> Reference:
    if task.kind is Kind.CLASSIFICATION:
        label = integer(entry["class_label_index"])
        if not 0 <= label < task.num_classes:
            raise ValueError(f"class_label_index must be 0 to {task.num_classes - 1} but is {label}")
        return ClassReference(label)
    path = entry["mask_path_relative"]
    if path is None:
        raise ValueError("no mask_path_relative; is this the participants' manifest? Give the ground truth")
    if not isinstance(path, str) or not is_safe_relative(path):
        raise ValueError(f"mask_path_relative `{path}` must be a path inside the folder of masks")
    file = references_dir / path
    if not file.is_file():
        raise ValueError(f"reference mask `{file}` is missing; name the folder of masks with --images")
    return MaskReference(file)


def _with_reference(case: Case, reference: Reference) -> Case:
    fields = {name: getattr(case, name) for name in Case.__slots__}
    return Case(**{**fields, "reference": reference})


def _find_collisions(cases: Mapping[str, Case]) -> list[str]:
    # classification.json is keyed by image alone, so one image cannot carry two classification tasks.
    owners: dict[tuple[str, str], str] = {}
    problems: list[str] = []
    for case in cases.values():
        place = ("class", case.image_path) if case.output_path is None else ("mask", case.output_path)
        first = owners.setdefault(place, case.case_id)
        if first != case.case_id:
            problems.append(f"{first} and {case.case_id} would share one output ({place[1]})")
    return problems
