"""What the gate lets pass and what it stops, on synthetic models of known skill."""

from pathlib import Path

import numpy as np
import pytest

from evaluation.contract.errors import ConfigurationError
from leaderboard.gate.comparison import FAILING, ScoreRow, Verdict, compare_scores
from leaderboard.gate.evaluation import evaluate_entry
from leaderboard.gate.evidence import Question, find_intervals, find_p_values
from leaderboard.gate.pair import ALL_TASKS, make_pair, read_pair
from tests.leaderboard.gate_scenes import TASKS, Model, draw_pair, make_tables, make_team, write_pair
from tests.leaderboard.simulate_gate import SCENARIOS, Scenario, count_alarms


def failing(rows: tuple[ScoreRow, ...]) -> set[tuple[str, str]]:
    """Return what fails, by task and metric."""
    return {(row.task_id, row.metric) for row in rows if row.verdict in FAILING}


def test_unchanged_model_passes_with_nothing_tested(tmp_path: Path) -> None:
    pair = read_pair(*write_pair(tmp_path, Model(), Model()))
    rows = compare_scores(pair, max_drop=0.0)
    assert {row.verdict for row in rows} == {Verdict.OK}
    assert all(row.drop == 0 and row.p_adjusted is None for row in rows)


@pytest.mark.parametrize("task", [task.task_id for task in TASKS])
def test_one_damaged_head_fails_in_its_own_task_and_in_the_mean_over_its_kind(task: str) -> None:
    pair = draw_pair(3, Model(), Model(damaged=(task,)))
    rows = compare_scores(pair, max_drop=0.005)
    failed = failing(rows)
    assert {place for place, _ in failed} == {task, ALL_TASKS}
    metrics = {metric for place, metric in failed if place == task}
    assert metrics == {row.metric for row in rows if row.task_id == task}


def test_distances_are_judged_upwards_and_by_their_own_size() -> None:
    rows = compare_scores(draw_pair(3, Model(), Model(damaged=("FUGC",))), max_drop=0.1)
    row = next(row for row in rows if row.task_id == "FUGC")
    assert row.baseline is not None
    assert row.candidate is not None
    assert row.drop is not None
    assert row.drop == pytest.approx(row.candidate - row.baseline)
    assert row.drop > 5
    assert row.allowed == pytest.approx(0.1 * row.baseline)
    assert row.interval is not None
    assert row.interval.low < row.drop < row.interval.high


def test_allowed_drop_is_let_pass_however_significant() -> None:
    pair = draw_pair(3, Model(), Model(damaged=("fetal_head",)))
    rows = compare_scores(pair, max_drop=0.005)
    assert ("fetal_head", "dsc") in failing(rows)
    # The masks' DSC is a fifth lower and their distances 20 px longer.
    assert failing(compare_scores(pair, max_drop=0.5)) == set()


def test_improvement_never_fails() -> None:
    rows = compare_scores(draw_pair(3, Model(damaged=("fetal_head", "breast_2cls")), Model()), max_drop=0.0)
    assert not {place for place, _ in failing(rows)} & {"fetal_head", "breast_2cls"}


def test_order_of_the_cases_moves_no_p_value_and_no_drop() -> None:
    first, second = make_tables(9, (Model(), Model(damaged=("FUGC",))), 60)
    shuffled = second.sample(frac=1.0, random_state=3).reset_index(drop=True)
    straight = compare_scores(make_pair(make_team("a", first), make_team("b", second)), max_drop=0.0)
    mixed = compare_scores(make_pair(make_team("a", first), make_team("b", shuffled)), max_drop=0.0)
    for one, other in zip(straight, mixed, strict=True):
        assert one.drop == pytest.approx(other.drop, abs=1e-12)
        assert one.p_adjusted == other.p_adjusted


def test_stack_gives_each_result_its_own_scores_again() -> None:
    pair = draw_pair(2, Model(), Model(2.0), 40)
    n = len(pair.units.unit_of_case)
    own = np.concatenate([np.ones((1, n)), np.zeros((1, n))], axis=1).astype(np.float32)
    for measurement in pair.measurements:
        assert evaluate_entry(measurement.entry, own)[0] == pytest.approx(measurement.baseline)
        assert evaluate_entry(measurement.entry, own[:, ::-1])[0] == pytest.approx(measurement.candidate)


def test_interval_is_that_of_differences_over_resampled_patients() -> None:
    pair = draw_pair(4, Model(), Model(damaged=("thyroid_nodule_det",)), 100)
    measurement = next(m for m in pair.measurements if m.metric == "iou" and m.task_id != ALL_TASKS)
    tables = make_tables(4, (Model(), Model(damaged=("thyroid_nodule_det",))), 100)
    iou = [t.loc[t["task_id"] == "thyroid_nodule_det", "iou"].to_numpy() for t in tables]
    differences = iou[0] - iou[1]
    by_patient = np.array([differences[k::50].sum() for k in range(50)])
    draws = np.random.default_rng(0).integers(50, size=(4000, 50))
    low, high = np.quantile(by_patient[draws].sum(axis=1) / 100, [0.025, 0.975])
    found = find_intervals([Question(measurement.entry, False)], pair.units, n_resamples=4000, seed=1)[0]
    assert found is not None
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.002)


def test_few_patients_cannot_be_significant_whatever_they_say() -> None:
    # Six patients that are all worse: 1 of 64 exchanges is as bad, though every paired resample drops.
    pair = draw_pair(6, Model(), Model(damaged=("thyroid_nodule_det",)), 12)
    measurement = next(m for m in pair.measurements if m.task_id == "thyroid_nodule_det")
    question = Question(measurement.entry, False)
    interval = find_intervals([question], pair.units, n_resamples=500, seed=0)[0]
    assert interval is not None
    assert interval.low > 0
    p_value = find_p_values([question], pair.units, n_resamples=9999, seed=0)[0]
    assert p_value == pytest.approx(1 / 64, rel=0.25)


@pytest.mark.slow
def test_models_of_one_kind_get_p_values_that_are_uniform_or_larger() -> None:
    p_values = []
    for seed in range(120):
        pair = draw_pair(seed, Model(), Model(), 30)
        measurement = next(m for m in pair.measurements if m.metric == "auc" and m.task_id == "breast_2cls")
        p_values += list(
            find_p_values([Question(measurement.entry, False)], pair.units, n_resamples=999, seed=0)
        )
    for level in (0.1, 0.3, 0.5):
        # Three standard errors of a share of 120.
        assert np.mean(np.array(p_values) <= level) <= level + 3 * np.sqrt(level * (1 - level) / 120)


def test_score_that_the_candidate_lost_fails_and_one_that_nobody_has_does_not() -> None:
    first, second = make_tables(5, (Model(), Model()), 20)
    pair = make_pair(make_team("a", first), make_team("b", second))
    task = pair.candidate.tasks[0]
    lost = task.scores["dsc"].model_copy(
        update={"value": None, "status": "undefined", "reason": "it stopped"}
    )
    broken = task.model_copy(update={"scores": task.scores | {"dsc": lost}})
    candidate = pair.candidate.model_copy(update={"tasks": (broken, *pair.candidate.tasks[1:])})
    team = make_team("b", second)
    team = type(team)(name="b", result=candidate, cases=team.cases, plan=team.plan)
    rows = compare_scores(make_pair(make_team("a", first), team), max_drop=0.5)
    assert failing(rows) == {(task.task_id, "dsc")}
    swapped = compare_scores(make_pair(team, make_team("a", first)), max_drop=0.5)
    assert failing(swapped) == set()
    assert Verdict.UNDEFINED in {row.verdict for row in swapped}


def test_results_of_other_tasks_are_refused() -> None:
    first, second = make_tables(5, (Model(), Model()), 20)
    team = make_team("b", second)
    fewer = team.result.model_copy(update={"tasks": team.result.tasks[1:]})
    with pytest.raises(ConfigurationError, match="same tasks"):
        make_pair(make_team("a", first), type(team)(name="b", result=fewer, cases=team.cases, plan=team.plan))


@pytest.mark.slow
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: str(scenario.name))
def test_equally_good_models_are_stopped_in_at_most_5_percent_and_damaged_ones_always(
    scenario: Scenario,
) -> None:
    n_pairs = 20 if scenario.damaged else 200
    alarms = count_alarms(scenario, n_pairs)
    assert alarms == n_pairs if scenario.damaged else alarms <= 10
