"""The published tables of the vision-language systems, and what does not add up in them.

Promises: values are as printed; an error in a printed table is flagged with what a reader gets when he
recomputes it, and never corrected silently.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from leaderboard.published.tables import read_rows

AVERAGE = "Average"
ROUNDING = 0.0051
"""The tables print two decimals; a mean may be off by half of the last one."""
Unit = Literal["percent", "fraction"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EchoAlphaRow:
    """One system on one organ and split; both scores in percent."""

    organ: str
    split: str
    system: str
    f1_at_05_percent: float
    accuracy_percent: float
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EchoVlmRow:
    """One model's score on one organ of one of EchoVLM's three tables, in percent."""

    task: str
    """``report`` (Table 2), ``diagnosis`` (Table 3) or ``vqa``."""
    organ: str
    """One of seven, or ``Average`` as printed."""
    metric: str
    model: str
    value_percent: float


@dataclass(frozen=True, slots=True, kw_only=True)
class UmindVlRow:
    """One of UMind-VL's scores; the paper mixes percent and fractions."""

    task: str
    dataset: str
    metric: str
    value_as_printed: float
    unit: Unit

    @property
    def fraction(self) -> float:
        """The value as a fraction, whatever the paper printed."""
        return self.value_as_printed / 100 if self.unit == "percent" else self.value_as_printed


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """Something in a printed table that does not add up."""

    where: str
    printed: float
    recomputed: float | None
    """What the table's own cells give; None where nobody can tell."""
    text: str


def load_echo_alpha() -> tuple[EchoAlphaRow, ...]:
    """Read Echo-α's grounding and diagnosis scores.

    Source: README of github.com/MiliLab/Echo-Alpha; arXiv 2604.28011.
    """
    return tuple(
        EchoAlphaRow(
            organ=row["organ"],
            split=row["split"],
            system=row["system"],
            f1_at_05_percent=float(row["f1_at_0.5"]),
            accuracy_percent=float(row["accuracy"]),
            source=row["source"],
        )
        for row in read_rows("echo_alpha.csv")
    )


def load_echovlm() -> tuple[EchoVlmRow, ...]:
    """Read EchoVLM's three tables: 7 organs and the printed average × 5 metrics × 5 models each.

    Source: arXiv 2509.14977.
    """
    return tuple(
        EchoVlmRow(
            task=row["task"],
            organ=row["organ"],
            metric=row["metric"],
            model=row["model"],
            value_percent=float(row["value"]),
        )
        for row in read_rows("echovlm_tables.csv")
    )


def load_umind_vl() -> tuple[UmindVlRow, ...]:
    """Read UMind-VL's scores with the unit that each is printed in.

    Source: arXiv 2511.22256.
    """
    return tuple(
        UmindVlRow(
            task=row["task"],
            dataset=row["dataset"],
            metric=row["metric"],
            value_as_printed=float(row["value_as_printed"]),
            unit="percent" if row["unit"] == "percent" else "fraction",
        )
        for row in read_rows("umind_vl.csv")
    )


def find_echovlm_flags(rows: Sequence[EchoVlmRow]) -> tuple[Flag, ...]:
    """Recompute EchoVLM's averages and find cells that repeat another table's.

    A printed average that is not the mean of its column within rounding is flagged with that mean. Cells of
    the VQA table that equal the diagnosis table's are flagged, and so are the averages that they enter.
    """
    cells = {(row.task, row.metric, row.model, row.organ): row.value_percent for row in rows}
    return (*_flag_averages(cells), *_flag_repeats(cells))


def _flag_averages(cells: Mapping[tuple[str, str, str, str], float]) -> list[Flag]:
    flags = []
    for (task, metric, model, organ), printed in cells.items():
        if organ != AVERAGE:
            continue
        column = [v for key, v in cells.items() if key[:3] == (task, metric, model) and key[3] != AVERAGE]
        mean = float(np.mean(column))
        if abs(mean - printed) > ROUNDING:
            flags.append(
                Flag(
                    where=f"{task}, {metric}, {model}, average",
                    printed=printed,
                    recomputed=mean,
                    text=f"printed {printed:.2f}; the mean of its {len(column)} organs is {mean:.2f}",
                )
            )
    return flags


def _flag_repeats(cells: Mapping[tuple[str, str, str, str], float]) -> list[Flag]:
    flags = []
    for (task, metric, model, organ), printed in cells.items():
        if task == "vqa" and organ != AVERAGE and cells.get(("diagnosis", metric, model, organ)) == printed:
            average = cells[task, metric, model, AVERAGE]
            flags.append(
                Flag(
                    where=f"vqa, {metric}, {model}, {organ}",
                    printed=printed,
                    recomputed=None,
                    text=f"{printed:.2f} repeats the diagnosis table's cell, so the printed average "
                    f"{average:.2f} is wrong too; the true values are not published",
                )
            )
    return flags
