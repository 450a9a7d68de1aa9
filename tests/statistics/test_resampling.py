"""Draws: which units belong together, and counts that depend on nothing but the seed and the block."""

import hashlib
import json

import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from evaluation.contract.errors import ConfigurationError
from evaluation.statistics.resampling import (
    ROWS_PER_CHUNK,
    Float32Array,
    ResamplingUnits,
    draw_weights,
    group_units,
)


def draw_all(units: ResamplingUnits, *, n_resamples: int, seed: int) -> Float32Array:
    return np.concatenate(list(draw_weights(units, n_resamples=n_resamples, seed=seed)))


def make_task(task_id: str, n_units: int) -> tuple[list[str], list[str]]:
    """Return the unit keys and task ids of a task that shares nothing with others."""
    return [f"{task_id}/{unit:05d}" for unit in range(n_units)], [task_id] * n_units


def test_equal_keys_are_one_unit_and_tasks_that_share_it_are_one_block() -> None:
    units = group_units(
        unit_keys=["p1", "p1", "p2", "p2", "p3", "q1"], task_ids=["seg", "seg", "seg", "cls", "cls", "det"]
    )
    # blocks in the order of their task ids: (cls, seg) with p1 p2 p3, then (det,) with q1
    np.testing.assert_array_equal(units.unit_of_case, [0, 0, 1, 1, 2, 3])
    np.testing.assert_array_equal(units.block_of_unit, [0, 0, 0, 1])
    assert units.task_ids_of_block == (("cls", "seg"), ("det",))


def test_tasks_that_share_units_only_through_a_third_task_are_one_block() -> None:
    units = group_units(unit_keys=["x", "y", "y", "z", "z"], task_ids=["a", "b", "c", "c", "a"])
    assert units.task_ids_of_block == (("a", "b", "c"),)


def test_blocks_are_the_connected_components_of_tasks_and_units() -> None:
    rng = np.random.default_rng(0)
    n_blocks_seen = set()
    for _ in range(100):
        keys, tasks = rng.integers(0, 40, 30), rng.integers(0, 12, 30)
        units = group_units(unit_keys=[f"{k:02d}" for k in keys], task_ids=[f"{t:02d}" for t in tasks])
        links = coo_array((np.ones(30), (keys, 40 + tasks)), shape=(52, 52))
        _, component = connected_components(links, directed=False)
        expected = sorted(
            tuple(f"{t:02d}" for t in np.unique(tasks[component[keys] == c])) for c in set(component[keys])
        )
        assert units.task_ids_of_block == tuple(expected)
        n_blocks_seen.add(len(expected))
    assert len(n_blocks_seen) > 2


def test_a_task_is_one_block_although_only_one_of_its_units_is_shared() -> None:
    units = group_units(unit_keys=["a1", "a2", "both", "both", "b1"], task_ids=["a", "a", "a", "b", "b"])
    np.testing.assert_array_equal(units.block_of_unit, [0, 0, 0, 0])


def test_blocks_keep_their_size_in_every_resample() -> None:
    small, large = make_task("small", 3), make_task("large", 200)
    units = group_units(unit_keys=small[0] + large[0], task_ids=small[1] + large[1])
    weights = draw_all(units, n_resamples=150, seed=0)
    in_large = units.block_of_unit == units.task_ids_of_block.index(("large",))
    np.testing.assert_array_equal(weights[:, in_large].sum(axis=1), 200)
    np.testing.assert_array_equal(weights[:, ~in_large].sum(axis=1), 3)


def test_counts_equal_a_plain_loop_over_one_undivided_draw() -> None:
    # 70,000 units need more than one piece a row, 900 units several rows a piece; 70 rows are two chunks
    for n_units in (1, 900, 70_000):
        keys, task_ids = make_task("t", n_units)
        units = group_units(unit_keys=keys, task_ids=task_ids)
        name = int.from_bytes(hashlib.sha256(json.dumps(["t"]).encode()).digest())
        draws = np.random.default_rng([5, name]).integers(n_units, size=(70, n_units))
        expected = np.stack([np.bincount(row, minlength=n_units) for row in draws])
        np.testing.assert_array_equal(draw_all(units, n_resamples=70, seed=5), expected)


def test_rows_do_not_depend_on_how_many_are_drawn() -> None:
    keys, task_ids = make_task("t", 333)
    units = group_units(unit_keys=keys, task_ids=task_ids)
    many = draw_all(units, n_resamples=2 * ROWS_PER_CHUNK + 7, seed=3)
    few = draw_all(units, n_resamples=ROWS_PER_CHUNK - 5, seed=3)
    assert many.shape == (2 * ROWS_PER_CHUNK + 7, 333)
    np.testing.assert_array_equal(many[: len(few)], few)


def test_seed_decides_the_draw() -> None:
    keys, task_ids = make_task("t", 50)
    units = group_units(unit_keys=keys, task_ids=task_ids)
    first, again, other = (draw_all(units, n_resamples=20, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_blocks_of_one_size_are_drawn_differently() -> None:
    a, b = make_task("a", 50), make_task("b", 50)
    units = group_units(unit_keys=a[0] + b[0], task_ids=a[1] + b[1])
    weights = draw_all(units, n_resamples=20, seed=1)
    assert (weights[:, :50] != weights[:, 50:]).any()


def test_an_unrelated_task_and_the_case_order_leave_a_tasks_rows_as_they_were() -> None:
    keys, task_ids = make_task("m", 40)
    alone = group_units(unit_keys=keys, task_ids=task_ids)
    # "a" sorts before "m": the columns of "m" move, and its block gets another number
    more_keys, more_ids = make_task("a", 77)
    beside = group_units(unit_keys=(more_keys + keys)[::-1], task_ids=(more_ids + task_ids)[::-1])
    expected = draw_all(alone, n_resamples=100, seed=9)[:, alone.unit_of_case]
    found = draw_all(beside, n_resamples=100, seed=9)[:, beside.unit_of_case[::-1]]
    np.testing.assert_array_equal(found[:, 77:], expected)


def test_counts_have_the_moments_of_a_multinomial() -> None:
    keys, task_ids = make_task("t", 20)
    weights = draw_all(group_units(unit_keys=keys, task_ids=task_ids), n_resamples=20_000, seed=0)
    covariance = np.cov(weights, rowvar=False)
    np.testing.assert_allclose(weights.mean(axis=0), 1, atol=0.04)
    np.testing.assert_allclose(covariance, np.eye(20) - 1 / 20, atol=0.06)


def test_no_cases_make_rows_without_columns() -> None:
    units = group_units(unit_keys=[], task_ids=[])
    assert draw_all(units, n_resamples=5, seed=0).shape == (5, 0)


def test_keys_and_tasks_of_different_length_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="1 tasks for 2 keys"):
        group_units(unit_keys=["a", "b"], task_ids=["t"])


@pytest.mark.parametrize(("n_resamples", "seed", "name"), [(-1, 0, "n_resamples"), (1, -1, "seed")])
def test_negative_counts_and_seeds_are_refused(n_resamples: int, seed: int, name: str) -> None:
    units = group_units(unit_keys=["a"], task_ids=["t"])
    with pytest.raises(ConfigurationError, match=f"`{name}` to be 0 or more but got -1"):
        draw_all(units, n_resamples=n_resamples, seed=seed)
