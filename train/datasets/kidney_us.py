"""KidneyUS: the Open Kidney Ultrasound Data Set (Singla et al., arXiv:2206.06657, 2022).

Layout, from github.com/rsingla92/kidneyUS's files: ``labels/reviewed_masks_1/capsule/NAME.png`` (1 = kidney;
blank where the sonographer drew no capsule), images of the same name in ``labels/images`` or, as sent after
registration, in a folder ``kidneyUS_images_…`` beside ``labels``. NAME starts with a number and ``_``. The
README says one image a patient, yet some numbers occur twice, so the number is the group. Assumed: UUSIC25's
Kidney is the capsule; the first of the two sonographers is read.
"""

from functools import partial
from pathlib import Path

from evaluation.contract.errors import ConfigurationError
from train.datasets.files import check_sizes, list_images, pick, read_union, require
from train.datasets.picture import Collection, Picture, collect

_MASKS = "labels/reviewed_masks_1/capsule"


def read_kidney_us(root: Path) -> Collection:
    """Read images and capsules of the first sonographer; blank masks are skipped.

    Raises:
        ConfigurationError: the folder is not KidneyUS's, or more than one folder holds images.
    """
    require(root, _MASKS)
    places = [
        place for place in (root / "labels/images", *sorted(root.glob("kidneyUS_images_*"))) if place.is_dir()
    ]
    if len(places) != 1:
        raise ConfigurationError(
            f"{root}: expected labels/images or one kidneyUS_images_… but got {len(places)}"
        )
    images, masks = list_images(places[0]), list_images(root / _MASKS)

    def read_one(stem: str) -> Picture:
        image_file, mask_file = pick(images, stem, "image"), pick(masks, stem, "mask")
        size_hw = check_sizes(image_file, (mask_file,))
        read_mask = partial(read_union, (mask_file,), size_hw)
        if not read_mask().any():
            raise ValueError("empty mask: no capsule was drawn")
        return Picture(
            name=f"kidney_{stem}",
            read_image=image_file.read_bytes,
            suffix=image_file.suffix.lower(),
            group=f"kidney_us {stem.split('_')[0]}",
            size_hw=size_hw,
            read_mask=read_mask,
        )

    return collect("kidney_us", sorted(images.keys() | masks.keys()), read_one)
