"""Laws of strict scores: leaving out never helps, order and names do not matter, the truth is best."""

import random
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evaluation.contract.result import Result, TaskResult
from tests.properties.strict_scenes import (
    Scene,
    all_scores,
    draw_class_scene,
    draw_geometry_scene,
    draw_uusic25_scene,
    is_lower_better,
)

Drawer = Callable[..., Scene]
DRAWERS = (draw_class_scene, draw_geometry_scene, draw_uusic25_scene)
SEEDS = st.integers(0, 2**32 - 1)
# Each example writes and scores whole folders, so a deadline would measure the disk.
SHORT = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
LONG = settings(SHORT, max_examples=70)


def score(scene: Scene) -> dict[str, float | None]:
    """Score a scene in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        return all_scores(scene.score(Path(folder)))


def assert_not_better(fewer: dict[str, float | None], complete: dict[str, float | None]) -> None:
    """Refuse any score that leaving out predictions made better, or defined, or undefined."""
    assert fewer.keys() == complete.keys()
    for name, value in complete.items():
        less = fewer[name]
        assert (less is None) == (value is None), name
        if value is not None and less is not None:
            gain = value - less if is_lower_better(name) else less - value
            assert gain <= 1e-12, (name, value, less)


def check_leaving_out(draw: Drawer, seed: int) -> None:
    """Leave out a growing set of predictions; each step may only lose."""
    rng = np.random.default_rng(seed)
    scene = draw(rng)
    order = rng.permutation(scene.n_predictions).tolist()
    first, second = sorted(rng.integers(0, scene.n_predictions + 1, 2).tolist())
    complete, fewer, fewest = (score(scene.without(set(order[:n]))) for n in (0, first, second))
    assert_not_better(fewer, complete)
    assert_not_better(fewest, fewer)


@LONG
@given(SEEDS)
def test_leaving_out_classes_never_raises_a_score(seed: int) -> None:
    check_leaving_out(draw_class_scene, seed)


@SHORT
@given(SEEDS)
def test_leaving_out_masks_boxes_and_points_never_raises_a_score(seed: int) -> None:
    check_leaving_out(draw_geometry_scene, seed)


@settings(SHORT, max_examples=20)
@given(SEEDS)
def test_leaving_out_uusic25_predictions_never_raises_a_score(seed: int) -> None:
    check_leaving_out(draw_uusic25_scene, seed)


@pytest.mark.parametrize("draw", DRAWERS)
@settings(SHORT, max_examples=6)
@given(seed=SEEDS)
def test_leaving_out_a_whole_file_never_raises_a_score(draw: Drawer, seed: int) -> None:
    scene = draw(np.random.default_rng(seed))
    complete = score(scene)
    for name in scene.entries:
        assert_not_better(score(scene.without_file(name)), complete)


@pytest.mark.parametrize("draw", DRAWERS)
@settings(SHORT, max_examples=8)
@given(seed=SEEDS)
def test_order_of_rows_and_entries_changes_no_score(draw: Drawer, seed: int) -> None:
    rng = np.random.default_rng(seed)
    scene = draw(rng)
    assert score(scene.shuffled(rng)) == pytest.approx(score(scene), abs=1e-12)


def make_names(seed: int) -> Callable[[str], str]:
    """Return a function that gives each path the same new name every time it is asked."""
    names: dict[str, str] = {}
    letters = random.Random(seed)  # noqa: S311 # names, not secrets

    def rename(path: str) -> str:
        # A mask's name follows from its image's in UUSIC25, so their last parts change alike.
        last = path.rsplit("/", 1)[-1]
        new = names.setdefault(last, f"{letters.random():.6f} [é]\u00a0, {len(names)}.png")
        return path.removesuffix(last) + new

    return rename


@pytest.mark.parametrize("draw", DRAWERS)
@settings(SHORT, max_examples=8)
@given(seed=SEEDS)
def test_names_of_images_change_no_score(draw: Drawer, seed: int) -> None:
    scene = draw(np.random.default_rng(seed))
    assert score(scene.renamed(make_names(seed))) == pytest.approx(score(scene), abs=1e-12)


@pytest.mark.parametrize("draw", DRAWERS)
@settings(SHORT, max_examples=6)
@given(seed=SEEDS)
def test_predictions_equal_to_the_references_are_best(draw: Drawer, seed: int) -> None:
    scores = score(draw(np.random.default_rng(seed), perfect=True))
    for name, value in scores.items():
        if value is None or name.endswith("mcc"):
            continue  # MCC is 0 by definition where the reference has one class only
        assert value == pytest.approx(0.0 if is_lower_better(name) else 1.0, abs=1e-12), name
    assert any(value is not None for value in scores.values())


@pytest.mark.parametrize("draw", DRAWERS)
def test_names_and_order_change_intervals_only_within_monte_carlo_error(draw: Drawer, tmp_path: Path) -> None:
    scene = draw(np.random.default_rng(3))
    shuffled = scene.shuffled(np.random.default_rng(4))
    as_it_is = scene.score(tmp_path / "a", n_resamples=2000)
    in_another_order = shuffled.score(tmp_path / "b", n_resamples=2000)
    renamed = scene.renamed(make_names(5)).score(tmp_path / "c", n_resamples=2000)
    n_intervals = 0
    for task, same, other in zip(
        as_it_is.tasks, sorted_like(as_it_is, in_another_order), renamed.tasks, strict=True
    ):
        for name, given_score in task.scores.items():
            intervals = (given_score.interval, same.scores[name].interval, other.scores[name].interval)
            first, second, third = intervals
            if first is None or second is None or third is None:
                assert intervals == (None, None, None)
                continue
            n_intervals += 1
            assert (second.low, second.high) == pytest.approx((first.low, first.high), abs=1e-12)
            # Few cases make coarse samples: an end may step to the next value.
            tolerance = 0.2 * (first.high - first.low) + 1e-9
            assert (third.low, third.high) == pytest.approx((first.low, first.high), abs=tolerance)
    assert n_intervals > 0


def sorted_like(first: Result, second: Result) -> list[TaskResult]:
    """Return the tasks of the second result in the order of the first."""
    by_id = {task.task_id: task for task in second.tasks}
    return [by_id[task.task_id] for task in first.tasks]
