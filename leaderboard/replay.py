"""The replay of UUSIC25's official final table from what the organisers published.

Promises: the derived formula is held against the official Final twice, once with the sheet's own Eff and once
with Eff recomputed from Table 1's printed time and memory; the claims fail loudly when either drifts.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import kendalltau

from evaluation.contract.errors import ConfigurationError
from leaderboard.published.tables import SheetRow, Table1Row
from leaderboard.ranking import (
    FloatArray,
    compute_efficiency,
    compute_final,
    rank_descending,
    rescale_min_max,
)

SHEET_LIMIT = 1.1e-9
"""The sheet prints nine decimals."""
TABLE1_LIMIT = 1.2e-4
"""Table 1 rounds time to 0.01 s and memory up to 0.01 GB."""
_TAU_NOISE = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How one recomputation of Final compares with the official one."""

    largest_difference: float
    """Largest |Final − official| over the teams."""
    limit: float
    """The largest difference that the claim allows."""
    kendall_tau: float
    """Tau-b between recomputed and official Final; 1 is the same order."""

    @property
    def holds(self) -> bool:
        """Whether the order is exact and no Final differs by more than the limit."""
        return self.kendall_tau >= 1 - _TAU_NOISE and self.largest_difference <= self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayedTeam:
    """One team's official and recomputed Final, all fractions."""

    team: str
    official_rank: int
    official_final: float
    sheet_rank: int
    sheet_final: float
    """From the sheet's seg, cls and eff."""
    table1_rank: int
    table1_eff: float
    """From Table 1's time and memory."""
    table1_final: float
    """From the sheet's seg and cls and `table1_eff`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WithoutTeam:
    """The official field less one team, Perf and Eff (from Table 1) rescaled over the others."""

    team: str
    """Who is left out."""
    kendall_tau: float
    """Tau-b between the others' order and their official one."""
    n_moved: int
    """How many of the others change places among themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """The whole table and its two claims."""

    teams: tuple[ReplayedTeam, ...]
    """In official order."""
    sheet: Agreement
    table1: Agreement
    without: tuple[WithoutTeam, ...]
    """In official order; see `WithoutTeam`."""

    @property
    def holds(self) -> bool:
        """Whether both claims hold."""
        return self.sheet.holds and self.table1.holds


def replay_uusic25(sheet: Sequence[SheetRow], table1: Sequence[Table1Row]) -> Replay:
    """Recompute the official final table.

    Args:
        sheet: the score sheet, in any order.
        table1: Table 1, the same teams in any order.

    Raises:
        ConfigurationError: the two tables do not hold the same two or more teams, each once.

    Source: formula derived from arXiv 2512.17279 and the organisers' sheet.
    """
    rows = _pair_teams(sheet, table1)
    perf = np.array([(row.seg + row.cls) / 2 for row, _ in rows])
    p = rescale_min_max(perf, higher_is_better=True)
    official = np.array([row.final for row, _ in rows])
    final_sheet = compute_final(performance=p, efficiency=[row.eff for row, _ in rows])
    eff = compute_efficiency(
        time_s=[cost.time_s for _, cost in rows], peak_gpu=[cost.peak_gpu_gb for _, cost in rows]
    )
    final_table1 = compute_final(performance=p, efficiency=eff)
    ranks_sheet, ranks_table1 = rank_descending(final_sheet), rank_descending(final_table1)
    teams = tuple(
        ReplayedTeam(
            team=row.team,
            official_rank=row.final_rank,
            official_final=row.final,
            sheet_rank=int(ranks_sheet[i]),
            sheet_final=float(final_sheet[i]),
            table1_rank=int(ranks_table1[i]),
            table1_eff=float(eff[i]),
            table1_final=float(final_table1[i]),
        )
        for i, (row, _) in enumerate(rows)
    )
    return Replay(
        teams=teams,
        sheet=_compare_finals(final_sheet, official, SHEET_LIMIT),
        table1=_compare_finals(final_table1, official, TABLE1_LIMIT),
        without=tuple(_leave_out(rows, i) for i in range(len(rows))) if len(rows) > 2 else (),
    )


def _leave_out(rows: Sequence[tuple[SheetRow, Table1Row]], place: int) -> WithoutTeam:
    rest = [row for i, row in enumerate(rows) if i != place]
    p = rescale_min_max([(row.seg + row.cls) / 2 for row, _ in rest], higher_is_better=True)
    eff = compute_efficiency(
        time_s=[cost.time_s for _, cost in rest], peak_gpu=[cost.peak_gpu_gb for _, cost in rest]
    )
    final = compute_final(performance=p, efficiency=eff)
    official = np.array([row.final for row, _ in rest])
    moved = rank_descending(final) != rank_descending(official)
    return WithoutTeam(
        team=rows[place][0].team,
        kendall_tau=float(kendalltau(official, final).statistic),
        n_moved=int(np.count_nonzero(moved)),
    )


def _pair_teams(sheet: Sequence[SheetRow], table1: Sequence[Table1Row]) -> list[tuple[SheetRow, Table1Row]]:
    costs = {row.team: row for row in table1}
    names, other_names = sorted(row.team for row in sheet), sorted(row.team for row in table1)
    if names != other_names or len(set(names)) != len(names) or len(names) < 2:
        raise ConfigurationError(
            f"Expected argument `table1` to hold the sheet's teams, each once, {names} but got {other_names}."
        )
    return [(row, costs[row.team]) for row in sorted(sheet, key=lambda row: row.final_rank)]


def _compare_finals(final: FloatArray, official: FloatArray, limit: float) -> Agreement:
    return Agreement(
        largest_difference=float(np.abs(final - official).max()),
        limit=limit,
        kendall_tau=float(kendalltau(official, final).statistic),
    )
