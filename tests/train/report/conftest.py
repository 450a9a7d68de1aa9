"""The tiny split and one row of predictions for it."""

from pathlib import Path

import pytest

from tests.train.report.scene import write_row, write_split


@pytest.fixture
def split(tmp_path: Path) -> Path:
    """Return a split whose part ``val`` has labels."""
    write_split(tmp_path / "split")
    return tmp_path / "split"


@pytest.fixture
def row(tmp_path: Path) -> Path:
    """Return a folder of predictions for it."""
    write_row(tmp_path / "row")
    return tmp_path / "row"
