"""A case: one task asked of one image, with its reference where the manifest is labelled."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class MaskReference:
    """A reference mask on disk."""

    file: Path
    """An image whose pixels are class indices (FMC_UIA) or zero and non-zero (UUSIC25)."""


@dataclass(frozen=True, slots=True)
class ClassReference:
    """The true class."""

    label: int


@dataclass(frozen=True, slots=True)
class BoxReference:
    """The true box."""

    xyxy_px: tuple[float, float, float, float]
    """x_min, y_min, x_max, y_max in pixels of the original image."""


@dataclass(frozen=True, slots=True)
class PointsReference:
    """The true points."""

    xy_px: tuple[tuple[float, float] | None, ...]
    """(x, y) in pixels of the original image; None where the reference lacks a point."""


Reference = MaskReference | ClassReference | BoxReference | PointsReference


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One entry of a manifest."""

    case_id: str
    """``<task_id>|<image_path>``: unique in the manifest."""
    task_id: str
    image_path: str
    """As the manifest spells it, byte for byte: prediction files name the image by it."""
    image_file: Path
    """Where the image lies on this disk; it need not exist when a submission is scored."""
    size_hw: tuple[int, int] | None = None
    """Height and width in pixels of the original image; None when neither manifest nor image tells."""
    output_path: str | None = None
    """Where a predicted mask belongs, relative to the output folder; None for other kinds."""
    patient_id: str | None = None
    center: str | None = None
    subgroups: tuple[tuple[str, str], ...] = ()
    """(name, value) by name, of the manifest's optional ``subgroup_<name>`` fields: sex, device, stage …"""
    spacing_mm_yx: tuple[float, float] | None = None
    reference: Reference | None = None

    @property
    def diagonal_px(self) -> float | None:
        """The image diagonal in pixels, the worst distance a failed case can have."""
        if self.size_hw is None:
            return None
        height, width = self.size_hw
        return float((height**2 + width**2) ** 0.5)


SUBGROUP_PREFIX = "subgroup_"
"""A manifest's field and the table's column ``subgroup_sex`` hold the subgroup called ``sex``."""


def make_case_id(task_id: str, image_path: str) -> str:
    """Join a task and an image into the name of their case."""
    return f"{task_id}|{image_path}"
