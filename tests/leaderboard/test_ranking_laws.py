"""What every ranking promises, whatever the scores."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leaderboard.scheme import Level, Method
from leaderboard.standings import rank_field
from leaderboard.uncertainty import measure_uncertainty
from tests.leaderboard.detection_scenes import METHODS, make_detection_field, make_scheme

Tables = list[list[list[float]]]
every_method = pytest.mark.parametrize(("method", "level"), METHODS)


@st.composite
def tables(draw: st.DrawFn, *, min_teams: int = 2, top: int = 6) -> Tables:
    """Draw one to three tasks of 1 to 7 cases for 2 to 5 teams; a coarse grid makes ties common."""
    n_teams = draw(st.integers(min_teams, 5))
    drawn = []
    for _ in range(draw(st.integers(1, 3))):
        n_cases = draw(st.integers(1, 7))
        rows = st.lists(st.integers(0, top), min_size=n_cases, max_size=n_cases)
        drawn.append([[value / 8 for value in draw(rows)] for _ in range(n_teams)])
    return drawn


def ranks_of(found: Tables, method: Method, level: Level, names: list[str] | None = None) -> dict[str, int]:
    ranked = rank_field(make_detection_field(found, names), make_scheme(method, level))
    assert ranked is not None
    return dict(zip(ranked.field.names, ranked.ranks.tolist(), strict=True))


def order_of(ranks: dict[str, int], names: list[str]) -> list[list[int]]:
    """Return the sign of every pair's difference in rank."""
    values = [ranks[name] for name in names]
    return [[int(np.sign(a - b)) for b in values] for a in values]


@every_method
@given(found=tables())
@settings(max_examples=25, deadline=None)
def test_identical_submissions_share_rank_and_tier(method: Method, level: Level, found: Tables) -> None:
    twins = [[*table, table[0]] for table in found]
    sure = measure_uncertainty(make_detection_field(twins), make_scheme(method, level), n_resamples=20)
    assert sure is not None
    teams = {team.name: team for team in sure.teams}
    first, last = teams["team 00"], teams[f"team {len(found[0]):02d}"]
    assert (first.rank, first.tier) == (last.rank, last.tier)
    assert (first.best_rank, first.worst_rank) == (last.best_rank, last.worst_rank)
    assert first.rank_shares == last.rank_shares


@every_method
@given(found=tables(top=6))
@settings(max_examples=25, deadline=None)
def test_who_is_better_in_every_case_is_first(method: Method, level: Level, found: Tables) -> None:
    best = [[*table, [max(column) + 1 / 8 for column in zip(*table, strict=True)]] for table in found]
    assert ranks_of(best, method, level)[f"team {len(found[0]):02d}"] == 1


@every_method
@given(found=tables(), data=st.data())
@settings(max_examples=25, deadline=None)
def test_renaming_and_reordering_teams_changes_nothing(
    method: Method, level: Level, found: Tables, data: st.DataObject
) -> None:
    n_teams = len(found[0])
    order = data.draw(st.permutations(range(n_teams)))
    names = [f"z{9 - k}" for k in range(n_teams)]
    before = ranks_of(found, method, level)
    moved = [[table[k] for k in order] for table in found]
    after = ranks_of(moved, method, level, [names[k] for k in order])
    assert {names[k]: before[f"team {k:02d}"] for k in range(n_teams)} == after


@every_method
@given(found=tables())
@settings(max_examples=15, deadline=None)
def test_renaming_teams_moves_no_tier_and_no_rank_set(method: Method, level: Level, found: Tables) -> None:
    n_teams = len(found[0])
    names = [f"z{9 - k}" for k in range(n_teams)]
    scheme = make_scheme(method, level)
    before = measure_uncertainty(make_detection_field(found), scheme, n_resamples=20)
    after = measure_uncertainty(make_detection_field(found, names), scheme, n_resamples=20)
    assert before is not None
    assert after is not None
    renamed = dict(zip([f"team {k:02d}" for k in range(n_teams)], names, strict=True))
    assert {
        (renamed[t.name], t.rank, t.tier, t.best_rank, t.worst_rank, t.rank_shares) for t in before.teams
    } == {(t.name, t.rank, t.tier, t.best_rank, t.worst_rank, t.rank_shares) for t in after.teams}


@pytest.mark.parametrize(("method", "level"), METHODS[:2])
@given(found=tables(), data=st.data())
@settings(max_examples=25, deadline=None)
def test_a_copy_never_reorders_the_others_by_scores(
    method: Method, level: Level, found: Tables, data: st.DataObject
) -> None:
    names = [f"team {k:02d}" for k in range(len(found[0]))]
    copied = data.draw(st.integers(0, len(names) - 1))
    before = ranks_of(found, method, level)
    after = ranks_of([[*table, table[copied]] for table in found], method, level)
    assert order_of(before, names) == order_of(after, names)


def test_a_copy_can_reorder_the_others_by_ranks() -> None:
    """A is right above B in three cases and last in one: there, copies of C come between B and A."""
    a, b, c = [3.0, 3.0, 3.0, 1.0], [2.0, 2.0, 2.0, 3.0], [1.0, 1.0, 1.0, 2.0]
    found = [[[value / 4 for value in row] for row in (a, b, c)]]
    before = ranks_of(found, "rank_then_aggregate", "case")
    copies = [[*table, *([table[2]] * 3)] for table in found]
    after = ranks_of(copies, "rank_then_aggregate", "case")
    assert before["team 00"] < before["team 01"]
    assert after["team 00"] > after["team 01"]


def test_a_copy_can_reorder_the_others_by_wins() -> None:
    """A beats C in one task, B beats D in the other: copies of D are wins of B alone, in ranks of a task."""
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.01, (4, 2, 14))
    levels = {"a": (0.8, 0.5), "b": (0.6, 0.8), "c": (0.7, 0.2), "d": (0.2, 0.6)}
    rows = {
        name: [[v + e for e in noise[k, t]] for t, v in enumerate(of)]
        for k, (name, of) in enumerate(levels.items())
    }

    def rank(*teams: str) -> dict[str, int]:
        names = [f"{team}{k}" for k, team in enumerate(teams)]
        field = [[rows[team][task] for team in teams] for task in range(2)]
        return ranks_of(field, "test_then_rank", "case", names)

    before, after = rank("a", "b", "c", "d"), rank("a", "b", "c", "d", "c", "c")
    assert np.sign(before["a0"] - before["b1"]) != np.sign(after["a0"] - after["b1"])
