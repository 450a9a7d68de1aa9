"""YAML is read whole or refused with a sentence."""

import pytest

from evaluation.files.yaml_text import parse_yaml


def test_plain_types_and_merged_mappings_are_read() -> None:
    text = b"base: &base {a: 1, b: x}\nother: {<<: *base, b: [2.5, null]}\n"
    assert parse_yaml(text) == {"base": {"a": 1, "b": "x"}, "other": {"a": 1, "b": [2.5, None]}}


def test_merged_keys_may_be_overridden_wherever_their_mapping_stands() -> None:
    text = b"a: &a {x: 1}\ndefs: {b: &b {<<: *a, x: 2}}\nc: {<<: *b}\nd: &d [*a, {e: *a}]\n"
    assert parse_yaml(text)["c"] == {"x": 2}


@pytest.mark.parametrize("text", [b"yes: 1\ntrue: 2", b"{1: a, 0x1: b}"])
def test_a_key_that_stands_twice_in_other_spelling_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match="stands twice"):
        parse_yaml(text)


def test_an_empty_document_is_nothing() -> None:
    assert parse_yaml(b"") is None


@pytest.mark.parametrize("text", [b"a: 1\nb: 2\na: 3\n", b"x: {a: 1, a: 1}"])
def test_a_key_that_stands_twice_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match="`a` stands twice"):
        parse_yaml(text)


@pytest.mark.parametrize(
    "text",
    [
        *(b"a: [", b"\xff\xfe\xff", b"!!python/object/apply:os.system [ls]", b"2026-99-99", b"[" * 9999),
        *(b"!!int ''", b"a: !!float ''", b"!!bool foo", b"!!timestamp foo", b":".join([b"59"] * 300) + b".5"),
    ],
)
def test_anything_else_is_a_value_error(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_yaml(text)
