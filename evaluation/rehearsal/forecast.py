"""From the sample folder to the full test set: how long, how much memory, each between two bounds."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

_LEAST_ROWS = 12
_GROWTH_SHARE = 0.05
"""Growth below this share of the peak, over a run, is taken for noise."""


@dataclass(frozen=True)
class Forecast:
    """What to expect of the full test set."""

    low: float
    high: float


def forecast_time(
    runtime_s: float, until_first_output_s: float | None, *, n_sample: int, n_full: int, factor: float
) -> Forecast:
    """Return seconds for the full test set.

    At least, everything up to the first file is start-up and is paid once; at most, all of it was work and
    grows with the number of entries. A submission that writes everything at its end has wide bounds.

    Args:
        runtime_s: over the sample folder.
        until_first_output_s: until its first file; None when it wrote none.
        n_sample: entries of the sample folder.
        n_full: entries of the full test set.
        factor: how many times as long the organiser's host takes.
    """
    scale = n_full / n_sample
    startup_s = min(until_first_output_s or 0.0, runtime_s)
    bounds = (startup_s + (runtime_s - startup_s) * scale, runtime_s * scale)
    return Forecast(factor * min(bounds), factor * max(bounds))


def forecast_memory(host_mib: Sequence[float], peak_mib: float, *, n_sample: int, n_full: int) -> Forecast:
    """Return the peak in MiB for the full test set: the same, or grown on as it grew in the second half.

    Args:
        host_mib: samples at even distances over a run; few give no growth.
        peak_mib: largest over all runs.
        n_sample: entries of the sample folder.
        n_full: entries of the full test set.
    """
    if len(host_mib) < _LEAST_ROWS:
        return Forecast(peak_mib, peak_mib)
    quarter = len(host_mib) // 4
    # The last samples may be those of a program that has let go of everything.
    third, fourth = host_mib[2 * quarter : 3 * quarter], host_mib[3 * quarter : 4 * quarter - 1]
    grown = statistics.median(fourth) - statistics.median(third)
    if 4 * grown < _GROWTH_SHARE * peak_mib:
        return Forecast(peak_mib, peak_mib)
    per_entry = grown / (n_sample / 4)
    return Forecast(peak_mib, peak_mib + per_entry * max(0, n_full - n_sample))
