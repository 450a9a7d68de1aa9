"""``make demo`` leaves behind what it says."""

from pathlib import Path

import pytest

from evaluation.contract.result import Result
from sample_data.demo import run_demo

ABOVE_THE_FLOOR = {
    "uusic25": ("mean_dsc", "mean_nsd", "mean_auc_binary", "mean_acc_binary"),
    "fmc_uia": ("dsc", "auc", "f1_macro", "mcc", "iou"),
}


@pytest.mark.slow
def test_demo_ranks_three_submissions_as_they_deserve(tmp_path: Path) -> None:
    for board in run_demo(tmp_path):
        challenge = board.parents[1]
        scored = {
            name: Result.model_validate_json((challenge / name / "result.json").read_bytes())
            for name in ("lite", "floor", "degraded-references")
        }
        assert all(result.n_failed == 0 and result.run is not None for result in scored.values())
        for key in ABOVE_THE_FLOOR[challenge.name]:
            assert read(scored["lite"], key) > read(scored["floor"], key), key
        if challenge.name == "fmc_uia":
            for key in ("hd_px", "mre_px"):
                assert read(scored["lite"], key) < read(scored["floor"], key), key
        text = board.read_text()
        assert text.index("degraded-references") < text.index("| floor")


def read(result: Result, key: str) -> float:
    """Return a value of a result's summary."""
    value = result.summary[key].value
    assert value is not None
    return value
