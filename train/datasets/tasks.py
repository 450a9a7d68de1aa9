"""Which pictures fill which tasks of which challenge."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from train.datasets import bus_bra, busi, camus, fatty_liver, lung_pocus, regensburg
from train.datasets.picture import Mask, Picture
from train.datasets.task import Task

Chosen = Mapping[str, tuple[Picture, ...]]
"""Pictures by data set; a data set that was not given is absent."""

ORGANS = {
    "breast": ("busi", "busis", "bus_bra"),
    "fetal_head": ("hc18",),
    "muscle": ("muscle_dltrack",),
    "nerve": ("usgra_seg",),
}
MIN_GROUPS = 2
"""Of every class, in every part of a split: one patient a class would measure that patient."""


def build_uusic25(chosen: Chosen) -> list[Task]:
    """Return the UUSIC25 data sets, empty ones too.

    Normal breasts are left out: the challenge has none. Cardiac is the left ventricle, an assumption, for
    the challenge does not say what of CAMUS it took.
    """
    lesions = tuple(p for p in _of(chosen, *ORGANS["breast"]) if p.label != "normal")
    labelled = tuple(p for p in lesions if p.label is not None)
    hearts = tuple(replace(p, read_mask=partial(_left_ventricle, p)) for p in _of(chosen, "camus"))
    livers, appendices = _of(chosen, "fatty_liver"), _of(chosen, "regensburg")
    return [
        Task("classification", "Breast", labelled, 2, bus_bra.CLASSES),
        Task("segmentation", "Breast", lesions, 2),
        Task("segmentation", "Fetal_Head", _of(chosen, "hc18"), 2),
        Task("segmentation", "Thyroid", _of(chosen, "ddti"), 2),
        Task("segmentation", "Kidney", _of(chosen, "kidney_us"), 2),
        Task("segmentation", "Cardiac", hearts, 2),
        Task("classification", "Liver", livers, 2, fatty_liver.CLASSES),
        Task("classification", "Appendix", appendices, 2, regensburg.CLASSES),
    ]


def build_fmc_uia(chosen: Chosen) -> list[Task]:
    """Return the FMC_UIA tasks, empty ones too; an image lies in the folder of the first that holds it.

    A task_id of the challenge keeps its classes' order. Ours are `aponeurosis`, `nerve_vessel_multi`,
    `breast_lesion_det`, `fetal_head_landmarks` and `organ_type_cls` (not the challenge's `organ_cls`).
    """
    heads = _of(chosen, "hc18")
    organs = tuple(
        replace(picture, label=organ) for organ, names in ORGANS.items() for picture in _of(chosen, *names)
    )
    return [
        Task("segmentation", "breast_lesion", _of(chosen, *ORGANS["breast"]), 2),
        Task("segmentation", "fetal_head", heads, 2),
        Task("segmentation", "aponeurosis", _of(chosen, "muscle_dltrack"), 2),
        Task("segmentation", "nerve_vessel_multi", _of(chosen, "usgra_seg"), 3),
        Task("segmentation", "thyroid_nodule", _of(chosen, "ddti"), 2),
        Task("segmentation", "cardiac_multi", _of(chosen, "camus"), 4),
        Task("classification", "breast_3cls", _of(chosen, "busi"), 3, busi.CLASSES),
        Task("classification", "breast_2cls", _of(chosen, "bus_bra"), 2, bus_bra.CLASSES),
        Task("classification", "lung_2cls", _of(chosen, "lung_pocus"), 2, lung_pocus.CLASSES),
        Task("classification", "organ_type_cls", organs, len(ORGANS), tuple(ORGANS)),
        Task("detection", "breast_lesion_det", tuple(p for p in _of(chosen, "bus_bra") if p.box_xyxy), 1),
        Task("Regression", "fetal_head_landmarks", tuple(p for p in heads if p.points_xy), 4),
    ]


def find_shortage(parts: Mapping[str, Task]) -> str | None:
    """Tell why a task is not written, None when it is.

    Args:
        parts: the task in every part of the split, one part when there is none.

    Returns:
        A sentence when a part lacks pictures or has too few groups of a class: `MIN_GROUPS` in a split, 1
        otherwise. A task without any picture (its data set was not given) has the empty text.
    """
    if not any(task.pictures for task in parts.values()):
        return ""
    least = MIN_GROUPS if len(parts) > 1 else 1
    for part, task in parts.items():
        for label, n_groups in task.count_groups().items():
            needed = least if task.class_names else 1
            if n_groups < needed:
                of_class = f" of class {label}" if label else ""
                return f"{n_groups} group(s){of_class}{f' in {part}' if part else ''}, {needed} needed"
    return None


def list_incomplete(chosen: Chosen) -> list[str]:
    """Return, by name, what a picture lacks for a task that the rest of its data set fills."""
    return [
        f"fmc_uia Regression fetal_head_landmarks: {picture.name}: mask is no ellipse with its ends inside"
        for picture in _of(chosen, "hc18")
        if not picture.points_xy
    ]


def _of(chosen: Chosen, *names: str) -> tuple[Picture, ...]:
    return tuple(picture for name in names for picture in chosen.get(name, ()))


def _left_ventricle(picture: Picture) -> Mask:
    inside: Mask = (picture.load_mask() == camus.LEFT_VENTRICLE).astype(np.uint8)
    return inside
