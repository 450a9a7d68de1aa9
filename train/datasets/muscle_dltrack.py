"""DL_Track's aponeuroses of leg muscles (Cronin et al., arXiv:2009.04790, 2020).

Layout, from the published repository: ``apo_images/NAME.tif`` and ``apo_masks/NAME.tif``; our copy holds JPEG
and PNG (TIFF is not read) and adds ``near_duplicate_groups.csv`` (group_id, folder, file), the only key to
frames of one video.
"""

from functools import partial
from pathlib import Path

from train.datasets.files import check_sizes, list_images, pick, read_rows, read_union, require
from train.datasets.picture import Collection, Picture, collect

TABLE = "near_duplicate_groups.csv"


def read_muscle_dltrack(root: Path) -> Collection:
    """Read images and aponeurosis masks; an image without a group is skipped, for its video is unknown.

    Raises:
        ConfigurationError: the folder or its list of groups is not the data set's.
    """
    require(root, "apo_images", "apo_masks", TABLE)
    images, masks = list_images(root / "apo_images"), list_images(root / "apo_masks")
    rows = read_rows(root / TABLE, ("group_id", "folder", "file"))
    groups = {Path(row["file"]).stem: row["group_id"] for row in rows if row["folder"] == "apo_images"}

    def read_one(stem: str) -> Picture:
        image_file, mask_file = pick(images, stem, "image"), pick(masks, stem, "mask")
        if stem not in groups:
            raise ValueError(f"no group in {TABLE}")
        size_hw = check_sizes(image_file, (mask_file,))
        return Picture(
            name=f"muscle_{stem}",
            read_image=image_file.read_bytes,
            suffix=image_file.suffix.lower(),
            group=f"muscle_dltrack {groups[stem]}",
            size_hw=size_hw,
            read_mask=partial(read_union, (mask_file,), size_hw),
        )

    return collect("muscle_dltrack", sorted(images.keys() | masks.keys()), read_one)
