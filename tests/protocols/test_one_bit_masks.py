"""One-bit PNG masks, which Pillow stores as bytes of 255, are class 1 in either mode."""

import io
from pathlib import Path

import pytest
from PIL import Image

from evaluation.contract.result import Mode
from tests.protocols.folders import disc
from tests.protocols.one_task import MODES, SIZE_HW, score_masks, values

MASK = disc(*SIZE_HW, y=12, x=17)


@pytest.mark.parametrize("mode", MODES)
def test_one_bit_prediction_is_class_one(tmp_path: Path, mode: Mode) -> None:
    buffer = io.BytesIO()
    Image.fromarray(MASK * 255).convert("1").save(buffer, format="PNG")
    assert values(score_masks(tmp_path, [(MASK, buffer.getvalue())], mode).scores) == {
        "dsc": 1.0,
        "hd_px": 0.0,
    }
