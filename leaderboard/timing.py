"""Runtimes on resamples: where a submission was run several times, the repeats are drawn with replacement."""

import numpy as np
from numpy.typing import NDArray

from evaluation.contract.result import RunRecord
from leaderboard.field import Field

FloatArray = NDArray[np.float64]
_STREAM = 0x71AE
"""Keeps the draws of times apart from those of cases."""


def list_repeats(run: RunRecord | None) -> tuple[float, ...]:
    """List the runtimes of all repeats in seconds; the one runtime where no other is recorded."""
    if run is None:
        return ()
    return run.repeat_runtimes_s or (run.runtime_s,)


def sample_times(field: Field, *, n_resamples: int, seed: int) -> FloatArray:
    """Draw each team's runtime on every resample: the median of its repeats drawn with replacement.

    Returns:
        (n_resamples, n_teams) seconds; constant where there is one run, NaN where there is none.
    """
    times = np.full((n_resamples, len(field.teams)), np.nan)
    for place, team in enumerate(field.teams):
        repeats = np.array(list_repeats(team.result.run))
        if len(repeats) == 1:
            times[:, place] = repeats[0]
        elif len(repeats) > 1:
            # One stream a team, named by its times: neither names nor order of the teams play a part.
            stream = np.random.default_rng([seed, _STREAM, *repeats.view(np.uint64)])
            drawn = repeats[stream.integers(len(repeats), size=(n_resamples, len(repeats)))]
            times[:, place] = np.median(drawn, axis=1)
    return times
