"""Scores, means and paired differences of every slice, by evaluation's own measures and resamples.

Promises: strict mode, so a missing prediction counts with the worst value; all rows and all lines of one
protocol share the same resamples of patients; a row without any usable prediction for a task has null there,
and so has every mean that the task belongs to.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.contract.manifest import Manifest
from evaluation.contract.result import Score
from evaluation.contract.task import Kind
from evaluation.estimates import Estimator
from evaluation.protocols.measures import IntArray, mean_measure, strict_class_measures
from evaluation.protocols.plan import Constant, Entry, Mean, Measure
from evaluation.statistics.bootstrap import Statistic
from evaluation.statistics.resampling import ResamplingUnits, group_units
from train.report.records import Difference, KindMean, Line
from train.report.slices import EMPTY, Slice

METRICS: Mapping[Kind, tuple[str, ...]] = {
    Kind.SEGMENTATION: ("dsc", "nsd", "hd_px"),
    Kind.CLASSIFICATION: ("auc", "accuracy", "f1_macro", "mcc"),
    Kind.DETECTION: ("iou",),
    Kind.REGRESSION: ("mre_px",),
}
"""The first of a kind is its tasks' primary metric; a protocol has NSD or HD."""
OWN_PRIMARY = {"organ_type_cls": "accuracy"}
LEFT_EMPTY = "left_empty"
"""Share of empty references whose prediction is empty too: their mean strict DSC."""
LOWER_IS_BETTER = frozenset({"hd_px", "mre_px"})

MIN_GROUPS = 10
MIN_GROUPS_OF_CLASS = 5
"""Below these a source or a subgroup has no interval: resamples of so few patients say little."""

Pair = tuple[str, str]
"""A row and the baseline that is subtracted from it."""


@dataclass(frozen=True)
class Measured:
    """All lines of one protocol."""

    lines: tuple[Line, ...]
    means: tuple[KindMean, ...]
    differences: tuple[Difference, ...]


@dataclass(frozen=True, eq=False)
class _Plan:
    row: str
    cut: Slice
    entries: Mapping[str, Entry]


def primary_metric(cut: Slice) -> str:
    """Return the metric that a slice is judged by."""
    if (cut.by, cut.group) == ("reference", EMPTY):
        return LEFT_EMPTY
    return OWN_PRIMARY.get(cut.task.task_id, METRICS[cut.task.kind][0])


def measure(
    manifest: Manifest,
    tables: Mapping[str, pd.DataFrame],
    slices: Sequence[Slice],
    pairs: Sequence[Pair],
    *,
    n_resamples: int = 1000,
    seed: int = 0,
) -> Measured:
    """Measure every row on every slice.

    Args:
        manifest: of one protocol.
        tables: the strict table of cases of each row (`evaluation.scoring`), at least one, all of `manifest`
            and therefore in the same order.
        slices: places in those tables.
        pairs: rows to subtract; of whole tasks, lesions and empty masks.
        n_resamples: of patients; 0 gives no intervals.
        seed: as of ``python -m evaluation score``, which draws the same resamples.
    """
    first = next(iter(tables.values()))
    units = _find_units(first)
    plans = {(row, cut): _plan(row, table, cut) for cut in slices for row, table in tables.items()}
    means = _plan_means(tables, slices, plans)
    compared = [(cut, pair) for cut in slices if cut.by in ("all", "reference") for pair in pairs]
    differences = [_subtract(cut, pair, plans) for cut, pair in compared]
    entries = [
        *(entry for plan in plans.values() for entry in plan.entries.values()),
        *(entry for _, _, planned in means for entry in planned.values()),
        *differences,
    ]
    estimator = Estimator(entries, units, n_resamples=n_resamples, seed=seed)
    return Measured(
        lines=tuple(
            _line(plan, tables[plan.row], manifest.protocol, units, estimator) for plan in plans.values()
        ),
        means=tuple(
            KindMean(
                protocol=manifest.protocol,
                kind=kind,
                row=row,
                tasks=tuple(cut.task.task_id for cut in slices if cut.by == "all" and cut.task.kind is kind),
                scores={name: _with_spread(estimator.score(entry)) for name, entry in planned.items()},
            )
            for kind, row, planned in means
        ),
        differences=tuple(
            _difference(manifest.protocol, cut, pair, _with_spread(estimator.score(entry)))
            for (cut, pair), entry in zip(compared, differences, strict=True)
        ),
    )


def _find_units(table: pd.DataFrame) -> ResamplingUnits:
    # The keys of evaluation.scoring, so that the same seed draws the same resamples.
    known = table.dropna(subset=["patient_id"])
    patients = dict(zip(known["image_path"], known["patient_id"], strict=True))
    paths = [str(path) for path in table["image_path"]]
    keys = [f"patient {patients[path]}" if path in patients else f"image {path}" for path in paths]
    return group_units(unit_keys=keys, task_ids=table["task_id"].tolist())


def _plan(row: str, table: pd.DataFrame, cut: Slice) -> _Plan:
    task, positions = cut.task, cut.positions
    names = METRICS[task.kind]
    of_task = table.loc[table["task_id"] == task.task_id]
    rows = table.iloc[positions]
    if not (of_task["status"] == "ok").any():
        nothing = Constant(None, f"{row}: no case of the task has a usable prediction")
        given = names if task.kind is Kind.CLASSIFICATION else _filled(rows, names)
        return _Plan(row, cut, dict.fromkeys([*given, primary_metric(cut)], nothing))
    if task.kind is Kind.CLASSIFICATION:
        return _Plan(row, cut, dict(strict_class_measures(table, positions, task.num_classes, names[1:])))
    if primary_metric(cut) == LEFT_EMPTY:
        return _Plan(row, cut, {LEFT_EMPTY: mean_measure(table, positions, "dsc")})
    names = (*names, *(f"dsc_class_{k}" for k in range(1, task.num_classes)))
    return _Plan(row, cut, {name: mean_measure(table, positions, name) for name in _filled(rows, names)})


def _filled(rows: pd.DataFrame, names: Sequence[str]) -> list[str]:
    return [name for name in names if name in rows and rows[name].notna().all()]


def _plan_means(
    tables: Mapping[str, pd.DataFrame], slices: Sequence[Slice], plans: Mapping[tuple[str, Slice], _Plan]
) -> list[tuple[Kind, str, dict[str, Entry]]]:
    planned = []
    for kind, names in METRICS.items():
        whole = [cut for cut in slices if cut.by == "all" and cut.task.kind is kind]
        for row in tables if whole else ():
            members = [plans[row, cut].entries for cut in whole]
            shared = [name for name in names if all(name in entries for entries in members)]
            planned.append((kind, row, {name: _mean([m[name] for m in members]) for name in shared}))
    return planned


def _mean(members: Sequence[Entry]) -> Entry:
    # An AUC that no row could have is left out, as in evaluation's own means; a task that this row did not
    # predict makes its mean null, because leaving it out could raise it.
    missing = next((entry for entry in members if isinstance(entry, Constant)), None)
    return Mean(tuple(members)) if missing is None else Constant(None, missing.reason)


def _subtract(cut: Slice, pair: Pair, plans: Mapping[tuple[str, Slice], _Plan]) -> Entry:
    first, second = (plans[row, cut].entries[primary_metric(cut)] for row in pair)
    if isinstance(first, Measure) and isinstance(second, Measure):
        return Measure(_minus(first.statistic, second.statistic), first.undefined_reason)
    reasons = dict.fromkeys(entry.reason for entry in (first, second) if isinstance(entry, Constant))
    return Constant(None, "; ".join(reasons))


def _minus(first: Statistic, second: Statistic) -> Statistic:
    def evaluate(weights: NDArray[np.float32]) -> NDArray[np.float64]:
        return first.evaluate(weights) - second.evaluate(weights)

    return Statistic(cases=first.cases, evaluate=evaluate)


def _line(
    plan: _Plan, table: pd.DataFrame, protocol: str, units: ResamplingUnits, estimator: Estimator
) -> Line:
    cut = plan.cut
    rows = table.iloc[cut.positions]
    own_units = units.unit_of_case[cut.positions]
    has_classes = cut.task.kind is Kind.CLASSIFICATION
    labels = rows["label"].to_numpy(dtype=np.int64) if has_classes else None
    is_whole = cut.by in ("all", "reference")
    few = None if is_whole else find_shortage(own_units, labels)
    return Line(
        protocol=protocol,
        task_id=cut.task.task_id,
        kind=cut.task.kind,
        by=cut.by,
        group=cut.group,
        row=plan.row,
        n_images=len(rows),
        n_groups=len(np.unique(own_units)),
        n_failed=int((rows["status"] != "ok").sum()),
        primary=primary_metric(cut),
        scores={name: _with_spread(estimator.score(entry), few) for name, entry in plan.entries.items()},
    )


def find_shortage(own_units: IntArray, labels: IntArray | None = None) -> str | None:
    """Return why a source or subgroup has no interval, None where its groups suffice.

    Args:
        own_units: (n,) the group of each case.
        labels: (n,) true classes; None where there are none.
    """
    n_groups = len(np.unique(own_units))
    if n_groups < MIN_GROUPS:
        return f"no interval: {n_groups} group(s), {MIN_GROUPS} needed"
    for label in () if labels is None else np.unique(labels):
        n_groups = len(np.unique(own_units[labels == label]))
        if n_groups < MIN_GROUPS_OF_CLASS:
            return f"no interval: {n_groups} group(s) of class {label}, {MIN_GROUPS_OF_CLASS} needed"
    return None


def _with_spread(score: Score, few: str | None = None) -> Score:
    """Return the score without an interval that would say nothing, and with the reason."""
    interval = score.interval
    if interval is None:
        return score
    if few is None and interval.low == interval.high:
        few = "no interval: the same value in every resample"
    return score if few is None else score.model_copy(update={"interval": None, "reason": few})


def _difference(protocol: str, cut: Slice, pair: Pair, score: Score) -> Difference:
    metric = primary_metric(cut)
    return Difference(
        protocol=protocol,
        task_id=cut.task.task_id,
        by=cut.by,
        group=cut.group,
        metric=metric,
        row=pair[0],
        baseline=pair[1],
        score=score,
        favours=find_better(metric, score, pair),
    )


def find_better(metric: str, difference: Score, pair: Pair) -> str | None:
    """Return the better row of a pair, None where the interval is absent or holds 0."""
    interval = difference.interval
    if interval is None or interval.low <= 0 <= interval.high:
        return None
    first_is_better = (interval.low > 0) is not (metric in LOWER_IS_BETTER)
    return pair[0] if first_is_better else pair[1]
