"""The verdict on every score of two results.

A score fails when it dropped by more than is allowed and the drop is significant: its p-value, adjusted by
Holm for all scores compared, is at most 0.05. So over all metrics and tasks of one comparison a candidate
that is as good as the baseline is stopped in at most 5 % of comparisons.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from evaluation.statistics.holm import adjust_holm
from leaderboard.gate.evidence import DropInterval, Question, find_intervals, find_p_values
from leaderboard.gate.pair import Measurement, Pair

Progress = Callable[[int, int], None]

LEVEL = 0.05
N_RESAMPLES = 1000
"""Of an interval."""
MIN_RESAMPLES = 9999
RESAMPLES_PER_TEST = 100
"""Holm multiplies the smallest p-value by the number of tests m; 100·m resamples let it fall to 0.01."""


class Verdict(StrEnum):
    """What became of a score."""

    OK = "ok"
    """No worse than allowed."""
    CHANCE = "not significant"
    """Worse than allowed, but so are two equally good models now and then."""
    FAIL = "FAIL"
    """Worse than allowed, significantly."""
    LOST = "LOST"
    """The baseline has a value and the candidate has none."""
    UNDEFINED = "undefined"
    """The baseline has no value."""


FAILING = frozenset({Verdict.FAIL, Verdict.LOST})


@dataclass(frozen=True)
class ScoreRow:
    """One score of both results and its verdict."""

    task_id: str
    metric: str
    baseline: float | None
    candidate: float | None
    drop: float | None
    """In the score's unit; above 0 is worse. None where a value is missing."""
    interval: DropInterval | None
    allowed: float | None
    """The largest drop let pass: `max_drop` itself, of a distance that share of the baseline's value."""
    p_adjusted: float | None
    """After Holm; None where the drop is no larger than allowed and so was not tested."""
    verdict: Verdict


def compare_scores(
    pair: Pair,
    *,
    max_drop: float,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
    progress: Progress | None = None,
) -> tuple[ScoreRow, ...]:
    """Compare every score of a pair, in the pair's order.

    Args:
        pair: two results of the same cases.
        max_drop: 0 or more; how much worse a score may be, of a distance as a share of the baseline's.
        n_resamples: of an interval; 0 leaves the intervals out.
        seed: of the resamples.
        progress: told how many more resamples are done, and how many may be needed in all.
    """
    tested = [m for m in pair.measurements if m.baseline is not None and m.candidate is not None]
    suspects = [m for m in tested if _drop(m) > _allowed(m, max_drop)]
    adjusted = dict(zip(map(id, suspects), _adjust(pair, suspects, len(tested), seed, progress), strict=True))
    found = find_intervals(_questions(tested), pair.units, n_resamples=n_resamples, seed=seed)
    intervals = dict(zip(map(id, tested), found, strict=True))
    return tuple(_judge(m, max_drop, adjusted.get(id(m)), intervals.get(id(m))) for m in pair.measurements)


def _adjust(
    pair: Pair, suspects: list[Measurement], n_tests: int, seed: int, progress: Progress | None
) -> list[float]:
    """Return the suspects' p-values after Holm over all `n_tests`; the others cannot fail and count as 1."""
    n_resamples = max(MIN_RESAMPLES, RESAMPLES_PER_TEST * n_tests)
    p_values = find_p_values(
        _questions(suspects),
        pair.units,
        n_resamples=n_resamples,
        seed=seed,
        progress=None if progress is None else lambda done: progress(done, 2 * n_resamples),
    )
    family = np.concatenate([p_values, np.ones(n_tests - len(suspects))])
    return [float(p) for p in adjust_holm(family)[: len(suspects)]]


def _questions(measurements: list[Measurement]) -> list[Question]:
    return [Question(m.entry, m.lower_is_better) for m in measurements]


def _drop(measurement: Measurement) -> float:
    before, after = measurement.baseline or 0.0, measurement.candidate or 0.0
    return after - before if measurement.lower_is_better else before - after


def _allowed(measurement: Measurement, max_drop: float) -> float:
    return max_drop * abs(measurement.baseline or 0.0) if measurement.lower_is_better else max_drop


def _judge(
    measurement: Measurement, max_drop: float, p_adjusted: float | None, interval: DropInterval | None
) -> ScoreRow:
    complete = measurement.baseline is not None and measurement.candidate is not None
    return ScoreRow(
        task_id=measurement.task_id,
        metric=measurement.metric,
        baseline=measurement.baseline,
        candidate=measurement.candidate,
        drop=_drop(measurement) if complete else None,
        interval=interval,
        allowed=_allowed(measurement, max_drop) if complete else None,
        p_adjusted=p_adjusted,
        verdict=_verdict(measurement, p_adjusted),
    )


def _verdict(measurement: Measurement, p_adjusted: float | None) -> Verdict:
    if measurement.baseline is None:
        return Verdict.UNDEFINED
    if measurement.candidate is None:
        return Verdict.LOST
    if p_adjusted is None:
        return Verdict.OK
    return Verdict.FAIL if p_adjusted <= LEVEL else Verdict.CHANCE
