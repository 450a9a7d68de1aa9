"""Uncertainty and what-ifs of whole fields."""

import dataclasses
import json

import numpy as np
import pytest

from evaluation.contract.errors import ConfigurationError
from evaluation.contract.result import RunRecord
from leaderboard.analysis import analyse_field, to_plain
from leaderboard.analysis_pages import render_analysis, render_comparison
from leaderboard.field import Field, make_field, select_cases
from leaderboard.scheme import Scheme, load_scheme
from leaderboard.sensitivity import leave_out_tasks, leave_out_teams, sweep_accuracy_weight, sweep_time_share
from leaderboard.standings import RankedField, list_standings, rank_field
from leaderboard.uncertainty import measure_uncertainty
from tests.leaderboard.field_scenes import make_synthetic_field

SKILLS = {"good": 3.0, "fair": 1.0, "poor": -1.0}
TIMES = {"good": 30.0, "fair": 20.0, "poor": 10.0}


def make_ranked(scheme: str = "uusic25") -> RankedField:
    ranked = rank_field(make_synthetic_field(SKILLS, times_s=TIMES), load_scheme(scheme))
    assert ranked is not None
    return ranked


def with_run(field: Field, name: str, run: RunRecord | None) -> Field:
    results = [
        team.result.model_copy(update={"run": run}) if team.name == name else team.result
        for team in field.teams
    ]
    return make_field(results, [team.cases for team in field.teams])


def test_a_clear_order_is_certain() -> None:
    found = measure_uncertainty(
        make_synthetic_field(SKILLS), load_scheme("aggregate-then-rank"), n_resamples=200
    )
    assert found is not None
    assert [team.name for team in found.teams] == ["good", "fair", "poor"]
    assert [team.first_share for team in found.teams] == [1.0, 0.0, 0.0]
    assert [(team.best_rank, team.worst_rank) for team in found.teams] == [(1, 1), (2, 2), (3, 3)]
    assert [team.tier for team in found.teams] == [1, 2, 3]
    assert found.tau_median == 1.0
    assert all(sum(team.rank_shares) == pytest.approx(1) for team in found.teams)


@pytest.mark.parametrize(
    "scheme", ["uusic25", "aggregate-then-rank", "rank-then-aggregate", "test-then-rank"]
)
def test_the_same_seed_gives_the_same_uncertainty(scheme: str) -> None:
    field = make_synthetic_field(SKILLS, times_s=TIMES)
    first, second = (
        measure_uncertainty(field, load_scheme(scheme), n_resamples=30, seed=3) for _ in range(2)
    )
    assert first == second


def test_repeated_runs_make_the_time_term_uncertain() -> None:
    field = make_synthetic_field({"a": 1.0, "b": 1.0}, times_s={"b": 10.0})
    steady = RunRecord(runtime_s=9.0, peak_gpu_mib=1024.0)
    jumpy = RunRecord(runtime_s=9.0, peak_gpu_mib=1024.0, repeats=3, repeat_runtimes_s=(2.0, 9.0, 40.0))
    scheme = load_scheme("uusic25")
    certain = measure_uncertainty(with_run(field, "a", steady), scheme, n_resamples=300)
    drawn = measure_uncertainty(with_run(field, "a", jumpy), scheme, n_resamples=300)
    assert certain is not None
    assert drawn is not None
    assert not certain.times_vary
    assert drawn.times_vary
    assert certain.teams != drawn.teams


def test_an_unranked_team_moves_no_rank_and_says_why() -> None:
    field = with_run(make_synthetic_field(SKILLS, times_s=TIMES), "poor", None)
    ranked = rank_field(field, load_scheme("uusic25"))
    assert ranked is not None
    two = {name: skill for name, skill in SKILLS.items() if name != "poor"}
    assert ranked.field.names == ("fair", "good")
    lines = {line.name: line for line in list_standings(ranked)}
    assert lines["poor"].rank is None
    assert "run record" in str(lines["poor"].unranked_reason)
    assert {lines[name].rank for name in two} == {1, 2}


def test_nobody_to_rank_is_an_error_that_names_a_way_out() -> None:
    field = with_run(make_synthetic_field({"a": 1.0}), "a", None)
    with pytest.raises(ConfigurationError, match="aggregate-then-rank"):
        analyse_field(field, load_scheme("uusic25"), n_resamples=5)


@pytest.mark.parametrize(
    ("method", "group"),
    [
        ("min_max", {"level": "summary", "metrics": ["pref", "perf"]}),
        ("min_max", {"level": "task", "kind": "segmentation", "metrics": ["dcs", "nsd"]}),
        ("rank_then_aggregate", {"level": "case", "kind": "segmentation", "metrics": ["dcs", "nsd"]}),
        ("rank_then_aggregate", {"level": "case", "kind": "segmentation", "metrics": ["status"]}),
        ("test_then_rank", {"level": "case", "kind": "segmentation", "metrics": ["correct"]}),
        ("test_then_rank", {"level": "case", "kind": "classification", "metrics": ["label"]}),
    ],
)
def test_a_metric_that_nobody_computes_is_refused_and_never_left_out(
    method: str, group: dict[str, object]
) -> None:
    rule = {
        "name": "mine",
        "title": "Mine",
        "method": method,
        "accuracy": {"uusic25": [{"name": "all", **group}]},
        "weights": {"accuracy": 1.0, "time": 0.0, "memory": 0.0},
    }
    scheme = Scheme.model_validate(rule)
    metrics = group["metrics"]
    assert isinstance(metrics, list)
    with pytest.raises(ConfigurationError, match=f"{metrics[0]} in `all`"):
        analyse_field(make_synthetic_field(SKILLS), scheme, n_resamples=5)


def test_leaving_out_a_team_ranks_the_others_anew() -> None:
    ranked = make_ranked()
    without = {one.name: one for one in leave_out_teams(ranked)}
    assert set(without) == set(SKILLS)
    for name, one in without.items():
        assert set(one.ranks) == set(SKILLS) - {name}
    assert (
        leave_out_teams(rank_field(make_synthetic_field({"a": 1.0}), load_scheme("uusic25")) or ranked) == ()
    )


def test_leaving_out_a_task_uses_the_other_tasks_alone() -> None:
    field = make_synthetic_field({"a": 1.0, "b": 0.9})
    ranked = rank_field(field, load_scheme("aggregate-then-rank"))
    assert ranked is not None
    found = {one.name: one for one in leave_out_tasks(ranked)}
    assert set(found) == set(field.tasks)
    # Without classification Perf is Seg alone.
    means = {team.name: team.result.summary["seg"].value or 0.0 for team in field.teams}
    assert found["classification/Liver"].ranks["a"] == (1 if means["a"] > means["b"] else 2)


def test_leaving_out_a_task_of_a_scheme_by_task_is_ranking_the_other_tasks() -> None:
    field = make_synthetic_field({"a": 1.0, "b": 0.9, "c": 0.8}, n_cases=12)
    scheme = load_scheme("rank-then-aggregate")
    ranked = rank_field(field, scheme)
    assert ranked is not None
    for one in leave_out_tasks(ranked):
        rest = rank_field(select_cases(field, field.teams[0].cases["task_id"] != one.name), scheme)
        assert rest is not None
        assert one.ranks == dict(zip(rest.field.names, rest.ranks.tolist(), strict=True))


def test_the_sweep_runs_from_efficiency_alone_to_accuracy_alone() -> None:
    points = sweep_accuracy_weight(make_ranked())
    assert (points[0].accuracy_weight, points[-1].accuracy_weight) == (0.0, 1.0)
    assert points[0].ranks == {"poor": 1, "fair": 2, "good": 3}
    assert points[-1].ranks == {"good": 1, "fair": 2, "poor": 3}
    own = make_ranked()
    at_own = next(point for point in points if point.accuracy_weight == 0.7)
    assert at_own.ranks == dict(zip(own.field.names, own.ranks.tolist(), strict=True))


def test_the_time_share_keeps_the_weight_of_accuracy() -> None:
    points = sweep_time_share(make_ranked(), [0.0, 1.0])
    assert [(p.accuracy_weight, p.time_weight, p.memory_weight) for p in points] == [
        (0.7, 0.0, pytest.approx(0.3)),
        (0.7, pytest.approx(0.3), 0.0),
    ]


def test_a_scheme_without_a_scale_for_costs_has_no_sweep() -> None:
    ranked = make_ranked("aggregate-then-rank")
    assert sweep_accuracy_weight(ranked) == sweep_time_share(ranked) == ()


def test_an_analysis_is_json_without_nan_and_a_page() -> None:
    field = make_synthetic_field({"a|b": 1.0, "c": 1.0}, times_s={"c": 5.0})
    schemes = [load_scheme(name) for name in ("uusic25", "rank-then-aggregate")]
    analyses = [analyse_field(field, scheme, n_resamples=20) for scheme in schemes]
    for analysis in analyses:
        text = json.dumps(to_plain(analysis), allow_nan=False)
        assert json.loads(text)["scheme"]["name"] == analysis.scheme.name
        page = render_analysis(analysis)
        assert "a\\|b" in page
        assert "descriptive" in page
    assert "rank-then-aggregate" in render_comparison(analyses)
    assert all(dataclasses.is_dataclass(one) for one in analyses)


def test_scores_of_rank_schemes_are_printed_as_mean_ranks() -> None:
    analysis = analyse_field(make_synthetic_field(SKILLS), load_scheme("rank-then-aggregate"), n_resamples=5)
    assert analysis.standings[0].score == -1.0
    assert "| 1 | good | 1.0000 |" in render_analysis(analysis)


def test_resamples_on_which_a_rare_class_is_missing_still_rank() -> None:
    field = make_synthetic_field(SKILLS, n_cases=4)
    found = measure_uncertainty(field, load_scheme("aggregate-then-rank"), n_resamples=100)
    assert found is not None
    assert found.n_undefined == 0
    assert np.isfinite([team.mean_rank for team in found.teams]).all()
