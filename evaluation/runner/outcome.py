"""How a run ended: one of a closed list, decided from facts, with a sentence for the participant."""

import signal
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from evaluation.contract.problem import Code, Problem
from evaluation.contract.record import Record
from evaluation.runner.engine import Ending
from evaluation.runner.limits import SHM, Limits
from evaluation.runner.outputs import MAX_DEPTH
from evaluation.runner.pressure import Pressure

Fault = Literal["none", "submission", "infrastructure"]


class Outcome(StrEnum):
    """The closed list."""

    OK = "ok"
    TIMEOUT = "timeout"
    OUT_OF_MEMORY = "out_of_memory"
    OUT_OF_DISK = "out_of_disk"
    TOO_MANY_PROCESSES = "too_many_processes"
    CRASHED = "crashed"
    KILLED_FROM_OUTSIDE = "killed_from_outside"
    INVALID_OUTPUT = "invalid_output"
    PARTIAL_OUTPUT = "partial_output"
    MISSING_OUTPUT = "missing_output"
    OUTPUT_LIMIT = "output_limit"
    ENGINE_ERROR = "engine_error"
    IMAGE_MISSING = "image_missing"


class Stop(StrEnum):
    """Why the watch ended a run."""

    TIME = "time"
    OUTPUT_BYTES = "output_bytes"
    OUTPUT_FILES = "output_files"
    OUTPUT_HIDDEN = "output_hidden"
    MEMORY = "memory"
    PROCESSES = "processes"
    DISK = "disk"


OUTPUT_STOPS = (Stop.OUTPUT_BYTES, Stop.OUTPUT_FILES, Stop.OUTPUT_HIDDEN)


class Verdict(Record):
    """How a run ended and who is to blame."""

    outcome: Outcome
    fault: Fault
    """What is an infrastructure's fault may be tried again and never counts against a submission."""
    sentence: str
    exit_code: int | None = None
    signal: str | None = None


@dataclass(frozen=True)
class Facts:
    """What is known of a pass that was started."""

    ending: Ending
    stop: Stop | None
    pressure: Pressure
    n_expected: int
    """Cases of the manifest."""
    problems: Sequence[Problem]
    """Of the files that were written."""
    is_output_empty: bool


def judge(facts: Facts, limits: Limits) -> Verdict:
    """Return the verdict on a pass; the first cause that explains it is named."""
    return _judge_stop(facts, limits) or _judge_exit(facts, limits) or _judge_output(facts, limits)


def _judge_stop(facts: Facts, limits: Limits) -> Verdict | None:
    ending = facts.ending
    match facts.stop:
        case Stop.OUTPUT_BYTES:
            text = f"it wrote more than {_size(limits.output_bytes)} to its output folder and was ended"
            return _blame(Outcome.OUTPUT_LIMIT, text, ending)
        case Stop.OUTPUT_FILES:
            text = f"it made more than {limits.output_files:,} files and folders in its output and was ended"
            return _blame(Outcome.OUTPUT_LIMIT, text, ending)
        case Stop.OUTPUT_HIDDEN:
            text = (
                "it hid what it wrote: folders of its output may not be looked into,"
                f" or lie more than {MAX_DEPTH} deep"
            )
            return _blame(Outcome.OUTPUT_LIMIT, text, ending)
        case Stop.MEMORY:
            return _blame(Outcome.OUT_OF_MEMORY, _memory_text(limits), ending)
        case Stop.PROCESSES:
            return _blame(Outcome.TOO_MANY_PROCESSES, _pids_text(limits), ending)
        case Stop.DISK:
            text = "the host ran out of disk space during the run, so it was ended; it can be tried again"
            return Verdict(outcome=Outcome.OUT_OF_DISK, fault="infrastructure", sentence=text)
        case Stop.TIME:
            text = f"it did not end within {limits.time_limit_s:g} s and was ended"
            return _find_shortage(facts, limits) or _blame(Outcome.TIMEOUT, text, ending)
        case None:
            return None


def _judge_exit(facts: Facts, limits: Limits) -> Verdict | None:
    ending = facts.ending
    if ending.engine_error is not None:
        return judge_engine_error(ending.engine_error)
    if ending.exit_code == 0:
        return None
    shortage = _find_shortage(facts, limits)
    if shortage is not None:
        return shortage
    if ending.is_killed_outside:
        text = "it was ended by somebody else on the host; it can be tried again"
        return _blame(Outcome.KILLED_FROM_OUTSIDE, text, ending, fault="infrastructure")
    name = _signal_name(ending.exit_code)
    if name == "SIGXFSZ":
        text = f"it wrote a file of more than {_size(limits.output_bytes)}"
        return _blame(Outcome.OUTPUT_LIMIT, text, ending)
    if ending.exit_code in (126, 127):
        text = f"its program could not be started, or ended with exit status {ending.exit_code}; see the log"
        return _blame(Outcome.CRASHED, text, ending)
    how = f"signal {name}" if name else f"exit status {ending.exit_code}"
    return _blame(Outcome.CRASHED, f"it ended with {how}; the last lines of its log say more", ending)


def _find_shortage(facts: Facts, limits: Limits) -> Verdict | None:
    """Return what it ran out of, where the kernel or the engine counted that."""
    ending, pressure = facts.ending, facts.pressure
    if ending.is_oom or pressure.oom_kills:
        return _blame(Outcome.OUT_OF_MEMORY, _memory_text(limits), ending)
    if pressure.refused_processes:
        return _blame(Outcome.TOO_MANY_PROCESSES, _pids_text(limits), ending)
    if pressure.full_places:
        sizes = {
            place: limits.shm_bytes if place == SHM else limits.tmp_bytes for place in pressure.full_places
        }
        text = f"it filled {', '.join(f'{place} ({_size(sizes[place])})' for place in sorted(sizes))}"
        return _blame(Outcome.OUT_OF_DISK, text, ending)
    return None


def _judge_output(facts: Facts, limits: Limits) -> Verdict:
    ending = facts.ending
    errors = [problem for problem in facts.problems if problem.severity == "error"]
    if not errors:
        text = f"it ended by itself and answered all {facts.n_expected} cases"
        return _blame(Outcome.OK, text, ending, fault="none")
    # A program that hides its own failure still ran out of something.
    shortage = _find_shortage(facts, limits)
    if shortage is not None:
        return shortage
    missing = [problem for problem in errors if problem.code is Code.MISSING]
    if facts.is_output_empty:
        return _blame(
            Outcome.MISSING_OUTPUT, "it ended with success but wrote nothing to its output folder", ending
        )
    if len(missing) < len(errors):
        text = f"{len(errors) - len(missing)} of its answers cannot be used; `check` lists each"
        return _blame(Outcome.INVALID_OUTPUT, text, ending)
    n_cases = len({problem.case_id for problem in missing if problem.case_id})
    if n_cases >= facts.n_expected:
        text = "it ended with success but wrote none of the files that are asked for"
        return _blame(Outcome.MISSING_OUTPUT, text, ending)
    text = f"{n_cases} of {facts.n_expected} cases have no answer; `check` lists each"
    return _blame(Outcome.PARTIAL_OUTPUT, text, ending)


def judge_engine_error(words: str) -> Verdict:
    """Return the verdict on a run that the engine could not make or finish."""
    text = f"the container engine failed, not the submission: {words}"
    return Verdict(outcome=Outcome.ENGINE_ERROR, fault="infrastructure", sentence=text)


def judge_missing_image(words: str, *, is_unknown: bool) -> Verdict:
    """Return the verdict on an image that cannot be had; a registry that is down is nobody's submission."""
    fault: Fault = "submission" if is_unknown else "infrastructure"
    return Verdict(outcome=Outcome.IMAGE_MISSING, fault=fault, sentence=words)


def judge_unstartable(words: str) -> Verdict:
    """Return the verdict on a program that is not there or cannot be executed."""
    text = f"its program could not be started: {words}"
    return Verdict(outcome=Outcome.CRASHED, fault="submission", sentence=text, exit_code=127)


def _blame(outcome: Outcome, text: str, ending: Ending, *, fault: Fault = "submission") -> Verdict:
    return Verdict(
        outcome=outcome,
        fault=fault,
        sentence=text,
        exit_code=ending.exit_code,
        signal=_signal_name(ending.exit_code),
    )


def _signal_name(exit_code: int | None) -> str | None:
    try:
        return signal.Signals((exit_code or 0) - 128).name
    except ValueError:
        return None


def _memory_text(limits: Limits) -> str:
    return f"it needed more than the {_size(limits.memory_bytes)} of memory that it may use"


def _pids_text(limits: Limits) -> str:
    return f"it started more than the {limits.pids} processes and threads that it may have"


def _size(n_bytes: int) -> str:
    for unit, size in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if n_bytes >= size:
            return f"{n_bytes / size:.4g} {unit}"
    return f"{n_bytes} bytes"
