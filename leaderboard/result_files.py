"""Result files: read, check and refuse, all problems of all files at once.

Promises: results that leave here share protocol, mode, manifest and references, have different names, and
hold every summary metric of their protocol, each null or within its range.
"""

from collections.abc import Sequence
from pathlib import Path

from evaluation.contract.errors import ConfigurationError
from evaluation.contract.result import Result
from leaderboard.cells import clean_text
from leaderboard.metric import METRICS, list_metrics
from leaderboard.record_files import read_record

MAX_NAME = 255
_SAME_IN_ALL = {
    "protocol": "rank each protocol alone",
    "mode": "score both in one mode",
    "manifest_sha256": "score both on the same manifest",
    "reference_sha256": "score both against the same references",
}


def load_results(paths: Sequence[Path], *, distinct_names: bool = True) -> tuple[Result, ...]:
    """Read result files that can be compared with each other, in the given order.

    Args:
        paths: `result.json` files, at least one.
        distinct_names: refuse two results of one name, as a board must and two versions of one model need
            not.

    Raises:
        ConfigurationError: no file is given; a file cannot be read, is no regular file, exceeds 64 MiB, is no
            valid result of this format version or of a known protocol, or lacks a summary metric; two files
            differ in what makes them comparable or bear one name. The message lists every problem found.
    """
    if not paths:
        raise ConfigurationError("Expected at least one result file but got none; name result.json files.")
    problems: list[str] = []
    read: list[tuple[Path, Result]] = []
    for path in paths:
        try:
            result = _read_result(path)
        except ConfigurationError as error:
            problems.append(str(error))
        else:
            problems += [f"{path}: {text}" for text in _check_result(result)]
            read.append((path, result))
    problems += _check_comparable(read) + (_check_names(read) if distinct_names else [])
    if problems:
        lines = "\n".join(f"- {clean_text(problem)}" for problem in problems)
        raise ConfigurationError(f"The results cannot be compared:\n{lines}")
    return tuple(result for _, result in read)


def _read_result(path: Path) -> Result:
    return read_record(path, Result, what="result", advice="score it again")


def _check_result(result: Result) -> list[str]:
    problems: list[str] = []
    if not 0 < len(clean_text(result.submission)) <= MAX_NAME:
        problems.append(f"Expected `submission` to be a name of 1 to {MAX_NAME} visible characters.")
    if result.protocol not in METRICS:
        known = ", ".join(METRICS)
        return [*problems, f"Expected `protocol` to be one of {known} but got {result.protocol!r}."]
    return problems + _check_summary(result) + _check_sums(result)


def _check_sums(result: Result) -> list[str]:
    """Find what contradicts itself: a sign of a file that no scorer wrote."""
    problems = []
    n_cases = sum(task.n_cases for task in result.tasks)
    if n_cases != result.n_cases:
        problems.append(f"Expected `n_cases` to be its tasks' {n_cases} but got {result.n_cases}.")
    n_failed = sum(task.n_failed for task in result.tasks)
    if n_failed != result.n_failed:
        problems.append(f"Expected `n_failed` to be its tasks' {n_failed} but got {result.n_failed}.")
    parts = [result.summary[key].value for key in ("seg", "cls", "perf") if key in result.summary]
    if len(parts) == 3 and None not in parts:
        seg, cls, perf = (float(part or 0.0) for part in parts)
        if abs(perf - (seg + cls) / 2) > 1e-9:
            problems.append(f"Expected `perf` to be {(seg + cls) / 2} but got {perf}.")
    return problems


def _check_summary(result: Result) -> list[str]:
    problems = []
    for metric in list_metrics(result.protocol):
        score = result.summary.get(metric.key)
        if score is None:
            problems.append(f"Expected `summary` to hold `{metric.key}` but it is absent; score it again.")
        elif score.value is not None and not metric.low <= score.value <= metric.high:
            problems.append(
                f"Expected `{metric.key}` to be in [{metric.low}, {metric.high}] but got {score.value}."
            )
    return problems


def _check_comparable(read: Sequence[tuple[Path, Result]]) -> list[str]:
    problems = []
    for path, result in read[1:]:
        first_path, first = read[0]
        for field, advice in _SAME_IN_ALL.items():
            expected, got = getattr(first, field), getattr(result, field)
            if expected != got:
                problems.append(
                    f"{path}: Expected `{field}` to be {expected} as in {first_path} but got {got}; {advice}."
                )
    return problems


def _check_names(read: Sequence[tuple[Path, Result]]) -> list[str]:
    first_with: dict[str, Path] = {}
    problems = []
    for path, result in read:
        name = clean_text(result.submission)
        if name in first_with:
            problems.append(
                f"{path}: Expected `submission` to differ from that of {first_with[name]} but both are "
                f"{name!r}; give each file once, and change `submission` in one of them to tell them apart."
            )
        first_with.setdefault(name, path)
    return problems
