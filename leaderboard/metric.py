"""The summary metrics that a board shows, by protocol, and which of them rank.

Promises: every metric of `METRICS` is bounded below, so a field of them never overflows when rescaled.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from evaluation.contract.task import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One key of `Result.summary`."""

    key: str
    label: str
    low: float = 0.0
    """The smallest value the metric can take."""
    high: float = 1.0
    """The largest value the metric can take."""
    higher_is_better: bool = True
    decimals: int = 3
    """How many a table prints."""
    with_interval: bool = True
    """Whether a table prints its interval."""
    ranks_in: Kind | None = None
    """FMC_UIA: the kind whose mean it enters; None where it is only shown."""


PERF = Metric(key="perf", label="Perf", decimals=4, with_interval=False)
"""UUSIC25's accuracy: (Seg + Cls)/2, as the result states it."""

METRICS: Mapping[str, tuple[Metric, ...]] = {
    "uusic25": (
        Metric(key="seg", label="Seg", decimals=4, with_interval=False),
        Metric(key="cls", label="Cls", decimals=4, with_interval=False),
        Metric(key="mean_dsc", label="Mean DSC"),
        Metric(key="mean_auc_binary", label="Mean AUC (binary)"),
        Metric(key="mean_auc_subtype", label="Mean AUC (subtype)"),
    ),
    "fmc_uia": (
        Metric(key="dsc", label="DSC", ranks_in=Kind.SEGMENTATION),
        Metric(
            key="hd_px",
            label="HD (px)",
            high=math.inf,
            higher_is_better=False,
            decimals=2,
            ranks_in=Kind.SEGMENTATION,
        ),
        Metric(key="auc", label="AUC", ranks_in=Kind.CLASSIFICATION),
        Metric(key="f1_macro", label="F1 macro", ranks_in=Kind.CLASSIFICATION),
        Metric(key="mcc", label="MCC", low=-1.0, ranks_in=Kind.CLASSIFICATION),
        Metric(key="iou", label="IoU", ranks_in=Kind.DETECTION),
        Metric(
            key="mre_px",
            label="MRE (px)",
            high=math.inf,
            higher_is_better=False,
            decimals=2,
            ranks_in=Kind.REGRESSION,
        ),
        Metric(key="accuracy", label="Accuracy"),
        Metric(key="f1_weighted", label="F1 weighted"),
    ),
}
"""By protocol, in the order of the printed columns."""


_N_BEFORE_COST = {"uusic25": 2, "fmc_uia": 0}


def split_metrics(protocol: str) -> tuple[tuple[Metric, ...], tuple[Metric, ...]]:
    """Split `METRICS` into the columns that stand before efficiency, time and memory and those after."""
    n_before = _N_BEFORE_COST[protocol]
    return METRICS[protocol][:n_before], METRICS[protocol][n_before:]


def list_metrics(protocol: str) -> tuple[Metric, ...]:
    """List every summary metric that a board of this protocol reads, in column order."""
    return (PERF, *METRICS[protocol]) if protocol == "uusic25" else METRICS[protocol]
