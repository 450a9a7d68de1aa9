"""Two processes on the CPU train one network between them."""

import csv
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from evaluation.contract.errors import ConfigurationError
from tests.train.unified.rank_script import CONFIG, KEYS, differentiate, make_pair
from tests.train.unified.scenes import is_same, make_network, make_parts, tiny_config
from train.unified import ranks, stage
from train.unified.stage import Watcher, run_stage

ROOT = Path(__file__).parents[3]
LAUNCH = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
SCRIPT = ("-m", "tests.train.unified.rank_script")


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder in which both ranks have left what they did."""
    folder = tmp_path_factory.mktemp("ranks")
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, *LAUNCH, *SCRIPT, str(folder)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return folder


def both(out: Path, name: str) -> list[dict[str, Any]]:
    """Return what each rank has left under a name."""
    return [torch.load(out / f"{name}_{rank}.pt", weights_only=True) for rank in (0, 1)]


def test_gradient_is_that_of_one_process_with_the_whole_batch(out: Path) -> None:
    first, second = both(out, "even")
    objective, batch = make_pair((0, 2, 4, 6), slice(None))
    alone = differentiate(objective, objective, batch)
    assert first.keys() == alone.keys()
    for name, gradient in alone.items():
        assert torch.equal(first[name], second[name]), name
        # The largest value of a map may lie elsewhere after rounding, and its gradient with it.
        assert (first[name] - gradient).norm() <= 0.01 * gradient.norm() + 1e-6, name


def test_rank_without_a_label_of_a_head_waits_for_nobody(out: Path) -> None:
    first, second = both(out, "uneven")
    heads = {name.split(".")[1] for name in first if name.startswith("heads.")}
    assert heads == {str(index) for index in range(len(KEYS))}
    for name, gradient in first.items():
        assert torch.equal(gradient, second[name])
        assert gradient.isfinite().all()


def test_both_ranks_end_with_the_same_network(out: Path) -> None:
    first, second = both(out, "whole/rank")
    for part in ("network", "average"):
        assert is_same(first[part], second[part])
    before = make_network(CONFIG).state_dict()
    assert not torch.equal(first["network"]["heads.0.last.weight"], before["heads.0.last.weight"])


def test_ranks_keep_one_log(out: Path) -> None:
    first, second = both(out, "whole/rank")
    assert first["history"] == second["history"]
    with (out / "whole" / "log.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [float(row["loss"]) for row in rows] == [row["loss"] for row in first["history"]]
    assert first["steps"] == second["steps"] == [1, 2, 3, 4]


def test_cpu_time_is_that_of_both(out: Path) -> None:
    first, second = both(out, "whole/rank")
    assert first["cpu_s"] == second["cpu_s"] > 0


def test_rank_that_is_told_to_stop_stops_the_other(out: Path) -> None:
    first, second = both(out, "stopped/rank")
    assert first["steps"] == second["steps"] == [1]
    state = torch.load(out / "stopped" / stage.STATE_FILE, weights_only=True)["state"]
    assert state["step"] == 1


def test_run_of_two_ranks_goes_on_alone(out: Path) -> None:
    _, before = both(out, "stopped/rank")
    network = make_network(CONFIG)
    state = run_stage(network, make_parts(), CONFIG, out / "stopped", Watcher())
    assert state.step == 4
    assert state.cpu_s > before["cpu_s"]


def test_alone_the_sum_over_ranks_is_the_value() -> None:
    assert ranks.find_rank() == (0, 1)
    assert ranks.is_first_rank()
    assert ranks.sum_over_ranks(2.5) == 2.5


def test_more_ranks_than_pictures_a_batch_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage, "find_rank", lambda: (0, 5))
    with pytest.raises(ConfigurationError, match="at least 1 a rank, 5, but got 4"):
        run_stage(make_network(), make_parts(), tiny_config(preset="mh_mtl"), tmp_path, Watcher())
