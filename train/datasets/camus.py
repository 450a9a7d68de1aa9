"""CAMUS: hearts in two- and four-chamber views (Leclerc et al., IEEE TMI 38(9):2198-2210, 2019).

Layout, from code that reads the published archive ``CAMUS_public``: ``database_nifti/patientNNNN/`` with
``patientNNNN_{2CH,4CH}_{ED,ES}.nii.gz`` and ``…_gt.nii.gz`` (1 left ventricle, 2 its muscle, 3 left atrium).
The half sequences beside them are not read: their frames between ED and ES resemble these two. The archive's
test patients have masks too since its NIfTI release; all patients are read, and our own split is used.
"""

from functools import partial
from pathlib import Path

import numpy as np

from evaluation.files.images import encode_png
from train.datasets.files import require
from train.datasets.nifti import read_nifti
from train.datasets.picture import Collection, Mask, Picture, collect

LEFT_VENTRICLE = 1
_N_CLASSES = 4


def read_camus(root: Path) -> Collection:
    """Read the end-diastolic and end-systolic frames of both views; a group is a patient.

    Raises:
        ConfigurationError: the folder has no ``database_nifti``.
    """
    require(root, "database_nifti")
    patients = sorted(p for p in (root / "database_nifti").iterdir() if p.name.startswith("patient"))
    frames = {f"{p.name}_{v}_{t}": p for p in patients for v in ("2CH", "4CH") for t in ("ED", "ES")}

    def read_one(key: str) -> Picture:
        patient = frames[key]
        image_file, mask_file = _find(patient / key), _find(patient / f"{key}_gt")
        image, mask = read_nifti(image_file), read_nifti(mask_file)
        if image.pixels.shape != mask.pixels.shape:
            raise ValueError(f"{mask_file.name} is {mask.pixels.shape}, its image is {image.pixels.shape}")
        if image.pixels.dtype != np.uint8:
            raise ValueError(f"{image_file.name} holds {image.pixels.dtype}, expected uint8")
        unknown = set(np.unique(mask.pixels).tolist()) - set(range(_N_CLASSES))
        if unknown:
            raise ValueError(f"{mask_file.name} holds unknown classes {sorted(unknown)}")
        height, width = image.pixels.shape
        return Picture(
            name=f"camus_{key}",
            read_image=partial(_encode, image_file),
            suffix=".png",
            group=f"camus {patient.name}",
            size_hw=(height, width),
            read_mask=partial(_read_mask, mask_file),
            spacing_mm_yx=image.spacing_mm_yx,
        )

    return collect("camus", frames, read_one)


def _find(stem: Path) -> Path:
    files = [stem.with_name(stem.name + ending) for ending in (".nii.gz", ".nii")]
    found = next((file for file in files if file.is_file()), None)
    if found is None:
        raise ValueError(f"no {files[0].name}")
    return found


def _encode(file: Path) -> bytes:
    return encode_png(read_nifti(file).pixels.astype(np.uint8))


def _read_mask(file: Path) -> Mask:
    return read_nifti(file).pixels.astype(np.uint8)
