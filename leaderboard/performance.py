"""P, the rescaled accuracy of every entry of a field, by protocol.

Promises: P is in [0, 1] or null; whatever a rule left out or set to 1 is told in a note.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.contract.result import Result
from evaluation.contract.task import Kind
from leaderboard.cells import clean_text, format_number
from leaderboard.metric import METRICS, PERF, Metric
from leaderboard.ranking import FloatArray, rescale_min_max


@dataclass(frozen=True, slots=True)
class Performance:
    """The accuracy side of a field, in the order of its results."""

    p: tuple[float | None, ...]
    """Rescaled accuracy in [0, 1]; None where it is undefined."""
    reasons: tuple[str | None, ...]
    """Why P is null, entry by entry; None where it is not."""
    notes: tuple[str, ...]


def compute_performance(results: Sequence[Result]) -> Performance:
    """Rescale the accuracy of results of one protocol over the field.

    UUSIC25: P = min-max of Perf over the entries that have a Perf. FMC_UIA [ours]: each ranked metric is
    min-max rescaled in its good direction, averaged within its kind, then over kinds, and not rescaled again.
    A metric that no entry has is left out; where only some lack it, it counts 0 for them, so that nobody
    changes the rule for the others.

    Args:
        results: at least one, all of one protocol, with every summary metric of it.
    """
    return _rescale_perf(results) if results[0].protocol == "uusic25" else _average_kinds(results)


def _rescale_perf(results: Sequence[Result]) -> Performance:
    scores = [result.summary[PERF.key] for result in results]
    known = [(i, score.value) for i, score in enumerate(scores) if score.value is not None]
    rescaled = rescale_min_max([value for _, value in known], higher_is_better=True)
    p: list[float | None] = [None] * len(results)
    for (i, _), value in zip(known, rescaled, strict=True):
        p[i] = float(value)
    reasons = tuple(None if s.value is not None else f"Perf is undefined: {s.reason}" for s in scores)
    return Performance(tuple(p), reasons, _note_alike(PERF, [value for _, value in known]))


def _average_kinds(results: Sequence[Result]) -> Performance:
    notes: list[str] = []
    by_kind: dict[Kind, list[FloatArray]] = {}
    for metric in METRICS["fmc_uia"]:
        if metric.ranks_in is None:
            continue
        values = [result.summary[metric.key].value for result in results]
        without = [
            clean_text(result.submission)
            for result, value in zip(results, values, strict=True)
            if value is None
        ]
        if len(without) == len(results):
            notes.append(f"{metric.label} is left out of P: it is undefined for every entry.")
            continue
        if without:
            notes.append(f"{metric.label} counts 0 in P for {', '.join(without)}: it is undefined there.")
        known = [value for value in values if value is not None]
        notes += _note_alike(metric, known)
        terms = np.zeros(len(results))
        is_known = np.array([value is not None for value in values])
        terms[is_known] = rescale_min_max(known, higher_is_better=metric.higher_is_better)
        by_kind.setdefault(metric.ranks_in, []).append(terms)
    n = len(results)
    if not by_kind:
        return Performance((None,) * n, ("no ranked metric is defined for any entry",) * n, tuple(notes))
    p = np.mean([np.mean(terms, axis=0) for terms in by_kind.values()], axis=0)
    return Performance(tuple(float(value) for value in p), (None,) * n, tuple(notes))


def _note_alike(metric: Metric, values: Sequence[float]) -> tuple[str, ...]:
    if not values or min(values) < max(values):
        return ()
    return (f"Every {metric.label} is {format_number(values[0], metric.decimals)}: that term is 1 for all.",)
