"""The harness is killed at random moments; nothing is lost, nothing is mixed, nothing is left."""

from pathlib import Path

import pytest

from tests.queue.killing import kill_queues


@pytest.mark.slow
def test_a_queue_that_is_killed_and_started_again_ends_as_an_undisturbed_one(tmp_path: Path) -> None:
    figures = kill_queues(tmp_path / "kills", n_kills=5, seed=7)
    assert figures.n_kills == 5
    assert figures.differences == []
    assert figures.left_behind == []
    assert figures.n_started_again_when_done == 0
