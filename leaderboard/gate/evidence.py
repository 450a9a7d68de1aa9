"""How far a difference between two results can be chance.

Both results are resampled together: the same cases, or patients where they are known. The paired bootstrap
gives the interval of a drop. The p-value of "no drop" is the larger of two, so that either one can save a
candidate:

- bootstrap: the share of paired resamples in which the score does not drop (Efron and Tibshirani, An
  Introduction to the Bootstrap, 1993, section 16.4, by the percentiles), which makes no assumption about how
  alike the two models are, but is too eager on few cases;
- swap: the share of random exchanges of the two results, patient by patient, whose drop is as large (Good,
  Permutation, Parametric and Bootstrap Tests of Hypotheses, 2005), exact for models of one kind on any number
  of cases.

Sampling stops early where a p-value is certainly large (Besag and Clifford, Sequential Monte Carlo p-values,
1991). Resamples on which a score is undefined are left out; where they are the most, the p-value is 1.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.protocols.plan import Entry
from evaluation.statistics.interval import percentile_interval
from evaluation.statistics.resampling import (
    ROWS_PER_CHUNK,
    Float32Array,
    Float64Array,
    ResamplingUnits,
    draw_weights,
)
from leaderboard.gate.evaluation import evaluate_entry

ENOUGH = 50
"""So many resamples against a drop, and its p-value is known well enough."""
Progress = Callable[[int], None]
"""Told how many more resamples are done."""
HOPELESS = 0.2
"""A p-value above this is significant at no level that anybody uses."""
TIE = 1e-12
"""Drops that are equal in theory may differ in their last bits, by the way they are summed."""


@dataclass(frozen=True, eq=False)
class Question:
    """One score of two results."""

    entry: Entry
    """Planned on the stacked cases, (2n,): baseline first."""
    lower_is_better: bool


@dataclass(frozen=True)
class DropInterval:
    """The paired bootstrap's 95 % interval of a drop, in the score's unit; above 0 is worse."""

    low: float
    high: float


def find_intervals(
    questions: Sequence[Question], units: ResamplingUnits, *, n_resamples: int, seed: int
) -> list[DropInterval | None]:
    """Return each drop's interval; None where more than half of the resamples leave it undefined."""
    if not questions or n_resamples == 0:
        return [None] * len(questions)
    samples = np.concatenate(
        [
            np.stack([_drops(q, first, second, known) for q in questions])
            for first, second, known in _bootstrap_chunks(units, n_resamples, seed)
        ],
        axis=1,
    )
    found = [percentile_interval(row) for row in samples]
    return [None if one is None else DropInterval(low=one.low, high=one.high) for one in found]


def find_p_values(
    questions: Sequence[Question],
    units: ResamplingUnits,
    *,
    n_resamples: int,
    seed: int,
    progress: Progress | None = None,
) -> Float64Array:
    """Return for each score the p-value (m,) of "no drop", one-sided, never 0.

    Where the bootstrap alone is beyond `HOPELESS` the swaps are left out and its value stands.
    """
    if not questions:
        return np.empty(0)
    bootstrap = _count(
        questions,
        np.full(len(questions), TIE),
        _bootstrap_chunks(units, n_resamples, seed),
        against_below=True,
        progress=progress,
    )
    open_ones = np.flatnonzero(bootstrap <= HOPELESS)
    chosen = [questions[int(i)] for i in open_ones]
    observed = np.array([_observed_drop(question, units) for question in chosen])
    swap = _count(
        chosen,
        observed - TIE,
        _swap_chunks(units, n_resamples, seed),
        against_below=False,
        progress=progress,
    )
    bootstrap[open_ones] = np.maximum(bootstrap[open_ones], swap)
    return bootstrap


Halves = tuple[Float32Array, Float32Array, tuple[dict[int, Float64Array], dict[int, Float64Array]]]


def _count(
    questions: Sequence[Question],
    limits: Float64Array,
    chunks: Iterator[Halves],
    *,
    against_below: bool,
    progress: Progress | None,
) -> Float64Array:
    """Return (1 + resamples against a drop) / (1 + resamples) of each question; 1 if most are undefined."""
    against, defined, drawn = (np.zeros(len(questions)) for _ in range(3))
    for first, second, known in chunks:
        active = [int(i) for i in np.flatnonzero(against < ENOUGH)]
        if not active:
            break
        for i in active:
            drops = _drops(questions[i], first, second, known)
            drops, n_drawn = drops[~np.isnan(drops)], len(drops)
            speaks_against = drops <= limits[i] if against_below else drops >= limits[i]
            against[i] += np.count_nonzero(speaks_against)
            defined[i] += len(drops)
            drawn[i] += n_drawn
        if progress is not None:
            progress(len(first))
    p_values: Float64Array = np.where(2 * defined < drawn, 1.0, (1 + against) / (1 + defined))
    return p_values


def _drops(
    question: Question,
    baseline: Float32Array,
    candidate: Float32Array,
    known: tuple[dict[int, Float64Array], dict[int, Float64Array]],
) -> Float64Array:
    """Return how much worse the second weights' score is than the first's, (b,)."""
    before = evaluate_entry(question.entry, baseline, known[0])
    after = evaluate_entry(question.entry, candidate, known[1])
    return after - before if question.lower_is_better else before - after


def _observed_drop(question: Question, units: ResamplingUnits) -> float:
    ones = np.ones((1, len(units.unit_of_case)), dtype=np.float32)
    return float(_drops(question, *_stack(ones, np.zeros_like(ones)))[0])


def _stack(own: Float32Array, other: Float32Array) -> Halves:
    """Give weights (b, n) of a result's own cases and of the other's to both results, (b, 2n) each."""
    return np.concatenate([own, other], axis=1), np.concatenate([other, own], axis=1), ({}, {})


def _bootstrap_chunks(units: ResamplingUnits, n_resamples: int, seed: int) -> Iterator[Halves]:
    for weights in draw_weights(units, n_resamples=n_resamples, seed=seed):
        own = weights.take(units.unit_of_case, axis=1)
        yield _stack(own, np.zeros_like(own))


def _swap_chunks(units: ResamplingUnits, n_resamples: int, seed: int) -> Iterator[Halves]:
    stream = np.random.default_rng([seed, len(units.block_of_unit)])
    for start in range(0, n_resamples, ROWS_PER_CHUNK):
        rows = min(ROWS_PER_CHUNK, n_resamples - start)
        kept = stream.integers(2, size=(rows, len(units.block_of_unit)), dtype=np.int8).astype(np.float32)
        own = kept.take(units.unit_of_case, axis=1)
        yield _stack(own, 1 - own)
