"""The published tables as typed rows.

Promises: values are as the sources print them (see README.md beside the files); an empty cell is None.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Estimate:
    """A printed value with its printed 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetRow:
    """One team of UUSIC25's final score sheet; all scores are fractions, higher is better."""

    final_rank: int
    team: str
    seg: float
    cls: float
    eff: float
    final: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Table1Row:
    """One team of UUSIC25's Table 1."""

    final_rank: int
    team: str
    rank_final: int
    rank_seg: int
    rank_cls: int
    time_s: float
    """Seconds for all test cases."""
    peak_gpu_gb: float
    """Rounded up to two decimals; 0 for an entry without GPU."""
    mean_dsc: Estimate
    mean_auc_binary: Estimate
    mean_auc_subtype: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Table2Row:
    """One team of UUSIC25's Table 2: subtype AUC inside and outside the training centres."""

    final_rank: int
    team: str
    auc_internal: Estimate
    auc_external: Estimate
    gap: float
    """External − internal AUC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FmcUiaRow:
    """One method on FMC_UIA's validation set; None where a metric was not published."""

    method: str
    dsc: float | None
    hd_px: float | None
    auc: float | None
    f1: float | None
    """Which F1 it is differs between rows; ``source`` tells."""
    mcc: float | None
    iou: float | None
    mre_px: float | None
    source: str


def load_score_sheet() -> tuple[SheetRow, ...]:
    """Read UUSIC25's final score sheet, 15 teams, best first.

    Source: the organisers' sheet for arXiv 2512.17279.
    """
    return tuple(
        SheetRow(
            final_rank=int(row["final_rank"]),
            team=row["team"],
            seg=float(row["seg"]),
            cls=float(row["cls"]),
            eff=float(row["eff"]),
            final=float(row["final"]),
        )
        for row in read_rows("uusic25_score_sheet.csv")
    )


def load_table1() -> tuple[Table1Row, ...]:
    """Read UUSIC25's Table 1, 15 teams, best first.

    Source: arXiv 2512.17279.
    """
    return tuple(
        Table1Row(
            final_rank=int(row["final_rank"]),
            team=row["team"],
            rank_final=int(row["rank_final"]),
            rank_seg=int(row["rank_seg"]),
            rank_cls=int(row["rank_cls"]),
            time_s=float(row["time_s"]),
            peak_gpu_gb=float(row["peak_gpu_gb"]),
            mean_dsc=_read_estimate(row, "mean_dsc"),
            mean_auc_binary=_read_estimate(row, "mean_auc_binary"),
            mean_auc_subtype=_read_estimate(row, "mean_auc_subtype"),
        )
        for row in read_rows("uusic25_table1.csv")
    )


def load_table2() -> tuple[Table2Row, ...]:
    """Read UUSIC25's Table 2, the five best teams.

    Source: arXiv 2512.17279.
    """
    return tuple(
        Table2Row(
            final_rank=int(row["final_rank"]),
            team=row["team"],
            auc_internal=_read_estimate(row, "auc_internal"),
            auc_external=_read_estimate(row, "auc_external"),
            gap=float(row["gap"]),
        )
        for row in read_rows("uusic25_table2_generalization.csv")
    )


def load_fmc_uia_validation() -> tuple[FmcUiaRow, ...]:
    """Read the published FMC_UIA validation rows.

    Source: arXiv 2604.16914 and the README of github.com/Daheilou/FMC_UIA_Deeper.
    """
    return tuple(
        FmcUiaRow(
            method=row["method"],
            dsc=_read_optional(row["dsc"]),
            hd_px=_read_optional(row["hd_px"]),
            auc=_read_optional(row["auc"]),
            f1=_read_optional(row["f1"]),
            mcc=_read_optional(row["mcc"]),
            iou=_read_optional(row["iou"]),
            mre_px=_read_optional(row["mre_px"]),
            source=row["source"],
        )
        for row in read_rows("fmc_uia_validation.csv")
    )


def read_rows(name: str) -> list[dict[str, str]]:
    """Read one of the CSV files beside this module, a dict a row."""
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _read_estimate(row: dict[str, str], key: str) -> Estimate:
    return Estimate(value=float(row[key]), low=float(row[f"{key}_lo"]), high=float(row[f"{key}_hi"]))


def _read_optional(cell: str) -> float | None:
    return float(cell) if cell else None
