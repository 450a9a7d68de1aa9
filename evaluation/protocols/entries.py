"""Single values of challenge files, read strictly; what both layouts share."""

from collections.abc import Sequence
from pathlib import Path

from evaluation.contract.errors import UserError

_SHOWN = 20


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


def json_limit_bytes(n_cases: int) -> int:
    """Return the largest prediction file that is parsed: far above any honest one, far below memory."""
    return min(2**20 + 4096 * n_cases, 2**28)


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
