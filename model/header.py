"""What a trained network says of itself: the JSON header of its weights. Needs no torch to be read."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from evaluation.contract.record import Record
from evaluation.contract.task import Kind
from model.tensor_file import read_header

HEADER_NAME = "network"

MAX_BYTES = 2**30
"""The largest preset in single precision takes half of it; larger files are refused unread."""


class NothingToSee(Record):
    """A class of images that show nothing to segment."""

    task_id: str
    """Of a classification task."""
    class_index: int = Field(ge=0)

    def is_known_to(self, task_id: str, kind: Kind, num_classes: int) -> bool:
        """Whether this head tells the class."""
        return (task_id, kind) == (self.task_id, Kind.CLASSIFICATION) and self.class_index < num_classes


class EmptyWhen(NothingToSee):
    """When a segmentation head believes that there is nothing to see."""

    above: float = Field(ge=0, lt=1)
    """The mask is left empty where this class is more probable than that."""


class LearnedHead(Record):
    """One head: what it answers, and how it may be used."""

    task_id: str
    kind: Kind
    num_classes: int = Field(ge=1, le=255)
    """As in `model.network.unified.HeadKey`."""
    organ: str | None = None
    """The organ, in UUSIC25's canonical spelling; None where a task has none."""
    label_names: tuple[str, ...] = ()
    """Of the classes or points, in order; empty where nobody named them."""
    flip_allowed: bool = False
    """Whether a mirrored view (left for right) may be averaged in at test time."""
    min_peak: float = Field(default=0, ge=0, lt=1)
    """Of a segmentation head: a mask in which nothing is at least this probable is left empty."""
    only_largest: bool = False
    """Of a segmentation head: of each class, all but the largest connected region is taken away."""
    empty_when: EmptyWhen | None = None
    """Of a segmentation head: the class head that it believes where there is nothing to see."""
    stage: Literal[1, 2] = 1
    """The training stage that the head was taken from; a head of Stage I has an idle adapter."""


class TrainingData(Record):
    """One labelled folder that the network was trained on."""

    name: str
    manifest_sha256: str
    n_pictures: int = Field(ge=0)


class NetworkHeader(Record):
    """The metadata of a network's weights."""

    format: Literal["unified"] = "unified"
    format_version: Literal[1] = 1
    preset: str
    """A `model.network.unified.Preset`."""
    stage: Literal[1, 2]
    input_size: int = Field(ge=32, le=4096, multiple_of=32)
    """Rows and columns of the network's input."""
    grey_mean: float
    grey_std: float = Field(gt=0)
    """A pixel x of 0 to 255 enters the network as (x / 255 - mean) / std."""
    shared: bool
    adapted: bool
    heads: tuple[LearnedHead, ...]
    """In the network's order."""
    data: tuple[TrainingData, ...] = ()
    code_revision: str

    @model_validator(mode="after")
    def _check_gates(self) -> Self:
        for index, head in enumerate(self.heads):
            if self.find_gate(index) and head.kind is not Kind.SEGMENTATION:
                raise ValueError(f"`empty_when` is for masks, but {head.task_id} is {head.kind}")
        return self

    def find_gate(self, head: int) -> tuple[int, EmptyWhen] | None:
        """Return the classification head that may leave a head's masks empty, and when it does."""
        rule = self.heads[head].empty_when
        if rule is None:
            return None
        for index, other in enumerate(self.heads):
            if rule.is_known_to(other.task_id, other.kind, other.num_classes):
                return index, rule
        raise ValueError(f"`empty_when` names class {rule.class_index} of {rule.task_id}: no head knows it")

    def find_asked(self, head: int) -> tuple[int, ...]:
        """Return the heads that an answer of a head takes: itself and the one that may empty its masks."""
        gate = self.find_gate(head)
        return (head,) if gate is None else (head, gate[0])


def read_network_header(file: Path) -> NetworkHeader:
    """Read the header of a network's weights.

    Raises:
        ConfigurationError: missing, too large, not safetensors, or not a network's.
    """
    return read_header(file, HEADER_NAME, NetworkHeader, max_bytes=MAX_BYTES)
