"""What a training run is told: one YAML file."""

from pathlib import Path
from typing import Self

from pydantic import Field, NonNegativeFloat, ValidationError, model_validator

from evaluation.contract.errors import ConfigurationError
from evaluation.contract.record import Record
from evaluation.files.yaml_text import parse_yaml
from model.header import NothingToSee
from model.network.unified import Preset
from train.unified.augment import AugmentConfig


class FolderConfig(Record):
    """A labelled challenge folder."""

    folder: Path
    data_set: str | None = None
    """Name of all its pictures' data set; absent: each picture's centre."""


class RateConfig(Record):
    """Learning rates of Adam; the first two are the paper's."""

    pretrained: float = Field(default=1e-4, gt=0)
    """Of the stem."""
    heads: float = Field(default=1e-3, gt=0)
    new: float = Field(default=5e-4, gt=0)
    """Of transformer and decoder: the paper's come pretrained, ours do not."""


class LossConfig(Record):
    """Weights of the losses; a batch's loss sums over kinds the mean over the heads of a kind."""

    segmentation: NonNegativeFloat = 1
    classification: NonNegativeFloat = 0.5
    detection: NonNegativeFloat = 1
    regression: NonNegativeFloat = 1
    cross_entropy: NonNegativeFloat = 0.5
    """Of the pixels' cross-entropy beside the multiclass Dice loss."""
    box_l1: NonNegativeFloat = 2
    """The paper's alpha."""
    label_smoothing: float = Field(default=0.05, ge=0, lt=1)


class TrainConfig(Record):
    """One stage of one network."""

    preset: Preset = Preset.LITE
    train: tuple[FolderConfig, ...]
    validation: tuple[FolderConfig, ...]
    weights: dict[str, NonNegativeFloat] = Field(default_factory=dict)
    """How often each data set is visited, relative to the others; absent: square root of its pictures.
    Zero leaves a data set out."""
    input_size: int = Field(default=256, ge=64, multiple_of=32)
    small_size: int = Field(default=192, ge=64, multiple_of=32)
    """Side of the pictures in the first part of the run."""
    small_share: float = Field(default=0.6, ge=0, le=1)
    """How much of the run that part is."""
    start: Path | None = None
    """Stage I's weights that Stage I goes on from, with its norms' statistics; None: ImageNet's stem."""
    steps: int = Field(ge=1)
    batch_size: int = Field(default=16, ge=1)
    epoch_steps: int = Field(default=250, ge=1)
    """Steps between two validations."""
    patience: int = Field(default=20, ge=1)
    """Epochs without a better validation score after which the run ends."""
    warmup_steps: int = Field(default=100, ge=0)
    frozen_blocks: int = Field(default=3, ge=0, le=16)
    """Blocks of a stem with ImageNet's weights that keep them; its entry does as soon as one does."""
    ema_decay: float = Field(default=0.998, ge=0, lt=1)
    clip_norm: float = Field(default=1.0, gt=0)
    seed: int = Field(default=1, ge=0)
    label_names: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Names of a task's classes or points, for the weights' header."""
    nothing_to_see: dict[str, NothingToSee] = Field(default_factory=dict)
    """By segmentation task, the class that may empty its masks when the weights are shipped."""
    synthetic: tuple[str, ...] = ()
    """Data sets of made pictures: when the weights are shipped, they choose only between heads of tasks
    that no other validation picture has."""
    rates: RateConfig = RateConfig()
    losses: LossConfig = LossConfig()
    augment: AugmentConfig = AugmentConfig()

    @model_validator(mode="after")
    def _check_sides(self) -> Self:
        if self.small_size > self.input_size:
            raise ValueError(f"`small_size` {self.small_size} is larger than `input_size` {self.input_size}")
        return self


def read_config(file: Path) -> TrainConfig:
    """Read and check a configuration; its paths count from the working folder.

    Raises:
        ConfigurationError: unreadable, not YAML, or with the first field that does not fit.
    """
    try:
        told = parse_yaml(file.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{file}: cannot be read ({error})") from error
    try:
        return TrainConfig.model_validate(told)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the whole"
        raise ConfigurationError(f"{file}: {place}: {first['msg']}") from error
