"""Random small folders in both layouts, with predictions that can be left out, renamed and shuffled."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.contract.result import Mode, Result
from evaluation.protocols.fmc_uia import layout as fmc_uia
from evaluation.protocols.uusic25 import layout as uusic25
from evaluation.scoring import ScoringOptions, score_submission
from tests.protocols.folders import FMC_FILES, uusic25_entry, write_csv, write_json, write_mask

Mask = NDArray[np.uint8]
Rng = np.random.Generator
SIZE_HW = (12, 16)

LOWER_IS_BETTER = ("hd_px", "mre_px", "mre_mm")


@dataclass(frozen=True)
class Scene:
    """A labelled challenge and a submission, not yet on disk."""

    protocol: str
    rows: list[dict[str, Any]]
    """FMC_UIA's CSV rows or UUSIC25's entries."""
    masks_ref: dict[str, Mask] = field(default_factory=dict)
    masks_pred: dict[str, Mask] = field(default_factory=dict)
    """By path, relative to the folder of references or predictions."""
    entries: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """By file name; UUSIC25's carry their key as `image_path`."""

    @property
    def n_predictions(self) -> int:
        """Masks and entries that can be left out."""
        return len(self.masks_pred) + sum(map(len, self.entries.values()))

    def without(self, left_out: set[int]) -> "Scene":
        """Leave out predictions by their number."""
        numbers = iter(range(self.n_predictions))
        masks = {path: mask for path, mask in self.masks_pred.items() if next(numbers) not in left_out}
        entries = {
            name: [entry for entry in given if next(numbers) not in left_out]
            for name, given in self.entries.items()
        }
        return replace(self, masks_pred=masks, entries=entries)

    def without_file(self, name: str) -> "Scene":
        """Leave out a whole JSON file."""
        return replace(self, entries={k: given for k, given in self.entries.items() if k != name})

    def shuffled(self, rng: Rng) -> "Scene":
        """Put rows and entries into another order."""
        return replace(
            self,
            rows=[self.rows[i] for i in rng.permutation(len(self.rows))],
            entries={k: [v[i] for i in rng.permutation(len(v))] for k, v in self.entries.items()},
        )

    def renamed(self, rename: Callable[[str], str]) -> "Scene":
        """Give every path another name."""
        keys = ("image_path", "mask_path", "img_path_relative", "mask_path_relative")

        def rewrite(row: Mapping[str, Any]) -> dict[str, Any]:
            return {k: rename(v) if k in keys and v is not None else v for k, v in row.items()}

        return replace(
            self,
            rows=[rewrite(row) for row in self.rows],
            masks_ref={rename(path): mask for path, mask in self.masks_ref.items()},
            masks_pred={rename(path): mask for path, mask in self.masks_pred.items()},
            entries={name: [rewrite(entry) for entry in given] for name, given in self.entries.items()},
        )

    def score(self, folder: Path, mode: Mode = "strict", n_resamples: int = 0) -> Result:
        """Write everything into an empty folder and score it."""
        for path, mask in self.masks_ref.items():
            write_mask(folder / "reference" / path, mask)
        for path, mask in self.masks_pred.items():
            write_mask(folder / "out" / path, mask)
        (folder / "out").mkdir(parents=True, exist_ok=True)
        for name, given in self.entries.items():
            content: Any = given
            if self.protocol == "uusic25":
                content = {e["image_path"]: {k: e[k] for k in ("probability", "prediction")} for e in given}
            write_json(folder / "out" / name, content)
        if self.protocol == "uusic25":
            file = write_json(folder / "truth.json", self.rows)
            manifest = uusic25.read_manifest(file, images_dir=folder / "reference", labelled=True)
        else:
            write_csv(folder / "reference", self.rows)
            manifest = fmc_uia.read_manifest(folder / "reference", labelled=True)
        options = ScoringOptions(mode=mode, n_resamples=n_resamples, n_processes=1)
        return score_submission(manifest, folder / "out", options, name="scene").result


def all_scores(result: Result) -> dict[str, float | None]:
    """Return every value of a result by where it stands and what it is."""
    found = {f"{t.task_id}: {name}": s.value for t in result.tasks for name, s in t.scores.items()}
    found |= {f"{g.kind} {g.name}: {name}": s.value for g in result.groups for name, s in g.scores.items()}
    return found | {f"summary: {name}": score.value for name, score in result.summary.items()}


def is_lower_better(name: str) -> bool:
    """Tell whether a key of `all_scores` names a distance."""
    return name.split(": ")[1].startswith(LOWER_IS_BETTER)


def draw_probabilities(rng: Rng, label: int, num_classes: int) -> list[float]:
    """Return a row that sums to 1 and is right more often than not; coarse, so that ties occur."""
    row = rng.dirichlet(np.ones(num_classes)) + rng.random() * np.eye(num_classes)[label]
    tenths = np.round(row / row.sum(), 1)
    tenths[0] += 1 - tenths.sum()
    if tenths[0] < 0:
        return [float(k == label) for k in range(num_classes)]
    return [float(value) for value in tenths]


def draw_class_scene(rng: Rng, *, perfect: bool = False) -> Scene:
    """Return an FMC_UIA folder of classification tasks, two to eight classes each."""
    rows: list[dict[str, Any]] = []
    entries: list[dict[str, Any]] = []
    for task in range(int(rng.integers(1, 3))):
        num_classes = int(rng.integers(2, 9))
        for number in range(int(rng.integers(1, 16))):
            path, label = f"../images/{number}.png", int(rng.integers(num_classes))
            name = {"task_id": f"c{task}", "image_path": path}
            rows.append({**name, "task_name": "classification", "num_classes": num_classes, "mask": label})
            row = draw_probabilities(rng, label, num_classes)
            if perfect:
                row = [float(k == label) for k in range(num_classes)]
            predicted = label if perfect or rng.random() < 0.5 else int(rng.integers(num_classes))
            entries.append({**name, "predicted_class": predicted, "predicted_probs": row})
    return Scene("fmc_uia", rows, entries={FMC_FILES["classification"]: entries})


def draw_mask(rng: Rng, num_classes: int) -> Mask:
    """Return up to three blocks, now and then nothing or everything."""
    if rng.random() < 0.2:
        return np.full(SIZE_HW, rng.integers(2), dtype=np.uint8)
    mask = np.zeros(SIZE_HW, dtype=np.uint8)
    for _ in range(int(rng.integers(1, 4))):
        y, x, height, width = rng.integers(0, 12, 4)
        mask[y : y + height + 1, x : x + width + 1] = rng.integers(num_classes)
    return mask


def draw_geometry_scene(rng: Rng, *, perfect: bool = False) -> Scene:
    """Return an FMC_UIA folder with a task of masks, of boxes and of points on shared images."""
    scene = Scene("fmc_uia", [], entries={FMC_FILES["detection"]: [], FMC_FILES["regression"]: []})
    num_classes, n_points = int(rng.integers(2, 5)), int(rng.integers(1, 4))
    for number in range(int(rng.integers(1, 6))):
        shared = {"image_path": f"../images/{number}.png", "image_width": 16, "image_height": 12}
        _add_mask(scene, rng, shared, f"masks/{number}.png", num_classes, perfect)
        corners = [float(v) for v in (*rng.integers(0, 6, 2), *rng.integers(6, 12, 2))]
        given = corners if perfect else [float(v) for v in rng.integers(-5, 20, 4)]
        names = dict(zip(("x_min", "y_min", "x_max", "y_max"), corners, strict=True))
        scene.rows.append({**shared, "task_id": "d", "task_name": "detection", "num_classes": 1, **names})
        scene.entries[FMC_FILES["detection"]].append(
            {"task_id": "d", "image_path": shared["image_path"], "bbox_pixels": given}
        )
        flat = [float(value) for value in rng.integers(0, 12, 2 * n_points)]
        texts = {f"point_{k + 1}_xy": str(flat[2 * k : 2 * k + 2]) for k in range(n_points)}
        row = {**shared, "task_id": "r", "task_name": "Regression", "num_classes": n_points, **texts}
        scene.rows.append(row | {"spacing_mm": "[0.5, 0.25]"})
        flat_pred = flat if perfect else [float(value) for value in rng.normal(flat, 8)]
        scene.entries[FMC_FILES["regression"]].append(
            {"task_id": "r", "image_path": shared["image_path"], "predicted_points_pixels": flat_pred}
        )
    return scene


def _add_mask(
    scene: Scene, rng: Rng, shared: dict[str, object], path: str, num_classes: int, perfect: bool
) -> None:
    row = {**shared, "task_id": "s", "task_name": "segmentation", "num_classes": num_classes}
    scene.rows.append(row | {"mask_path": f"../{path}"})
    scene.masks_ref[path] = draw_mask(rng, num_classes)
    scene.masks_pred[path] = scene.masks_ref[path] if perfect else draw_mask(rng, num_classes)


def draw_uusic25_scene(rng: Rng, *, perfect: bool = False) -> Scene:
    """Return a UUSIC25 folder with masks of three data sets and classes of three."""
    scene = Scene("uusic25", [], entries={"classification.json": []})
    for number in range(int(rng.integers(3, 10))):
        dataset = ("Breast", "Breast_luminal", "Kidney")[number % 3]
        path = f"segmentation/{dataset}/imgs/{number}.png"
        mask_path = path.replace("img", "mask")
        scene.rows.append(
            uusic25_entry(
                path, "segmentation", dataset, mask_path_relative=mask_path, img_dimensions=[16, 12]
            )
        )
        scene.masks_ref[mask_path] = draw_mask(rng, 2) * np.uint8(255)
        other = draw_mask(rng, 2) * np.uint8(255)
        scene.masks_pred[mask_path] = scene.masks_ref[mask_path] if perfect else other
    for number in range(int(rng.integers(3, 30))):
        dataset = ("Breast_luminal", "Liver", "Breast_luminal")[number % 3]
        num_classes = 4 if dataset == "Breast_luminal" else 2
        label = int(rng.integers(num_classes))
        path = f"classification/{dataset}/imgs/{number}.png"
        center = "external" if rng.random() < 0.4 else None
        scene.rows.append(
            uusic25_entry(path, "classification", dataset, class_label_index=label, center=center)
        )
        row = draw_probabilities(rng, label, num_classes)
        if perfect:
            row = [float(k == label) for k in range(num_classes)]
        prediction = label if perfect or rng.random() < 0.5 else int(rng.integers(num_classes))
        scene.entries["classification.json"].append(
            {"image_path": path, "probability": row, "prediction": prediction}
        )
    return scene
