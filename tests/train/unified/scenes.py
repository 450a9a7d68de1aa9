"""Tiny pictures of bright ellipses with every kind of label, and what a tiny run needs."""

from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from evaluation.contract.task import Kind
from model.network.backbone import Features
from model.network.unified import HeadKey, Preset, UnifiedNetwork
from train.unified.augment import AugmentConfig
from train.unified.cache import Cache, CachedPicture, Label
from train.unified.config import FolderConfig, TrainConfig
from train.unified.setup import make_generalist
from train.unified.stage import Parts

SIDE = 64
MASK = HeadKey(task_id="lesion", kind=Kind.SEGMENTATION, num_classes=2)
CLASS = HeadKey(task_id="size", kind=Kind.CLASSIFICATION, num_classes=2)
OTHER_CLASS = HeadKey(task_id="height", kind=Kind.CLASSIFICATION, num_classes=2)
BOX = HeadKey(task_id="lesion_det", kind=Kind.DETECTION, num_classes=1)
POINTS = HeadKey(task_id="fetal_head_landmarks", kind=Kind.REGRESSION, num_classes=4)
KEYS = (CLASS, OTHER_CLASS, BOX, POINTS, MASK)
STILL = AugmentConfig(
    rotation_deg=0,
    zoom=(1, 1),
    stretch=0,
    shift=0,
    flip=False,
    gamma=(1, 1),
    contrast=(1, 1),
    brightness=0,
    noise_rate=0,
    blur_rate=0,
)


class Saying(nn.Module):
    """A head that says what it is told, picture by picture, in the order of the rows it is asked for."""

    def __init__(self, answers: Tensor) -> None:
        super().__init__()
        self.answers = answers
        self.n_said = 0

    def forward(self, features: Features) -> Tensor:
        """Return the next answers."""
        n = len(features.stem)
        self.n_said += n
        return self.answers[self.n_said - n : self.n_said]


def make_cache(n: int = 8, seed: int = 0) -> Cache:
    """Return `n` pictures: even ones of data set `a` with all labels, odd ones of `b` without places."""
    rng = np.random.default_rng(seed)
    images, masks, pictures = [], [], []
    for row in range(n):
        centre, radii = rng.uniform(0.4, 0.6, 2), rng.uniform(0.1, 0.3, 2)
        mask = _ellipse(centre, radii)
        noise = rng.integers(0, 60, (SIDE, SIDE))
        images.append((noise + 150 * mask).astype(np.uint8))
        masks.append(mask)
        labels = {
            MASK: Label(mask=row),
            CLASS: Label(class_index=row // 2 % 2),
            OTHER_CLASS: Label(class_index=(row + 1) // 2 % 2),
        }
        if row % 2 == 0:
            labels |= _place(centre, radii)
        pictures.append(CachedPicture(row, "ab"[row % 2], f"patient {row}", (50, 80), labels))
    return Cache(np.stack(images), np.stack(masks), tuple(pictures))


def _ellipse(centre: NDArray[np.float64], radii: NDArray[np.float64]) -> NDArray[np.uint8]:
    place = (np.arange(SIDE) + 0.5) / SIDE
    x, y = (place - centre[0]) / radii[0], (place - centre[1]) / radii[1]
    return np.asarray(x[None] ** 2 + y[:, None] ** 2 <= 1, dtype=np.uint8)


def _place(centre: NDArray[np.float64], radii: NDArray[np.float64]) -> dict[HeadKey, Label]:
    (x, y), (rx, ry) = centre.tolist(), radii.tolist()
    points = ((x - rx, y), (x + rx, y), (x, y - ry), (x, y + ry))
    return {BOX: Label(box=(x - rx, y - ry, x + rx, y + ry)), POINTS: Label(points=points)}


def make_parts() -> Parts:
    """Return eight pictures to learn from and six others to be steered by."""
    return Parts(make_cache(8, seed=0), make_cache(6, seed=1))


def tiny_config(**told: object) -> TrainConfig:
    """Return a configuration of six steps in two epochs, other values as told."""
    folder = FolderConfig(folder=Path("unused"))
    tiny = {
        "train": (folder,),
        "validation": (folder,),
        "input_size": SIDE,
        "small_size": SIDE,
        "steps": 6,
        "epoch_steps": 3,
        "batch_size": 4,
        "warmup_steps": 2,
    }
    return TrainConfig.model_validate(tiny | told)


def make_network(config: TrainConfig | None = None, keys: tuple[HeadKey, ...] = KEYS) -> UnifiedNetwork:
    """Return Stage I's network before training."""
    return make_generalist(config or tiny_config(preset=Preset.MH_MTL), keys)


def is_same(one: object, other: object) -> bool:
    """Whether two nested states agree to the last bit."""
    if isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(is_same(one[name], other[name]) for name in one)
    return one == other


def read_picture(file: Path) -> NDArray[np.uint8]:
    """Return a PNG as (h, w, 3), which fails unless it is one."""
    encoded = file.read_bytes()
    assert encoded[:8] == b"\x89PNG\r\n\x1a\n"
    return np.asarray(cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR), dtype=np.uint8)
