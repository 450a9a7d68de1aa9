"""BUS-BRA: breast lesions with pathology and boxes (Gomez-Flores et al., Medical Physics 51:3110-3123, 2024).

Layout, from the published archive: ``BUSBRA/Images/bus_NNNN-s.png``, ``BUSBRA/Masks/mask_NNNN-s.png`` and
``BUSBRA/bus_data.csv``. Width and Height of that table are wrong for a few images and are not read.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np

from evaluation.files.json_text import parse_json
from train.datasets.files import check_sizes, list_images, pick, read_rows, read_union, require
from train.datasets.picture import Collection, Mask, Picture, collect

CLASSES = ("benign", "malignant")
_COLUMNS = ("ID", "Case", "Pathology", "BBOX")
# Two pairs of cases show the same frames, once clean and once with text.
_SAME_CASE = {"65": "44", "356": "341"}

Box = tuple[float, float, float, float]


def read_bus_bra(root: Path) -> Collection:
    """Read images, masks, pathology and boxes; a group is a case (both breasts' views of one patient).

    ``BBOX`` is [x, y, w, h] in MATLAB counting: x and y start at 1, w and h are last minus first. It becomes
    the 0-based x, y, x + w, y + h, and an image whose box is not its mask's is skipped.

    Raises:
        ConfigurationError: the folder is not BUS-BRA's.
    """
    base = root / "BUSBRA" if (root / "BUSBRA").is_dir() else root
    require(base, "Images", "Masks", "bus_data.csv")
    images = list_images(base / "Images")
    masks = {f"bus_{stem.removeprefix('mask_')}": file for stem, file in list_images(base / "Masks").items()}
    rows = {row["ID"]: row for row in read_rows(base / "bus_data.csv", _COLUMNS)}

    def read_one(stem: str) -> Picture:
        image_file, mask_file = pick(images, stem, "image"), pick(masks, stem, "mask")
        if stem not in rows:
            raise ValueError("no row in bus_data.csv")
        row = rows[stem]
        if row["Pathology"] not in CLASSES:
            raise ValueError(f"unknown pathology `{row['Pathology']}`")
        size_hw = check_sizes(image_file, (mask_file,))
        read_mask = partial(read_union, (mask_file,), size_hw)
        case = _SAME_CASE.get(row["Case"], row["Case"])
        return Picture(
            name=stem,
            read_image=image_file.read_bytes,
            suffix=image_file.suffix.lower(),
            group=f"bus_bra {case}",
            size_hw=size_hw,
            read_mask=read_mask,
            label=row["Pathology"],
            box_xyxy=_read_box(row, read_mask()),
        )

    return collect("bus_bra", sorted(images.keys() | masks.keys() | rows.keys()), read_one)


def _read_box(row: Mapping[str, str], mask: Mask) -> Box:
    value = parse_json(row["BBOX"].encode()).value
    if not isinstance(value, list) or len(value) != 4 or not all(type(v) in (int, float) for v in value):
        raise ValueError(f"BBOX must be [x, y, w, h] but is {row['BBOX']}")
    x, y, width, height = map(float, value)
    box = (x - 1, y - 1, x - 1 + width, y - 1 + height)
    ys, xs = np.nonzero(mask)
    if not xs.size:
        raise ValueError("empty mask")
    seen = (float(xs.min()), float(ys.min()), float(xs.max()), float(ys.max()))
    if seen != box:
        raise ValueError(f"its mask spans {seen}, its box {box} (x, y, x, y)")
    return box
