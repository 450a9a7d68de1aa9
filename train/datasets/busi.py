"""BUSI: breast lesions, benign, malignant or normal (Al-Dhabyani et al., Data in Brief 28:104863, 2020).

Layout, from the published archive: ``Dataset_BUSI_with_GT/{benign,malignant,normal}/X.png`` with
``X_mask.png``, ``X_mask_1.png`` … Our copy adds ``near_duplicate_groups.csv`` (group_id, class, file,
mixed_labels).
"""

import re
from functools import partial
from pathlib import Path

from train.datasets.files import check_sizes, list_images, read_rows, read_union, require
from train.datasets.picture import Collection, Picture, collect

CLASSES = ("benign", "malignant", "normal")
FOLDER = "Dataset_BUSI_with_GT"
_MASK = re.compile(r"(?P<image>.+)_mask(_\d+)?")


def read_busi(root: Path) -> Collection:
    """Read the published layout; a lesion's several masks are united, a normal's mask is empty.

    Near-duplicates of ``near_duplicate_groups.csv``, where that file is there, form one group; every other
    image is its own, because the source has no patient ids. Images of a group with contradicting classes are
    skipped.

    Raises:
        ConfigurationError: the folder is not BUSI's.
    """
    base = root / FOLDER if (root / FOLDER).is_dir() else root
    require(base, *CLASSES)
    groups, contradicting = _read_groups(root / "near_duplicate_groups.csv")
    images: dict[str, Path] = {}
    masks: dict[str, list[Path]] = {}
    for label in CLASSES:
        for stem, file in list_images(base / label).items():
            match = _MASK.fullmatch(stem)
            if match is None:
                images[f"{label}/{stem}"] = file
            else:
                masks.setdefault(f"{label}/{match['image']}", []).append(file)

    def read_one(key: str) -> Picture:
        if key in contradicting:
            raise ValueError("the same picture carries another class too")
        if key not in images or key not in masks:
            raise ValueError("no mask" if key in images else "no image")
        label, stem = key.split("/", 1)
        size_hw = check_sizes(images[key], masks[key])
        read_mask = partial(read_union, tuple(masks[key]), size_hw)
        if read_mask().any() == (label == "normal"):
            raise ValueError(f"{label}, but its mask is {'not ' if label == 'normal' else ''}empty")
        return Picture(
            name=stem,
            read_image=images[key].read_bytes,
            suffix=images[key].suffix.lower(),
            group=f"busi {groups.get(key, stem)}",
            size_hw=size_hw,
            read_mask=read_mask,
            label=label,
        )

    return collect("busi", [*images, *sorted(masks.keys() - images.keys())], read_one)


def _read_groups(file: Path) -> tuple[dict[str, str], set[str]]:
    """Return the group of each image by ``class/stem``, and the images whose group contradicts itself."""
    if not file.is_file():
        return {}, set()
    rows = read_rows(file, ("group_id", "file", "mixed_labels"))
    # Stems: the list may say .png where a copy's images are .jpg.
    keys = [Path(row["file"]).with_suffix("").as_posix() for row in rows]
    groups = {key: f"group {row['group_id']}" for key, row in zip(keys, rows, strict=True)}
    return groups, {key for key, row in zip(keys, rows, strict=True) if row["mixed_labels"] == "1"}
