"""``make demo`` leaves behind what it says."""

from pathlib import Path

import pytest

from evaluation.contract.result import Result
from sample_data.demo import run_demo


@pytest.mark.slow
def test_demo_ranks_the_degraded_references_above_the_floor(tmp_path: Path) -> None:
    for board in run_demo(tmp_path):
        challenge = board.parents[1]
        scored = {
            name: Result.model_validate_json((challenge / name / "result.json").read_bytes())
            for name in ("floor", "degraded-references")
        }
        assert all(result.n_failed == 0 and result.run is not None for result in scored.values())
        key = "mean_dsc" if challenge.name == "uusic25" else "dsc"
        floor, degraded = (scored[name].summary[key].value for name in ("floor", "degraded-references"))
        assert floor is not None
        assert degraded is not None
        assert degraded > floor
        text = board.read_text()
        assert text.index("degraded-references") < text.index("| floor")
