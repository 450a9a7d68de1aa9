"""The written pages hold the table, the rules and nothing that a viewer would execute."""

import csv
import io
import json
from pathlib import Path

import pytest

from evaluation.contract.errors import ConfigurationError
from leaderboard.board import build_board
from leaderboard.pages import render_csv, render_json, render_markdown, write_board
from tests.leaderboard.result_scenes import make_result

HOSTILE = "=a|b\n# <script>alert(1)</script> \x1b[31m`x`"


def _table_rows(page: str) -> list[str]:
    return [line for line in page.splitlines() if line.startswith("|")]


def test_uusic25_columns_and_cells_are_printed_in_order() -> None:
    page = render_markdown(build_board([make_result("a", time_s=36.03, peak_gpu_mib=600, n_failed=2)]))
    rows = _table_rows(page)
    assert rows[0] == (
        "| Rank | Submission | Final | Perf | Seg | Cls | Eff | Time (s) | Peak GPU (GiB) | Mean DSC "
        "| Mean AUC (binary) | Mean AUC (subtype) | Failed |"
    )
    assert rows[2] == (
        "| 1 | a | 1.0000 | 0.5000 | 0.4000 | 0.6000 | 1.0000 | 36.03 | 0.59 | 0.854 (0.844-0.864) "
        "| 0.766 (0.756-0.776) | 0.540 (0.530-0.550) | 2 of 12 |"
    )


def test_fmc_uia_columns_and_cells_are_printed_in_order() -> None:
    page = render_markdown(build_board([make_result("a", protocol="fmc_uia")]))
    rows = _table_rows(page)
    assert rows[0] == (
        "| Rank | Submission | Final | Perf | Eff | Time (s) | Peak GPU (GiB) | DSC | HD (px) | AUC "
        "| F1 macro | MCC | IoU | MRE (px) | Accuracy | F1 weighted | Failed |"
    )
    assert "| 30.00 (29.99-30.01) |" in rows[2]


def test_null_is_a_dash_in_markdown_and_empty_in_csv() -> None:
    board = build_board([make_result("a", time_s=None, summary={"mean_auc_subtype": None})])
    row = _table_rows(render_markdown(board))[2]
    assert row.startswith("| — | a | — | 0.5000 | 0.4000 | 0.6000 | — | — | — |")
    cells = next(csv.DictReader(io.StringIO(render_csv(board))))
    empty = {"rank", "final", "eff", "time_s", "peak_gpu_gb"}
    empty |= {"mean_auc_subtype", "mean_auc_subtype_lo", "mean_auc_subtype_hi"}
    assert {key for key, cell in cells.items() if cell == ""} == empty


def test_markdown_ends_with_notes_rules_and_basis() -> None:
    page = render_markdown(build_board([make_result("a")]))
    headings = [line for line in page.splitlines() if line.startswith("#")]
    assert headings == ["# Leaderboard: uusic25, strict mode", "## Notes", "## Rules", "## Basis"]
    for text in (
        "Both masks empty: DSC 1.",
        "0.7·P + 0.3·Eff",
        "Every runtime is 10.00 s",
        "ab" * 32,
        "cd" * 32,
        "percentile bootstrap, 1000 resamples by case, seed 0",
    ):
        assert text in page


def test_a_board_without_notes_says_so() -> None:
    board = build_board([make_result("a"), make_result("b", time_s=1, peak_gpu_mib=1, summary={"perf": 0.9})])
    assert "## Notes\n\n- None.\n" in render_markdown(board)


def test_differing_bootstrap_settings_are_told_apart() -> None:
    page = render_markdown(build_board([make_result("a"), make_result("b", bootstrap=None)]))
    assert "Intervals of a: percentile bootstrap" in page
    assert "Intervals of b: none" in page


def test_a_hostile_name_stays_in_its_markdown_cell() -> None:
    page = render_markdown(build_board([make_result(HOSTILE), make_result("b")]))
    rows = _table_rows(page)
    assert len(rows) == 4
    assert all(row.replace("\\|", "").count("|") == 14 for row in rows)
    assert "<script" not in page.replace("\\<", "")
    assert "\x1b" not in page


def test_csv_has_plain_numbers_with_interval_columns_and_no_formula() -> None:
    text = render_csv(build_board([make_result(HOSTILE, peak_gpu_mib=2826.24, n_failed=3)]))
    row = next(csv.DictReader(io.StringIO(text)))
    first = ["rank", "submission", "final", "perf", "seg", "cls", "eff", "time_s", "peak_gpu_gb"]
    assert list(row)[: len(first)] == first
    assert row["submission"].startswith("'=a|b # ")
    assert float(row["mean_dsc"]) == 0.854
    assert float(row["mean_dsc_lo"]) == 0.854 - 0.01
    assert float(row["peak_gpu_gb"]) == 2826.24 / 1024
    assert (row["n_failed"], row["n_cases"], row["rank"]) == ("3", "12", "1")
    assert "\r" not in text


def test_negative_numbers_in_csv_stay_numbers() -> None:
    board = build_board([make_result("a", protocol="fmc_uia", summary={"mcc": -0.25})])
    assert next(csv.DictReader(io.StringIO(render_csv(board))))["mcc"] == "-0.25"


def test_an_interval_free_result_has_empty_bounds_in_csv() -> None:
    result = make_result("a")
    bare = {key: score.model_copy(update={"interval": None}) for key, score in result.summary.items()}
    text = render_csv(build_board([result.model_copy(update={"summary": bare})]))
    row = next(csv.DictReader(io.StringIO(text)))
    assert (row["mean_dsc"], row["mean_dsc_lo"], row["mean_dsc_hi"]) == ("0.854", "", "")


def test_json_holds_the_board_with_null_for_what_is_absent() -> None:
    board = json.loads(
        render_json(build_board([make_result("a"), make_result("b", time_s=None, bootstrap=None)]))
    )
    assert [entry["submission"] for entry in board["entries"]] == ["a", "b"]
    assert board["entries"][1]["final"] is None
    assert board["entries"][1]["run"] is None
    assert board["entries"][0]["summary"]["mean_dsc"]["value"] == 0.854
    assert board["bootstrap"][1] == {"setting": None, "submissions": ["b"]}


def test_both_pages_are_written_and_old_ones_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "board"
    write_board(build_board([make_result("old")]), folder)
    paths = write_board(build_board([make_result("new")]), folder)
    assert paths == (folder / "leaderboard.md", folder / "leaderboard.csv")
    assert sorted(folder.iterdir()) == sorted(paths)
    assert all("old" not in path.read_text(encoding="utf-8") for path in paths)
    assert all(path.stat().st_mode & 0o777 == 0o644 for path in paths)


def test_a_symlink_in_the_folder_is_replaced_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim.txt"
    victim.write_text("kept", encoding="utf-8")
    (tmp_path / "board").mkdir()
    (tmp_path / "board" / "leaderboard.md").symlink_to(victim)
    write_board(build_board([make_result("a")]), tmp_path / "board")
    assert victim.read_text(encoding="utf-8") == "kept"


def test_a_folder_that_cannot_be_written_is_refused_and_left_clean(tmp_path: Path) -> None:
    board = build_board([make_result("a")])
    file = tmp_path / "file"
    file.write_text("", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="`out`"):
        write_board(board, file)
    blocked = tmp_path / "blocked"
    (blocked / "leaderboard.md").mkdir(parents=True)
    with pytest.raises(ConfigurationError, match="`out`"):
        write_board(board, blocked)
    assert [path.name for path in blocked.iterdir()] == ["leaderboard.md"]
