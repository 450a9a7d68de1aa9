"""HC18: fetal heads with pixel size (van den Heuvel et al., PLoS ONE 13(8):e0200412, 2018).

Layout, from the published archive: ``training_set/NNN_HC.png`` with the outline ``NNN_HC_Annotation.png``,
and ``training_set_pixel_size_and_HC.csv``. Our copy holds filled masks ``NNN_HC_Mask.png`` instead.
"""

from functools import partial
from pathlib import Path

from train.datasets.ellipse import find_axis_ends, fit_ellipse
from train.datasets.files import check_sizes, list_images, read_rows, read_union, require
from train.datasets.picture import Collection, Mask, Picture, collect

TABLE = "training_set_pixel_size_and_HC.csv"
_MASKS = ("_Mask", "_Annotation")


def read_hc18(root: Path) -> Collection:
    """Read the training set; a subject is the number before ``_``.

    An outline is filled with the ellipse fitted to it. Landmarks are the ends of the axes (`find_axis_ends`).

    Raises:
        ConfigurationError: the folder or its table of pixel sizes is not HC18's.
    """
    require(root, "training_set", TABLE)
    files = list_images(root / "training_set")
    images = [stem for stem in files if not stem.endswith(_MASKS)]
    # Compare stems: the table says .png where a copy's images are .jpg.
    rows = read_rows(root / TABLE, ("filename", "pixel size(mm)"))
    spacing_mm = {Path(row["filename"]).stem: row["pixel size(mm)"] for row in rows}

    def read_one(stem: str) -> Picture:
        if stem not in files:
            raise ValueError("no image")
        mask_file = next((files[stem + end] for end in _MASKS if stem + end in files), None)
        if mask_file is None:
            raise ValueError("no mask")
        size_hw = check_sizes(files[stem], (mask_file,))
        read = _read_outline if mask_file.stem.endswith("_Annotation") else _read_filled
        read_mask = partial(read, mask_file, size_hw)
        mask = read_mask()
        if not mask.any():
            raise ValueError("empty mask")
        spacing = _read_spacing(spacing_mm.get(stem))
        return Picture(
            name=stem,
            read_image=files[stem].read_bytes,
            suffix=files[stem].suffix.lower(),
            group=f"hc18 {stem.split('_')[0]}",
            size_hw=size_hw,
            read_mask=read_mask,
            spacing_mm_yx=(spacing, spacing),
            points_xy=find_axis_ends(mask),
        )

    return collect("hc18", [*images, *sorted(spacing_mm.keys() - set(images))], read_one)


def _read_filled(file: Path, size_hw: tuple[int, int]) -> Mask:
    return read_union((file,), size_hw)


def _read_outline(file: Path, size_hw: tuple[int, int]) -> Mask:
    outline = read_union((file,), size_hw)
    # Filling holes would leave a head open that the image's border cuts.
    return outline | fit_ellipse(outline).draw(size_hw)


def _read_spacing(text: str | None) -> float:
    if text is None:
        raise ValueError(f"no pixel size in {TABLE}")
    spacing = float(text)
    if not 0 < spacing < float("inf"):
        raise ValueError(f"pixel size {text} in {TABLE}")
    return spacing
