"""A plan's entries as functions of the cases' weights: rows of weights in, one score a row out."""

import numpy as np

from evaluation.protocols.plan import Constant, Entry, Mean, Measure
from evaluation.statistics.resampling import Float32Array, Float64Array


def evaluate_entry(
    entry: Entry, weights: Float32Array, known: dict[int, Float64Array] | None = None
) -> Float64Array:
    """Return an entry's score under each row of weights, (b,) float64, NaN where undefined.

    Args:
        entry: a statistic, a constant or a mean of entries; a mean rounds its members where the protocol
            does.
        weights: (b, n) weight of every row of the planned table.
        known: scores already found under these weights, by the entry's identity; filled here.
    """
    known = {} if known is None else known
    if id(entry) not in known:
        known[id(entry)] = _evaluate(entry, weights, known)
    return known[id(entry)]


def _evaluate(entry: Entry, weights: Float32Array, known: dict[int, Float64Array]) -> Float64Array:
    match entry:
        case Constant(value, _):
            return np.full(len(weights), np.nan if value is None else value)
        case Measure(statistic):
            return statistic.evaluate(weights.take(statistic.cases, axis=1))
        case Mean():
            return _evaluate_mean(entry, weights, known)


def _evaluate_mean(mean: Mean, weights: Float32Array, known: dict[int, Float64Array]) -> Float64Array:
    members = [evaluate_entry(member, weights, known) for member in mean.members]
    if not members:
        return np.full(len(weights), np.nan)
    values = np.stack(members)
    if mean.decimals is not None:
        values = np.round(values, mean.decimals)
    defined = ~np.isnan(values)
    n_defined = defined.sum(axis=0)
    sums = np.where(defined, values, 0.0).sum(axis=0)
    means = np.divide(sums, n_defined, out=np.full(len(weights), np.nan), where=n_defined > 0)
    return means if mean.skip_undefined else np.where(n_defined == len(members), means, np.nan)
