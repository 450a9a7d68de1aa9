"""Records that cross the disk: what they refuse, and what a problem looks like on a terminal."""

import math

import pytest
from pydantic import ValidationError

from evaluation.contract.problem import Code, Problem
from evaluation.contract.result import Interval, RunRecord, Score
from evaluation.contract.task import Kind, Task


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_score_is_never_nan_or_infinite(value: float) -> None:
    with pytest.raises(ValidationError, match="finite number"):
        Score(value=value)


def test_score_is_undefined_exactly_when_it_is_null() -> None:
    with pytest.raises(ValidationError, match="undefined exactly when its value is null"):
        Score(value=None)
    with pytest.raises(ValidationError, match="undefined exactly when its value is null"):
        Score(value=0.5, status="undefined", reason="why")
    with pytest.raises(ValidationError, match="an undefined score needs a reason"):
        Score(value=None, status="undefined")


def test_interval_is_never_infinite() -> None:
    with pytest.raises(ValidationError, match="finite number"):
        Interval(low=0, high=math.inf, level=0.95, method="percentile", n_resamples=1, n_undefined=0)


def test_records_are_frozen_and_refuse_unknown_keys() -> None:
    task = Task(task_id="a", kind=Kind.DETECTION, num_classes=1)
    with pytest.raises(ValidationError, match="frozen"):
        task.num_classes = 2  # type: ignore[misc] # meant
    with pytest.raises(ValidationError, match="Extra inputs"):
        Task.model_validate({"task_id": "a", "kind": "detection", "num_classes": 1, "colour": "red"})
    with pytest.raises(ValidationError, match="greater than or equal to 1"):
        Task(task_id="a", kind=Kind.DETECTION, num_classes=0)


def test_run_record_lets_a_runners_own_keys_pass() -> None:
    record = RunRecord.model_validate({"runtime_s": 1, "peak_gpu_mib": 2, "host": "x", "outcome": "ok"})
    assert (record.runtime_s, record.peak_gpu_mib, record.repeats) == (1.0, 2.0, 1)
    assert "host" not in record.model_dump()


def test_problem_reads_as_one_line() -> None:
    of_case = Problem(code=Code.WRONG_BOX, case_id="d|x.png", message="box is inverted")
    assert str(of_case) == "error [wrong_box] d|x.png: box is inverted"
    of_file = Problem(code=Code.UNEXPECTED_FILE, severity="warning", message="nobody reads it")
    assert str(of_file) == "warning [unexpected_file] nobody reads it"
