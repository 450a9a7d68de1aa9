"""The board as LaTeX."""

from leaderboard.board import build_board
from leaderboard.generalisation import Gap, PartScore
from leaderboard.report.latex import escape_latex, render_latex
from tests.leaderboard.result_scenes import make_result


def test_foreign_text_holds_no_command() -> None:
    assert escape_latex("a_b & \\input{x}%\n$y^2$") == (
        r"a\_b \& \textbackslash{}input\{x\}\% \$y\textasciicircum{}2\$"
    )


def test_table_1_has_the_printed_columns_and_a_dash_for_null() -> None:
    board = build_board(
        [make_result("A_1"), make_result("B", time_s=None, summary={"mean_auc_subtype": None})]
    )
    text = render_latex(board, [])
    assert text.count(r"\begin{table}") == 1
    rows = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert len({line.count("&") for line in rows}) == 1
    assert rows[0].startswith("Rank & Team & Rank (final) & Rank (seg) & Rank (cls) & Time (s) & Memory (GB)")
    assert r"A\_1" in rows[1]
    assert rows[2].startswith("-- & B & --")
    assert rows[2].endswith(r"-- \\")


def test_gaps_of_a_binary_task_make_no_table_2() -> None:
    part = PartScore(value=0.6, low=0.5, high=0.7, n_cases=9)
    gap = Gap(
        team="a",
        task="classification/Liver",
        metric="auc",
        inside="internal",
        outside="external",
        inside_score=part,
        outside_score=part,
        gap=0.0,
        low=-0.1,
        high=0.1,
    )
    assert render_latex(build_board([make_result("a")]), [gap]).count(r"\begin{table}") == 1


def test_fmc_uia_prints_every_metric() -> None:
    text = render_latex(build_board([make_result("a", protocol="fmc_uia")]), [])
    assert "HD (px)" in text
    assert "MRE (px)" in text
