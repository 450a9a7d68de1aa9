"""A tiny prepared split with predictions whose scores can be computed by hand.

Six breasts of 20 × 20 pixels, two sources. DSC of the "half" predictions is 2·8 / (16 + 8) = 2/3.

| picture | mask, share of the image | prediction | DSC |
|---|---|---|---|
| benign (1), busi | 16 px, 4 % | half of it | 2/3 |
| malignant (1), busi | 64 px, 16 % | the same | 1 |
| normal (1), busi | empty | empty | 1 |
| normal (2), busi | empty | 4 px | 0 |
| bus_0001-l, bus_bra case 1 | 100 px, 25 % | the same | 1 |
| bus_0001-r, bus_bra case 1 | 36 px, 9 % | missing | 0, failed |

The boxes of bus_bra score IoU 1/2 and 0 (missing); the landmarks are 3 and 5 px off, MRE 4 px.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.protocols.folders import FMC_FILES, uusic25_entry, write_csv, write_json, write_mask

SIZE = 20
SIDES = {
    "benign (1)": 4,
    "malignant (1)": 8,
    "normal (1)": 0,
    "normal (2)": 0,
    "bus_0001-l": 10,
    "bus_0001-r": 6,
}
"""Side in pixels of each picture's square lesion."""
CLASSES = {"benign (1)": 0, "malignant (1)": 1, "normal (1)": 2, "normal (2)": 2}
PROBABILITIES = {
    "benign (1)": [0.7, 0.2, 0.1],
    "malignant (1)": [0.2, 0.6, 0.2],
    "normal (1)": [0.1, 0.1, 0.8],
    "normal (2)": [0.6, 0.2, 0.2],
}


def square(side: int, width: int | None = None) -> NDArray[np.uint8]:
    """Return a mask with a rectangle of ones in the top left corner."""
    mask = np.zeros((SIZE, SIZE), dtype=np.uint8)
    mask[:side, : side if width is None else width] = 1
    return mask


def write_split(split: Path, part: str = "val") -> None:
    """Write ``pictures.csv`` and one labelled part."""
    split.mkdir(parents=True, exist_ok=True)
    lines = ["part,data_set,group,picture,label"]
    for name in SIDES:
        label = "malignant" if name == "bus_0001-l" else name.split()[0] if " " in name else "benign"
        lines.append(f"{part},{_source(name)},{_patient(name)},{name},{label}")
    (split / "pictures.csv").write_text("\n".join(lines) + "\n")
    _write_fmc_uia(split / part / "fmc_uia" / "references")
    _write_uusic25(split / part / "uusic25")


def write_row(folder: Path) -> None:
    """Write the predictions of the table above, and perfect probabilities for UUSIC25."""
    root = folder / "fmc_uia"
    drawn = {"benign (1)": square(4, 2), "normal (2)": square(2)}
    for name, side in SIDES.items():
        if name != "bus_0001-r":
            write_mask(root / _mask_path(name), drawn.get(name, square(side)))
    classes = [
        _answer(name, "breast_3cls", predicted_class=int(np.argmax(row)), predicted_probs=row)
        for name, row in PROBABILITIES.items()
    ]
    box = _answer("bus_0001-l", "breast_lesion_det", bbox_normalized=[0, 0, 1, 1], bbox_pixels=[0, 0, 10, 5])
    points = _answer(
        "benign (1)",
        "landmarks",
        predicted_points_normalized=[0, 0, 0, 0],
        predicted_points_pixels=[2, 5, 10, 15],
    )
    for kind, answers in (("classification", classes), ("detection", [box]), ("regression", [points])):
        write_json(root / FMC_FILES[kind], answers)
    by_path = {
        _uusic25_path(name): {"probability": [1.0 - label, float(label)], "prediction": label}
        for name, label in _uusic25_labels().items()
    }
    write_json(folder / "uusic25" / "classification.json", by_path)


def _write_fmc_uia(root: Path) -> None:
    rows: list[dict[str, object]] = []
    for name, side in SIDES.items():
        write_mask(root / _mask_path(name), square(side))
        mask = {"mask_path": f"../{_mask_path(name)}"}
        rows.append(_row(name, "breast_lesion", "segmentation", 2) | mask)
    rows += [_row(n, "breast_3cls", "classification", 3) | {"mask": label} for n, label in CLASSES.items()]
    for name in ("bus_0001-l", "bus_0001-r"):
        box = {"x_min": 0, "y_min": 0, "x_max": SIDES[name], "y_max": SIDES[name]}
        rows.append(_row(name, "breast_lesion_det", "detection", 1) | box)
    points = {"point_1_xy": "[2, 2]", "point_2_xy": "[10, 10]"}
    rows.append(_row("benign (1)", "landmarks", "Regression", 2) | points)
    write_csv(root, rows)


def _write_uusic25(root: Path) -> None:
    entries = [
        uusic25_entry(
            _uusic25_path(name),
            "classification",
            "Breast",
            class_label_index=label,
            patient_id=_patient(name),
            center=_source(name),
        )
        for name, label in _uusic25_labels().items()
    ]
    write_json(root / "ground_truth.json", entries)


def _row(name: str, task_id: str, kind: str, num_classes: int) -> dict[str, object]:
    return {
        "task_id": task_id,
        "task_name": kind,
        "num_classes": num_classes,
        "image_path": f"../imgs/{name}.png",
        "patient_id": _patient(name),
        "center": _source(name),
        "image_width": SIZE,
        "image_height": SIZE,
    }


def _answer(name: str, task_id: str, **fields: object) -> dict[str, object]:
    return {"image_path": f"../imgs/{name}.png", "task_id": task_id, **fields}


def _source(name: str) -> str:
    return "bus_bra" if name.startswith("bus_") else "busi"


def _patient(name: str) -> str:
    return "bus_bra 1" if name.startswith("bus_") else f"busi {name}"


def _mask_path(name: str) -> str:
    return f"Segmentation/Two/masks/{name}.png"


def _uusic25_path(name: str) -> str:
    return f"classification/Breast/imgs/{name}.png"


def _uusic25_labels() -> dict[str, int]:
    return {"benign (1)": 0, "malignant (1)": 1, "bus_0001-l": 1, "bus_0001-r": 0}
