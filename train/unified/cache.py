"""Pictures and masks at network size as memory-mapped arrays: decoded once, read at will.

Promises: a cache is complete or absent; it is rebuilt when the folders' contents or the size change.
"""

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from evaluation.contract.case import BoxReference, ClassReference, MaskReference, PointsReference, Reference
from evaluation.contract.errors import ConfigurationError
from evaluation.contract.task import Kind
from evaluation.files.atomic import write_atomically
from evaluation.files.images import decode_mask
from model.network.unified import HeadKey
from model.pictures import squash
from train.unified.labelled import LabelledFolder, LabelledPicture, collect_pictures

VERSION = 2
"""Of what the arrays hold; another one is another cache."""
Watch = Callable[[Sequence[LabelledPicture]], Iterable[LabelledPicture]]


@dataclass(frozen=True)
class Label:
    """What a head should say about a picture; one field is set, by the head's kind."""

    mask: int | None = None
    """Row of the cache's masks."""
    class_index: int | None = None
    box: tuple[float, ...] | None = None
    """x_min, y_min, x_max, y_max as shares of width and height."""
    points: tuple[tuple[float, float] | None, ...] | None = None
    """(x, y) as shares of width and height."""


@dataclass(frozen=True)
class CachedPicture:
    """One row of the cache's images."""

    row: int
    data_set: str
    group: str
    size_hw: tuple[int, int]
    """Of the original, in pixels."""
    labels: dict[HeadKey, Label]


@dataclass(frozen=True)
class Cache:
    """All pictures of a training or validation part."""

    images: NDArray[np.uint8]
    """(N, S, S), memory-mapped, grey."""
    masks: NDArray[np.uint8]
    """(M, S, S), memory-mapped, class indices."""
    pictures: tuple[CachedPicture, ...]

    @property
    def keys(self) -> tuple[HeadKey, ...]:
        """Every head that some picture labels, sorted by kind and name."""
        keys = {key for picture in self.pictures for key in picture.labels}
        return tuple(sorted(keys, key=lambda key: (key.kind, key.task_id, key.num_classes)))


def open_cache(folders: Sequence[LabelledFolder], *, size: int, root: Path, watch: Watch = list) -> Cache:
    """Return the cache of `folders` at `size`, made below `root` when it is not there.

    Args:
        folders: labelled folders.
        size: S, side in pixels.
        root: folder of caches.
        watch: hands out the pictures to decode, for a progress bar.

    Raises:
        ConfigurationError: an image or mask cannot be read or has the wrong size, or there is none at all.
    """
    name = _fingerprint(folders, size)
    index = root / f"{name}.json"
    if not index.is_file():
        root.mkdir(parents=True, exist_ok=True)
        _build(folders, size, root, name, watch)
    listed = json.loads(index.read_bytes())
    images, masks = (np.load(root / f"{name}.{part}.npy", mmap_mode="r") for part in ("images", "masks"))
    pictures = tuple(_read_picture(row, entry) for row, entry in enumerate(listed))
    return Cache(images, masks, pictures)


def _fingerprint(folders: Sequence[LabelledFolder], size: int) -> str:
    told = [VERSION, size, [(f.manifest.sha256, f.data_set, _list_files(f)) for f in folders]]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


def _list_files(folder: LabelledFolder) -> list[tuple[str, int, int]]:
    """Return each image and mask with its size and time, which tell whether it is still the same."""
    files = {case.image_file for case in folder.manifest.cases}
    files |= {c.reference.file for c in folder.manifest.cases if isinstance(c.reference, MaskReference)}
    try:
        stats = [(str(file.resolve()), file.stat()) for file in sorted(files)]
    except OSError as error:
        raise ConfigurationError(f"{error.filename}: cannot be read ({error.strerror})") from error
    return [(name, stat.st_size, stat.st_mtime_ns) for name, stat in stats]


def _build(folders: Sequence[LabelledFolder], size: int, root: Path, name: str, watch: Watch) -> None:
    """Make a cache aside and move it into place: several ranks may make the same one at the same time."""
    with tempfile.TemporaryDirectory(dir=root, prefix=f".{name}.") as aside:
        made = Path(aside)
        listed = _decode(folders, size, made, watch)
        for part in ("images", "masks"):
            (made / f"{part}.npy").replace(root / f"{name}.{part}.npy")
    # Last, so that a cache without it counts as absent.
    write_atomically(root / f"{name}.json", json.dumps(listed).encode())


def _decode(
    folders: Sequence[LabelledFolder], size: int, made: Path, watch: Watch
) -> list[dict[str, object]]:
    """Write the arrays into a folder; return what the index says of each picture."""
    pictures = collect_pictures(folders)
    if not pictures:
        raise ConfigurationError(f"{', '.join(str(f.folder) for f in folders)}: no labelled picture")
    images = np.lib.format.open_memmap(made / "images.npy", "w+", np.uint8, (len(pictures), size, size))
    masks: list[NDArray[np.uint8]] = []
    listed: list[dict[str, object]] = []
    for row, picture in enumerate(watch(pictures)):
        grey = read_grey(picture.file)
        images[row] = squash(grey, size)
        labels = [
            {"key": key.model_dump(), "label": _reduce(key, reference, grey.shape, size, masks)}
            for key, reference in picture.labels.items()
        ]
        told = {"data_set": picture.data_set, "group": picture.group, "size_hw": grey.shape}
        listed.append(told | {"labels": labels})
    images.flush()
    stacked = np.stack(masks) if masks else np.zeros((0, size, size), np.uint8)
    np.save(made / "masks.npy", stacked)
    return listed


def read_grey(file: Path) -> NDArray[np.uint8]:
    """Return an image as (h, w) grey levels.

    Raises:
        ConfigurationError: not an image that can be decoded.
    """
    try:
        content = np.frombuffer(file.read_bytes(), np.uint8)
        # As the predictor reads it: pixels as they are stored, whatever orientation the file notes.
        grey = cv2.imdecode(content, cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION)
    except (OSError, cv2.error) as error:
        raise ConfigurationError(f"{file}: cannot be read ({error})") from error
    if grey is None:
        raise ConfigurationError(f"{file}: expected an image but it cannot be decoded")
    return np.asarray(grey, dtype=np.uint8)


def _reduce(
    key: HeadKey,
    reference: Reference,
    size_hw: tuple[int, ...],
    size: int,
    masks: list[NDArray[np.uint8]],
) -> dict[str, object]:
    height, width = size_hw
    match reference:
        case ClassReference(label=label):
            if not 0 <= label < key.num_classes:
                raise ConfigurationError(
                    f"{key.task_id}: expected classes below {key.num_classes} but got {label}"
                )
            return {"class_index": label}
        case BoxReference(xyxy_px=box):
            return {"box": [box[0] / width, box[1] / height, box[2] / width, box[3] / height]}
        case PointsReference(xy_px=points):
            return {"points": [p and [p[0] / width, p[1] / height] for p in points]}
        case MaskReference(file=file):
            mask = squash_mask(_read_mask(file, (height, width), key.num_classes), key.num_classes, size)
            # Two challenges may ask for the same mask of a picture: stored once when they come in turn.
            if not (masks and np.array_equal(masks[-1], mask)):
                masks.append(mask)
            return {"mask": len(masks) - 1}


def _read_mask(file: Path, size_hw: tuple[int, int], num_classes: int) -> NDArray[np.uint8]:
    try:
        mask = decode_mask(file.read_bytes(), expected_hw=size_hw)
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{file}: {error}") from error
    if num_classes == 2:  # UUSIC25 writes 255 for the one class, FMC_UIA writes 1.
        return (mask > 0).astype(np.uint8)
    if mask.max(initial=0) >= num_classes:
        raise ConfigurationError(f"{file}: expected classes below {num_classes} but got {mask.max()}")
    return mask.astype(np.uint8)


def squash_mask(mask: NDArray[np.uint8], num_classes: int, size: int) -> NDArray[np.uint8]:
    """Give each cell the class that covers most of it."""
    cover = [
        cv2.resize((mask == index).astype(np.float32), (size, size), interpolation=cv2.INTER_AREA)
        for index in range(num_classes)
    ]
    return np.asarray(np.argmax(cover, axis=0), dtype=np.uint8)


def _read_picture(row: int, entry: dict[str, Any]) -> CachedPicture:
    labels: dict[HeadKey, Label] = {}
    for told in entry["labels"]:
        key = HeadKey.model_validate(told["key"])
        label = told["label"]
        if key.kind is Kind.REGRESSION:
            label = {"points": tuple(p and tuple(p) for p in label["points"])}
        if key.kind is Kind.DETECTION:
            label = {"box": tuple(label["box"])}
        labels[key] = Label(**label)
    height, width = entry["size_hw"]
    return CachedPicture(row, entry["data_set"], entry["group"], (height, width), labels)
