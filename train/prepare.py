"""Public data sets into labelled challenge folders: which pictures fill which tasks."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evaluation.contract.errors import ConfigurationError
from train.datasets.busi import CLASSES, read_busi
from train.datasets.fmc_uia_folder import CsvTask, write_fmc_uia
from train.datasets.hc18 import read_hc18
from train.datasets.picture import Collection, Picture, choose_groups
from train.datasets.uusic25_folder import DatasetTask, write_uusic25


@dataclass(frozen=True)
class Prepared:
    """What was written, and what was left out."""

    n_uusic25: int
    n_fmc_uia: int
    skipped: tuple[str, ...]


def prepare(
    *, busi: Path | None, hc18: Path | None, out: Path, limit: int | None = None, seed: int = 0
) -> Prepared:
    """Write ``uusic25/`` and ``fmc_uia/`` below `out`.

    Args:
        busi: BUSI's folder.
        hc18: HC18's folder.
        out: absent or empty.
        limit: about how many pictures of each data set, whole groups only.
        seed: which ones.

    Raises:
        ConfigurationError: no data set given, a folder is not the data set's, `out` holds something.
    """
    if out.exists() and any(out.iterdir()):
        raise ConfigurationError(f"{out}: expected an absent or empty folder")
    collections = [
        *([read_busi(busi)] if busi is not None else []),
        *([read_hc18(hc18)] if hc18 is not None else []),
    ]
    if not collections:
        raise ConfigurationError("Expected at least one data set; give --busi or --hc18")
    chosen = {c.name: choose_groups(c.pictures, limit, seed) for c in collections}
    breasts, heads = chosen.get("busi", ()), chosen.get("hc18", ())
    return Prepared(
        n_uusic25=write_uusic25(_uusic25_tasks(breasts, heads), out / "uusic25"),
        n_fmc_uia=write_fmc_uia(_fmc_uia_tasks(breasts, heads), out / "fmc_uia"),
        skipped=_skipped(collections),
    )


def _uusic25_tasks(breasts: Sequence[Picture], heads: Sequence[Picture]) -> list[DatasetTask]:
    # The challenge has no normal breasts.
    lesions = tuple(picture for picture in breasts if picture.label != "normal")
    tasks = [
        DatasetTask("classification", "Breast", lesions, CLASSES[:2]),
        DatasetTask("segmentation", "Breast", lesions),
        DatasetTask("segmentation", "Fetal_Head", tuple(heads)),
    ]
    return [task for task in tasks if task.pictures]


def _fmc_uia_tasks(breasts: Sequence[Picture], heads: Sequence[Picture]) -> list[CsvTask]:
    tasks = [
        CsvTask("classification", "breast_3cls", tuple(breasts), CLASSES),
        CsvTask("segmentation", "breast_lesion", tuple(breasts)),
        CsvTask("segmentation", "fetal_head", tuple(heads)),
    ]
    return [task for task in tasks if task.pictures]


def _skipped(collections: Sequence[Collection]) -> tuple[str, ...]:
    return tuple(f"{c.name}: {line}" for c in collections for line in c.skipped)
