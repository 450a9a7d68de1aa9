"""How fast a full 70/30 ranking is resampled: ``python -m tests.leaderboard.measure_ranking``."""

import time
from collections.abc import Callable, Iterator
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from sklearn.metrics import roc_auc_score

from evaluation.contract.task import Kind, Task
from leaderboard.field import Field
from leaderboard.ranking import (
    FloatArray,
    compute_efficiency,
    compute_final,
    rank_descending,
    rescale_min_max,
)
from leaderboard.scheme import load_scheme
from leaderboard.standings import read_costs
from leaderboard.uncertainty import measure_uncertainty
from tests.leaderboard.field_scenes import make_synthetic_field

N_TEAMS = 15
CASES_A_TASK = 248
ORGANS = ("Breast", "Breast_luminal", "Cardiac", "Fetal_Head", "Kidney", "Thyroid")
CLASSES = {"Appendix": 2, "Breast": 2, "Liver": 2, "Breast_luminal": 4}


def make_field_of_fifteen() -> Field:
    """Make a field of UUSIC25's size: 15 teams, ten tasks, 2,480 cases."""
    tasks = [
        Task(
            task_id=f"segmentation/{name}", kind=Kind.SEGMENTATION, num_classes=2, organ=name.split("_lum")[0]
        )
        for name in ORGANS
    ]
    tasks += [
        Task(task_id=f"classification/{name}", kind=Kind.CLASSIFICATION, num_classes=k, organ=name)
        for name, k in CLASSES.items()
    ]
    skills = {f"team {k:02d}": 1 + 0.05 * k for k in range(N_TEAMS)}
    times = {f"team {k:02d}": 10.0 + k for k in range(N_TEAMS)}
    return make_synthetic_field(skills, n_cases=CASES_A_TASK, tasks=tasks, times_s=times)


def loop_ranking(field: Field, n_resamples: int) -> None:
    """Rank resamples one by one: pick the rows, pandas' means, scikit-learn's AUC."""
    costs = read_costs(field)
    eff = compute_efficiency(time_s=costs.time_s, peak_gpu=costs.peak_gpu_mib)
    places = {task: np.flatnonzero(field.teams[0].cases["task_id"] == task) for task in field.tasks}
    for chosen in _resamples(places, n_resamples):
        perf = [_loop_perf(team.cases.iloc[chosen], field) for team in field.teams]
        p = rescale_min_max(perf, higher_is_better=True)
        rank_descending(compute_final(performance=p, efficiency=eff))


def _loop_perf(cases: pd.DataFrame, field: Field) -> float:
    is_mask = cases["kind"] == "segmentation"
    by_organ = cases[is_mask].groupby("organ")[["dsc", "nsd"]].mean()
    values = []
    for task in field.tasks.values():
        if task.kind is Kind.CLASSIFICATION and task.num_classes == 2:
            own = cases[cases["task_id"] == task.task_id]
            values.append(roc_auc_score(own["label"], own["probability_1"]))
            values.append(float((own["label"] == own["predicted"]).mean()))
    return float((by_organ.to_numpy().mean() + np.mean(values)) / 2)


def _resamples(places: dict[str, np.ndarray], n_resamples: int) -> Iterator[np.ndarray]:
    rng = np.random.default_rng(0)
    for _ in range(n_resamples):
        yield np.concatenate([rng.choice(rows, len(rows)) for rows in places.values()])


def print_ratio(
    resamples: Annotated[int, typer.Option(min=2, help="Of our code.")] = 1000,
    loop: Annotated[int, typer.Option(min=1, help="Of the plain loop, scaled up.")] = 20,
    repeats: Annotated[int, typer.Option(min=1, help="Side by side; medians are printed.")] = 5,
) -> None:
    """Print the seconds of our resampled ranking beside those of a plain loop.

    In full: `python -m tests.leaderboard.measure_ranking`

    The whole loop: `python -m tests.leaderboard.measure_ranking --loop 1000 --repeats 1`
    """
    field, scheme = make_field_of_fifteen(), load_scheme("uusic25")
    ours, plain = [], []
    for _ in range(repeats):
        ours.append(_time(lambda: measure_uncertainty(field, scheme, n_resamples=resamples)))
        plain.append(_time(lambda: loop_ranking(field, loop)) * resamples / loop)
    (wall_s, cpu_s), (loop_s, loop_cpu_s) = np.median(ours, axis=0), np.median(plain, axis=0)
    ratio, cpu_ratio = np.median(np.array(plain) / np.array(ours), axis=0)
    typer.echo(
        f"{N_TEAMS} teams, {len(field.teams[0].cases)} cases, {resamples} resamples (n = {repeats}): "
        f"{wall_s:.2f} s, plain loop {loop_s:.0f} s ({loop} resamples, scaled), ratio {ratio:.0f}; "
        f"processor time {cpu_s:.2f} s, {loop_cpu_s:.0f} s, ratio {cpu_ratio:.0f}"
    )


def _time(work: Callable[[], object]) -> FloatArray:
    """Return the wall and the processor seconds of one call; on a busy machine the second is the fairer."""
    before: FloatArray = np.array([time.perf_counter(), time.process_time()])
    work()
    after: FloatArray = np.array([time.perf_counter(), time.process_time()])
    return after - before


if __name__ == "__main__":
    typer.run(print_ratio)
