"""Prepared folders made of the tiny challenge trees."""

from dataclasses import replace
from pathlib import Path

from evaluation.contract.manifest import Manifest
from tests.train.challenge_trees import write_fmc_uia, write_uusic25


def write_prepared_fmc_uia(folder: Path) -> Path:
    """Write ``input/`` and ``references/``, which has no image, and return `folder`."""
    write_fmc_uia(folder)
    (folder / "labelled").rename(folder / "references")
    for image in (folder / "references" / "Segmentation" / "Two").rglob("*.png"):
        image.unlink()
    return folder


def write_prepared_uusic25(folder: Path) -> Path:
    """Write ``images/``, ``references/`` and both lists, and return `folder`."""
    write_uusic25(folder)
    return folder


def split_cases(manifest: Manifest, n_train: int) -> tuple[Manifest, Manifest]:
    """Return the first `n_train` cases and the rest."""
    train, val = manifest.cases[:n_train], manifest.cases[n_train:]
    return replace(manifest, cases=train), replace(manifest, cases=val)
