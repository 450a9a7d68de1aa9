"""A manifest: the tasks and cases of one challenge folder, in the folder's own order."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from evaluation.contract.case import BoxReference, Case, ClassReference, MaskReference, PointsReference
from evaluation.contract.task import Task


@dataclass(frozen=True)
class Manifest:
    """Everything that a challenge folder asks."""

    protocol: str
    tasks: Mapping[str, Task]
    cases: tuple[Case, ...]
    notes: tuple[str, ...] = ()
    """What the reader left out or put right, in sentences."""

    @cached_property
    def sha256(self) -> str:
        """Hash of tasks, cases and labels, whatever their order and wherever the folder lies.

        Mask files count by name; their content is hashed while they are scored.
        """
        tasks = [self.tasks[name].model_dump(mode="json") for name in sorted(self.tasks)]
        cases = sorted((_describe(case) for case in self.cases), key=lambda row: str(row["case_id"]))
        text = json.dumps([self.protocol, tasks, cases], sort_keys=True, allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()

    @cached_property
    def asked_sha256(self) -> str:
        """Hash of what is asked: protocol, tasks and cases, the same with labels and without."""
        tasks = [self.tasks[name].model_dump(mode="json") for name in sorted(self.tasks)]
        cases = sorted([case.case_id, case.output_path] for case in self.cases)
        text = json.dumps([self.protocol, tasks, cases], allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()


def _describe(case: Case) -> dict[str, Any]:
    match case.reference:
        case ClassReference(label):
            reference: object = label
        case BoxReference(xyxy_px):
            reference = xyxy_px
        case PointsReference(xy_px):
            reference = xy_px
        case MaskReference():
            reference = "mask"
        case None:
            reference = None
    # Manifests without subgroups keep the hash that they had before there were any.
    subgroups = {"subgroups": case.subgroups} if case.subgroups else {}
    return {
        **subgroups,
        "case_id": case.case_id,
        # Only points are scored by it; elsewhere it may be known or not, by whether the images are there.
        "size_hw": case.size_hw if isinstance(case.reference, PointsReference) else None,
        "patient_id": case.patient_id,
        "center": case.center,
        "spacing_mm_yx": case.spacing_mm_yx,
        "reference": reference,
    }
