"""Single values of challenge files, read strictly; what both layouts share."""

import math
from collections.abc import Sequence
from pathlib import Path

from evaluation.contract.errors import SubmissionError, UserError

_SHOWN = 20
_SHOWN_LETTERS = 300


def integer(value: object) -> int:
    """Return a whole number; 2.0 counts, true and "2" do not.

    Raises:
        TypeError: not a number.
        ValueError: not whole, NaN or infinite.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"expected a whole number but got {_shorten(value)}")
    if isinstance(value, float) and not value.is_integer():
        raise ValueError(f"expected a whole number but got {value}")
    number = int(value)
    if abs(number) > 2**31:
        raise ValueError("expected a whole number of ordinary size")
    return number


def numbers(value: object) -> tuple[float, ...]:
    """Return a list of numbers as floats; NaN and infinity are let through for the caller to judge.

    Raises:
        TypeError: not a list, or an item is not a number.
        ValueError: a number beyond the range of a float.
    """
    if not isinstance(value, list):
        raise TypeError(f"expected a list of numbers but got {_shorten(value)}")
    for item in value:
        if isinstance(item, bool) or not isinstance(item, int | float):
            raise TypeError(f"expected a list of numbers but an item is {_shorten(item)}")
    try:
        return tuple(float(item) for item in value)
    except OverflowError as error:
        raise ValueError("a number is too large") from error


def spacing(value: object) -> tuple[float, float]:
    """Return millimetres a row and a column.

    Raises:
        TypeError: not a list of numbers.
        ValueError: not two, or one is not positive and finite.
    """
    steps = numbers(value)
    if len(steps) != 2 or not all(0 < step < float("inf") for step in steps):
        raise ValueError(f"spacing_mm must be two positive numbers [y, x] but is {list(steps[:5])}")
    return steps[0], steps[1]


def finite_floats(case_id: str, values: Sequence[float]) -> list[float]:
    """Return what a predictor wants written as Python floats (a network hands over numpy's float32).

    Raises:
        SubmissionError: NaN or infinity; refused here, so that it costs its own case and not the whole file.
    """
    floats = [float(value) for value in values]
    if not all(map(math.isfinite, floats)):
        raise SubmissionError(f"{case_id}: the prediction holds NaN or infinity; nothing is written for it")
    return floats


def json_limit_bytes(n_cases: int, num_classes: int) -> int:
    """Return the largest prediction file that is parsed: far above any honest one, far below memory.

    An honest entry holds at most four numbers a class or point, each of some 25 bytes on a line of its own.
    """
    return min(2**24 + (4096 + 128 * num_classes) * n_cases, 2**26)


def show_name(text: str) -> str:
    r"""Return a name that a submission chose so that any terminal and file can hold it.

    It is cut at 300 letters; control characters, unusual spaces and broken Unicode become escapes: ``\xa0``.
    """
    shown = text[:_SHOWN_LETTERS]
    if shown.isprintable():
        return shown
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in shown)


def refuse_flood(n_entries: int, n_cases: int) -> None:
    """Refuse a file of many times more entries than cases, before each of them becomes a problem.

    Raises:
        ValueError: more than 50,000 entries and 10 for each case; the whole of either challenge passes where
            only a part of it is asked.
    """
    if n_entries > 50_000 + 10 * n_cases:
        raise ValueError(f"it holds {n_entries} entries for {n_cases} cases; write one entry for every case")


def explain(error: Exception) -> str:
    """Return an error's text; a missing key says that it is one."""
    return f"key {error} is missing" if isinstance(error, KeyError) else str(error)


def raise_if_any(error: type[UserError], file: Path, problems: Sequence[str]) -> None:
    """Raise one error that lists all problems (the first 20 in full)."""
    if not problems:
        return
    lines = [f"{file}: {len(problems)} problem(s)", *problems[:_SHOWN]]
    if len(problems) > _SHOWN:
        lines.append(f"… and {len(problems) - _SHOWN} more")
    raise error("\n  ".join(lines))


def _shorten(value: object) -> str:
    if isinstance(value, list | dict):
        return f"a {type(value).__name__} of {len(value)}"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
