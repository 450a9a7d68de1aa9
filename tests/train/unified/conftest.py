"""What keeps the runs of these tests short."""

from collections.abc import Iterator

import pytest

from train.unified import setup


@pytest.fixture(autouse=True, scope="session")
def few_calibration_batches() -> Iterator[None]:
    """Let norms be calibrated on a few batches: these pictures are all alike."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(setup, "CALIBRATION_BATCHES", 3)
        yield
