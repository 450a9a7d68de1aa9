"""The official UUSIC25 table comes out of the derived formula, and of no rejected one."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import kendalltau, rankdata

from evaluation.contract.errors import ConfigurationError
from leaderboard.published.tables import load_score_sheet, load_table1
from leaderboard.ranking import rescale_min_max
from leaderboard.replay import Agreement, replay_uusic25

Array = NDArray[np.float64]


def test_the_sheet_is_replayed_to_its_last_decimal_in_order() -> None:
    replay = replay_uusic25(load_score_sheet(), load_table1())
    assert replay.sheet.kendall_tau == pytest.approx(1.0, abs=1e-12)
    assert replay.sheet.largest_difference <= 1.1e-9
    assert [team.sheet_rank for team in replay.teams] == list(range(1, 16))


def test_table1_time_and_memory_replay_the_order_within_their_rounding() -> None:
    replay = replay_uusic25(load_score_sheet(), load_table1())
    assert replay.table1.kendall_tau == pytest.approx(1.0, abs=1e-12)
    assert replay.table1.largest_difference <= 1.2e-4
    assert [team.table1_rank for team in replay.teams] == list(range(1, 16))
    official_eff = {row.team: row.eff for row in load_score_sheet()}
    assert max(abs(team.table1_eff - official_eff[team.team]) for team in replay.teams) <= 3.8e-4
    assert replay.holds


def test_the_field_is_reordered_without_u_vision_or_flamingo_and_without_nobody_else() -> None:
    without = {one.team: one for one in replay_uusic25(load_score_sheet(), load_table1()).without}
    assert len(without) == 15
    assert round(without["U-Vision"].kendall_tau, 3) == 0.868
    assert round(without["flamingo"].kendall_tau, 3) == 0.802
    others = [one for team, one in without.items() if team not in ("U-Vision", "flamingo")]
    assert all(one.kendall_tau == pytest.approx(1.0, abs=1e-12) and one.n_moved == 0 for one in others)


def test_row_order_changes_nothing() -> None:
    sheet, table1 = load_score_sheet(), load_table1()
    assert replay_uusic25(sheet[::-1], table1[3:] + table1[:3]) == replay_uusic25(sheet, table1)


def test_a_final_off_by_a_hundred_millionth_breaks_the_sheets_claim_only() -> None:
    first, *rest = load_score_sheet()
    replay = replay_uusic25([replace(first, final=first.final + 1e-8), *rest], load_table1())
    assert not replay.sheet.holds
    assert replay.table1.holds
    assert not replay.holds


def test_a_wrong_time_breaks_table1s_claim_only() -> None:
    first, *rest = load_table1()
    replay = replay_uusic25(load_score_sheet(), [replace(first, time_s=first.time_s + 1), *rest])
    assert replay.sheet.holds
    assert not replay.table1.holds


def test_a_swapped_order_breaks_the_claim() -> None:
    a, b, *rest = load_score_sheet()
    replay = replay_uusic25([replace(a, final=b.final), replace(b, final=a.final), *rest], load_table1())
    assert replay.sheet.kendall_tau < 1
    assert not replay.holds


def test_tables_with_other_teams_are_refused() -> None:
    sheet, table1 = load_score_sheet(), load_table1()
    with pytest.raises(ConfigurationError, match="`table1`"):
        replay_uusic25(sheet, table1[:-1])
    with pytest.raises(ConfigurationError, match="`table1`"):
        replay_uusic25((*sheet, sheet[0]), (*table1, table1[0]))
    with pytest.raises(ConfigurationError, match="`table1`"):
        replay_uusic25(sheet[:1], table1[:1])


def _rank(scores: Array) -> NDArray[np.int64]:
    return rankdata(-scores, method="min").astype(np.int64)


def _rank_means(seg: Array, cls: Array, eff: Array) -> Array:
    return np.asarray(_rank(seg) + _rank(cls), dtype=np.float64)


def _separately_rescaled(seg: Array, cls: Array, eff: Array) -> Array:
    rescaled = [rescale_min_max(field, higher_is_better=True) for field in (seg, cls)]
    return -(0.7 * (rescaled[0] + rescaled[1]) / 2 + 0.3 * eff)


def _weighted_ranks_in_integers(seg: Array, cls: Array, eff: Array) -> Array:
    return np.asarray(7 * (_rank(seg) + _rank(cls)) + 6 * _rank(eff), dtype=np.float64)


def _weighted_ranks_in_floats(seg: Array, cls: Array, eff: Array) -> Array:
    return 0.7 * ((_rank(seg) + _rank(cls)) / 2) + 0.3 * _rank(eff)


@pytest.mark.parametrize(
    ("formula", "tau"),
    [
        (_rank_means, 0.903),
        (_separately_rescaled, 0.886),
        (_weighted_ranks_in_integers, 0.837),
        (_weighted_ranks_in_floats, 0.810),
    ],
)
def test_a_rejected_formula_does_not_give_the_official_order(
    formula: Callable[[Array, Array, Array], Array], tau: float
) -> None:
    """Lower is better in every formula, as in the official rank."""
    sheet = load_score_sheet()
    seg, cls, eff = (np.array([getattr(row, key) for row in sheet]) for key in ("seg", "cls", "eff"))
    statistic = kendalltau([row.final_rank for row in sheet], formula(seg, cls, eff)).statistic
    assert round(float(statistic), 3) == tau


def test_our_segmentation_and_classification_ranks_are_those_of_table1() -> None:
    sheet, table1 = load_score_sheet(), load_table1()
    assert _rank(np.array([row.seg for row in sheet])).tolist() == [row.rank_seg for row in table1]
    assert _rank(np.array([row.cls for row in sheet])).tolist() == [row.rank_cls for row in table1]


def test_a_small_difference_does_not_excuse_another_order() -> None:
    assert Agreement(largest_difference=0.0, limit=1e-9, kendall_tau=1.0).holds
    assert not Agreement(largest_difference=0.0, limit=1e-9, kendall_tau=0.99).holds
