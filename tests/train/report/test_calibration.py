"""ECE and Brier score, by hand and against a second implementation."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss

from evaluation.metrics.calibration import N_BINS
from train.report.building import ReportOptions, build_report
from train.report.calibration import brier_score, expected_calibration_error


def test_ece_of_four_cases_by_hand() -> None:
    # Two cases of one bin (0.8, 0.8), one right: gap |1 − 1.6| = 0.6; 0.6, right: 0.4; 1.0, wrong: 1.
    probabilities = np.array([[0.8, 0.2], [0.2, 0.8], [0.6, 0.4], [1.0, 0.0]])
    ece = expected_calibration_error(probabilities, np.array([0, 0, 0, 1]))
    assert ece == pytest.approx((0.6 + 0.4 + 1.0) / 4)


def test_opposite_gaps_cancel_within_a_bin_and_not_between_bins() -> None:
    within = np.array([[0.75, 0.25], [0.75, 0.25], [0.75, 0.25], [0.75, 0.25]])
    assert expected_calibration_error(within, np.array([0, 0, 0, 1])) == pytest.approx(0)
    between = np.array([[0.6, 0.4], [0.9, 0.1]])
    assert expected_calibration_error(between, np.array([0, 1])) == pytest.approx((0.4 + 0.9) / 2)


def test_upper_bound_of_a_bin_belongs_to_it() -> None:
    # 9/15 and 8.5/15 share a bin, 9.5/15 has the next one.
    def ece(other: float) -> float:
        rows = np.array([[0.6, 0.4], [other, 1 - other]])
        return expected_calibration_error(rows, np.array([0, 1]))

    assert ece(8.5 / 15) == pytest.approx(abs(0.4 - 8.5 / 15) / 2)
    assert ece(9.5 / 15) == pytest.approx((0.4 + 9.5 / 15) / 2)


def test_ece_agrees_with_a_loop_over_bins() -> None:
    rng = np.random.default_rng(3)
    probabilities = rng.dirichlet([1, 1, 1], size=200)
    labels = rng.integers(0, 3, size=200)
    confidence, answers = probabilities.max(axis=1), probabilities.argmax(axis=1)
    expected = 0.0
    for k in range(N_BINS):
        chosen = (confidence > k / N_BINS) & (confidence <= (k + 1) / N_BINS)
        if chosen.any():
            gap = np.mean(answers[chosen] == labels[chosen]) - confidence[chosen].mean()
            expected += chosen.mean() * abs(gap)
    assert expected_calibration_error(probabilities, labels) == pytest.approx(expected, abs=1e-12)


def test_brier_score_sums_over_classes() -> None:
    probabilities = np.array([[0.7, 0.2, 0.1], [0.0, 0.0, 1.0]])
    # 0.09 + 0.04 + 0.01 = 0.14, and 1 + 1 = 2 for a certain wrong answer.
    assert brier_score(probabilities, np.array([0, 1])) == pytest.approx((0.14 + 2) / 2)


def test_brier_score_of_two_classes_is_twice_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(4)
    labels, positive = rng.integers(0, 2, size=50), rng.random(50)
    ours = brier_score(np.stack([1 - positive, positive], axis=1), labels)
    assert ours == pytest.approx(2 * brier_score_loss(labels, positive))


def test_report_calibrates_every_classification_task(split: Path, row: Path) -> None:
    options = ReportOptions(n_resamples=0, n_processes=1)
    made = build_report(split, "val", {"a": row}, [], bus_bra=None, options=options)
    found = {line.task_id: line for line in made.calibration}
    assert found.keys() == {"classification/Breast", "breast_3cls"}
    assert (found["classification/Breast"].ece.value, found["classification/Breast"].brier.value) == (0, 0)
    # Top classes 0.7, 0.6, 0.8 right, 0.6 wrong; the two of 0.6 share a bin: |1 − 1.2| = 0.2.
    assert found["breast_3cls"].ece.value == pytest.approx((0.3 + 0.2 + 0.2) / 4)
    # 0.14; 0.04 + 0.16 + 0.04; 0.01 + 0.01 + 0.04; 0.36 + 0.04 + 0.64.
    assert found["breast_3cls"].brier.value == pytest.approx((0.14 + 0.24 + 0.06 + 1.04) / 4)


def test_failed_cases_are_left_out_and_counted(split: Path, row: Path) -> None:
    file = row / "uusic25" / "classification.json"
    file.write_text(file.read_text().replace('"probability": [0.0, 1.0]', '"probability": [0.0, 7.0]', 1))
    options = ReportOptions(n_resamples=0, n_processes=1)
    made = build_report(split, "val", {"a": row}, [], bus_bra=None, options=options)
    line = next(line for line in made.calibration if line.task_id == "classification/Breast")
    assert (line.n_images, line.n_failed, line.brier.value) == (4, 1, 0)


def test_row_without_answers_has_no_calibration(split: Path, row: Path) -> None:
    (row / "fmc_uia" / "classification_predictions.json").unlink()
    options = ReportOptions(n_resamples=0, n_processes=1)
    made = build_report(split, "val", {"a": row}, [], bus_bra=None, options=options)
    line = next(line for line in made.calibration if line.task_id == "breast_3cls")
    assert (line.ece.value, line.brier.value) == (None, None)
    assert line.ece.reason == "no case has a usable prediction"
