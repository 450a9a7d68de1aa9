"""HC18: fetal heads with pixel size (van den Heuvel et al., PLoS ONE 13(8):e0200412, 2018)."""

import csv
from pathlib import Path

from evaluation.contract.errors import ConfigurationError
from train.datasets.picture import Collection, Picture, check_picture

_ENDINGS = (".png", ".jpg")


def read_hc18(root: Path) -> Collection:
    """Read the training set with filled masks (``NNN_HC_Mask.png``); a subject is the number before ``_``.

    Raises:
        ConfigurationError: the folder or its table of pixel sizes is not HC18's.
    """
    images, table = root / "training_set", root / "training_set_pixel_size_and_HC.csv"
    if not images.is_dir() or not table.is_file():
        raise ConfigurationError(f"{root}: expected {images.name}/ and {table.name}")
    spacing_mm = _read_spacing(table)
    pictures: list[Picture] = []
    skipped: list[str] = []
    for image_file in sorted(images.iterdir()):
        stem = image_file.stem
        if image_file.suffix.lower() not in _ENDINGS or stem.endswith(("_Mask", "_Annotation")):
            continue
        mask_file = images / f"{stem}_Mask.png"
        try:
            size_hw = check_picture(image_file, (mask_file,))
            spacing = spacing_mm[stem]
        except ValueError as error:
            skipped.append(f"{stem}: {error}")
            continue
        except KeyError:
            skipped.append(f"{stem}: no pixel size in {table.name}")
            continue
        group = f"hc18 {stem.split('_')[0]}"
        pictures.append(Picture(stem, image_file, (mask_file,), group, size_hw, spacing_mm=spacing))
    return Collection("hc18", tuple(pictures), tuple(skipped))


def _read_spacing(table: Path) -> dict[str, float]:
    # Compare stems: the table says .png where a mirror's images are .jpg.
    with table.open(encoding="utf-8", newline="") as stream:
        rows = csv.DictReader(stream)
        return {Path(row["filename"]).stem: float(row["pixel size(mm)"]) for row in rows}
