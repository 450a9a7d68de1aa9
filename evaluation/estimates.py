"""A plan's entries as scores: the value on the cases as they are, and its interval over resamples."""

from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from evaluation.contract.result import Interval, Score
from evaluation.protocols.plan import Constant, Entry, Mean, Measure
from evaluation.statistics.bootstrap import bootstrap, combine_mean
from evaluation.statistics.interval import bca_interval, percentile_interval
from evaluation.statistics.jackknife import jackknife
from evaluation.statistics.resampling import ResamplingUnits

IntervalMethod = Literal["percentile", "bca"]
Samples = NDArray[np.float64]


class Estimator:
    """Evaluates every measure once over all resamples, then answers entry by entry."""

    def __init__(
        self,
        entries: Iterable[Entry],
        units: ResamplingUnits,
        *,
        n_resamples: int,
        seed: int,
        interval: IntervalMethod = "percentile",
        progress: Callable[[int], None] | None = None,
    ) -> None:
        self._units = units
        self._n_resamples = n_resamples
        self._interval = interval
        self._left_out: dict[str, tuple[Samples, NDArray[np.bool_]]] = {}
        self._measures = {str(id(m)): m for entry in entries for m in _measures_of(entry)}
        self._values = {key: _evaluate(measure) for key, measure in self._measures.items()}
        statistics = {key: measure.statistic for key, measure in self._measures.items()}
        self._samples = bootstrap(statistics, units, n_resamples=n_resamples, seed=seed, progress=progress)

    def score(self, entry: Entry) -> Score:
        """Return an entry's value with its interval, or null with its reason."""
        value, reason = self._estimate(entry)
        if value is None:
            return Score(value=None, status="undefined", reason=reason)
        samples = self._collect(entry)
        if samples is None or self._n_resamples == 0:
            return Score(value=value, reason=reason)
        interval = self._find_interval(entry, value, samples)
        if interval is None:
            n_undefined = int(np.isnan(samples).sum())
            missing = f"no interval: undefined in {n_undefined} of {self._n_resamples} resamples"
            if self._n_resamples - n_undefined < 2:
                missing += ", too few are left"
            reason = f"{reason}; {missing}" if reason else missing
        return Score(value=value, reason=reason, interval=interval)

    def value(self, entry: Entry) -> float | None:
        """Return an entry's value on the cases as they are; None where it is undefined."""
        return self._estimate(entry)[0]

    def samples(self, entry: Entry, *, leave_out_undefined: bool = False) -> Samples:
        """Return an entry's value on each resample, (n_resamples,) float64, NaN where undefined.

        Row b of every entry is the same resample. A constant stays what it is.

        Args:
            entry: one of those given at construction, or a mean of them.
            leave_out_undefined: average the members that a resample defines (a rare class may be drawn
                nowhere) instead of calling the mean undefined there.
        """
        value = self.value(entry)
        if value is None:
            return np.full(self._n_resamples, np.nan)
        collected = self._collect(entry, leave_out_undefined=leave_out_undefined)
        return np.full(self._n_resamples, value) if collected is None else collected

    def _estimate(self, entry: Entry) -> tuple[float | None, str | None]:
        match entry:
            case Constant(value, reason):
                return value, reason
            case Measure():
                value = self._values[str(id(entry))]
                return (None, entry.undefined_reason) if np.isnan(value) else (value, None)
            case Mean():
                return self._estimate_mean(entry)

    def _estimate_mean(self, mean: Mean) -> tuple[float | None, str | None]:
        estimates = [self._estimate(member) for member in mean.members]
        values = [value for value, _ in estimates if value is not None]
        reasons = [str(reason) for value, reason in estimates if value is None]
        missing = f"{len(reasons)} of {len(estimates)} undefined ({'; '.join(dict.fromkeys(reasons))})"
        if not values or (reasons and not mean.skip_undefined):
            return None, missing
        if mean.decimals is not None:
            values = [round(value, mean.decimals) for value in values]
        return float(np.mean(values)), f"{missing}, left out of the mean" if reasons else None

    def _find_interval(self, entry: Entry, value: float, samples: Samples) -> Interval | None:
        if self._interval == "bca":
            left_out, involved = self._leave_one_out(entry)
            found = bca_interval(samples, estimate=value, jackknife=left_out[involved])
        else:
            found = percentile_interval(samples)
        return None if found is None else Interval.model_validate(asdict(found))

    def _leave_one_out(self, entry: Entry) -> tuple[Samples, NDArray[np.bool_]]:
        """Return an entry's value without each unit (n_units,) and which units take part in it."""
        key = str(id(entry))
        if key not in self._left_out:
            self._left_out[key] = self._compute_leave_one_out(entry)
        return self._left_out[key]

    def _compute_leave_one_out(self, entry: Entry) -> tuple[Samples, NDArray[np.bool_]]:
        n_units = len(self._units.block_of_unit)
        value, _ = self._estimate(entry)
        values = np.full(n_units, np.nan if value is None else value)
        involved = np.zeros(n_units, dtype=np.bool_)
        match entry:
            case Measure(statistic):
                own = np.unique(self._units.unit_of_case[statistic.cases])
                values[own] = jackknife(statistic, self._units)
                involved[own] = True
            case Mean(members):
                parts = [self._leave_one_out(m) for m in members if self._estimate(m)[0] is not None]
                values = np.mean([part for part, _ in parts], axis=0)
                involved = np.any([own for _, own in parts], axis=0)
        return values, involved

    def _collect(self, entry: Entry, *, leave_out_undefined: bool = False) -> Samples | None:
        """Return an entry's samples; None for a constant, which has no interval of its own."""
        match entry:
            case Constant():
                return None
            case Measure():
                return self._samples[str(id(entry))]
            case Mean():
                return self._collect_mean(entry, leave_out_undefined)

    def _collect_mean(self, mean: Mean, leave_out_undefined: bool) -> Samples | None:
        collected: list[Samples] = []
        values: list[float] = []
        varies = False
        for member in mean.members:
            value, _ = self._estimate(member)
            if value is None:
                continue
            values.append(value)
            samples = self._collect(member, leave_out_undefined=leave_out_undefined)
            varies = varies or samples is not None
            collected.append(np.full(self._n_resamples, value) if samples is None else samples)
        if not varies:
            return None
        # Where members are rounded the samples move with the value, so that it stays inside its interval.
        rounding = (self._estimate(mean)[0] or 0.0) - float(np.mean(values))
        return combine_mean(collected, leave_out_undefined=leave_out_undefined) + rounding


def _measures_of(entry: Entry) -> Iterable[Measure]:
    match entry:
        case Measure():
            yield entry
        case Mean():
            for member in entry.members:
                yield from _measures_of(member)


def _evaluate(measure: Measure) -> float:
    ones = np.ones((1, len(measure.statistic.cases)), dtype=np.float32)
    return float(measure.statistic.evaluate(ones)[0])
