"""The 70/30 formula on fields worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.contract.errors import ConfigurationError
from leaderboard.ranking import compute_efficiency, compute_final, rank_descending, rescale_min_max

FIELDS = st.lists(st.integers(-1000, 1000).map(float), min_size=1, max_size=8)


def test_best_is_one_and_worst_zero_in_both_directions() -> None:
    assert rescale_min_max([1.0, 2.0, 5.0], higher_is_better=True).tolist() == [0.0, 0.25, 1.0]
    assert rescale_min_max([1.0, 2.0, 5.0], higher_is_better=False).tolist() == [1.0, 0.75, 0.0]


@pytest.mark.parametrize("field", [[3.0], [3.0, 3.0, 3.0], [0.0, 0.0]])
@pytest.mark.parametrize("higher_is_better", [True, False])
def test_a_field_without_spread_is_one_for_all(field: list[float], higher_is_better: bool) -> None:
    assert rescale_min_max(field, higher_is_better=higher_is_better).tolist() == [1.0] * len(field)


def test_an_empty_field_stays_empty() -> None:
    assert rescale_min_max([], higher_is_better=True).shape == (0,)
    assert compute_efficiency(time_s=[], peak_gpu=[]).shape == (0,)
    assert compute_final(performance=[], efficiency=[]).shape == (0,)
    assert rank_descending([]).shape == (0,)


def test_efficiency_is_the_mean_of_two_terms_and_not_rescaled_again() -> None:
    eff = compute_efficiency(time_s=[10, 20, 30], peak_gpu=[4, 0, 4])
    assert eff.tolist() == [0.5, 0.75, 0.0]


def test_efficiency_does_not_depend_on_the_unit_of_memory() -> None:
    mib = np.array([604.0, 2826.0, 758.0])
    in_mib = compute_efficiency(time_s=[1, 2, 3], peak_gpu=mib)
    in_gib = compute_efficiency(time_s=[1, 2, 3], peak_gpu=mib / 1024)
    assert in_mib == pytest.approx(in_gib, abs=1e-15)


def test_final_weighs_seventy_to_thirty() -> None:
    final = compute_final(performance=[1.0, 0.0, 0.5], efficiency=[0.0, 1.0, 0.5])
    assert final == pytest.approx([0.7, 0.3, 0.5], abs=1e-15)


def test_tied_entries_share_the_smaller_rank() -> None:
    assert rank_descending([0.5, 0.9, 0.5, 0.1]).tolist() == [2, 1, 2, 4]


def test_rounding_noise_does_not_break_a_tie() -> None:
    assert rank_descending([0.1 + 0.2, 0.3]).tolist() == [1, 1]
    assert rank_descending([0.3 + 1e-8, 0.3]).tolist() == [1, 2]


def test_a_stack_of_fields_is_ranked_field_by_field() -> None:
    stack = np.array([[1.0, 2.0, 3.0], [6.0, 6.0, 0.0]])
    assert rescale_min_max(stack, higher_is_better=True).tolist() == [[0.0, 0.5, 1.0], [1.0, 1.0, 0.0]]
    assert rank_descending(stack).tolist() == [[3, 2, 1], [1, 1, 3]]


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_nan_and_infinity_are_refused_by_name(bad: float) -> None:
    with pytest.raises(ConfigurationError, match="`values`"):
        rescale_min_max([1.0, bad], higher_is_better=True)
    with pytest.raises(ConfigurationError, match="`final`"):
        rank_descending([1.0, bad])
    with pytest.raises(ConfigurationError, match="`performance`"):
        compute_final(performance=[bad], efficiency=[1.0])
    with pytest.raises(ConfigurationError, match="`efficiency`"):
        compute_final(performance=[1.0], efficiency=[bad])


def test_a_single_number_is_no_field() -> None:
    with pytest.raises(ConfigurationError, match="array of a field"):
        rank_descending(1.0)


@given(FIELDS)
def test_ranks_agree_with_counting_the_better_entries(field: list[float]) -> None:
    assert rank_descending(field).tolist() == [1 + sum(other > one for other in field) for one in field]


@given(FIELDS)
def test_rescaled_values_keep_order_and_range(field: list[float]) -> None:
    rescaled = rescale_min_max(field, higher_is_better=True)
    assert rescaled.max() == 1.0
    assert rescaled.min() in (0.0, 1.0)
    assert rank_descending(rescaled).tolist() == rank_descending(field).tolist()
