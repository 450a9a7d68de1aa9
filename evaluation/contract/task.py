"""A task: one question that a challenge asks about many images."""

from enum import StrEnum

from pydantic import Field

from evaluation.contract.record import Record


class Kind(StrEnum):
    """What a prediction is."""

    SEGMENTATION = "segmentation"
    CLASSIFICATION = "classification"
    DETECTION = "detection"
    REGRESSION = "regression"


class Task(Record):
    """One task of a manifest."""

    task_id: str
    """Unique in the manifest: FMC_UIA's ``task_id``, UUSIC25's ``<task>/<dataset_name>``."""
    kind: Kind
    num_classes: int = Field(ge=1)
    """Classes with background (segmentation), classes, 1 (detection), number of points (regression)."""
    organ: str | None = None
    """The protocol's own spelling of the organ; None where the protocol does not tell."""
