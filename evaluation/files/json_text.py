"""JSON from anywhere, and JSON of ours.

Promises: parsing ends in a value or in a `ValueError` with a sentence, whatever the bytes; repeated
keys are reported instead of silently overwritten; what we write never holds NaN or infinity.
"""

import gc
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ParsedJson:
    """A parsed document."""

    value: Any
    conflicting_keys: frozenset[str]
    """Keys that one object holds twice with different values (the last one is in `value`)."""


def parse_json(content: bytes) -> ParsedJson:
    """Parse a UTF-8 document; ``NaN`` and ``Infinity`` become floats for the caller to judge.

    Raises:
        ValueError: not UTF-8, not JSON, nested too deeply, a number too long to convert.
    """
    conflicts: set[str] = set()

    def build(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        built: dict[str, Any] = {}
        for key, value in pairs:
            if key in built and not _same(built[key], value):
                conflicts.add(key)
            built[key] = value
        return built

    try:
        with _without_collector():
            value = json.loads(content.decode("utf-8-sig"), object_pairs_hook=build)
    except UnicodeDecodeError as error:
        raise ValueError("it is not text in UTF-8") from error
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise ValueError(f"it is not JSON ({place}: {error.msg})") from error
    except ValueError as error:
        raise ValueError("it holds a number with too many digits") from error
    return ParsedJson(value=value, conflicting_keys=frozenset(conflicts))


@contextmanager
def _without_collector() -> Iterator[None]:
    # Millions of small lists hold no cycle, but looking for one takes ten times as long as parsing them.
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _same(first: object, second: object) -> bool:
    try:
        return first == second
    except RecursionError:
        return False


def dump_json(value: object, *, indent: int | None = None) -> bytes:
    """Write UTF-8 JSON with a final newline.

    Raises:
        ValueError: the value holds NaN or infinity.
    """
    text = json.dumps(value, indent=indent, allow_nan=False, ensure_ascii=False) + "\n"
    # Half a surrogate pair (a file name that is not UTF-8) becomes the escape that JSON has for it.
    return text.encode("utf-8", "backslashreplace")
