"""Markdown tables: rounded numbers, dashes for what is null, and the reasons below."""

from collections.abc import Iterable, Sequence

from evaluation.contract.result import Score

HEADERS = {
    "dsc": "DSC",
    "nsd": "NSD",
    "hd_px": "HD, px",
    "auc": "AUC",
    "accuracy": "accuracy",
    "f1_macro": "F1 macro",
    "mcc": "MCC",
    "iou": "IoU",
    "mre_px": "MRE, px",
    "left_empty": "share left empty",
}


class Notes:
    """The reasons of one section, each once and numbered."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def mark(self, reason: str) -> str:
        """Return the mark of a reason, such as ``(2)``."""
        return f"({self._numbers.setdefault(reason, len(self._numbers) + 1)})"

    def lines(self) -> list[str]:
        """Return what goes below the table; nothing when every cell speaks for itself."""
        lines = [f"({number}) {reason}  " for reason, number in self._numbers.items()]
        return ["", *lines] if lines else []


def show_score(metric: str, score: Score | None, notes: Notes, *, interval: bool = True) -> str:
    """Return a cell: the value, its interval if asked for, and the mark of what there is to say about it."""
    if score is None:
        return ""
    if score.value is None:
        return f"— {notes.mark(str(score.reason))}"
    text = show_number(metric, score.value)
    if not interval:
        return text
    if score.interval is not None:
        text += f" [{show_number(metric, score.interval.low)}, {show_number(metric, score.interval.high)}]"
    return f"{text} {notes.mark(score.reason)}" if score.reason else text


def show_number(metric: str, value: float) -> str:
    """Return one decimal of pixels, three of everything else; no negative zero."""
    text = f"{value:.1f}" if metric.endswith("_px") else f"{value:.3f}"
    return text.removeprefix("-") if float(text) == 0 else text


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return a table's lines."""
    return [_row(headers), _row(["---"] * len(headers)), *map(_row, rows)]


def header(metric: str) -> str:
    """Return a metric's column head."""
    name, _, index = metric.partition("_class_")
    return f"{HEADERS[name]} of class {index}" if index else HEADERS[name]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
