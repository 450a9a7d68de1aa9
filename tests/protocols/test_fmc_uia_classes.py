"""FMC_UIA's classification: every trap in both modes, with values computed by hand."""

import math
from pathlib import Path

import numpy as np
import pytest

from evaluation.contract.result import Mode
from tests.protocols.one_task import MODES, classes, score_classes, values

LABELS = [0, 1, 1, 0]
ENTRIES = [
    classes(0, 0, [0.8, 0.2]),
    classes(1, 1, [0.1, 0.9]),
    classes(2, 1, [0.4, 0.6]),
    classes(3, 1, [0.3, 0.7]),
]
# Of four pairs one is in the wrong order; one of four is wrong; F1 2/3 and 4/5; MCC 2/sqrt(3·2·2·1).
COMPLETE = {"accuracy": 0.75, "auc": 0.75, "f1_macro": 11 / 15, "f1_weighted": 11 / 15, "mcc": 1 / 3**0.5}
# Case 1 failed: its probability of class 1 is 0, and it is a false positive of class 0.
STRICT_WITHOUT_1 = {"accuracy": 0.5, "auc": 0.25, "f1_macro": 0.5, "f1_weighted": 0.5, "mcc": 0.0}
# Case 1 left out: labels 0, 1, 0 against 0, 1, 1.
OFFICIAL_WITHOUT_1 = {
    "accuracy": 2 / 3,
    "auc": 0.5,
    "f1_macro": 2 / 3,
    "f1_weighted": 2 / 3,
    "mcc": 0.5,
}


@pytest.mark.parametrize("mode", MODES)
def test_complete_predictions_score_as_computed_by_hand(tmp_path: Path, mode: Mode) -> None:
    task = score_classes(tmp_path, LABELS, ENTRIES, mode)
    found = values(task.scores)
    assert {name: found[name] for name in COMPLETE} == pytest.approx(COMPLETE, abs=1e-12)
    assert task.n_failed == 0


def test_missing_prediction_counts_as_failed(tmp_path: Path) -> None:
    task = score_classes(tmp_path, LABELS, [ENTRIES[0], *ENTRIES[2:]], "strict")
    found = values(task.scores)
    assert {name: found[name] for name in STRICT_WITHOUT_1} == pytest.approx(STRICT_WITHOUT_1, abs=1e-12)
    assert (task.n_cases, task.n_failed) == (4, 1)


def test_missing_prediction_is_skipped_officially(tmp_path: Path) -> None:
    task = score_classes(tmp_path, LABELS, [ENTRIES[0], *ENTRIES[2:]], "official")
    assert values(task.scores) == pytest.approx(OFFICIAL_WITHOUT_1, abs=1e-12)
    assert (task.n_cases, task.n_failed) == (4, 1)


@pytest.mark.parametrize(
    "entry",
    [
        classes(1, 1, [0.1, 0.902]),  # the sum is off by 2e-3
        classes(1, 1, [0.1, math.nan]),
        classes(1, 1, [0.1, math.inf]),
        classes(1, 1, [-0.1, 1.1]),
        classes(1, 1, [0.0, 0.1, 0.9]),
        classes(1, 1, [1.0]),
        classes(1, 1, []),
        classes(1, 1, None),
        classes(1, 1, 0.9),
        classes(1, 1, ["0.1", "0.9"]),
        classes(1, 1, [10**400, 0]),
        classes(1, 2, [0.1, 0.9]),
        classes(1, -1, [0.1, 0.9]),
        classes(1, "1", [0.1, 0.9]),
        classes(1, True, [0.1, 0.9]),
        classes(1, 0.5, [0.1, 0.9]),
        classes(1, 10**30, [0.1, 0.9]),
        {"image_path": "../images/case 1.png"},
    ],
    ids=lambda entry: str(entry)[-60:],
)
def test_invalid_entry_scores_like_a_missing_one_in_strict_mode(
    tmp_path: Path, entry: dict[str, object]
) -> None:
    task = score_classes(tmp_path, LABELS, [ENTRIES[0], entry, *ENTRIES[2:]], "strict")
    found = values(task.scores)
    assert {name: found[name] for name in STRICT_WITHOUT_1} == pytest.approx(STRICT_WITHOUT_1, abs=1e-12)
    assert task.n_failed == 1


def test_rows_that_nearly_sum_to_one_are_renormalised(tmp_path: Path) -> None:
    # 0.5997 / 0.9995 = 0.6 ranks above 0.5999 / 1; unnormalised it ranks below
    entries = [classes(0, 1, [0.4001, 0.5999]), classes(1, 1, [0.3998, 0.5997])]
    assert score_classes(tmp_path / "a", [0, 1], entries, "strict").scores["auc"].value == 1.0
    assert score_classes(tmp_path / "b", [0, 1], entries, "official").scores["auc"].value == 0.0


@pytest.mark.parametrize("mode", MODES)
def test_probabilities_of_float32_sum_to_one_well_enough(tmp_path: Path, mode: Mode) -> None:
    rows = np.array([[0.7, 0.1, 0.2], [0.2, 0.6, 0.2], [0.1, 0.3, 0.6]], dtype=np.float32)
    entries = [classes(i, i, [float(p) for p in row]) for i, row in enumerate(rows)]
    assert any(float(np.sum(row, dtype=np.float64)) != 1.0 for row in rows)
    task = score_classes(tmp_path, [0, 1, 2], entries, mode, num_classes=3)
    assert (task.scores["auc"].value, task.n_failed) == (1.0, 0)


def test_rows_off_by_more_than_1e_5_make_the_official_auc_zero(tmp_path: Path) -> None:
    entries = [classes(i, i, [0.0] * i + [1.0001] + [0.0] * (2 - i)) for i in range(3)]
    task = score_classes(tmp_path, [0, 1, 2], entries, "official", num_classes=3)
    assert task.scores["auc"].value == 0.0
    assert "do not sum to 1" in str(task.scores["auc"].reason)
    assert task.scores["accuracy"].value == 1.0


@pytest.mark.parametrize("number", [2, 3])
def test_row_without_probabilities_makes_the_official_auc_zero(tmp_path: Path, number: int) -> None:
    entries = [*ENTRIES[:number], classes(number, 1, None), *ENTRIES[number + 1 :]]
    task = score_classes(tmp_path, LABELS, entries, "official")
    assert task.scores["auc"].value == 0.0
    assert task.scores["accuracy"].value == 0.75


def test_nobody_gives_probabilities_makes_the_official_auc_zero(tmp_path: Path) -> None:
    entries = [classes(i, label, None) for i, label in enumerate(LABELS)]
    assert score_classes(tmp_path, LABELS, entries, "official").scores["auc"].value == 0.0


def test_single_probability_a_row_makes_the_official_auc_zero(tmp_path: Path) -> None:
    entries = [classes(i, label, [1.0]) for i, label in enumerate(LABELS)]
    auc = score_classes(tmp_path, LABELS, entries, "official").scores["auc"]
    assert (auc.value, "no probability of class 1" in str(auc.reason)) == (0.0, True)


def test_binary_task_with_one_class_has_no_strict_auc_and_an_official_one_of_zero(tmp_path: Path) -> None:
    entries = [classes(i, 1, [0.1, 0.9]) for i in range(3)]
    strict = score_classes(tmp_path / "a", [1, 1, 1], entries, "strict").scores
    assert (strict["auc"].value, strict["auc"].status) == (None, "undefined")
    assert strict["auc"].reason == "no reference of class 0"
    assert strict["accuracy"].value == 1.0
    official = score_classes(tmp_path / "b", [1, 1, 1], entries, "official").scores
    assert (official["auc"].value, official["mcc"].value, official["f1_macro"].value) == (0.0, 0.0, 1.0)


@pytest.mark.parametrize("labels", [[0, 1, 0], [0, 0, 0]])
def test_class_missing_from_the_reference_of_three(tmp_path: Path, labels: list[int]) -> None:
    entries = [classes(i, label, [0.2, 0.2, 0.6]) for i, label in enumerate(labels)]
    strict = score_classes(tmp_path / "a", labels, entries, "strict", num_classes=3).scores["auc"]
    assert strict.value is None
    assert str(strict.reason).startswith("no reference of class")
    official = score_classes(tmp_path / "b", labels, entries, "official", num_classes=3).scores["auc"]
    assert official.value == 0.0


@pytest.mark.parametrize(("labels", "row"), [([0, 1, 0], [0.5, 0.5]), ([0, 0, 0], [1.0])])
def test_fewer_columns_for_fewer_classes_do_not_rescue_the_official_auc(
    tmp_path: Path, labels: list[int], row: list[float]
) -> None:
    # scikit-learn takes two classes for a binary problem and refuses a matrix of scores
    entries = [classes(i, label, row) for i, label in enumerate(labels)]
    assert score_classes(tmp_path, labels, entries, "official", num_classes=3).scores["auc"].value == 0.0


def test_class_outside_the_task_is_one_more_label_officially(tmp_path: Path) -> None:
    # labels seen 0, 1, 7: F1 of 0 is 1, of 1 is 2/3 and of 7 is 0
    entries = [classes(0, 0, [0.9, 0.1]), classes(1, 1, [0.1, 0.9]), classes(2, 7, [0.2, 0.8])]
    scores = score_classes(tmp_path, [0, 1, 1], entries, "official").scores
    assert scores["f1_macro"].value == pytest.approx((1 + 2 / 3) / 3, abs=1e-12)
    assert scores["accuracy"].value == pytest.approx(2 / 3, abs=1e-12)


def test_of_repeated_entries_the_last_counts_officially(tmp_path: Path) -> None:
    entries = [classes(1, 0, [1.0, 0.0]), *ENTRIES]
    task = score_classes(tmp_path, LABELS, entries, "official")
    assert values(task.scores) == pytest.approx(COMPLETE, abs=1e-12)


def test_malformed_entry_before_a_good_one_is_overwritten_officially(tmp_path: Path) -> None:
    entries = [classes(1, "one", [0.1, 0.9]), *ENTRIES]
    task = score_classes(tmp_path, LABELS, entries, "official")
    assert values(task.scores) == pytest.approx(COMPLETE, abs=1e-12)


@pytest.mark.parametrize("entries", [[classes(1, "one", None)], [ENTRIES[1], classes(1, "one", None)]])
def test_malformed_last_entry_stops_the_official_evaluator(
    tmp_path: Path, entries: list[dict[str, object]]
) -> None:
    task = score_classes(tmp_path, LABELS, [ENTRIES[0], *entries, *ENTRIES[2:]], "official")
    assert set(values(task.scores).values()) == {None}
    assert "official evaluator stops" in str(task.scores["mcc"].reason)


def test_conflicting_repeated_entries_count_as_failed(tmp_path: Path) -> None:
    task = score_classes(tmp_path, LABELS, [classes(1, 0, [1.0, 0.0]), *ENTRIES], "strict")
    found = values(task.scores)
    assert {name: found[name] for name in STRICT_WITHOUT_1} == pytest.approx(STRICT_WITHOUT_1, abs=1e-12)


@pytest.mark.parametrize("mode", MODES)
def test_identical_repeated_entries_count_once(tmp_path: Path, mode: Mode) -> None:
    task = score_classes(tmp_path, LABELS, [ENTRIES[1], *ENTRIES], mode)
    assert task.scores["auc"].value == pytest.approx(0.75, abs=1e-12)
    assert (task.n_cases, task.n_failed) == (4, 0)


def test_no_prediction_at_all_has_worst_strict_values_and_no_official_ones(tmp_path: Path) -> None:
    strict = score_classes(tmp_path / "a", LABELS, [], "strict")
    assert strict.n_failed == 4
    worst = {"accuracy": 0.0, "auc": 0.0, "f1_macro": 0.0, "f1_weighted": 0.0, "mcc": -1.0}
    found = values(strict.scores)
    assert {name: found[name] for name in worst} == worst
    official = score_classes(tmp_path / "b", LABELS, [], "official")
    assert set(values(official.scores).values()) == {None}
    assert official.scores["auc"].reason == "no prediction with a reference"


def test_hundreds_of_invented_labels_make_the_task_null_and_not_the_memory_full(tmp_path: Path) -> None:
    entries = [classes(k, 1000 + k, [1e308, 1e308, 1e308]) for k in range(600)]
    task = score_classes(tmp_path, [k % 3 for k in range(600)], entries, "official", 3)
    assert {score.value for score in task.scores.values()} == {None}
    assert "603 distinct labels for 3 classes" in str(task.scores["mcc"].reason)
