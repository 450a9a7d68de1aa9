"""ROC curves and calibration from tables of cases."""

import numpy as np
import pytest
from sklearn.metrics import roc_curve

from leaderboard.report.curves import GRID, collect_curves
from tests.leaderboard.field_scenes import make_synthetic_field

TASK = "classification/Liver"


def test_a_curve_is_scikit_learns_on_the_grid() -> None:
    field = make_synthetic_field({"a": 1.0, "b": 0.2}, n_cases=60)
    (curves,) = collect_curves(field, ["b", "a"])
    rows = field.teams[1].cases.query("task_id == @TASK")
    fpr, tpr, _ = roc_curve(rows["label"], rows["probability_1"], drop_intermediate=False)
    curve = curves.roc[0]
    assert curve is not None
    assert curve.rate == pytest.approx(np.interp(GRID, fpr, tpr), abs=1e-9)
    assert (curve.low <= curve.high).all()


def test_a_failed_case_is_as_wrong_as_it_can_be() -> None:
    field = make_synthetic_field({"a": 3.0}, n_cases=40)
    cases = field.teams[0].cases
    before = collect_curves(field, ["a"])[0].roc[0]
    cases.loc[cases["task_id"] == TASK, "status"] = "failed"
    curves = collect_curves(field, ["a"])[0]
    after = curves.roc[0]
    assert before is not None
    assert after is not None
    assert before.rate.mean() > 0.9
    # Every positive ranks below every negative: nothing is found before the last false alarm.
    assert after.rate[:-1].max() == pytest.approx(0.0)
    assert curves.calibration[0] is None


def test_calibration_of_a_scene_is_computed_by_hand() -> None:
    field = make_synthetic_field({"a": 1.0}, n_cases=4)
    cases = field.teams[0].cases
    own = (cases["task_id"] == TASK).to_numpy()
    cases.loc[own, "label"] = [0.0, 1.0, 0.0, 1.0]
    cases.loc[own, "predicted"] = [0.0, 0.0, 0.0, 1.0]
    cases.loc[own, "probability_0"] = [0.95, 0.95, 0.65, 0.45]
    cases.loc[own, "probability_1"] = [0.05, 0.05, 0.35, 0.55]
    found = collect_curves(field, ["a"])[0].calibration[0]
    assert found is not None
    assert found.reliability.confidence == pytest.approx([0.55, 0.65, 0.95])
    assert found.reliability.accuracy == pytest.approx([1.0, 1.0, 0.5])
    assert found.reliability.counts.tolist() == [1, 1, 2]
    assert found.reliability.error == pytest.approx((0.45 + 0.35 + 2 * 0.45) / 4)


def test_without_probabilities_there_is_no_curve() -> None:
    field = make_synthetic_field({"a": 1.0}, n_cases=10)
    field.teams[0].cases.loc[field.teams[0].cases.index[:5], "probability_1"] = np.nan
    (curves,) = collect_curves(field, ["a"])
    assert curves.roc == (None,)
    assert curves.calibration == (None,)
