"""The text of table cells: rounding, intervals, and foreign text made harmless.

Promises: foreign text (names, reasons, rules from result files) reaches a terminal without control
characters, Markdown without markup, and a spreadsheet without a formula.
"""

import re
from decimal import ROUND_CEILING, Decimal

from evaluation.contract.result import Score
from leaderboard.metric import Metric

NULL = "—"
_MARKDOWN_MARKUP = re.compile(r"([\\`*_{}\[\]<>|#~&!$])")
_FORMULA_STARTS = ("=", "+", "-", "@")


def clean_text(text: str) -> str:
    """Replace runs of blank and unprintable characters (line ends, escapes, bidi marks) by one space."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def escape_markdown(text: str) -> str:
    """Clean foreign text and escape what Markdown would read as markup or a cell border."""
    return _MARKDOWN_MARKUP.sub(r"\\\1", clean_text(text))


def guard_formula(text: str) -> str:
    """Clean foreign text; prefix an apostrophe where a spreadsheet would read a formula."""
    cleaned = clean_text(text)
    return f"'{cleaned}" if cleaned.startswith(_FORMULA_STARTS) else cleaned


def format_number(value: float | None, decimals: int) -> str:
    """Print a number with fixed decimals, null as a dash."""
    return NULL if value is None else f"{value:.{decimals}f}"


def format_gib(peak_mib: float | None) -> str:
    """Print MiB as GiB rounded up to two decimals, as UUSIC25's Table 1 does; null as a dash.

    Decimal arithmetic: 2826.24 MiB are exactly 2.76 GiB, which floats would round up to 2.77.
    """
    if peak_mib is None:
        return NULL
    return str((Decimal(repr(peak_mib)) / 1024).quantize(Decimal("0.01"), rounding=ROUND_CEILING))


def format_score(score: Score, metric: Metric) -> str:
    """Print a score as `0.854 (0.848-0.861)`; without the interval where there is none, null as a dash."""
    text = format_number(score.value, metric.decimals)
    if score.value is None or score.interval is None or not metric.with_interval:
        return text
    low = format_number(score.interval.low, metric.decimals)
    high = format_number(score.interval.high, metric.decimals)
    # A hyphen between negative numbers would read as a sign.
    return f"{text} ({low} to {high})" if low.startswith("-") else f"{text} ({low}-{high})"
