"""JSON from anywhere ends in a value or in a sentence; JSON of ours never holds NaN."""

import gc
import math

import pytest

from evaluation.files.json_text import dump_json, parse_json


def test_value_and_byte_order_mark() -> None:
    assert parse_json(b'\xef\xbb\xbf{"a": [1, 2.5, null, "\\u00e9"]}').value == {"a": [1, 2.5, None, "é"]}


def test_nan_and_infinity_are_left_for_the_caller() -> None:
    nan, inf, huge = parse_json(b"[NaN, -Infinity, 1e400]").value
    assert math.isnan(nan)
    assert (inf, huge) == (-math.inf, math.inf)


@pytest.mark.parametrize(
    ("content", "conflicts"),
    [
        (b'{"a": 1, "a": 1}', set()),
        (b'{"a": 1, "a": 2}', {"a"}),
        (b'[{"a": 1}, {"a": 2}]', set()),
        (b'{"x": {"a": [1], "a": [2]}, "b": 1, "b": null}', {"a", "b"}),
    ],
)
def test_keys_given_twice_with_different_values_are_told(content: bytes, conflicts: set[str]) -> None:
    assert parse_json(content).conflicting_keys == conflicts


def test_of_a_repeated_key_the_last_value_counts() -> None:
    assert parse_json(b'{"a": 1, "a": 2}').value == {"a": 2}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\xff\xfe", "it is not text in UTF-8"),
        (b"", "it is not JSON"),
        (b'{"a": \n1,}', r"it is not JSON \(line 2"),
        (b"1" * 5000, "too many digits"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b"{} {}", "Extra data"),
    ],
)
def test_anything_else_is_a_sentence(content: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_json(content)


def test_garbage_collection_goes_on_afterwards() -> None:
    assert gc.isenabled()
    with pytest.raises(ValueError, match="not JSON"):
        parse_json(b"{")
    assert gc.isenabled()


def test_written_json_is_read_back_and_keeps_its_letters() -> None:
    value = {"é\u00a0, [x]": [0.1, 1 / 3, 5e-324, 1.7e308, None, True]}
    content = dump_json(value, indent=1)
    assert parse_json(content).value == value
    assert "é\u00a0, [x]".encode() in content
    assert content.endswith(b"}\n")


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_nan_and_infinity_are_never_written(value: float) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        dump_json([value])
