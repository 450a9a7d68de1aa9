"""Regensburg: children with suspected appendicitis (Marcinkevics et al., Zenodo 7711412, 2023).

Layout, from the record's README and code that reads it: ``app_data.xlsx`` with one row a patient
(``US_Number``, ``Diagnosis``: appendicitis or no appendicitis) and ``US_Pictures/N.K text.bmp``, N =
US_Number, K = view. The label is the patient's, not the view's: not every view shows the appendix. Assumed:
appendicitis is UUSIC25's abnormal Appendix.
"""

import re
from pathlib import Path

from evaluation.contract.errors import ConfigurationError
from train.datasets.files import check_sizes, list_images, require
from train.datasets.picture import Collection, Picture, collect
from train.datasets.xlsx_table import read_xlsx_rows

TABLE = "app_data.xlsx"
CLASSES = ("normal", "abnormal")
_DIAGNOSES = {"no appendicitis": "normal", "appendicitis": "abnormal"}
_NUMBER = re.compile(r"(\d+)\.\d+")


def read_regensburg(root: Path) -> Collection:
    """Read every view of every patient with a diagnosis; a group is a patient.

    Raises:
        ConfigurationError: the folder or its table is not Regensburg's.
    """
    require(root, TABLE, "US_Pictures")
    images = list_images(root / "US_Pictures")
    diagnoses = _read_diagnoses(root / TABLE)

    def read_one(stem: str) -> Picture:
        match = _NUMBER.match(stem)
        if match is None:
            raise ValueError("its name does not start with number.view")
        number = match[1]
        if number not in diagnoses:
            raise ValueError(f"no row with US_Number {number} in {TABLE}")
        if diagnoses[number] not in _DIAGNOSES:
            raise ValueError(f"unknown diagnosis `{diagnoses[number]}`")
        return Picture(
            name=f"appendix_{stem}",
            read_image=images[stem].read_bytes,
            suffix=images[stem].suffix.lower(),
            group=f"regensburg {number}",
            size_hw=check_sizes(images[stem], ()),
            label=_DIAGNOSES[diagnoses[number]],
        )

    return collect("regensburg", images, read_one)


def _read_diagnoses(table: Path) -> dict[str, str]:
    try:
        rows = read_xlsx_rows(table)
    except ValueError as error:
        raise ConfigurationError(str(error)) from error
    if not any("US_Number" in row for row in rows):
        raise ConfigurationError(f"{table}: expected a column US_Number")
    numbers = [row.get("US_Number", "").removesuffix(".0") for row in rows]
    return {number: row.get("Diagnosis", "") for number, row in zip(numbers, rows, strict=True) if number}
