"""YAML is read whole or refused with a sentence."""

import pytest

from evaluation.files.yaml_text import parse_yaml


def test_plain_types_and_merged_mappings_are_read() -> None:
    text = b"base: &base {a: 1, b: x}\nother: {<<: *base, b: [2.5, null]}\n"
    assert parse_yaml(text) == {"base": {"a": 1, "b": "x"}, "other": {"a": 1, "b": [2.5, None]}}


@pytest.mark.parametrize("text", [b"a: 1\nb: 2\na: 3\n", b"x: {a: 1, a: 1}"])
def test_a_key_that_stands_twice_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match="`a` stands twice"):
        parse_yaml(text)


@pytest.mark.parametrize(
    "text", [b"a: [", b"\xff\xfe\xff", b"!!python/object/apply:os.system [ls]", b"2026-99-99", b"[" * 9999]
)
def test_anything_else_is_a_value_error(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_yaml(text)
