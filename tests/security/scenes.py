"""One small challenge of each protocol with a flawless submission, for tests that spoil it."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evaluation.checking import check_submission
from evaluation.contract.manifest import Manifest
from evaluation.contract.problem import Problem
from evaluation.contract.result import Mode
from evaluation.protocols.fmc_uia import layout as fmc_uia
from evaluation.protocols.uusic25 import layout as uusic25
from evaluation.scoring import Scored, ScoringOptions, score_submission
from tests.protocols.folders import FMC_FILES, disc, uusic25_entry, write_csv, write_json, write_mask

SIZE_HW = (40, 50)
DIAGONAL_PX = float(np.hypot(*SIZE_HW))
UUSIC25_CLASSES = "classification.json"
UUSIC25_MASK = "segmentation/Thyroid/masks/0.png"
FMC_MASK = "Segmentation/Two/masks/0.png"

Snapshot = dict[str, tuple[int, int, int, int]]


@dataclass(frozen=True)
class Scene:
    """A challenge whose references lie in ``root/reference``, and a submission's folder."""

    root: Path
    labelled: Manifest
    unlabelled: Manifest

    @property
    def submission(self) -> Path:
        """The submission's output folder."""
        return self.root / "submission"

    def check(self) -> list[Problem]:
        """Check the submission in this process."""
        return check_submission(self.unlabelled, self.submission, n_processes=1)

    def score(self, mode: Mode = "strict") -> Scored:
        """Score the submission in this process, without intervals."""
        options = ScoringOptions(mode=mode, n_resamples=0, n_processes=1)
        return score_submission(self.labelled, self.submission, options, name="submission")

    def messages(self) -> str:
        """Check, and return the lines a terminal shows."""
        return "\n".join(map(str, self.check()))


def build(protocol: str, root: Path) -> Scene:
    """Write a challenge and its flawless submission."""
    return build_uusic25(root) if protocol == "uusic25" else build_fmc_uia(root)


def build_uusic25(root: Path) -> Scene:
    """Write 3 masks, 3 binary classes and 5 subtypes."""
    entries: list[dict[str, Any]] = []
    labelled: list[dict[str, Any]] = []
    classes: dict[str, object] = {}
    for n in range(3):
        path = f"segmentation/Thyroid/imgs/{n}.png"
        mask = disc(*SIZE_HW, y=14 + 4 * n, x=20 + 5 * n) * np.uint8(255)
        write_mask(root / "reference" / path.replace("img", "mask"), mask)
        write_mask(root / "submission" / path.replace("img", "mask"), mask)
        entries.append(uusic25_entry(path, "segmentation", "Thyroid"))
        labelled.append(entries[-1] | {"mask_path_relative": path.replace("img", "mask")})
    for n, (dataset, num_classes) in enumerate([("Liver", 2)] * 3 + [("Breast_luminal", 4)] * 5):
        path, label = f"classification/{dataset}/imgs/{n}.png", n % num_classes
        entries.append(uusic25_entry(path, "classification", dataset))
        labelled.append(entries[-1] | {"class_label_index": label})
        classes[path] = {"probability": _one_hot(label, num_classes), "prediction": label}
    write_json(root / "submission" / UUSIC25_CLASSES, classes)
    given = write_json(root / "input" / "manifest.json", entries)
    truth = write_json(root / "reference" / "ground_truth.json", labelled)
    return Scene(
        root,
        labelled=uusic25.read_manifest(truth, images_dir=root / "reference", labelled=True),
        unlabelled=uusic25.read_manifest(given, images_dir=root / "input"),
    )


def build_fmc_uia(root: Path) -> Scene:
    """Write 2 masks of two classes, 2 of three, 3 + 5 classifications, 2 boxes and 2 pairs of points."""
    rows: list[dict[str, object]] = []
    answers: dict[str, list[object]] = {kind: [] for kind in FMC_FILES}

    def add(task: str, kind: str, num_classes: int, image: str, **reference: object) -> dict[str, object]:
        names = {"task_id": task, "task_name": kind, "num_classes": num_classes, "image_path": image}
        rows.append(names | {"image_width": SIZE_HW[1], "image_height": SIZE_HW[0]} | reference)
        return {"image_path": image, "task_id": task}

    for n, folder in enumerate(("Two", "Two", "Three", "Three")):
        mask = disc(*SIZE_HW, x=20 + n) + (
            disc(*SIZE_HW, x=20, radius=3) if folder == "Three" else np.uint8(0)
        )
        path = f"../Segmentation/{folder}/masks/{n}.png"
        add(folder, "segmentation", 2 + (folder == "Three"), path.replace("masks", "imgs"), mask_path=path)
        write_mask(root / "submission" / path[3:], mask)
        write_mask(root / "reference" / path[3:], mask)
    for n, num_classes in enumerate((2, 2, 2, 3, 3, 3, 3, 3)):
        label = n % num_classes
        key = add(
            f"cls{num_classes}", "classification", num_classes, f"../Classification/{n}.png", mask=label
        )
        probabilities = _one_hot(label, num_classes)
        answers["classification"].append(key | {"predicted_class": label, "predicted_probs": probabilities})
    for n in range(2):
        box = dict(zip(("x_min", "y_min", "x_max", "y_max"), (5, 6 + n, 25, 30), strict=True))
        key = add("lesion", "detection", 1, f"../Detection/{n}.png", **box)
        answers["detection"].append(key | {"bbox_pixels": list(box.values())})
        points = {"point_1_xy": f"[{10 + n}, 12]", "point_2_xy": "[30, 20.5]"}
        key = add("femur", "Regression", 2, f"../Regression/{n}.png", **points)
        answers["regression"].append(key | {"predicted_points_pixels": [10 + n, 12, 30, 20.5]})
    for kind, name in FMC_FILES.items():
        write_json(root / "submission" / name, answers[kind])
    write_csv(root / "reference", rows)
    references = ("mask", "x_min", "y_min", "x_max", "y_max", "point_1_xy", "point_2_xy")
    write_csv(root / "input", [{k: v for k, v in row.items() if k not in references} for row in rows])
    return Scene(
        root,
        labelled=fmc_uia.read_manifest(root / "reference", labelled=True),
        unlabelled=fmc_uia.read_manifest(root / "input"),
    )


def _one_hot(label: int, num_classes: int) -> list[float]:
    return [0.7 + 0.3 / num_classes if k == label else 0.3 / num_classes for k in range(num_classes)]


def take_snapshot(root: Path) -> Snapshot:
    """Return kind, size, time of change and links of everything below a folder; opens nothing."""
    found: Snapshot = {}
    waiting = [str(root)]
    while waiting:
        for entry in os.scandir(waiting.pop()):
            status = entry.stat(follow_symlinks=False)
            found[entry.path] = (status.st_mode, status.st_size, status.st_mtime_ns, status.st_nlink)
            if stat.S_ISDIR(status.st_mode):
                waiting.append(entry.path)
    return found
