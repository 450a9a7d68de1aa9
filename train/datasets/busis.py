"""BUSIS: breast tumours (Zhang, Xian et al., BUSIS, Healthcare 10:729, 2022).

The archive is sent on signed request and we have not seen it. Known from the paper: 562 images, one mask
each, no patient ids. Assumed: a folder ``original`` with the images and a folder ``GT`` with masks of the
same stem, with or without ``_GT`` at its end.
"""

from functools import partial
from pathlib import Path

from train.datasets.files import check_sizes, list_images, pick, read_union, require
from train.datasets.picture import Collection, Picture, collect


def read_busis(root: Path) -> Collection:
    """Read images and masks; every image is its own group.

    Raises:
        ConfigurationError: the folder has no ``original`` or ``GT``.
    """
    require(root, "original", "GT")
    images = list_images(root / "original")
    masks = {stem.removesuffix("_GT"): file for stem, file in list_images(root / "GT").items()}

    def read_one(stem: str) -> Picture:
        image_file, mask_file = pick(images, stem, "image"), pick(masks, stem, "mask")
        size_hw = check_sizes(image_file, (mask_file,))
        return Picture(
            name=f"busis_{stem}",
            read_image=image_file.read_bytes,
            suffix=image_file.suffix.lower(),
            group=f"busis {stem}",
            size_hw=size_hw,
            read_mask=partial(read_union, (mask_file,), size_hw),
        )

    return collect("busis", sorted(images.keys() | masks.keys()), read_one)
