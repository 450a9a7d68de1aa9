"""Which pictures make which step, and what the network gets to see of them.

Promises: a step's batch depends on configuration, seed and step alone, so a resumed run sees what an
uninterrupted one sees, and every rank of a distributed run knows the whole batch and draws its own rows.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from evaluation.contract.errors import ConfigurationError
from model.network.unified import HeadKey
from model.pictures import normalise as as_input
from train.unified.augment import AugmentConfig, View, draw_view
from train.unified.cache import Cache, CachedPicture, Label
from train.unified.policy import allows_flip, sort_points

GREY_MEAN, GREY_STD = 0.449, 0.226
"""ImageNet's mean and deviation over its three colours."""


@dataclass(frozen=True)
class Target:
    """What one head should say about some pictures of a batch."""

    head: int
    rows: Tensor
    """(R,) int64: which pictures of the batch."""
    value: Tensor
    """(R, S/2, S/2) or (R,) int64 classes, (R, 4) box, (R, K, 2) points, both in shares."""
    valid: Tensor
    """(R,) or (R, K) bool: boxes and points that are in view."""

    def to(self, device: torch.device) -> "Target":
        """Return the target on a device."""
        return Target(self.head, *(part.to(device) for part in (self.rows, self.value, self.valid)))


@dataclass(frozen=True)
class Batch:
    """Pictures of one data set and all that is known about them."""

    images: Tensor
    """(B, 1, S, S) float32, normalised."""
    targets: tuple[Target, ...]
    data_set: str

    def to(self, device: torch.device) -> "Batch":
        """Return the batch on a device, channels last."""
        images = self.images.to(device, memory_format=torch.channels_last)
        return Batch(images, tuple(target.to(device) for target in self.targets), self.data_set)


def rotate(
    pictures: Sequence[CachedPicture], weights: Mapping[str, float], batch_size: int, seed: int
) -> Iterator[list[CachedPicture]]:
    """Yield batches for ever, one data set at a time, each data set in its own shuffled order.

    Args:
        pictures: of all data sets.
        weights: visits relative to the others; absent: square root of the data set's size.
        batch_size: pictures a batch.
        seed: of the orders.

    Raises:
        ConfigurationError: a weight names no data set, or nothing is left.
    """
    by_name: dict[str, list[CachedPicture]] = {}
    for picture in pictures:
        by_name.setdefault(picture.data_set, []).append(picture)
    unknown = sorted(name for name, value in weights.items() if value > 0 and name not in by_name)
    if unknown:
        raise ConfigurationError(f"Expected `weights` to name {sorted(by_name)} but got {unknown}")
    share = {name: weights.get(name, len(of) ** 0.5) for name, of in by_name.items()}
    share = {name: value for name, value in share.items() if value > 0}
    if not share:
        raise ConfigurationError("Expected at least one data set with a weight above 0 but got none")
    queues = {name: _endless(by_name[name], [seed, index]) for index, name in enumerate(sorted(share))}
    credit = dict.fromkeys(share, 0.0)
    total = sum(share.values())
    while True:
        # Smooth weighted round robin: every data set comes as often as its weight says, evenly spread.
        for name in credit:
            credit[name] += share[name]
        name = max(sorted(credit), key=credit.__getitem__)
        credit[name] -= total
        yield [next(queues[name]) for _ in range(batch_size)]


def _endless(pictures: Sequence[CachedPicture], seed: list[int]) -> Iterator[CachedPicture]:
    rng = np.random.default_rng(seed)
    while True:
        for index in rng.permutation(len(pictures)):
            yield pictures[index]


def draw_batch(
    cache: Cache,
    pictures: Sequence[CachedPicture],
    heads: Mapping[HeadKey, int],
    *,
    side: int,
    augment: AugmentConfig,
    seed: Sequence[int],
    part: slice = slice(None),
) -> Batch:
    """Return a batch of random views.

    Args:
        cache: of the pictures.
        pictures: one a row.
        heads: the network's heads; labels of others are left out.
        side: S of the network's input.
        augment: how far views go.
        seed: of the step; every row has a generator of its own.
        part: the rows to draw (a rank's share).
    """
    images, views, chosen = [], [], []
    for row in range(len(pictures))[part]:
        picture = pictures[row]
        view = draw_view(
            np.random.default_rng([*seed, row]),
            augment,
            size_hw=picture.size_hw,
            may_flip=all(allows_flip(key) for key in picture.labels if key in heads),
        )
        images.append(view.move_image(cache.images[picture.row], side))
        views.append(view)
        chosen.append(picture)
    targets = [
        _make_target(key, index, chosen, views, cache, side)
        for key, index in heads.items()
        if any(key in picture.labels for picture in chosen)
    ]
    return Batch(normalise(np.stack(images)), tuple(targets), pictures[0].data_set)


def normalise(images: NDArray[np.uint8]) -> Tensor:
    """Return (B, 1, S, S) float32 from (B, S, S) grey levels."""
    return torch.from_numpy(as_input(images, mean=GREY_MEAN, std=GREY_STD))


def _make_target(
    key: HeadKey,
    head: int,
    pictures: Sequence[CachedPicture],
    views: Sequence[View],
    cache: Cache,
    side: int,
) -> Target:
    rows = [row for row, picture in enumerate(pictures) if key in picture.labels]
    drawn = [_draw_label(key, pictures[row].labels[key], views[row], cache, side) for row in rows]
    values, valid = zip(*drawn, strict=True)
    return Target(
        head, torch.tensor(rows), torch.from_numpy(np.stack(values)), torch.from_numpy(np.stack(valid))
    )


def _draw_label(
    key: HeadKey, label: Label, view: View, cache: Cache, side: int
) -> tuple[NDArray[np.generic], NDArray[np.bool_]]:
    if label.mask is not None:
        return view.move_mask(cache.masks[label.mask], side // 2).astype(np.int64), np.array(True)
    if label.class_index is not None:
        return np.array(label.class_index, dtype=np.int64), np.array(True)
    if label.box is not None:
        box = view.move_box(label.box)
        return np.array(box or (0, 0, 1, 1), dtype=np.float32), np.array(box is not None)
    moved = [point and view.move_point(point) for point in label.points or ()]
    points = sort_points(key, moved)
    places = np.array([point or (0, 0) for point in points], dtype=np.float32)
    return places, np.array([point is not None for point in points])
