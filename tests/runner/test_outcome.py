"""The verdict, cause by cause, without any process."""

import dataclasses

import pytest

from evaluation.contract.problem import Code, Problem
from evaluation.runner.engine import Ending
from evaluation.runner.limits import Limits
from evaluation.runner.outcome import (
    Facts,
    Outcome,
    Stop,
    judge,
    judge_engine_error,
    judge_missing_image,
    judge_unstartable,
)
from evaluation.runner.pressure import Pressure

LIMITS = Limits(time_limit_s=7)
FINE = Facts(
    ending=Ending(0, 100.0, 101.0),
    stop=None,
    pressure=Pressure(),
    n_expected=3,
    problems=(),
    is_output_empty=False,
)
OOM = Pressure(oom_kills=1)
PIDS = Pressure(refused_processes=9)
FULL = Pressure(full_places=frozenset({"/run"}))
OUTSIDE = {"is_killed_outside": True}


def ended(exit_code: int | None, **more: object) -> Ending:
    return dataclasses.replace(FINE.ending, exit_code=exit_code, **more)  # type: ignore[arg-type] # fields by name


def missing(*numbers: int) -> tuple[Problem, ...]:
    return tuple(Problem(code=Code.MISSING, case_id=f"t|{n}", message="no prediction") for n in numbers)


WRONG = Problem(code=Code.WRONG_SIZE, case_id="t|9", message="mask is 1×1")


@pytest.mark.parametrize(
    ("facts", "outcome", "fault"),
    [
        ({}, Outcome.OK, "none"),
        ({"problems": (WRONG.model_copy(update={"severity": "warning"}),)}, Outcome.OK, "none"),
        ({"pressure": Pressure(memory_refusals=99)}, Outcome.OK, "none"),
        # A program that got over it is not failed for it.
        ({"pressure": OOM}, Outcome.OK, "none"),
        ({"pressure": PIDS}, Outcome.OK, "none"),
        ({"problems": missing(1)}, Outcome.PARTIAL_OUTPUT, "submission"),
        ({"problems": missing(1, 2, 3)}, Outcome.MISSING_OUTPUT, "submission"),
        ({"problems": missing(1, 2, 3), "is_output_empty": True}, Outcome.MISSING_OUTPUT, "submission"),
        ({"problems": (WRONG,)}, Outcome.INVALID_OUTPUT, "submission"),
        ({"problems": (WRONG, *missing(1))}, Outcome.INVALID_OUTPUT, "submission"),
        # One that hides its failure is named by what it ran out of.
        ({"problems": missing(1), "pressure": OOM}, Outcome.OUT_OF_MEMORY, "submission"),
        ({"problems": missing(1), "pressure": FULL}, Outcome.OUT_OF_DISK, "submission"),
        ({"ending": ended(1)}, Outcome.CRASHED, "submission"),
        ({"ending": ended(139)}, Outcome.CRASHED, "submission"),
        ({"ending": ended(127)}, Outcome.CRASHED, "submission"),
        ({"ending": ended(1), "pressure": OOM}, Outcome.OUT_OF_MEMORY, "submission"),
        ({"ending": ended(137, is_oom=True)}, Outcome.OUT_OF_MEMORY, "submission"),
        ({"ending": ended(137)}, Outcome.CRASHED, "submission"),
        ({"ending": ended(137, **OUTSIDE)}, Outcome.KILLED_FROM_OUTSIDE, "infrastructure"),
        (
            {"ending": ended(137, **OUTSIDE), "pressure": OOM},
            Outcome.OUT_OF_MEMORY,
            "submission",
        ),
        ({"ending": ended(1), "pressure": PIDS}, Outcome.TOO_MANY_PROCESSES, "submission"),
        ({"ending": ended(1), "pressure": FULL}, Outcome.OUT_OF_DISK, "submission"),
        ({"ending": ended(153)}, Outcome.OUTPUT_LIMIT, "submission"),
        ({"ending": ended(None, engine_error="gone")}, Outcome.ENGINE_ERROR, "infrastructure"),
        ({"ending": ended(137), "stop": Stop.TIME}, Outcome.TIMEOUT, "submission"),
        (
            {"ending": ended(137), "stop": Stop.TIME, "pressure": PIDS},
            Outcome.TOO_MANY_PROCESSES,
            "submission",
        ),
        ({"ending": ended(0), "stop": Stop.TIME}, Outcome.TIMEOUT, "submission"),
        ({"ending": ended(137), "stop": Stop.OUTPUT_BYTES}, Outcome.OUTPUT_LIMIT, "submission"),
        ({"ending": ended(137), "stop": Stop.OUTPUT_FILES}, Outcome.OUTPUT_LIMIT, "submission"),
        ({"ending": ended(137), "stop": Stop.MEMORY}, Outcome.OUT_OF_MEMORY, "submission"),
        ({"ending": ended(137), "stop": Stop.PROCESSES}, Outcome.TOO_MANY_PROCESSES, "submission"),
        ({"ending": ended(137), "stop": Stop.DISK}, Outcome.OUT_OF_DISK, "infrastructure"),
    ],
)
def test_facts_decide(facts: dict[str, object], outcome: Outcome, fault: str) -> None:
    verdict = judge(dataclasses.replace(FINE, **facts), LIMITS)  # type: ignore[arg-type] # fields by name
    assert (verdict.outcome, verdict.fault) == (outcome, fault)
    assert verdict.sentence


def test_sentences_name_the_limit_that_was_crossed() -> None:
    assert "8 GiB" in judge(dataclasses.replace(FINE, stop=Stop.MEMORY), LIMITS).sentence
    assert "7 s" in judge(dataclasses.replace(FINE, stop=Stop.TIME), LIMITS).sentence
    assert "20,000 files" in judge(dataclasses.replace(FINE, stop=Stop.OUTPUT_FILES), LIMITS).sentence
    assert "512 processes" in judge(dataclasses.replace(FINE, stop=Stop.PROCESSES), LIMITS).sentence
    assert judge(dataclasses.replace(FINE, ending=ended(139)), LIMITS).signal == "SIGSEGV"


def test_registry_that_is_down_is_nobodys_submission() -> None:
    assert judge_missing_image("x", is_unknown=True).fault == "submission"
    assert judge_missing_image("x", is_unknown=False).fault == "infrastructure"
    assert judge_engine_error("x").fault == "infrastructure"
    assert judge_unstartable("x").outcome == Outcome.CRASHED


def test_full_place_is_named_with_its_own_size() -> None:
    limits = Limits(tmp_bytes=2**25, shm_bytes=2**26)
    pressure = Pressure(full_places=frozenset({"/dev/shm", "/tmp"}))  # noqa: S108 # the container's
    facts = dataclasses.replace(FINE, ending=ended(135), pressure=pressure)
    assert judge(facts, limits).sentence == "it filled /dev/shm (64 MiB), /tmp (32 MiB)"


def test_hidden_output_is_beyond_the_limit_and_the_submissions_fault() -> None:
    verdict = judge(dataclasses.replace(FINE, stop=Stop.OUTPUT_HIDDEN), Limits())
    assert (verdict.outcome, verdict.fault) == (Outcome.OUTPUT_LIMIT, "submission")
    assert "hid what it wrote" in verdict.sentence
