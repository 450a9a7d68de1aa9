"""What each task of the two challenges shows, and how its labels are made from a scene."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from sample_data.anatomy import (
    abdomen,
    bowel,
    breast,
    fetal_body,
    fetal_head,
    heart,
    lung,
    neck,
    pelvis,
    spine,
)
from sample_data.scene import Scene

Anatomy = Callable[[np.random.Generator, str], Scene]
Kind = Literal["segmentation", "classification", "detection", "Regression"]
PLAIN = ("plain",)


@dataclass(frozen=True)
class Task:
    """One task of one challenge.

    Attributes:
        name: `task_id` in FMC_UIA, `dataset_name` in UUSIC25.
        kind: spelled as FMC_UIA's `task_name`.
        anatomies: for a classification one (function, variant) a class, in the order of the indices; else
            what is
            drawn from in turn.
        structures: names of the scene's structures that become mask values 1, 2, ... (or the box); painted
            in the
            order of `paint_order`.
        landmarks: names of the points, in order.
        paint_order: mask values in the order of painting, where one structure lies on another; by default
            1, 2, ...
    """

    name: str
    kind: Kind
    anatomies: tuple[tuple[Anatomy, str], ...]
    structures: tuple[str, ...] = ()
    landmarks: tuple[str, ...] = ()
    paint_order: tuple[int, ...] = ()

    @property
    def num_classes(self) -> int:
        """Return the column `num_classes`: classes with background, classes, 1 for a box, or points."""
        return {
            "segmentation": len(self.structures) + 1,
            "classification": len(self.anatomies),
            "detection": 1,
            "Regression": len(self.landmarks),
        }[self.kind]


def _all(anatomy: Anatomy, *variants: str) -> tuple[tuple[Anatomy, str], ...]:
    return tuple((anatomy, variant) for variant in variants or PLAIN)


POSITIONS = tuple(sorted(fetal_head.DIRECTIONS))
BREASTS = _all(breast.breast, "benign", "malignant", "normal")
NODULES = _all(neck.thyroid, "benign", "malignant")
SUBTYPES = ("her2", "luminal_a", "luminal_b", "triple_negative")

FMC_UIA_TASKS: tuple[Task, ...] = (
    Task("breast_lesion", "segmentation", BREASTS, ("lesion",)),
    Task("carotid_artery", "segmentation", _all(neck.carotid, "plain", "plaque"), ("artery",)),
    Task("cervix", "segmentation", _all(pelvis.cervix), ("cervix",)),
    Task("fetal_head", "segmentation", _all(fetal_head.fetal_head), ("head",)),
    Task("fetal_heart", "segmentation", _all(fetal_body.fetal_thorax), ("heart",)),
    Task("lung", "segmentation", _all(lung.lung, "healthy", "wet", "covid", "consolidated"), ("lung",)),
    Task("ovary_tumor", "segmentation", _all(pelvis.ovary, "cystic", "septate", "solid"), ("mass",)),
    Task("thyroid_nodule", "segmentation", NODULES, ("nodule",)),
    Task("cervix_multi", "segmentation", _all(pelvis.cervix), ("anterior lip", "posterior lip")),
    Task("head_symphysis_multi", "segmentation", _all(fetal_head.labour), ("symphysis", "head"), (), (2, 1)),
    Task(
        "cardiac_multi",
        "segmentation",
        _all(heart.four_chambers),
        ("ventricle", "myocardium", "atrium"),
        (),
        (2, 1, 3),
    ),
    Task(
        "fetal_abdomen_multi",
        "segmentation",
        _all(fetal_body.fetal_abdomen),
        ("artery", "liver", "stomach", "vein"),
        (),
        (2, 1, 3, 4),
    ),
    Task("breast_2cls", "classification", _all(breast.breast, "benign", "malignant")),
    Task("liver_lesion_2cls", "classification", _all(abdomen.liver, "hcc", "hemangioma")),
    Task("lung_2cls", "classification", _all(lung.lung, "healthy", "wet")),
    Task("breast_3cls", "classification", BREASTS),
    Task("lung_disease_3cls", "classification", _all(lung.lung, "covid", "healthy", "consolidated")),
    Task(
        "fetal_plane_cls",
        "classification",
        (
            (fetal_body.fetal_abdomen, "plain"),
            (fetal_head.fetal_head, "plain"),
            (fetal_body.fetal_femur, "plain"),
            (fetal_body.fetal_thorax, "plain"),
            (pelvis.cervix, "plain"),
            (fetal_body.other_plane, "plain"),
        ),
    ),
    Task(
        "organ_cls",
        "classification",
        (
            (abdomen.bladder, "plain"),
            (bowel.bowel, "plain"),
            (abdomen.gallbladder, "plain"),
            (abdomen.kidney, "plain"),
            (abdomen.liver, "normal"),
            (abdomen.spleen, "plain"),
        ),
    ),
    Task("fetal_head_pos_cls", "classification", _all(fetal_head.head_position, *POSITIONS)),
    Task("fetal_sacral_pos_cls", "classification", _all(fetal_head.sacral_position, *POSITIONS)),
    Task("spinal_cord_injury_loc", "detection", _all(spine.spinal_cord), ("injury",)),
    Task("thyroid_nodule_det", "detection", NODULES, ("nodule",)),
    Task("uterine_fibroid_det", "detection", _all(pelvis.fibroid), ("fibroid",)),
    Task("FUGC", "Regression", _all(pelvis.cervix), (), ("internal os", "external os")),
    Task(
        "IUGC", "Regression", _all(fetal_head.labour), (), ("symphysis upper", "symphysis lower", "tangent")
    ),
    Task("fetal_femur", "Regression", _all(fetal_body.fetal_femur), (), ("femur left", "femur right")),
)

UUSIC25_TASKS: tuple[Task, ...] = (
    Task("Appendix", "classification", _all(bowel.appendix, "normal", "abnormal")),
    Task("Breast", "classification", _all(breast.breast, "benign", "malignant")),
    Task("Breast_luminal", "classification", _all(breast.breast, *SUBTYPES)),
    Task("Liver", "classification", _all(abdomen.liver, "normal", "fatty")),
    Task("Breast", "segmentation", _all(breast.breast, "benign", "malignant"), ("lesion",)),
    Task("Breast_luminal", "segmentation", _all(breast.breast, *SUBTYPES), ("lesion",)),
    Task("Cardiac", "segmentation", _all(heart.four_chambers), ("ventricle",)),
    Task("Fetal_Head", "segmentation", _all(fetal_head.fetal_head), ("head",)),
    Task("Kidney", "segmentation", _all(abdomen.kidney), ("kidney",)),
    Task("Thyroid", "segmentation", NODULES, ("nodule",)),
)
