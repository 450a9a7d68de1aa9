"""Holm's correction, by hand and by its law."""

import numpy as np
import pytest

from evaluation.statistics.holm import adjust_holm


def test_adjusted_values_of_a_family_worked_out_by_hand() -> None:
    # Sorted 0.01, 0.02, 0.03, 0.2 times 4, 3, 2, 1; the third must not fall below the second.
    adjusted = adjust_holm(np.array([0.03, 0.01, 0.2, 0.02]))
    assert adjusted == pytest.approx([0.06, 0.04, 0.2, 0.06])


def test_no_value_rises_above_one_and_no_test_is_no_value() -> None:
    assert adjust_holm(np.array([0.9, 0.8])) == pytest.approx([1.0, 1.0])
    assert adjust_holm(np.empty(0)).shape == (0,)
    two = adjust_holm(np.array([[0.03, 0.01], [0.2, 0.02]]))
    assert two == pytest.approx(np.array([[0.03, 0.02], [0.2, 0.04]]))


def test_any_false_rejection_stays_below_the_level() -> None:
    families = np.random.default_rng(1).uniform(size=(4000, 20))
    rejected = [(adjust_holm(family) <= 0.05).any() for family in families]
    assert np.mean(rejected) < 0.06
    assert np.mean([(family <= 0.05).any() for family in families]) > 0.5
