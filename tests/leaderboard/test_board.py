"""Boards on fields whose order can be worked out by hand."""

import itertools

import pytest

from evaluation.contract.result import Score
from leaderboard.board import Board, build_board
from leaderboard.published.tables import load_score_sheet, load_table1
from tests.leaderboard.result_scenes import FMC_UIA_SUMMARY, make_result


def _order(board: Board) -> list[tuple[int | None, str]]:
    return [(entry.rank, entry.result.submission) for entry in board.entries]


def test_three_entries_are_ranked_by_hand() -> None:
    board = build_board(
        [
            make_result("slow best", time_s=30, peak_gpu_mib=4, summary={"perf": 0.6}),
            make_result("middle", time_s=20, peak_gpu_mib=0, summary={"perf": 0.5}),
            make_result("fast worst", time_s=10, peak_gpu_mib=4, summary={"perf": 0.4}),
        ]
    )
    assert _order(board) == [(1, "slow best"), (2, "middle"), (3, "fast worst")]
    assert [entry.p for entry in board.entries] == pytest.approx([1.0, 0.5, 0.0])
    assert [entry.eff for entry in board.entries] == pytest.approx([0.0, 0.75, 0.5])
    assert [entry.final for entry in board.entries] == pytest.approx([0.7, 0.575, 0.15])
    assert board.notes == ()


def test_the_official_field_gives_the_official_board() -> None:
    results = [
        make_result(
            row.team,
            time_s=cost.time_s,
            peak_gpu_mib=cost.peak_gpu_gb * 1024,
            summary={"seg": row.seg, "cls": row.cls, "perf": (row.seg + row.cls) / 2},
        )
        for row, cost in zip(load_score_sheet(), load_table1(), strict=True)
    ]
    board = build_board(results)
    assert _order(board) == [(row.final_rank, row.team) for row in load_score_sheet()]
    finals = [entry.final for entry in board.entries]
    assert finals == pytest.approx([row.final for row in load_score_sheet()], abs=1.2e-4)


def test_the_order_of_the_files_changes_nothing() -> None:
    results = [
        make_result("a", summary={"perf": 0.5}),
        make_result("b", summary={"perf": 0.5}, time_s=None, rules=("Other.",)),
        make_result("c", summary={"perf": None}, bootstrap=None),
        make_result("d", summary={"perf": 0.7}, time_s=50),
    ]
    boards = [build_board(order) for order in itertools.permutations(results)]
    assert all(board == boards[0] for board in boards)


def test_an_entry_without_run_is_listed_below_by_accuracy_and_moves_no_rank() -> None:
    board = build_board(
        [
            make_result("a", time_s=10, summary={"perf": 0.4}),
            make_result("b", time_s=20, summary={"perf": 0.5}),
            make_result("low", time_s=None, summary={"perf": 0.3}),
            make_result("top", time_s=None, summary={"perf": 0.8}),
        ]
    )
    # Final of b: 0.7 · 1 + 0.3 · 0.5; of a: 0.7 · 0 + 0.3 · 1; as without the two others
    assert _order(board) == [(1, "b"), (2, "a"), (None, "top"), (None, "low")]
    b, a, top, _ = board.entries
    assert (a.p, b.p, a.final, b.final) == pytest.approx((0.0, 1.0, 0.3, 0.85))
    assert (a.eff, b.eff) == (1.0, 0.5)
    assert (top.eff, top.final) == (None, None)
    assert any("top is not ranked: it has no run record" in note for note in board.notes)


def test_an_undefined_perf_is_listed_last_with_its_reason() -> None:
    board = build_board(
        [
            make_result("a", time_s=None, summary={"perf": 0.5}),
            make_result("b", summary={"perf": None, "seg": None}),
            make_result("c", summary={"perf": 0.6}),
        ]
    )
    assert _order(board) == [(1, "c"), (None, "a"), (None, "b")]
    last = board.entries[-1]
    assert (last.p, last.final, last.eff) == (None, None, None)
    assert "b is not ranked: Perf is undefined: one class only." in board.notes
    assert "Seg is undefined for b: one class only." in board.notes


def test_a_field_that_nobody_can_be_ranked_in_is_still_listed() -> None:
    board = build_board([make_result("a", time_s=None, summary={"perf": None})])
    assert _order(board) == [(None, "a")]


def test_identical_entries_share_a_rank_and_stand_by_name() -> None:
    board = build_board([make_result("b"), make_result("a"), make_result("c", summary={"perf": 0.4})])
    assert _order(board) == [(1, "a"), (1, "b"), (3, "c")]


def test_terms_without_spread_are_one_for_all_and_noted() -> None:
    results = [make_result("a", peak_gpu_mib=0), make_result("b", peak_gpu_mib=0)]
    board = build_board(results)
    assert [entry.final for entry in board.entries] == pytest.approx([1.0, 1.0])
    assert board.notes == (
        "Every Perf is 0.5000: that term is 1 for all.",
        "Every runtime is 10.00 s: that term of Eff is 1 for all.",
        "Every GPU peak is 0.00 GiB: that term of Eff is 1 for all.",
    )


def test_fmc_uia_averages_within_kinds_then_over_kinds() -> None:
    worse = {key: value / 2 for key, value in FMC_UIA_SUMMARY.items()} | {"hd_px": 60.0, "mre_px": 40.0}
    middle = FMC_UIA_SUMMARY | {"dsc": 0.6, "hd_px": 30.0, "auc": 0.45, "iou": 0.35, "mre_px": 30.0}
    board = build_board(
        [
            make_result("best", protocol="fmc_uia", time_s=2),
            make_result("middle", protocol="fmc_uia", time_s=1, summary=middle),
            make_result("worse", protocol="fmc_uia", time_s=3, summary=worse),
        ]
    )
    # middle: segmentation (0.5 + 1)/2, classification (0 + 1 + 1)/3, detection 0, regression 0.5
    p_middle = (0.75 + 2 / 3 + 0.0 + 0.5) / 4
    assert [entry.p for entry in board.entries] == pytest.approx([1.0, p_middle, 0.0])
    assert [entry.eff for entry in board.entries] == pytest.approx([0.75, 1.0, 0.5])
    assert [entry.perf for entry in board.entries] == [entry.p for entry in board.entries]


def test_accuracy_and_weighted_f1_do_not_rank_in_fmc_uia() -> None:
    board = build_board(
        [
            make_result("a", protocol="fmc_uia"),
            make_result("b", protocol="fmc_uia", summary={"accuracy": 0.1, "f1_weighted": 0.1}),
        ]
    )
    assert [entry.rank for entry in board.entries] == [1, 1]


def test_a_metric_that_one_entry_lacks_counts_zero_for_it_alone() -> None:
    board = build_board(
        [
            make_result("a", protocol="fmc_uia", summary={"auc": None, "dsc": 0.9}),
            make_result("b", protocol="fmc_uia", summary={"auc": 0.99, "iou": 0.9}),
        ]
    )
    assert "AUC counts 0 in P for a: it is undefined there." in board.notes
    assert "AUC is undefined for a: one class only." in board.notes
    # a: segmentation (1 + 1)/2, classification (0 + 1 + 1)/3, detection 0, regression 1; b: 0.5, 1, 1, 1
    assert {entry.result.submission: entry.p for entry in board.entries} == pytest.approx(
        {"a": 2 / 3, "b": 0.875}
    )


def test_a_kind_without_any_metric_does_not_count() -> None:
    without = {"iou": None, "mre_px": None, "auc": None, "f1_macro": None, "mcc": None}
    board = build_board(
        [
            make_result("a", protocol="fmc_uia", summary={**without, "dsc": 0.9}),
            make_result("b", protocol="fmc_uia", summary=without),
        ]
    )
    assert [entry.p for entry in board.entries] == pytest.approx([1.0, 0.5])
    assert "IoU is undefined for a, b: one class only." in board.notes


def test_fmc_uia_without_any_metric_ranks_nobody() -> None:
    nothing = dict.fromkeys(FMC_UIA_SUMMARY)
    board = build_board([make_result(name, protocol="fmc_uia", summary=nothing) for name in "ab"])
    assert _order(board) == [(None, "a"), (None, "b")]
    assert "a is not ranked: no ranked metric is defined for any entry." in board.notes


def test_rules_are_the_results_rules_then_the_ranking_rules() -> None:
    for protocol, words in (("uusic25", "Perf = (Seg + Cls)/2"), ("fmc_uia", "our rule")):
        board = build_board([make_result("a", protocol=protocol)])
        assert board.rules[0] == "Both masks empty: DSC 1."
        assert words in board.rules[1]
        assert any("Final = 0.7·P + 0.3·Eff" in rule for rule in board.rules)
        assert any("over the ranked entries" in rule for rule in board.rules)


def test_results_under_other_rules_are_noted() -> None:
    board = build_board([make_result("a"), make_result("b", rules=("Both masks empty: DSC 0.",))])
    assert "The scoring rules are those of a; b state other ones." in board.notes


def test_a_score_without_interval_tells_why_in_the_notes() -> None:
    result = make_result("a")
    remark = Score(value=0.5, reason="no interval: undefined in 789 of 1000 resamples")
    bare = result.model_copy(update={"summary": {**result.summary, "mean_auc_subtype": remark}})
    (note,) = [note for note in build_board([bare]).notes if "789" in note]
    assert note.endswith("is to be read with care for a: no interval: undefined in 789 of 1000 resamples.")
