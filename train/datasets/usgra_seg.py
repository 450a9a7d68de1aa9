"""usgra-seg: nerves and vessels in regional anaesthesia (tmkand, 2025).

Layout, from the published repository: ``dataset/images/NNNN.jpg`` and ``dataset/masks/NNNN.png`` (palette: 0
background, 1 nerve, 2 vessel). Our copy adds ``near_duplicate_groups.csv`` (group_id, file).
"""

from functools import partial
from pathlib import Path

import numpy as np

from train.datasets.files import check_sizes, list_images, pick, read_indices, read_rows, require
from train.datasets.picture import Collection, Picture, collect

_N_CLASSES = 3


def read_usgra_seg(root: Path) -> Collection:
    """Read images and class masks; near-duplicates form one group, every other image is its own.

    Raises:
        ConfigurationError: the folder is not usgra-seg's.
    """
    require(root, "dataset/images", "dataset/masks")
    images, masks = list_images(root / "dataset/images"), list_images(root / "dataset/masks")
    table = root / "near_duplicate_groups.csv"
    rows = read_rows(table, ("group_id", "file")) if table.is_file() else []
    groups = {Path(row["file"]).stem: f"group {row['group_id']}" for row in rows}

    def read_one(stem: str) -> Picture:
        image_file, mask_file = pick(images, stem, "image"), pick(masks, stem, "mask")
        size_hw = check_sizes(image_file, (mask_file,))
        read_mask = partial(read_indices, mask_file, size_hw)
        unknown = set(np.unique(read_mask()).tolist()) - set(range(_N_CLASSES))
        if unknown:
            raise ValueError(f"{mask_file.name} holds unknown classes {sorted(unknown)}")
        return Picture(
            name=f"nerve_{stem}",
            read_image=image_file.read_bytes,
            suffix=image_file.suffix.lower(),
            group=f"usgra_seg {groups.get(stem, stem)}",
            size_hw=size_hw,
            read_mask=read_mask,
        )

    return collect("usgra_seg", sorted(images.keys() | masks.keys()), read_one)
