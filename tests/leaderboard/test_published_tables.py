"""The published tables read as their sources print them."""

import pytest

from leaderboard.published.tables import (
    Estimate,
    load_fmc_uia_validation,
    load_score_sheet,
    load_table1,
    load_table2,
)


def test_sheet_and_table1_hold_the_same_fifteen_teams_in_rank_order() -> None:
    sheet, table1 = load_score_sheet(), load_table1()
    assert [row.team for row in sheet] == [row.team for row in table1]
    assert [row.final_rank for row in sheet] == list(range(1, 16))
    assert [row.rank_final for row in table1] == list(range(1, 16))


def test_team_names_are_those_of_the_teams_not_the_papers_misprints() -> None:
    teams = {row.team for row in load_score_sheet()}
    assert {"AImageLab-zip", "NCCK_BC"} <= teams
    assert not {"AlmageLab-zip", "NCKC_BC"} & teams


def test_table1_first_row_is_as_printed() -> None:
    first = load_table1()[0]
    assert (first.team, first.time_s, first.peak_gpu_gb) == ("SMART", 36.03, 0.59)
    assert (first.rank_seg, first.rank_cls) == (1, 5)
    assert first.mean_dsc == Estimate(0.854, 0.848, 0.861)
    assert first.mean_auc_binary == Estimate(0.766, 0.718, 0.815)
    assert first.mean_auc_subtype == Estimate(0.540, 0.502, 0.577)


def test_anchors_of_the_field_are_those_of_the_protocol_notes() -> None:
    perf = [(row.seg + row.cls) / 2 for row in load_score_sheet()]
    times = [row.time_s for row in load_table1()]
    memory = [row.peak_gpu_gb for row in load_table1()]
    assert (min(perf), max(perf)) == pytest.approx((0.304093333, 0.588323333), abs=1e-9)
    assert (min(times), max(times)) == (7.14, 55.70)
    assert (min(memory), max(memory)) == (0.00, 12.41)


def test_every_interval_holds_its_value() -> None:
    estimates = [row.mean_dsc for row in load_table1()]
    estimates += [row.mean_auc_binary for row in load_table1()]
    estimates += [row.mean_auc_subtype for row in load_table1()]
    estimates += [row.auc_internal for row in load_table2()]
    estimates += [row.auc_external for row in load_table2()]
    assert len(estimates) == 55
    assert all(one.low <= one.value <= one.high for one in estimates)


def test_table2_gap_is_external_minus_internal_and_table1_their_mean() -> None:
    subtype = {row.team: row.mean_auc_subtype.value for row in load_table1()}
    for row in load_table2():
        assert row.auc_external.value - row.auc_internal.value == pytest.approx(row.gap, abs=1.1e-3)
        mean = (row.auc_external.value + row.auc_internal.value) / 2
        assert mean == pytest.approx(subtype[row.team], abs=1.1e-3)


def test_unpublished_fmc_uia_cells_are_null() -> None:
    rows = {row.method: row for row in load_fmc_uia_validation()}
    assert rows["USFM"].dsc == 0.8862
    assert rows["USFM"].auc is None
    assert rows["USFM"].mre_px is None
    assert rows["FMC_UIA_Deeper"].hd_px == 30.057
    assert "2604.16914" in rows["USpec (USTri Stage II)"].source
