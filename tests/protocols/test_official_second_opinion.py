"""Official mode on random small folders against a plain second implementation of the public evaluators."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from skimage.segmentation import find_boundaries
from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef, roc_auc_score

from evaluation.contract.result import TaskResult
from evaluation.protocols.fmc_uia.layout import read_manifest
from evaluation.scoring import ScoringOptions, score_submission
from tests.protocols import test_uusic25_scores as uusic25
from tests.protocols.folders import FMC_FILES, write_csv, write_json, write_mask
from tests.protocols.one_task import score_folder

Mask = NDArray[np.uint8]
Rows = list[dict[str, object]]
SIZE_HW = (24, 31)


def official_classes(labels: list[int], entries: Sequence[Mapping[str, object]], k: int) -> dict[str, float]:
    """Score the entries given, in any order, as the public evaluator does with scikit-learn 1.2.2."""
    last = {str(entry["image_path"]): entry for entry in entries}
    seen = [i for i in range(len(labels)) if f"../images/{i}.png" in last]
    truth = [labels[i] for i in seen]
    given = [last[f"../images/{i}.png"] for i in seen]
    predicted = [int(str(entry["predicted_class"])) for entry in given]
    return {
        "accuracy": accuracy_score(truth, predicted),
        "f1_macro": f1_score(truth, predicted, average="macro", zero_division=0),
        "f1_weighted": f1_score(truth, predicted, average="weighted", zero_division=0),
        "mcc": _plain_mcc(truth, predicted),
        "auc": _plain_auc(truth, [entry["predicted_probs"] for entry in given], k),
    }


def _plain_mcc(truth: list[int], predicted: list[int]) -> float:
    # scikit-learn warns where only one label occurs
    return float(matthews_corrcoef(truth, predicted)) if len({*truth, *predicted}) > 1 else 0.0


def _plain_auc(truth: list[int], rows: list[object], k: int) -> float:
    # newer versions return NaN with a warning for one class, 1.2.2 raises
    if None in rows or len(set(truth)) < 2:
        return 0.0
    probabilities = np.array(rows, dtype=np.float64)
    try:
        if k == 2:
            return float(roc_auc_score(truth, probabilities[:, 1]))
        return float(roc_auc_score(truth, probabilities, multi_class="ovr", average="macro"))
    except ValueError:
        return 0.0


def draw_classes(rng: np.random.Generator, task_id: str, k: int) -> tuple[Rows, Rows, list[int]]:
    """Return a random task's CSV rows, its entries (some missing, some repeated) and its labels."""
    n = int(rng.integers(3, 40))
    labels = [int(label) for label in rng.integers(0, k, n)]
    rows: Rows = [
        {
            "task_id": task_id,
            "task_name": "classification",
            "num_classes": k,
            "image_path": f"../images/{i}.png",
            "mask": label,
        }
        for i, label in enumerate(labels)
    ]
    probabilities = rng.dirichlet(np.ones(k), n) + 0.5 * np.eye(k)[labels]
    probabilities = np.round(
        probabilities / probabilities.sum(axis=1, keepdims=True), int(rng.integers(1, 9))
    )
    if rng.random() < 0.7:
        probabilities[:, 0] += 1 - probabilities.sum(axis=1)
    elif rng.random() < 0.5:
        probabilities = probabilities.astype(np.float32).astype(np.float64)
    entries: Rows = [
        {
            "task_id": task_id,
            "image_path": f"../images/{i}.png",
            "predicted_class": int(np.argmax(probabilities[i])) + (k if rng.random() < 0.01 else 0),
            "predicted_probs": None if rng.random() < 0.005 else probabilities[i].tolist(),
        }
        for i in rng.choice(n, size=int(rng.integers(1, n + 5)))
    ]
    return rows, entries, labels


def test_random_classification_tasks_of_two_to_eight_classes(tmp_path: Path) -> None:
    rng = np.random.default_rng(20)
    compared, zero_aucs = 0, 0
    for folder in range(8):
        drawn = {f"t{i}": draw_classes(rng, f"t{i}", 2 + i % 7) for i in range(21)}
        root = tmp_path / str(folder)
        write_csv(root, [row for rows, _, _ in drawn.values() for row in rows])
        write_json(
            root / FMC_FILES["classification"], [e for _, entries, _ in drawn.values() for e in entries]
        )
        result = score_folder(root, root, "official")
        for task in result.tasks:
            _, entries, labels = drawn[task.task_id]
            expected = official_classes(labels, entries, task.num_classes)
            found = {name: score.value for name, score in task.scores.items()}
            assert found == pytest.approx(expected, abs=1e-9), task.task_id
            compared += 1
            zero_aucs += expected["auc"] == 0.0
        for name in ("accuracy", "auc", "mcc"):
            members = [task.scores[name].value for task in result.tasks]
            assert result.summary[name].value == pytest.approx(np.mean(members), abs=1e-12)  # type: ignore[arg-type] # none is null
    assert compared == 168
    assert 10 < zero_aucs < 120


def random_mask(rng: np.random.Generator, num_classes: int) -> Mask:
    """Return blobs with holes, now and then empty, full or a single pixel."""
    kind = rng.random()
    if kind < 0.15:
        return np.full(SIZE_HW, rng.choice([0, 0, 1]), dtype=np.uint8)
    mask = np.zeros(SIZE_HW, dtype=np.uint8)
    if kind < 0.25:
        mask[tuple(rng.integers(0, 3, 2))] = 1
        return mask
    rows, columns = np.mgrid[: SIZE_HW[0], : SIZE_HW[1]]
    for _ in range(int(rng.integers(1, 6))):
        y, x, radius = rng.uniform(0, 24), rng.uniform(0, 31), rng.uniform(1, 9)
        mask[np.hypot(rows - y, columns - x) <= radius] = rng.integers(0, num_classes)
    return mask


def official_fmc_mask(ref: Mask, pred: Mask, num_classes: int) -> tuple[list[float], list[float]]:
    """Return DSC and HD of each class from 1."""
    dsc, distances = [], []
    for k in range(1, num_classes):
        at_ref, at_pred = ref == k, pred == k
        total = at_ref.sum() + at_pred.sum()
        dsc.append(float(2 * (at_ref & at_pred).sum() / total) if total else 1.0)
        if at_ref.any() and at_pred.any():
            measure = SimpleITK.HausdorffDistanceImageFilter()
            measure.Execute(*(SimpleITK.GetImageFromArray(at.astype(np.uint8)) for at in (at_ref, at_pred)))
            distances.append(float(measure.GetHausdorffDistance()))
        else:
            distances.append(math.hypot(*SIZE_HW) if total else 0.0)
    return dsc, distances


def test_random_segmentation_tasks_of_two_to_five_classes(tmp_path: Path) -> None:
    rng = np.random.default_rng(21)
    rows: Rows = []
    expected: dict[str, tuple[list[list[float]], list[list[float]]]] = {}
    for number in range(40):
        task_id, num_classes = f"s{number}", 2 + number % 4
        all_dsc: list[list[float]] = []
        all_distances: list[list[float]] = []
        for case in range(int(rng.integers(2, 6))):
            path = f"masks/{task_id}/{case}.png"
            rows.append(
                {
                    "task_id": task_id,
                    "task_name": "segmentation",
                    "num_classes": num_classes,
                    "image_path": f"../images/{case}.png",
                    "mask_path": f"../{path}",
                }
            )
            ref, pred = random_mask(rng, num_classes), random_mask(rng, num_classes + 1)
            write_mask(tmp_path / "reference" / path, ref)
            if case and rng.random() < 0.2:
                continue
            write_mask(tmp_path / "out" / path, pred)
            dsc, distances = official_fmc_mask(ref, pred, num_classes)
            all_dsc.append(dsc)
            all_distances.append(distances)
        expected[task_id] = all_dsc, all_distances
    write_csv(tmp_path / "reference", rows)
    for task in score_folder(tmp_path / "reference", tmp_path / "out", "official").tasks:
        _compare_masks(task, *expected[task.task_id])


def _compare_masks(task: TaskResult, dsc: list[list[float]], distances: list[list[float]]) -> None:
    for name, per_row in (("dsc", dsc), ("hd_px", distances)):
        per_class = np.mean(per_row, axis=0)
        assert task.scores[name].value == pytest.approx(per_class.mean(), abs=1e-9), task.task_id
        if len(per_class) > 1:
            found = [task.scores[f"{name}_class_{k}"].value for k in range(1, len(per_class) + 1)]
            assert found == pytest.approx(per_class.tolist(), abs=1e-9), task.task_id


def official_uusic25_mask(ref: Mask, pred: Mask) -> tuple[float, float]:
    """Return DSC and NSD as the public evaluator's formulas give them."""
    inside_ref, inside_pred = ref > 0, pred > 0
    dsc = 2 * (inside_ref & inside_pred).sum() / (inside_ref.sum() + inside_pred.sum() + 1e-6)
    edge_ref, edge_pred = (find_boundaries(at, mode="inner") for at in (inside_ref, inside_pred))
    matched = (distance_transform_edt(~edge_pred)[edge_ref] <= 1).sum()
    matched += (distance_transform_edt(~edge_ref)[edge_pred] <= 1).sum()
    return float(dsc), float(matched / (edge_ref.sum() + edge_pred.sum() + 1e-6))


def test_random_uusic25_data_sets(tmp_path: Path) -> None:
    rng = np.random.default_rng(22)
    datasets = ("Breast", "Breast_luminal", "Cardiac", "Fetal_Head", "Kidney", "Thyroid")
    masks: list[tuple[str, Mask, Mask | bytes | None]] = []
    for number in range(120):
        ref, pred = random_mask(rng, 2) * np.uint8(255), random_mask(rng, 2) * np.uint8(255)
        masks.append((datasets[number % 6], ref, None if rng.random() < 0.05 else pred))
    result = uusic25.score(tmp_path, "official", masks)
    measured = [
        official_uusic25_mask(ref, pred) if isinstance(pred, np.ndarray) else (0.0, 0.0)
        for _, ref, pred in masks
    ]
    by_organ = []
    for group in result.groups:
        own = [
            value
            for value, (dataset, _, _) in zip(measured, masks, strict=True)
            if f"segmentation/{dataset}" in group.tasks
        ]
        dsc, nsd = np.mean(own, axis=0)
        assert group.scores["dsc"].value == pytest.approx(dsc, abs=1e-9), group.name
        assert group.scores["nsd"].value == pytest.approx(nsd, abs=1e-9), group.name
        by_organ += [round(float(dsc), 4), round(float(nsd), 4)]
    assert len(by_organ) == 10
    assert result.summary["seg"].value == pytest.approx(np.mean(by_organ), abs=1e-9)


def test_random_detection_and_regression_tasks(tmp_path: Path) -> None:
    rng = np.random.default_rng(23)
    rows: Rows = []
    boxes: Rows = []
    points: Rows = []
    expected: dict[str, list[float]] = {}
    for number in range(40):
        k = int(rng.integers(1, 5))
        for case in range(8):
            path = f"../images/{case}.png"
            ref, pred = (np.sort(rng.integers(0, 50, (2, 2)), axis=0).ravel() for _ in range(2))
            corners = dict(zip(("x_min", "y_min", "x_max", "y_max"), map(int, ref), strict=True))
            rows.append({"task_id": f"d{number}", "task_name": "detection", "num_classes": 1} | corners)
            truth = np.round(rng.uniform(0, 50, (k, 2)), 2)
            texts = {f"point_{i}_xy": str(point.tolist()) for i, point in enumerate(truth, 1)}
            rows.append({"task_id": f"r{number}", "task_name": "Regression", "num_classes": k} | texts)
            for row in rows[-2:]:
                row["image_path"] = path
            if case and rng.random() < 0.2:
                continue
            boxes.append({"task_id": f"d{number}", "image_path": path, "bbox_pixels": pred.tolist()})
            expected.setdefault(f"d{number}", []).append(_plain_iou(ref, pred))
            guess = rng.uniform(0, 50, (1 if rng.random() < 0.1 else k, 2))
            flat = guess.ravel().tolist()
            points.append({"task_id": f"r{number}", "image_path": path, "predicted_points_pixels": flat})
            error = np.linalg.norm(guess - truth, axis=1).mean()
            expected.setdefault(f"r{number}", []).append(float(error))
    write_csv(tmp_path, rows)
    write_json(tmp_path / FMC_FILES["detection"], boxes)
    write_json(tmp_path / FMC_FILES["regression"], points)
    manifest = read_manifest(tmp_path, labelled=True)
    options = ScoringOptions(mode="official", n_resamples=0)
    tasks = score_submission(manifest, tmp_path, options, name="test").result.tasks
    assert len(tasks) == 80
    for task in tasks:
        (score,) = task.scores.values()
        assert score.value == pytest.approx(np.mean(expected[task.task_id]), abs=1e-9), task.task_id


def _plain_iou(ref: NDArray[np.integer], pred: NDArray[np.integer]) -> float:
    low, high = np.maximum(ref[:2], pred[:2]), np.minimum(ref[2:], pred[2:])
    common = float(np.prod(np.maximum(high - low, 0)))
    union = float(np.prod(ref[2:] - ref[:2]) + np.prod(pred[2:] - pred[:2])) - common
    return common / union if union > 0 else 0.0
