"""Scores, means and differences: evaluation's own, on shared resamples."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from evaluation.contract.errors import ConfigurationError
from evaluation.contract.result import Interval, Score
from evaluation.contract.task import Kind, Task
from evaluation.scoring import ScoringOptions, score_submission
from tests.protocols.folders import write_mask
from tests.train.report.scene import SIDES, square
from train.report.building import ReportOptions, build_report, read_part
from train.report.measuring import METRICS, find_better, find_shortage, primary_metric
from train.report.records import Difference, Report
from train.report.slices import Slice

OPTIONS = ReportOptions(n_resamples=200, seed=7, n_processes=1)


def make(split: Path, pairs: list[tuple[str, str]], **rows: Path) -> Report:
    return build_report(split, "val", rows, pairs, bus_bra=None, options=OPTIONS)


def difference(made: Report, task_id: str, by: str = "all") -> Difference:
    return next(d for d in made.differences if (d.task_id, d.by) == (task_id, by))


def test_tasks_score_as_evaluation_scores_them_intervals_too(split: Path, row: Path) -> None:
    made = make(split, [], a=row)
    n_compared = 0
    for manifest in read_part(split / "val"):
        options = ScoringOptions(n_resamples=200, seed=7, n_processes=1)
        result = score_submission(manifest, row / manifest.protocol, options, name="a").result
        for task in result.tasks:
            line = next(x for x in made.lines if (x.task_id, x.by) == (task.task_id, "all"))
            assert (line.n_images, line.n_failed) == (task.n_cases, task.n_failed)
            for name in METRICS[task.kind]:
                if name in task.scores:
                    theirs, ours = task.scores[name], line.scores[name]
                    assert ours.value == theirs.value
                    assert ours.interval in (theirs.interval, None)
                    n_compared += ours.interval is not None
    assert n_compared >= 5


def test_means_are_evaluations_own(split: Path, row: Path) -> None:
    made = make(split, [], a=row)
    manifest = read_part(split / "val")[1]
    options = ScoringOptions(n_resamples=200, seed=7, n_processes=1)
    summary = score_submission(manifest, row / "fmc_uia", options, name="a").result.summary
    for mean in made.means:
        if mean.protocol == "fmc_uia":
            assert mean.scores.keys() <= summary.keys()
            for name, score in mean.scores.items():
                assert score.value == summary[name].value
    assert {mean.kind for mean in made.means if mean.protocol == "fmc_uia"} == set(Kind)


def test_boxes_and_landmarks_by_hand(split: Path, row: Path) -> None:
    found = {line.task_id: line.scores for line in make(split, [], a=row).lines if line.by == "all"}
    assert found["breast_lesion_det"]["iou"].value == pytest.approx((1 / 2 + 0) / 2)
    assert found["landmarks"]["mre_px"].value == pytest.approx((3 + 5) / 2)


def test_task_without_any_prediction_is_null_and_so_is_its_mean(split: Path, row: Path) -> None:
    (row / "fmc_uia" / "classification_predictions.json").unlink()
    made = make(split, [], a=row)
    line = next(line for line in made.lines if (line.task_id, line.by) == ("breast_3cls", "all"))
    assert line.n_failed == 4
    assert line.scores.keys() == set(METRICS[Kind.CLASSIFICATION])
    mean = next(m for m in made.means if (m.protocol, m.kind) == ("fmc_uia", Kind.CLASSIFICATION))
    for scores in (line.scores, mean.scores):
        for score in scores.values():
            assert (score.value, score.reason) == (None, "a: no case of the task has a usable prediction")


def test_one_usable_prediction_makes_the_task_count_in_full(split: Path, row: Path) -> None:
    for name in SIDES:
        if name != "malignant (1)":
            for file in (row / "fmc_uia").rglob(f"{name}.png"):
                file.unlink()
    line = next(line for line in make(split, [], a=row).lines if line.task_id == "breast_lesion")
    assert line.scores["dsc"].value == pytest.approx(1 / 6)


def test_row_of_one_challenge_has_no_lines_of_the_other(split: Path, row: Path) -> None:
    shutil.rmtree(row / "uusic25")
    assert {line.protocol for line in make(split, [], a=row).lines} == {"fmc_uia"}


def test_difference_of_a_row_and_itself_is_zero_without_spread(split: Path, row: Path) -> None:
    made = make(split, [("a", "b")], a=row, b=row)
    for found in made.differences:
        assert found.score.value == 0
        assert (found.score.interval, found.favours) == (None, None)
    reason = difference(made, "breast_lesion").score.reason
    assert reason == "no interval: the same value in every resample"


def test_difference_is_paired(split: Path, row: Path, tmp_path: Path) -> None:
    better = tmp_path / "better"
    shutil.copytree(row, better)
    write_mask(next((better / "fmc_uia").rglob("benign (1).png")), square(4))
    made = make(split, [("better", "a")], better=better, a=row)
    found = difference(made, "breast_lesion").score
    assert found.value == pytest.approx((1 / 3) / 6)
    widths = [
        line.scores["dsc"].interval.high - line.scores["dsc"].interval.low
        for line in made.lines
        if (line.task_id, line.by) == ("breast_lesion", "all") and line.scores["dsc"].interval
    ]
    # Only one of five groups differs; drawn apart, the rows would differ by as much as each varies.
    assert found.interval is not None
    assert found.interval.low == 0
    assert found.interval.high < min(widths) / 2


def test_turned_pair_turns_the_sign(split: Path, row: Path, tmp_path: Path) -> None:
    better = tmp_path / "better"
    shutil.copytree(row, better)
    write_mask(next((better / "fmc_uia").rglob("benign (1).png")), square(4))
    made = make(split, [("a", "better")], better=better, a=row)
    assert difference(made, "breast_lesion").score.value == pytest.approx(-(1 / 3) / 6)


def test_difference_to_a_row_that_did_not_predict_is_null(split: Path, row: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(row, other)
    (other / "fmc_uia" / "detection_predictions.json").unlink()
    score = difference(make(split, [("a", "b")], a=row, b=other), "breast_lesion_det").score
    assert (score.value, score.reason) == (None, "b: no case of the task has a usable prediction")


@pytest.mark.parametrize(
    ("metric", "low", "high", "better"),
    [
        ("iou", 1, 3, "first"),
        ("iou", -3, -1, "second"),
        ("iou", -1, 3, None),
        ("iou", 0, 3, None),
        ("mre_px", 1, 3, "second"),
        ("hd_px", -3, -1, "first"),
    ],
)
def test_better_row_is_shown_by_an_interval_without_zero(
    metric: str, low: float, high: float, better: str | None
) -> None:
    ends = Interval(low=low, high=high, level=0.95, method="percentile", n_resamples=9, n_undefined=0)
    assert find_better(metric, Score(value=2, interval=ends), ("first", "second")) == better
    assert find_better(metric, Score(value=2), ("first", "second")) is None


def test_no_resamples_give_no_intervals(split: Path, row: Path) -> None:
    options = ReportOptions(n_resamples=0, n_processes=1)
    made = build_report(split, "val", {"a": row}, [], bus_bra=None, options=options)
    assert all(score.interval is None for line in made.lines for score in line.scores.values())


def test_row_without_a_challenge_folder_is_named(split: Path, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    with pytest.raises(ConfigurationError, match=r"uusic25/ or fmc_uia/.* but a has none"):
        make(split, [], a=tmp_path / "nothing")


def test_absent_part_is_named(split: Path, row: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"other: expected uusic25/ or fmc_uia/"):
        build_report(split, "other", {"a": row}, [], bus_bra=None, options=OPTIONS)


def test_progress_counts_masks_over_all_rows(split: Path, row: Path) -> None:
    seen: list[tuple[str, int, int]] = []

    def watch(what: str, done: int, total: int) -> None:
        seen.append((what, done, total))

    build_report(split, "val", {"a": row, "b": row}, [], bus_bra=None, options=OPTIONS, progress=watch)
    assert {(what, total) for what, _, total in seen} == {("masks", 12)}
    assert seen[-1][1] == 12


def test_few_patients_of_a_class_give_no_interval() -> None:
    units = np.arange(30) // 2
    assert find_shortage(units) is None
    assert find_shortage(units[:18]) == "no interval: 9 group(s), 10 needed"
    assert find_shortage(units, (units < 5).astype(np.int64)) is None
    few = find_shortage(units, (units < 4).astype(np.int64))
    assert few == "no interval: 4 group(s) of class 1, 5 needed"


def test_organ_types_are_judged_by_accuracy_and_others_by_auc() -> None:
    def primary(task_id: str) -> str:
        task = Task(task_id=task_id, kind=Kind.CLASSIFICATION, num_classes=4)
        return primary_metric(Slice(task, "all", "", np.array([0])))

    assert (primary("organ_type_cls"), primary("breast_3cls")) == ("accuracy", "auc")
