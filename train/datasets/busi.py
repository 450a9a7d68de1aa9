"""BUSI: breast lesions, benign, malignant or normal (Al-Dhabyani et al., Data in Brief 28:104863, 2020)."""

import csv
from pathlib import Path

from evaluation.contract.errors import ConfigurationError
from train.datasets.picture import Collection, Picture, check_picture

CLASSES = ("benign", "malignant", "normal")
FOLDER = "Dataset_BUSI_with_GT"
_ENDINGS = (".png", ".jpg", ".jpeg", ".bmp")


def read_busi(root: Path) -> Collection:
    """Read the published layout; a lesion's several masks are united.

    Near-duplicates of ``near_duplicate_groups.csv``, where that file is there, form one group; every other
    image is its own, because the source has no patient ids. Images of a group with contradicting classes are
    skipped.

    Raises:
        ConfigurationError: the folder is not BUSI's.
    """
    base = root / FOLDER if (root / FOLDER).is_dir() else root
    if not all((base / name).is_dir() for name in CLASSES):
        raise ConfigurationError(f"{root}: expected {FOLDER} with folders {', '.join(CLASSES)}")
    groups, contradicting = _read_groups(root / "near_duplicate_groups.csv")
    pictures: list[Picture] = []
    skipped: list[str] = []
    for label in CLASSES:
        for image_file in sorted((base / label).iterdir()):
            stem = image_file.stem
            if image_file.suffix.lower() not in _ENDINGS or "_mask" in stem:
                continue
            key = f"{label}/{stem}"
            if key in contradicting:
                skipped.append(f"{key}: the same picture carries another class too")
                continue
            mask_files = tuple(sorted((base / label).glob(f"{_escape(stem)}_mask*.png")))
            try:
                size_hw = check_picture(image_file, mask_files)
            except ValueError as error:
                skipped.append(f"{key}: {error}")
                continue
            if not mask_files:
                skipped.append(f"{key}: no mask")
                continue
            group = groups.get(key, stem)
            pictures.append(Picture(stem, image_file, mask_files, f"busi {group}", size_hw, label))
    return Collection("busi", tuple(pictures), tuple(skipped))


def _read_groups(file: Path) -> tuple[dict[str, str], set[str]]:
    """Return the group of each image by ``class/stem``, and the images whose group contradicts itself."""
    if not file.is_file():
        return {}, set()
    with file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    keys = [Path(row["file"]).with_suffix("").as_posix() for row in rows]
    groups = {key: f"group {row['group_id']}" for key, row in zip(keys, rows, strict=True)}
    return groups, {key for key, row in zip(keys, rows, strict=True) if row["mixed_labels"] == "1"}


def _escape(stem: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in stem)
