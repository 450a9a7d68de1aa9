"""Cells print what was measured and defuse what others wrote."""

import pytest

from evaluation.contract.result import Score
from leaderboard.cells import (
    clean_text,
    escape_markdown,
    format_gib,
    format_number,
    format_score,
    guard_formula,
)
from leaderboard.metric import Metric
from tests.leaderboard.result_scenes import make_score

DSC = Metric(key="dsc", label="DSC")


@pytest.mark.parametrize(
    ("mib", "text"),
    [
        (0.0, "0.00"),
        (0.001, "0.01"),
        (1024.0, "1.00"),
        (1024.001, "1.01"),
        (2826.24, "2.76"),  # in floats 2826.24 / 1024 * 100 lies above 276 and would print 2.77
        (600.0, "0.59"),
        (None, "—"),
    ],
)
def test_memory_is_printed_in_gib_rounded_up(mib: float | None, text: str) -> None:
    assert format_gib(mib) == text


def test_a_score_prints_its_interval_with_a_hyphen() -> None:
    assert format_score(make_score(0.854), DSC) == "0.854 (0.844-0.864)"


def test_an_interval_that_reaches_below_zero_is_written_with_to() -> None:
    assert format_score(make_score(0.0), DSC) == "0.000 (-0.010 to 0.010)"


def test_a_score_without_interval_prints_its_value_and_null_a_dash() -> None:
    assert format_score(Score(value=0.5), DSC) == "0.500"
    assert format_score(make_score(None), DSC) == "—"
    assert format_score(make_score(0.5), Metric(key="x", label="X", with_interval=False)) == "0.500"
    assert format_number(None, 3) == "—"


def test_line_ends_escapes_and_direction_marks_become_one_space() -> None:
    assert clean_text(" a\r\n\tb\x1b[31mc\u202ed\u2028 ") == "a b [31mc d"


def test_markdown_markup_in_a_name_is_escaped() -> None:
    assert escape_markdown("a|b\n# *c* <img> `d` [e](f)\\") == (r"a\|b \# \*c\* \<img\> \`d\` \[e\](f)\\")


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " \r\n@x"])
def test_a_formula_in_a_name_is_prefixed(name: str) -> None:
    assert guard_formula(name) == "'" + name.strip()


def test_an_ordinary_name_is_not_prefixed() -> None:
    assert guard_formula("team-1=best") == "team-1=best"
