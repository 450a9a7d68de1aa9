"""What is known of the images besides their labels: what subgroups are made of."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from evaluation.contract.case import MaskReference
from evaluation.contract.errors import ManifestError
from evaluation.contract.manifest import Manifest
from evaluation.files.images import decode_mask
from train.datasets.files import read_rows

LESION_TASK = "breast_lesion"
"""FMC_UIA's task with BUSI's normals, whose masks are empty; its masks tell a lesion's size."""

Attributes = Mapping[str, Mapping[str, str]]
"""By attribute (``device``, …) and an image file's stem: the group that the image is in."""


def read_lesion_shares(manifest: Manifest) -> dict[str, float]:
    """Return the share of the image that each reference of `LESION_TASK` covers, 0 to 1, by the image's stem.

    Raises:
        ManifestError: a reference cannot be read.
    """
    shares = {}
    for case in manifest.cases:
        if case.task_id == LESION_TASK and isinstance(case.reference, MaskReference):
            try:
                mask = decode_mask(case.reference.file.read_bytes())
            except (OSError, ValueError) as error:
                raise ManifestError(f"{case.case_id}: reference mask cannot be read ({error})") from error
            shares[Path(case.image_path).stem] = float(np.mean(mask > 0))
    return shares


def read_attributes(
    pictures_csv: Path, *, bus_bra: Path | None, lesion_shares: Mapping[str, float]
) -> dict[str, dict[str, str]]:
    """Return the groups of images by attribute.

    Args:
        pictures_csv: the list that ``python -m train prepare`` writes; gives ``class``.
        bus_bra: the published folder; gives ``device`` and ``BI-RADS``. None leaves both out.
        lesion_shares: gives ``lesion size``, by thirds of the non-empty ones; images without a lesion are
            in no group.

    Raises:
        ConfigurationError: a table is missing or lacks a column.
    """
    pictures = read_rows(pictures_csv, ("data_set", "picture", "label"))
    found = {
        "class": {row["picture"]: f"{row['data_set']} {row['label']}" for row in pictures if row["label"]},
        "lesion size": cut_in_thirds({stem: share for stem, share in lesion_shares.items() if share > 0}),
    }
    if bus_bra is not None:
        base = bus_bra / "BUSBRA" if (bus_bra / "BUSBRA").is_dir() else bus_bra
        rows = read_rows(base / "bus_data.csv", ("ID", "Device", "BIRADS"))
        found["device"] = {row["ID"]: row["Device"] for row in rows}
        found["BI-RADS"] = {row["ID"]: f"BI-RADS {row['BIRADS']}" for row in rows}
    return found


def cut_in_thirds(shares: Mapping[str, float]) -> dict[str, str]:
    """Return the third that each name is in, with its bounds in percent of the image; nothing of nothing.

    Bounds are the 1/3 and 2/3 quantiles of the shares; a share on a bound belongs to the group above.
    """
    if not shares:
        return {}
    low, high = np.quantile(list(shares.values()), (1 / 3, 2 / 3))
    names = (
        f"1st third: below {low:.1%} of the image",
        f"2nd third: {low:.1%} to {high:.1%}",
        f"3rd third: from {high:.1%}",
    )
    return {stem: names[int(share >= low) + int(share >= high)] for stem, share in shares.items()}
