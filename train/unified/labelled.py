"""Labelled challenge folders as one list of pictures, each with all that is known about it."""

import hashlib
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from evaluation.contract.case import Case, MaskReference, Reference
from evaluation.contract.errors import ConfigurationError
from evaluation.contract.manifest import Manifest
from evaluation.protocols.fmc_uia import layout as fmc_uia
from evaluation.protocols.uusic25 import layout as uusic25
from model.network.unified import HeadKey

logger = logging.getLogger(__name__)


@dataclass
class LabelledPicture:
    """One image file's content and its labels."""

    file: Path
    data_set: str
    group: str
    """Patient, case, video: what must not lie on both sides of a split."""
    labels: dict[HeadKey, Reference] = field(default_factory=dict)


@dataclass(frozen=True)
class LabelledFolder:
    """One challenge folder, read."""

    folder: Path
    data_set: str | None
    """A name for all its pictures; None takes each picture's centre."""
    manifest: Manifest


def read_labelled(folder: Path, data_set: str | None = None) -> LabelledFolder:
    """Read a folder that holds images and labels in either layout.

    Args:
        folder: UUSIC25's (``ground_truth.json``, ``images/``, ``references/``) or FMC_UIA's, as a labelled
            tree (``csv_files/``) or as ``input/`` and ``references/``.
        data_set: the name of its pictures' data set; without it each case's centre is the name.

    Raises:
        ConfigurationError: neither layout.
        ManifestError: with every problem of the manifest.
    """
    if (folder / "ground_truth.json").is_file():
        manifest = uusic25.read_manifest(
            folder / "ground_truth.json",
            images_dir=folder / "images",
            references_dir=folder / "references",
            labelled=True,
        )
    elif (folder / fmc_uia.CSV_FOLDER).is_dir():
        manifest = fmc_uia.read_manifest(folder, labelled=True)
    elif (folder / "references" / fmc_uia.CSV_FOLDER).is_dir():
        manifest = fmc_uia.read_manifest(folder / "references", labelled=True)
        images = folder / "input" / fmc_uia.CSV_FOLDER
        cases = tuple(replace(case, image_file=images / case.image_path) for case in manifest.cases)
        manifest = replace(manifest, cases=cases)
    else:
        expected = "`ground_truth.json`, `csv_files/` or `references/csv_files/`"
        raise ConfigurationError(f"{folder}: expected a labelled challenge folder with {expected}")
    return LabelledFolder(folder, data_set, manifest)


def collect_pictures(folders: Iterable[LabelledFolder]) -> list[LabelledPicture]:
    """Merge what the folders say about byte-identical images; the order is that of first appearance.

    Where two cases give one head different labels for the same image, nobody knows which is right: each such
    label is left out and named in a warning. An image without any label left is left out, too.

    Raises:
        ConfigurationError: an image or mask cannot be read, or a case names neither centre nor data set.
    """
    pictures: dict[str, LabelledPicture] = {}
    conflicts: list[tuple[LabelledPicture, HeadKey]] = []
    digests: dict[Path, str] = {}
    for folder in folders:
        for case in folder.manifest.cases:
            if case.reference is None:
                continue
            if case.image_file not in digests:
                digests[case.image_file] = _digest(case.image_file)
            name = folder.data_set or case.center
            if name is None:
                raise ConfigurationError(f"case {case.case_id}: has no centre; name its folder's data set")
            # The same picture may serve two challenges; the first folder names its data set.
            picture = pictures.setdefault(
                digests[case.image_file],
                LabelledPicture(case.image_file, name, case.patient_id or case.case_id),
            )
            key = _key(case, folder.manifest)
            known = picture.labels.setdefault(key, case.reference)
            if not _agree(known, case.reference):
                text = "case %s: its label is left out, for %s is the same image and is labelled otherwise"
                logger.warning(text, case.case_id, picture.file)
                conflicts.append((picture, key))
    for picture, key in conflicts:
        picture.labels.pop(key, None)
    return [picture for picture in pictures.values() if picture.labels]


def _agree(one: Reference, other: Reference) -> bool:
    if isinstance(one, MaskReference) and isinstance(other, MaskReference):
        return one.file == other.file or _digest(one.file) == _digest(other.file)
    return one == other


def _key(case: Case, manifest: Manifest) -> HeadKey:
    task = manifest.tasks[case.task_id]
    return HeadKey(task_id=task.task_id, kind=task.kind, num_classes=task.num_classes)


def _digest(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be read ({error.strerror or error})") from error
