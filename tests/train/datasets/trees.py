"""Small fake trees in the layouts that the sources publish, with faults whose answers are known."""

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import SimpleITK
from numpy.typing import NDArray
from PIL import Image
from scipy.io import savemat

SIZE_HW = (40, 60)
"""Of every image of the trees."""
BOX = (slice(5, 12), slice(20, 31))
"""Rows and columns of every lesion: x 20 to 30, y 5 to 11."""


def make_mask(box: tuple[slice, slice] = BOX, value: int = 255) -> NDArray[np.uint8]:
    """Return a mask of `SIZE_HW` with one rectangle."""
    mask = np.zeros(SIZE_HW, np.uint8)
    mask[box] = value
    return mask


def make_ellipse(value: int = 255, *, thickness: int = -1) -> NDArray[np.uint8]:
    """Return an ellipse around (30, 20) with half axes of 20 along x and 12 along y, filled or outlined."""
    mask = np.zeros(SIZE_HW, np.uint8)
    cv2.ellipse(mask, (30, 20), (20, 12), 0, 0, 360, value, thickness)
    return mask


def write_image(file: Path, shade: int = 90) -> None:
    """Write a flat grey image of `SIZE_HW`; each shade is another image."""
    write_mask(file, np.full(SIZE_HW, shade, np.uint8))


def write_mask(file: Path, pixels: NDArray[np.uint8]) -> None:
    """Write an 8-bit grey file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(file)


def write_table(file: Path, *rows: Sequence[str]) -> None:
    """Write a CSV file, quoting cells with commas."""
    file.parent.mkdir(parents=True, exist_ok=True)
    quoted = [[f'"{cell}"' if "," in cell else cell for cell in row] for row in rows]
    file.write_text("\n".join(",".join(row) for row in quoted) + "\n")


def write_busi(root: Path, n: int = 2) -> None:
    """Write n benign, malignant and normal images each; benign (2) has two masks."""
    base = root / "Dataset_BUSI_with_GT"
    for shade, label in enumerate(("benign", "malignant", "normal")):
        for k in range(1, n + 1):
            write_image(base / f"{label}/{label} ({k}).jpg", 10 + 70 * shade + k)
            mask = make_mask() if label != "normal" else np.zeros(SIZE_HW, np.uint8)
            write_mask(base / f"{label}/{label} ({k})_mask.png", mask)
    write_mask(base / "benign/benign (2)_mask_1.png", make_mask((slice(20, 24), slice(2, 6))))


def write_bus_bra(root: Path, cases: Sequence[int] = (1, 2), sides: str = "lr") -> None:
    """Write cases with two sides each; odd cases are benign."""
    rows = [("ID", "Case", "Pathology", "Width", "BBOX")]
    for case in cases:
        for side in sides:
            stem = f"{case:04d}-{side}"
            write_image(root / f"BUSBRA/Images/bus_{stem}.png", (case * 2 + (side == "r")) % 250)
            write_mask(root / f"BUSBRA/Masks/mask_{stem}.png", make_mask())
            rows.append((f"bus_{stem}", str(case), ("malignant", "benign")[case % 2], "999", "[21,6,10,6]"))
    write_table(root / "BUSBRA/bus_data.csv", *rows)


def write_hc18(root: Path, stems: Sequence[str] = ("001_HC", "001_2HC", "002_HC")) -> None:
    """Write heads with filled masks, 0.1 mm a pixel."""
    for shade, stem in enumerate(stems):
        write_image(root / f"training_set/{stem}.jpg", 20 + 3 * shade)
        write_mask(root / f"training_set/{stem}_Mask.png", make_ellipse())
    rows = [(f"{stem}.png", "0.1", "60.0") for stem in stems]
    header = ("filename", "pixel size(mm)", "head circumference (mm)")
    write_table(root / "training_set_pixel_size_and_HC.csv", header, *rows)


def write_usgra_seg(root: Path, n: int = 3) -> None:
    """Write n images with masks of nerve and vessel in a palette; the first two are near-duplicates."""
    for k in range(n):
        write_image(root / f"dataset/images/{k:04d}.jpg", 30 + 3 * k)
        mask = make_mask(value=1)
        mask[30:34, 40:44] = 2
        picture = Image.fromarray(mask, mode="P")
        picture.putpalette([0, 0, 0, 255, 255, 0, 255, 0, 0])
        (root / "dataset/masks").mkdir(parents=True, exist_ok=True)
        picture.save(root / f"dataset/masks/{k:04d}.png")
    table = root / "near_duplicate_groups.csv"
    write_table(table, ("group_id", "file"), ("1", "0000.jpg"), ("1", "0001.jpg"))


def write_muscle(root: Path, n: int = 4) -> None:
    """Write n images; two frames a group."""
    rows = [("group_id", "folder", "file")]
    for k in range(n):
        write_image(root / f"apo_images/img_{k:05d}.jpg", 40 + 3 * k)
        write_mask(root / f"apo_masks/img_{k:05d}.png", make_mask())
        rows.append((str(k // 2), "apo_images", f"img_{k:05d}.jpg"))
    write_table(root / "near_duplicate_groups.csv", *rows)


def write_lung(root: Path, n_patients: int = 2) -> None:
    """Write patients in turn regular, COVID-19 and viral, two videos each of one frame."""
    frames, videos = [("frame", "video", "label")], [("Filename", "Patient ID / Name")]
    for patient in range(n_patients):
        for k in range(2):
            video = f"vid{patient}_{k}"
            write_image(root / f"dataset/{video}_9.jpg", 50 + 6 * patient + 3 * k)
            label = ("regular", "COVID-19", "Viral pneumonia")[patient % 3]
            frames.append((f"{video}_9.png", video, label))
            videos.append((video, str(patient)))
    write_table(root / "frame_index.csv", *frames)
    write_table(root / "dataset_metadata.csv", *videos)


def write_busis(root: Path, n: int = 2) -> None:
    """Write n images with masks."""
    for k in range(n):
        write_image(root / f"original/case{k}.bmp", 60 + 3 * k)
        write_mask(root / f"GT/case{k}_GT.bmp", make_mask())


def write_ddti(root: Path) -> None:
    """Write case 1 with two images, the first with two nodules, and a case 2 with a cut-off outline."""
    corners = [{"x": x, "y": y} for x, y in ((20, 5), (30, 5), (30, 11), (20, 11))]
    other = [{"x": p["x"] - 15, "y": p["y"] + 20} for p in corners]
    two = json.dumps([{"points": corners, "regionType": "freehand"}, {"points": other}])
    one = json.dumps([{"points": corners, "annotation": {}}])
    write_ddti_case(root, 1, {"1": two, "2": one})
    write_ddti_case(root, 2, {"1": one[:-9]})


def write_ddti_case(root: Path, case: int, outlines: dict[str, str]) -> None:
    """Write N.xml with one mark an image, and the images."""
    marks = "".join(f"<mark><image>{n}</image><svg>{text}</svg></mark>" for n, text in outlines.items())
    for number in outlines:
        write_image(root / f"{case}_{number}.jpg", 70 + 6 * case + 3 * int(number))
    root.mkdir(parents=True, exist_ok=True)
    text = f"<case><number>{case}</number><tirads>2</tirads>{marks}</case>"
    (root / f"{case}.xml").write_text(text)


def write_fatty_liver(root: Path, classes: Sequence[int] = (0, 1)) -> None:
    """Write one patient a class, numbered from 1, with two frames each."""
    kinds = [(name, object) for name in ("id", "class", "fat", "images")]
    data = np.zeros((1, len(classes)), dtype=kinds)
    for k, label in enumerate(classes):
        frames = np.full((2, *SIZE_HW), 10 * k, np.uint8)
        frames[1] += 1
        data[0, k] = (np.array([[k + 1]]), np.array([[label]]), np.array([[7.5]]), frames)
    root.mkdir(parents=True, exist_ok=True)
    savemat(root / "dataset_liver_bmodes_steatosis_assessment_IJCARS.mat", {"data": data})


def write_kidney_us(root: Path) -> None:
    """Write two images of number 100, one of 7, and a blank capsule of number 8."""
    for shade, stem in enumerate(("100_IM-1-1_anon", "100_IM-1-2_anon", "7_IM-2-1_anon", "8_IM-3-1_anon")):
        write_image(root / f"kidneyUS_images_25_june_2025/{stem}.png", 80 + 3 * shade)
        mask = make_mask(value=0 if stem.startswith("8_") else 1)
        write_mask(root / f"labels/reviewed_masks_1/capsule/{stem}.png", mask)


def write_camus(root: Path, n: int = 1) -> None:
    """Write n patients: both views at both times, with ventricle, muscle and atrium, 0.3 × 0.15 mm pixels."""
    for number in range(1, n + 1):
        folder = root / f"database_nifti/patient{number:04d}"
        folder.mkdir(parents=True)
        for k, name in enumerate(f"{view}_{time}" for view in ("2CH", "4CH") for time in ("ED", "ES")):
            image = np.full(SIZE_HW, 4 * number + k, np.uint8)
            image[:, 30:] = 200
            mask = make_mask(value=1)
            mask[14:16, 20:31], mask[20:25, 20:31] = 2, 3
            for suffix, pixels in (("", image), ("_gt", mask)):
                write_nifti(folder / f"{folder.name}_{name}{suffix}.nii.gz", pixels)


def write_nifti(file: Path, pixels: NDArray[np.generic]) -> None:
    """Write an image as the archive's authors do, through ITK."""
    image = SimpleITK.GetImageFromArray(pixels)
    image.SetSpacing((0.15, 0.3, 1.0)[: pixels.ndim])
    SimpleITK.WriteImage(image, str(file))


def write_regensburg(root: Path, diagnoses: dict[int, str]) -> None:
    """Write one row and two views a patient."""
    for number in diagnoses:
        for view in (1, 2):
            write_image(root / f"US_Pictures/{number}.{view} App.bmp", number % 100 * 2 + view)
    write_xlsx(
        root / "app_data.xlsx",
        [["Age", "US_Number", "Diagnosis"], *([12.5, number, text] for number, text in diagnoses.items())],
    )


def write_xlsx(file: Path, rows: Sequence[Sequence[object]]) -> None:
    """Write a workbook with shared texts, as Excel does; None leaves a cell out."""
    texts = sorted({cell for row in rows for cell in row if isinstance(cell, str)})
    lines = []
    for number, row in enumerate(rows, start=1):
        cells = []
        for column, cell in zip("ABCDEFG", row, strict=False):
            if isinstance(cell, str):
                cells.append(f'<c r="{column}{number}" t="s"><v>{texts.index(cell)}</v></c>')
            elif cell is not None:
                cells.append(f'<c r="{column}{number}"><v>{cell}</v></c>')
        lines.append(f'<row r="{number}">{"".join(cells)}</row>')
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    shared = "".join(f"<si><t>{text}</t></si>" for text in texts)
    file.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(file, "w") as archive:
        sheet = f"<worksheet {main}><sheetData>{''.join(lines)}</sheetData></worksheet>"
        archive.writestr("xl/worksheets/sheet1.xml", sheet)
        archive.writestr("xl/sharedStrings.xml", f"<sst {main}>{shared}</sst>")
