"""Rank distributions, tau, rank sets and tiers on fields whose answer is known."""

import numpy as np
import pytest
from scipy.stats import kendalltau

from leaderboard.stability import compare_pairs, correlate_orders, count_ranks, find_rank_sets, find_tiers
from tests.leaderboard.simulate_rank_sets import Scenario, list_scenarios, measure_rank_sets


def test_shares_of_ranks_are_counted_team_by_team() -> None:
    ranks = np.array([[1, 2, 3], [1, 3, 2], [1, 1, 3], [2, 1, 3]])
    assert count_ranks(ranks).tolist() == [[0.75, 0.25, 0], [0.5, 0.25, 0.25], [0, 0.25, 0.75]]


def test_tau_is_scipys() -> None:
    rng = np.random.default_rng(0)
    score = rng.integers(0, 4, 8).astype(float)
    samples = rng.integers(0, 4, (50, 8)).astype(float)
    expected = [kendalltau(score, row).statistic for row in samples]
    assert correlate_orders(score, samples) == pytest.approx(expected, nan_ok=True)


def test_tau_of_an_order_that_ties_everybody_is_undefined() -> None:
    assert np.isnan(correlate_orders(np.ones(3), np.arange(6.0).reshape(2, 3))).all()


def test_clear_differences_leave_one_rank_and_one_tier_each() -> None:
    samples = np.array([3.0, 2.0, 1.0]) + np.random.default_rng(0).normal(0, 0.01, (200, 3))
    score = np.array([3.0, 2.0, 1.0])
    p = compare_pairs(score, samples, freedom=99)
    assert find_rank_sets(score, p).tolist() == [[1, 1], [2, 2], [3, 3]]
    assert find_tiers(np.array([1, 2, 3]), p).tolist() == [1, 2, 3]


def test_noise_leaves_all_ranks_and_one_tier() -> None:
    samples = np.random.default_rng(0).normal(0, 1.0, (200, 3))
    score = np.array([0.03, 0.02, 0.01])
    p = compare_pairs(score, samples, freedom=99)
    assert find_rank_sets(score, p).tolist() == [[1, 3]] * 3
    assert find_tiers(np.array([1, 2, 3]), p).tolist() == [1, 1, 1]


def test_a_chain_of_small_steps_opens_a_tier_where_the_leader_is_out_of_reach() -> None:
    p = np.ones((3, 3))
    p[0, 2] = p[2, 0] = 0.01
    assert find_tiers(np.array([1, 2, 3]), p).tolist() == [1, 1, 2]


def test_a_difference_that_never_varies_is_certain_and_none_is_none() -> None:
    samples = np.tile([2.0, 1.0, 1.0], (20, 1))
    p = compare_pairs(samples[0], samples, freedom=19)
    assert p[0, 1] == p[0, 2] == 0.0
    assert p[1, 2] == 1.0


def test_one_unit_tells_nobody_apart() -> None:
    samples = np.tile([2.0, 1.0], (20, 1))
    assert compare_pairs(samples[0], samples, freedom=0).tolist() == [[1.0, 1.0], [1.0, 1.0]]


@pytest.mark.parametrize("scenario", list_scenarios(), ids=lambda scenario: scenario.name)
def test_rank_sets_hold_every_true_rank_in_95_percent_of_fields(scenario: Scenario) -> None:
    """In small here; the README's table counts 2,000 fields a line."""
    n_fields = 20
    found = measure_rank_sets(scenario, n_fields=n_fields)
    assert found.any_rank >= 0.9
    assert found.whole_ties >= 0.75
