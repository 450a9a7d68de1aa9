"""One segmentation task of a prepared folder, as a manifest of its own."""

from pathlib import Path

from evaluation.contract.errors import ConfigurationError
from evaluation.contract.manifest import Manifest
from evaluation.contract.task import Kind
from evaluation.protocols.fmc_uia import layout as fmc_uia
from evaluation.protocols.uusic25 import layout as uusic25
from train.unified import labelled as unified


def read_labelled(folder: Path, task_id: str) -> Manifest:
    """Read a task with its references from a folder that ``python -m train prepare`` wrote.

    Args:
        folder: holds ``ground_truth.json``, ``images/`` and ``references/`` (UUSIC25), or ``input/`` and
            ``references/`` (FMC_UIA), or is one labelled FMC_UIA tree.
        task_id: a segmentation task.

    Returns:
        Only that task and its cases; every case's `image_file` is where the image lies.

    Raises:
        ConfigurationError: no such folder, no such task, or a task of another kind.
        ManifestError: the folder's content cannot be used.
    """
    return keep_task(unified.read_labelled(folder).manifest, task_id, folder)


def read_asked(folder: Path, task_id: str) -> Manifest:
    """Read what a folder asks about one task, without references.

    Args:
        folder: a participant's folder: ``manifest.json`` and ``images/`` (UUSIC25), a tree with
            ``csv_files/`` (FMC_UIA), or a prepared folder whose ``input/`` is one.
        task_id: a segmentation task.

    Raises:
        ConfigurationError: no such task, or a task of another kind.
        ManifestError: the folder's content cannot be used.
    """
    if (folder / "manifest.json").is_file():
        manifest = uusic25.read_manifest(folder / "manifest.json", images_dir=folder / "images")
    else:
        is_prepared = (folder / "input" / fmc_uia.CSV_FOLDER).is_dir()
        manifest = fmc_uia.read_manifest(folder / "input" if is_prepared else folder)
    return keep_task(manifest, task_id, folder)


def keep_task(manifest: Manifest, task_id: str, folder: Path) -> Manifest:
    """Return the manifest of one segmentation task; `folder` is named in the error.

    Raises:
        ConfigurationError: the manifest has no such task, or it is of another kind.
    """
    task = manifest.tasks.get(task_id)
    if task is None or task.kind is not Kind.SEGMENTATION:
        known = [name for name, other in manifest.tasks.items() if other.kind is Kind.SEGMENTATION]
        raise ConfigurationError(
            f"Expected `--task` to be a segmentation task of {folder} ({', '.join(known)}) but got {task_id}"
        )
    cases = tuple(case for case in manifest.cases if case.task_id == task_id)
    return Manifest(protocol=manifest.protocol, tasks={task_id: task}, cases=cases)
