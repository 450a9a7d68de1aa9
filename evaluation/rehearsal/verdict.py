"""The rules, and the verdict on each from what two runs showed.

A rule is broken, kept, unsure (a forecast on both sides of its limit) or not tested (another rule stands in
the way, or a plain command cannot be locked in). One cause breaks one rule: a submission that ends because it
has no network breaks ``offline``, not ``finishes`` as well.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from evaluation.contract.problem import Code
from evaluation.contract.record import Record
from evaluation.rehearsal.forecast import Forecast, forecast_memory, forecast_time
from evaluation.rehearsal.limits_file import Limit, RehearsalLimits
from evaluation.runner.outcome import Outcome
from evaluation.runner.record import RunFile

_NETWORK_WORDS = re.compile(
    r"name resolution|name or service not known|network is unreachable|no address associated|getaddrinfo"
    r"|could not resolve|max retries exceeded|urlopen error|connection(error| refused| timed out)"
    r"|nodename nor servname|failed to establish a new connection",
    re.IGNORECASE,
)
_FILE_WORDS = re.compile(r"read-only file system|EROFS|errno 30", re.IGNORECASE)
_CANNOT_START = (126, 127)
_ENDED_BY_ITSELF = (
    Outcome.OK,
    Outcome.INVALID_OUTPUT,
    Outcome.PARTIAL_OUTPUT,
    Outcome.MISSING_OUTPUT,
)


class Rule(StrEnum):
    """What an organiser asks of a submission."""

    STARTS = "starts"
    OFFLINE = "offline"
    READ_ONLY = "read_only"
    FINISHES = "finishes"
    COMPLETE = "complete"
    VALID = "valid"
    DETERMINISTIC = "deterministic"
    TIME = "time"
    MEMORY = "memory"


Finding = Literal["kept", "broken", "unsure", "not_tested"]


class RuleVerdict(Record):
    """The verdict on one rule."""

    rule: Rule
    finding: Finding
    sentence: str


@dataclass(frozen=True)
class Facts:
    """What the runs showed."""

    record: RunFile
    """Two passes in the safe profile, or one that failed."""
    relaxed: RunFile | None
    """One pass as root on a writable root file system, made when the safe one failed."""
    host_mib: Sequence[float]
    """Host memory over the pass that was kept."""
    limits: RehearsalLimits
    factor: float
    """How many times as long the organiser's host takes."""

    @property
    def log(self) -> str:
        """The last lines of the log."""
        return "\n".join(self.record.log.last_lines) if self.record.log else ""

    @property
    def is_freed(self) -> bool:
        """Whether it answers everything as soon as it may write anywhere."""
        return self.relaxed is not None and self.relaxed.outcome == Outcome.OK

    @property
    def is_failed(self) -> bool:
        """Whether it did not answer every case."""
        return self.record.outcome != Outcome.OK


def judge_rehearsal(facts: Facts) -> tuple[RuleVerdict, ...]:
    """Return one verdict a rule, in their order."""
    verdicts: list[RuleVerdict] = []
    in_the_way: Rule | None = None
    for rule, judge in _JUDGES.items():
        if rule is Rule.FINISHES and facts.record.outcome == Outcome.OUT_OF_MEMORY:
            in_the_way = Rule.MEMORY
        if in_the_way is not None and rule is not in_the_way:
            verdict = _say(rule, "not_tested", f"`{in_the_way}` stands in the way")
        else:
            verdict = judge(facts)
        verdicts.append(verdict)
        if verdict.finding == "broken" and rule in _FATAL:
            in_the_way = rule
    return tuple(verdicts)


def _say(rule: Rule, finding: Finding, sentence: str) -> RuleVerdict:
    return RuleVerdict(rule=rule, finding=finding, sentence=sentence)


def _judge_starts(facts: Facts) -> RuleVerdict:
    record = facts.record
    cannot = record.outcome == Outcome.CRASHED and record.exit_code in _CANNOT_START and not record.outputs
    if cannot or not record.passes:
        return _say(Rule.STARTS, "broken", record.sentence)
    return _say(Rule.STARTS, "kept", f"its program was started by {record.engine.name}")


def _judge_offline(facts: Facts) -> RuleVerdict:
    if not facts.record.is_isolated:
        return _say(Rule.OFFLINE, "not_tested", "a plain command has the host's network: use --image")
    if facts.is_failed and not facts.is_freed and (found := _NETWORK_WORDS.search(facts.log)):
        words = (
            f"it failed without a network (its log says “{found[0]}”); put weights and data into the image"
        )
        return _say(Rule.OFFLINE, "broken", words)
    return _say(Rule.OFFLINE, "kept", "it ran without a network")


def _judge_read_only(facts: Facts) -> RuleVerdict:
    if not facts.record.is_isolated:
        return _say(Rule.READ_ONLY, "not_tested", "a plain command may write anywhere: use --image")
    if facts.is_freed or (facts.is_failed and _FILE_WORDS.search(facts.log)):
        words = (
            "it failed as an unprivileged user on a read-only root file system"
            f"{' and succeeded otherwise' if facts.is_freed else ''}; write to /output, /tmp or $HOME only"
        )
        return _say(Rule.READ_ONLY, "broken", words)
    return _say(Rule.READ_ONLY, "kept", "it wrote to its output and temporary folders only")


def _judge_finishes(facts: Facts) -> RuleVerdict:
    record = facts.record
    if record.outcome not in _ENDED_BY_ITSELF:
        return _say(Rule.FINISHES, "broken", f"{record.outcome}: {record.sentence}")
    return _say(Rule.FINISHES, "kept", f"it ended by itself after {record.runtime_s:.1f} s")


def _judge_complete(facts: Facts) -> RuleVerdict:
    record = facts.record
    if record.outcome in (Outcome.MISSING_OUTPUT, Outcome.PARTIAL_OUTPUT):
        return _say(Rule.COMPLETE, "broken", record.sentence)
    n_missing = sum(p.code is Code.MISSING and p.severity == "error" for p in record.problems)
    if n_missing:
        first = next(p for p in record.problems if p.code is Code.MISSING)
        return _say(Rule.COMPLETE, "broken", f"answers are missing, at least {n_missing}; first: {first}")
    return _say(Rule.COMPLETE, "kept", f"all {record.input.n_cases} cases have an answer")


def _judge_valid(facts: Facts) -> RuleVerdict:
    wrong = [p for p in facts.record.problems if p.severity == "error" and p.code is not Code.MISSING]
    if wrong:
        return _say(Rule.VALID, "broken", f"{len(wrong)} or more answers cannot be used; first: {wrong[0]}")
    return _say(Rule.VALID, "kept", "every answer that is there can be used")


def _judge_deterministic(facts: Facts) -> RuleVerdict:
    if facts.record.is_repeatable is None:
        return _say(Rule.DETERMINISTIC, "not_tested", "there was no second whole run to compare with")
    if not facts.record.is_repeatable:
        words = "two runs over the same input wrote different files; fix the seeds of everything that draws"
        return _say(Rule.DETERMINISTIC, "broken", words)
    return _say(Rule.DETERMINISTIC, "kept", "two runs wrote the same bytes")


def _judge_time(facts: Facts) -> RuleVerdict:
    if facts.is_failed:
        return _say(Rule.TIME, "not_tested", "a failed run says nothing about time")
    timings = [entry.timings for entry in facts.record.passes if entry.kind == "counted"]
    slowest = max(timings, key=lambda timing: timing.runtime_s)
    forecast = forecast_time(
        slowest.runtime_s,
        slowest.until_first_output_s,
        n_sample=facts.record.input.n_cases,
        n_full=round(facts.limits.test_entries.value),
        factor=facts.factor,
    )
    host = "" if facts.factor == 1 else f" on a host that takes {facts.factor:.2f} times as long"
    what = f"{facts.limits.test_entries.value:,.0f} entries{host}"
    return _compare(Rule.TIME, forecast, facts.limits.time_limit_s, "s", what)


def _judge_memory(facts: Facts) -> RuleVerdict:
    if facts.record.outcome == Outcome.OUT_OF_MEMORY:
        return _say(Rule.MEMORY, "broken", facts.record.sentence)
    if facts.is_failed:
        return _say(Rule.MEMORY, "not_tested", "a failed run says nothing about memory")
    counted = [entry.memory for entry in facts.record.passes if entry.kind == "counted"]
    n_full = round(facts.limits.test_entries.value)
    host = forecast_memory(
        facts.host_mib,
        max(memory.peak_host_mib for memory in counted),
        n_sample=facts.record.input.n_cases,
        n_full=n_full,
    )
    gpu = Forecast(facts.record.peak_gpu_mib, facts.record.peak_gpu_mib)
    what = f"{n_full:,} entries"
    on_host = _compare(Rule.MEMORY, host, facts.limits.host_memory_mib, "MiB of host memory", what)
    on_gpu = _compare(Rule.MEMORY, gpu, facts.limits.gpu_memory_mib, "MiB of GPU memory", what)
    worse = on_gpu if _SEVERITY[on_gpu.finding] > _SEVERITY[on_host.finding] else on_host
    return _say(Rule.MEMORY, worse.finding, f"{on_host.sentence}; {on_gpu.sentence}")


def _compare(rule: Rule, forecast: Forecast, limit: Limit, unit: str, what: str) -> RuleVerdict:
    low, high = f"{forecast.low:,.0f}", f"{forecast.high:,.0f}"
    expected = low if low == high else f"{low} to {high}"
    words = f"{expected} {unit} expected for {what}; {limit.value:,.0f} allowed ({limit.source})"
    if forecast.low > limit.value:
        return _say(rule, "broken", words)
    return _say(rule, "kept" if forecast.high <= limit.value else "unsure", words)


_SEVERITY: dict[Finding, int] = {"not_tested": 0, "kept": 0, "unsure": 1, "broken": 2}
_JUDGES: dict[Rule, Callable[[Facts], RuleVerdict]] = {
    Rule.STARTS: _judge_starts,
    Rule.OFFLINE: _judge_offline,
    Rule.READ_ONLY: _judge_read_only,
    Rule.FINISHES: _judge_finishes,
    Rule.COMPLETE: _judge_complete,
    Rule.VALID: _judge_valid,
    Rule.DETERMINISTIC: _judge_deterministic,
    Rule.TIME: _judge_time,
    Rule.MEMORY: _judge_memory,
}
_FATAL = (Rule.STARTS, Rule.OFFLINE, Rule.READ_ONLY, Rule.FINISHES)
