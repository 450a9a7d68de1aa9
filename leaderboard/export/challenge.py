"""A challenge as both platforms need it: checked references, the participants' input, the code that scores.

Promises: what participants get is their manifest and its images, carries no label and asks for the same cases
as the references; the code is this checkout's own `evaluation`, file by file.
"""

import csv
import io
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from evaluation.contract.case import MaskReference, PointsReference
from evaluation.contract.errors import ConfigurationError
from evaluation.contract.manifest import Manifest
from evaluation.protocols.fmc_uia import layout as fmc_uia
from evaluation.protocols.uusic25 import layout as uusic25
from leaderboard.export.archive import Content
from leaderboard.export.programs.job import GROUND_TRUTH, REFERENCES, ScoringJob

ROOT = Path(__file__).parents[2]
PACKAGES = ("numpy", "scipy", "pandas", "opencv-python-headless", "pillow", "pydantic")
"""What scoring imports."""
CHECK_PACKAGES = (*PACKAGES, "typer", "rich")
"""What `python -m evaluation check` needs besides."""
_LABELS = ("mask_name", "mask_path_relative", "seg_target_info", "class_label_index", "class_label_name")
_LABEL_COLUMNS = ("mask", "x_min", "y_min", "x_max", "y_max")


@dataclass(frozen=True)
class Challenge:
    """One challenge, ready to be packed."""

    title: str
    job: ScoringJob
    manifest: Manifest
    references: dict[str, Content]
    """By their place as `programs.job.read_references` expects them."""
    inputs: dict[str, Content]
    """What participants get; empty where the organiser gives it out elsewhere."""


def read_challenge(
    title: str,
    job: ScoringJob,
    *,
    reference: Path,
    images: Path | None,
    inputs: Path | None,
    manifest: Path | None,
) -> Challenge:
    """Read and check a challenge's files.

    Args:
        title: how the challenge is called.
        job: how it is scored.
        reference: as `evaluation score --reference`.
        images: as `evaluation score --images` (uusic25).
        inputs: the participant's input folder, as `evaluation check --input`; None leaves it out.
        manifest: uusic25: the participant's manifest; default `manifest.json` in the input folder.

    Raises:
        ManifestError: references or input cannot be used.
        ConfigurationError: options that do not fit, an input that carries labels or asks for other cases.
    """
    if job.protocol == "fmc_uia" and (images is not None or manifest is not None):
        raise ConfigurationError("--images and --manifest belong to uusic25; fmc_uia reads csv_files/.")
    if job.protocol == "uusic25":
        masks = images or reference.parent
        labelled = uusic25.read_manifest(reference, images_dir=masks, references_dir=masks, labelled=True)
        files: dict[str, Content] = {GROUND_TRUTH: reference, **_list_masks(labelled, masks)}
    else:
        labelled = fmc_uia.read_manifest(reference, labelled=True)
        tables = _list_tree(reference / "csv_files", f"{REFERENCES}/csv_files")
        files = {**_list_masks(labelled, reference), **tables}
    given = {} if inputs is None else _read_inputs(job.protocol, inputs, manifest, labelled)
    return Challenge(title=title, job=job, manifest=labelled, references=files, inputs=given)


def list_program(job: ScoringJob) -> dict[str, Content]:
    """List the files of the program that scores on a platform, by their place in it."""
    shipped = {
        name: file
        for name, file in _list_tree(ROOT / "evaluation", "evaluation").items()
        if name.endswith(".py") and not name.startswith("evaluation/bench/")
    }
    own = [ROOT / "leaderboard" / "__init__.py", ROOT / "leaderboard" / "export" / "__init__.py"]
    own += sorted((ROOT / "leaderboard" / "export" / "programs").glob("*.py"))
    files: dict[str, Content] = {**shipped, **{str(file.relative_to(ROOT)): file for file in own}}
    return {**files, "job.json": (job.model_dump_json(indent=1) + "\n").encode()}


def list_requirements(packages: tuple[str, ...]) -> bytes:
    """Return packages as this project pins them, one a line.

    Raises:
        ConfigurationError: the project's requirements do not pin one of them.
    """
    pinned = {
        line.split("==")[0].strip(): line.strip()
        for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
        if "==" in line
    }
    missing = [name for name in packages if name not in pinned]
    if missing:
        raise ConfigurationError(f"Expected requirements.txt to pin {', '.join(missing)}.")
    return ("\n".join(pinned[name] for name in packages) + "\n").encode()


def _list_masks(manifest: Manifest, root: Path) -> dict[str, Content]:
    files: dict[str, Content] = {}
    for case in manifest.cases:
        file = None
        if isinstance(case.reference, MaskReference):
            file = case.reference.file
        elif isinstance(case.reference, PointsReference) and case.image_file.is_file():
            # Where the table does not tell an image's size, scoring reads it off the image.
            file = case.image_file
        if file is not None:
            files[f"{REFERENCES}/{_place_inside(file, root)}"] = file
    return files


def _place_inside(file: Path, root: Path) -> str:
    whole, top = file.resolve(), root.resolve()
    if not whole.is_relative_to(top):
        raise ConfigurationError(f"{file}: Expected references inside {root} but this one lies outside.")
    return whole.relative_to(top).as_posix()


def _list_tree(folder: Path, name: str) -> dict[str, Content]:
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return {f"{name}/{file.relative_to(folder).as_posix()}": file for file in files}


def _read_inputs(
    protocol: Literal["uusic25", "fmc_uia"], folder: Path, manifest_file: Path | None, labelled: Manifest
) -> dict[str, Content]:
    if not folder.is_dir():
        raise ConfigurationError(f"{folder}: Expected the participant's input folder; name it with --input.")
    files: dict[str, Content] = {}
    if protocol == "uusic25":
        file = manifest_file or folder / "manifest.json"
        asked = uusic25.read_manifest(file, images_dir=folder)
        problems = list(_find_labels_in_json(file))
        files["manifest.json"] = file
    else:
        asked = fmc_uia.read_manifest(folder)
        tables = sorted((folder / "csv_files").glob("*.csv"))
        files |= {f"input/csv_files/{table.name}": table for table in tables}
        problems = [text for table in tables for text in _find_labels_in_csv(table)]
        problems += [
            f"the reference mask {case.output_path}"
            for case in asked.cases
            if _has_mask(folder, case.output_path)
        ]
    if problems:
        raise ConfigurationError(
            f"{folder}: Expected input without labels but it holds {'; '.join(problems[:3])}; leave them out."
        )
    wanted, found = ({case.case_id for case in one.cases} for one in (labelled, asked))
    if wanted != found:
        odd = sorted(wanted ^ found)[0]
        raise ConfigurationError(
            f"{folder}: Expected the cases of the references but {odd!r} is in one of them only."
        )
    return files | _list_images(asked, folder)


def _list_images(asked: Manifest, folder: Path) -> dict[str, Content]:
    """List the images that are asked for, and nothing else: references may lie in the same folder."""
    top = os.path.normpath(folder)
    files: dict[str, Content] = {}
    for case in asked.cases:
        if not case.image_file.is_file():
            raise ConfigurationError(
                f"{case.case_id}: Expected its image at {case.image_file} but there is no file; --input is "
                "the folder that the images' paths start from."
            )
        files[f"input/{Path(os.path.relpath(case.image_file, top)).as_posix()}"] = case.image_file
    return files


def _has_mask(folder: Path, output_path: str | None) -> bool:
    return output_path is not None and (folder / output_path).is_file()


def _find_labels_in_json(file: Path) -> Iterator[str]:
    for entry in json.loads(file.read_text(encoding="utf-8-sig")):
        told = [key for key in _LABELS if entry.get(key) is not None]
        if told:
            yield f"{', '.join(told)} of {entry.get('img_path_relative')}"


def _find_labels_in_csv(file: Path) -> Iterator[str]:
    rows = csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig")))
    for row in rows:
        told = [
            key
            for key, cell in row.items()
            if cell and (key in _LABEL_COLUMNS or str(key).startswith("point_"))
        ]
        if told:
            yield f"{', '.join(told)} of {row.get('image_path')} in {file.name}"
