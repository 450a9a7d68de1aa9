"""Fatty-Liver: B-mode livers with fat content (Byra et al., IJCARS 13:1895-1903, 2018; Zenodo 1009146).

Layout, from code that reads the published file ``dataset_liver_bmodes_steatosis_assessment_IJCARS.mat``: a
struct array ``data`` of 1 × 55 patients with ``id``, ``class`` (0 or 1 = steatosis, more than 5 % fat),
``fat`` and ``images``, 10 × 434 × 636 uint8 frames. Assumed: class 1 is UUSIC25's abnormal liver.
"""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy.io import loadmat
from scipy.io.matlab import MatReadError

from evaluation.contract.errors import ConfigurationError
from evaluation.files.images import encode_png
from train.datasets.picture import Collection, Picture, collect

FILE = "dataset_liver_bmodes_steatosis_assessment_IJCARS.mat"
CLASSES = ("normal", "abnormal")
_FIELDS = ("id", "class", "images")


def read_fatty_liver(root: Path) -> Collection:
    """Read every frame of every patient; a group is a patient. Frames stay in memory (150 MB).

    Args:
        root: the folder that holds the file, or the file itself.

    Raises:
        ConfigurationError: the file is missing or holds something else.
    """
    file = root if root.is_file() else root / FILE
    patients = _load(file)
    frames: dict[str, tuple[int, int]] = {}
    for number, patient in enumerate(patients):
        n_frames = patient["images"].shape[0] if patient["images"].ndim == 3 else 1
        frames |= {f"{_scalar(patient['id'])}_{k + 1:02d}": (number, k) for k in range(n_frames)}

    def read_one(key: str) -> Picture:
        number, k = frames[key]
        patient = patients[number]
        images, label = patient["images"], _scalar(patient["class"])
        if images.ndim != 3 or images.dtype != np.uint8:
            raise ValueError(f"images are {images.dtype} of shape {images.shape}, expected uint8 (n, h, w)")
        if label not in ("0", "1"):
            raise ValueError(f"unknown class `{label}`")
        return Picture(
            name=f"liver_{key}",
            read_image=partial(encode_png, images[k]),
            suffix=".png",
            group=f"fatty_liver {_scalar(patient['id'])}",
            size_hw=images.shape[1:],
            label=CLASSES[int(label)],
        )

    return collect("fatty_liver", frames, read_one)


def _load(file: Path) -> list[Any]:
    try:
        data = loadmat(file)["data"].ravel()
    except (OSError, KeyError, ValueError, NotImplementedError, MatReadError) as error:
        raise ConfigurationError(f"{file}: expected a MATLAB file with a struct `data` ({error})") from error
    missing = [field for field in _FIELDS if field not in (data.dtype.names or ())]
    if missing:
        raise ConfigurationError(f"{file}: expected `data` with fields {', '.join(_FIELDS)}, no {missing}")
    return list(data)


def _scalar(value: Any) -> str:  # noqa: ANN401 # scipy types no field of a MATLAB struct
    """Return a 1 × 1 MATLAB number as text; the whole array's text if it is none."""
    flat = np.asarray(value).ravel()
    return f"{flat[0]:g}" if flat.size == 1 and flat.dtype.kind in "uif" else str(flat.tolist())
