"""The real public data sets, where `ULTRASOUND_PUBLIC_DATA` names the folder that holds them."""

import csv
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from train.datasets.catalogue import CATALOGUE
from train.datasets.picture import Collection, Picture
from train.datasets.splits import split_pictures
from train.datasets.tasks import build_fmc_uia, build_uusic25

PLACE = os.environ.get("ULTRASOUND_PUBLIC_DATA")
NAMES = ("busi", "bus_bra", "hc18", "usgra_seg", "muscle_dltrack", "lung_pocus")
SHARES = {"train": 70.0, "val": 15.0, "test": 15.0}

pytestmark = pytest.mark.skipif(
    PLACE is None, reason="ULTRASOUND_PUBLIC_DATA does not name the folder of the public data sets"
)

Parts = dict[str, dict[str, tuple[Picture, ...]]]


@pytest.fixture(scope="module")
def root() -> Path:
    return Path(PLACE or "")


@pytest.fixture(scope="module")
def collections(root: Path) -> dict[str, Collection]:
    return {name: CATALOGUE[name].read(root / name) for name in NAMES}


@pytest.fixture(scope="module")
def parts(collections: dict[str, Collection]) -> Parts:
    """Pictures by data set and part."""
    return {name: split_pictures(c.pictures, SHARES, seed=1) for name, c in collections.items()}


def test_every_image_is_read_or_named(root: Path, collections: dict[str, Collection]) -> None:
    for name, collection in collections.items():
        images = [f for f in (root / name).rglob("*.jpg") if "_Mask" not in f.stem]
        assert len(collection.pictures) + len(collection.skipped) == len(images), name
        assert len(collection.skipped) <= 0.05 * len(images), name
    pictures = [p for c in collections.values() for p in c.pictures]
    assert len({p.name for p in pictures}) == len(pictures)


def test_no_group_is_in_two_parts(parts: Parts) -> None:
    owners: dict[str, str] = {}
    for by_part in parts.values():
        for part, pictures in by_part.items():
            for picture in pictures:
                assert owners.setdefault(picture.group, part) == part


def test_no_near_duplicate_is_in_two_parts(root: Path, parts: Parts) -> None:
    prefixes = {"busi": "", "usgra_seg": "nerve_", "muscle_dltrack": "muscle_"}
    for name, prefix in prefixes.items():
        owner = {picture.name: part for part, pictures in parts[name].items() for picture in pictures}
        with (root / name / "near_duplicate_groups.csv").open() as stream:
            rows = list(csv.DictReader(stream))
        seen: dict[str, set[str]] = {}
        for row in rows:
            picture = prefix + Path(row["file"]).stem
            if picture in owner:
                seen.setdefault(row["group_id"], set()).add(owner[picture])
        assert len(seen) > 20
        assert all(len(found) == 1 for found in seen.values()), name


def test_no_case_or_patient_is_in_two_parts(root: Path, parts: Parts) -> None:
    owner = {p.name: part for by_part in parts.values() for part, ps in by_part.items() for p in ps}
    with (root / "bus_bra/BUSBRA/bus_data.csv").open() as stream:
        cases = {
            row["ID"]: {"65": "44", "356": "341"}.get(row["Case"], row["Case"])
            for row in csv.DictReader(stream)
        }
    with (root / "lung_pocus/dataset_metadata.csv").open(encoding="utf-8") as stream:
        patients = {row["Filename"]: row["Patient ID / Name"] for row in csv.DictReader(stream)}
    with (root / "lung_pocus/frame_index.csv").open() as stream:
        cases |= {
            f"lung_{Path(r['frame']).stem}": f"lung {patients[r['video']]}" for r in csv.DictReader(stream)
        }
    cases |= {name: f"hc18 {name.split('_')[0]}" for name in owner if name.endswith("HC")}
    seen: dict[str, set[str]] = {}
    for picture, case in cases.items():
        if picture in owner:
            seen.setdefault(case, set()).add(owner[picture])
    assert len(seen) > 1400
    assert all(len(found) == 1 for found in seen.values())


def test_parts_keep_shares_and_classes(parts: Parts) -> None:
    for name in ("busi", "bus_bra", "hc18", "usgra_seg"):
        whole = Counter(p.label for pictures in parts[name].values() for p in pictures)
        for part, pictures in parts[name].items():
            counts = Counter(p.label for p in pictures)
            for label, total in whole.items():
                assert counts[label] == pytest.approx(total * SHARES[part] / 100, abs=6), (name, part)


def test_tasks_have_the_published_counts(collections: dict[str, Collection]) -> None:
    chosen = {name: collection.pictures for name, collection in collections.items()}
    counts = {task.name: len(task.pictures) for task in build_fmc_uia(chosen) if task.pictures}
    # BUSI's 634 less 20 with contradicting classes, BUS-BRA's 1,496 less one whose box is not its mask's
    assert counts == {
        "breast_lesion": 614 + 1495,
        "fetal_head": 796,
        "aponeurosis": 433,
        "nerve_vessel_multi": 190,
        "breast_3cls": 614,
        "breast_2cls": 1495,
        "lung_2cls": 300,
        "organ_type_cls": 614 + 1495 + 796 + 433 + 190,
        "breast_lesion_det": 1495,
        "fetal_head_landmarks": 795,
    }
    lesions = 614 - 97 + 1495
    assert {f"{t.kind} {t.name}": len(t.pictures) for t in build_uusic25(chosen) if t.pictures} == {
        "classification Breast": lesions,
        "segmentation Breast": lesions,
        "segmentation Fetal_Head": 796,
    }


def test_landmarks_measure_the_published_circumference(
    root: Path, collections: dict[str, Collection]
) -> None:
    with (root / "hc18/training_set_pixel_size_and_HC.csv").open() as stream:
        rows = {Path(row["filename"]).stem: row for row in csv.DictReader(stream)}
    ratios = []
    for picture in collections["hc18"].pictures:
        if not picture.points_xy or picture.spacing_mm_yx is None:
            continue
        p = np.array(picture.points_xy)
        # ends are pixel centres: an axis is one pixel longer than they are apart
        a, b = ((np.linalg.norm(p[k + 1] - p[k]) + 1) / 2 * picture.spacing_mm_yx[0] for k in (0, 2))
        # Ramanujan's approximation of an ellipse's perimeter
        perimeter = np.pi * (3 * (a + b) - np.sqrt((3 * a + b) * (a + 3 * b)))
        ratios.append(perimeter / float(rows[picture.name]["head circumference (mm)"]))
    assert len(ratios) == 795
    assert 1.0 < np.min(ratios) < np.max(ratios) < 1.021
