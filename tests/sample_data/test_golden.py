"""Scoring the committed predictions gives the committed results, in both modes and both protocols."""

import json

import pytest

from sample_data.golden import GOLDEN, find_differences, score_golden


@pytest.mark.parametrize("mode", ["strict", "official"])
@pytest.mark.parametrize("protocol", ["uusic25", "fmc_uia"])
def test_golden_result_holds(protocol: str, mode: str) -> None:
    golden = json.loads((GOLDEN / protocol / f"{mode}.json").read_text())
    assert find_differences(golden, score_golden(protocol, mode)) == []


def test_differences_are_found_and_named() -> None:
    golden = {"a": [1.0, 2.0], "b": "x", "c": 3}
    assert find_differences(golden, golden) == []
    assert find_differences(golden, {"a": [1.0, 2.0 + 1e-12], "b": "x", "c": 3}) == []
    assert find_differences(golden, {"a": [1.0, 2.1], "b": "y", "c": 3}) == [
        "result.a[1]: golden 2.0, found 2.1",
        "result.b: golden 'x', found 'y'",
    ]
    assert len(find_differences(golden, {"a": [1.0], "b": "x"})) == 2
