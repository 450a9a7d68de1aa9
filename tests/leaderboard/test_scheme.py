"""A scheme file is a whole rule or is refused with what is wrong."""

from pathlib import Path

import numpy as np
import pytest

from evaluation.contract.errors import ConfigurationError
from leaderboard.combining import Costs, combine
from leaderboard.published.tables import load_score_sheet, load_table1
from leaderboard.ranking import rank_descending, rescale
from leaderboard.scheme import DEFAULTS, list_schemes, load_scheme
from leaderboard.scheme_rules import describe_scheme
from leaderboard.terms import SchemeTerm

PERF = (SchemeTerm("Perf", "perf", None, higher_is_better=True),)
GOOD = """
name: mine
title: My rule
method: min_max
accuracy: {uusic25: [{name: Perf, level: summary, metrics: [perf]}]}
weights: {accuracy: 0.5, time: 0.5, memory: 0.0}
"""


def _write(folder: Path, text: str) -> str:
    (folder / "mine.yaml").write_text(text)
    return str(folder / "mine.yaml")


def test_every_shipped_scheme_is_valid_named_as_its_file_and_states_its_rule() -> None:
    assert set(DEFAULTS.values()) <= set(list_schemes())
    for name in list_schemes():
        scheme = load_scheme(name)
        assert scheme.name == name
        for protocol in scheme.accuracy:
            rules = " ".join(describe_scheme(scheme, protocol))
            for word in ("tie", "Failed cases", "copy of a team"):
                assert word in rules


def test_a_page_says_where_a_copy_can_reorder_the_others() -> None:
    said = {
        name: " ".join(describe_scheme(load_scheme(name), "uusic25"))
        for name in list_schemes()
        if "uusic25" in load_scheme(name).accuracy
    }
    can = {name for name, rules in said.items() if "A copy of a team can reorder the others" in rules}
    assert can == {"rank-then-aggregate", "test-then-rank"}
    assert all("A copy of a team never reorders the others" in said[name] for name in said.keys() - can)


def test_an_organisers_file_is_read(tmp_path: Path) -> None:
    assert load_scheme(_write(tmp_path, GOOD)).weights.time == 0.5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("time: 0.5", "time: 0.6"), "sum to 1"),
        (("method: min_max", "method: best"), "method"),
        (("level: summary", "level: case"), "`kind` belongs"),
        (("level: summary", "level: case, kind: segmentation"), "needs level summary or task"),
        (("metrics: [perf]", "metrics: []"), "metrics"),
        (("method: min_max", "method: aggregate_then_rank"), "no scale for time"),
        (("name: mine", "name: ../x"), "name"),
        (("title: My rule", "title: My rule\nsurprise: 1"), "surprise"),
        (("metrics: [perf]", "metrics: [perf, seg]"), None),
    ],
)
def test_a_fault_is_named(tmp_path: Path, change: tuple[str, str], message: str | None) -> None:
    text = GOOD.replace(*change)
    assert text != GOOD
    if message is None:
        text += "anchors: {accuracy: [0, 1], time_s: [1, 0], peak_gpu_gib: [1, 0]}\n"
        message = "one group of one metric"
    with pytest.raises(ConfigurationError, match=message):
        load_scheme(_write(tmp_path, text))


@pytest.mark.parametrize(
    "text", ["a: [", "- 1", "", "!!python/object/apply:os.system [ls]", "\x00", "title: 2026-99-99"]
)
def test_what_is_no_scheme_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"mine\.yaml"):
        load_scheme(_write(tmp_path, text))


def test_an_unknown_name_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="uusic25-anchored"):
        load_scheme("nope")
    with pytest.raises(ConfigurationError, match="at most"):
        load_scheme(_write(tmp_path, GOOD + "#" * 70_000))


def test_the_shipped_schemes_rank_the_official_table_as_it_is_printed() -> None:
    sheet, table1 = load_score_sheet(), load_table1()
    perf = np.array([[(row.seg + row.cls) / 2] for row in sheet])
    costs = Costs(
        time_s=np.array([row.time_s for row in table1]),
        peak_gpu_mib=np.array([row.peak_gpu_gb * 1024 for row in table1]),
    )
    official = np.array([row.final for row in sheet])
    for name in ("uusic25", "uusic25-anchored"):
        score = combine(load_scheme(name), PERF, perf, costs).score
        assert np.abs(score - official).max() <= 1.2e-4
        assert rank_descending(score).tolist() == list(range(1, 16))


def test_an_anchored_field_keeps_its_scores_when_a_team_leaves() -> None:
    scheme = load_scheme("uusic25-anchored")
    perf = np.array([[0.3], [0.5], [0.7]])
    costs = Costs(time_s=np.array([10.0, 20.0, 30.0]), peak_gpu_mib=np.zeros(3))
    whole = combine(scheme, PERF, perf, costs).score
    rest = Costs(time_s=costs.time_s[1:], peak_gpu_mib=costs.peak_gpu_mib[1:])
    assert combine(scheme, PERF, perf[1:], rest).score == pytest.approx(whole[1:])


def test_rescaling_counts_a_missing_value_as_zero_unless_all_are_missing() -> None:
    field = np.array([[1.0, np.nan, 3.0], [np.nan, np.nan, np.nan], [2.0, 2.0, np.nan]])
    found = rescale(field, higher_is_better=True)
    assert found[0].tolist() == [0.0, 0.0, 1.0]
    assert np.isnan(found[1]).all()
    assert found[2].tolist() == [1.0, 1.0, 0.0]
    assert rescale(field[:1], higher_is_better=False).tolist() == [[1.0, 0.0, 0.0]]
