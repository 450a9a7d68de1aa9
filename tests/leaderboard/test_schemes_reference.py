"""The three classic schemes agree with a second implementation on 200 random fields each, ties and gaps."""

import math
from collections.abc import Sequence

import numpy as np
import pytest

from evaluation.statistics.holm import adjust_holm
from leaderboard.field import Field
from leaderboard.paired_tests import count_wins, flip_signs, list_pairs, score_differences
from leaderboard.ranking import rank_with_missing
from leaderboard.scheme import Scheme
from leaderboard.standings import rank_field
from tests.leaderboard import challenger
from tests.leaderboard.detection_scenes import make_detection_field, make_scheme

N_FIELDS = 200


def ranks_of(field: Field, scheme: Scheme) -> list[float]:
    ranked = rank_field(field, scheme)
    assert ranked is not None
    assert not ranked.unranked
    return [float(rank) for rank in ranked.ranks]


@pytest.mark.parametrize("seed", range(4))
def test_aggregate_then_rank_is_challengers_with_missing_values_left_out(seed: int) -> None:
    rng = challenger.seeded(seed)
    for _ in range(N_FIELDS // 4):
        table = challenger.draw_table(rng, rng.randint(2, 7), rng.randint(1, 9), missing=0.2, grid=3)
        # A team without any value is listed, not ranked.
        table = [row if any(value == value for value in row) else [0.0] * len(row) for row in table]
        ours = ranks_of(make_detection_field([table]), make_scheme("aggregate_then_rank", "task"))
        assert ours == challenger.aggregate_then_rank(table)


@pytest.mark.parametrize("seed", range(4))
def test_rank_then_aggregate_is_challengers_with_missing_values_and_several_tasks(seed: int) -> None:
    rng = challenger.seeded(100 + seed)
    for _ in range(N_FIELDS // 4):
        n_teams = rng.randint(2, 7)
        tables = [
            challenger.draw_table(rng, n_teams, rng.randint(1, 9), missing=0.2, grid=3)
            for _ in range(rng.randint(1, 3))
        ]
        ours = ranks_of(make_detection_field(tables), make_scheme("rank_then_aggregate", "case"))
        by_task = [challenger.rank_then_aggregate(table) for table in tables]
        assert ours == (challenger.consensus(by_task))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("test", ["wilcoxon", "permutation"])
def test_test_then_rank_is_challengers_with_missing_values(seed: int, test: str) -> None:
    """Up to drawn flips: fields in which an exact adjusted p lies close to 0.05 are left out and counted."""
    rng = challenger.seeded(200 + seed)
    n_close = 0
    for _ in range(N_FIELDS // 4):
        table = challenger.draw_table(rng, rng.randint(2, 5), rng.randint(4, 12), missing=0.1, grid=6)
        skill = [rng.choice((0.0, 0.0, 3.0)) for _ in table]
        table = [[value + s for value in row] for row, s in zip(table, skill, strict=True)]
        worst = min(value for row in table for value in row if not math.isnan(value))
        filled = [[worst if math.isnan(value) else value for value in row] for row in table]

        def p_of_pair(first: Sequence[float], second: Sequence[float]) -> float:
            if test == "wilcoxon":
                return challenger.exact_p(challenger.signed_ranks(first, second))
            return challenger.exact_p([a - b for a, b in zip(first, second, strict=True)])

        exact = challenger.adjust_holm(
            [p_of_pair(filled[i], filled[j]) for i in range(len(table)) for j in range(len(table)) if i != j]
        )
        if any(abs(p - 0.05) < 0.015 for p in exact):
            n_close += 1
            continue
        scheme = make_scheme("test_then_rank", "case").model_copy(update={"test": test})
        assert ranks_of(make_detection_field([table]), scheme) == challenger.rank_by_tests(filled, p_of_pair)
    assert n_close <= N_FIELDS // 8


def test_ranks_with_missing_values_are_challengers() -> None:
    rng = challenger.seeded(7)
    for _ in range(N_FIELDS):
        row = challenger.draw_table(rng, 1, rng.randint(1, 8), missing=0.3, grid=2)[0]
        assert rank_with_missing(row, higher_is_better=True).tolist() == challenger.rank_min(row)


def test_holm_is_rs_own() -> None:
    rng = np.random.default_rng(0)
    for _ in range(N_FIELDS):
        p = rng.choice([0.001, 0.01, 0.01, 0.02, 0.2, 1.0], size=rng.integers(1, 12))
        assert adjust_holm(p).tolist() == pytest.approx(challenger.adjust_holm(p.tolist()))


def test_flips_tend_to_the_exact_p() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(size=(3, 10)).round(1)
    for test in ("wilcoxon", "permutation"):
        contributions = score_differences(values, test)
        found = flip_signs(contributions)
        for pair in range(3):
            exact = challenger.exact_p(contributions[:, pair].tolist())
            assert found[0, pair] == pytest.approx(exact, abs=0.02)


@pytest.mark.parametrize(("n_teams", "alpha"), [(23, 0.05), (12, 0.01), (5, 0.001)])
def test_who_is_better_in_every_case_wins_in_large_fields_and_at_small_levels(
    n_teams: int, alpha: float
) -> None:
    rng = np.random.default_rng(4)
    table = rng.normal(size=(n_teams, 40)).round(2)
    table[0] = table.max() + 1 + rng.random(40)
    scheme = make_scheme("test_then_rank", "case").model_copy(update={"alpha": alpha})
    ranks = ranks_of(make_detection_field([table.tolist()]), scheme)
    assert ranks[0] == 1
    assert min(ranks[1:]) > 1


def test_flips_in_chunks_are_the_same_flips(monkeypatch: pytest.MonkeyPatch) -> None:
    contributions = score_differences(np.random.default_rng(2).normal(size=(3, 7)), "wilcoxon")
    whole = flip_signs(contributions)
    monkeypatch.setattr("leaderboard.paired_tests._CHUNK_CELLS", 100)
    assert flip_signs(contributions).tolist() == whole.tolist()


def test_wins_need_holms_level() -> None:
    pairs = list_pairs(3)
    p = np.array([[0.001, 0.02, 0.5], [0.999, 0.98, 0.5]])
    assert count_wins(p, pairs, 0.05).tolist() == [1.0, 0.0, 0.0]
    assert count_wins(p, pairs, 0.11).tolist() == [2.0, 0.0, 0.0]
