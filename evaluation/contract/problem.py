"""A problem: one thing wrong with a submission, in words that its maker can act on."""

from enum import StrEnum
from typing import Literal

from evaluation.contract.record import Record


class Code(StrEnum):
    """The closed list of what can be wrong."""

    MISSING = "missing"
    UNSAFE_PATH = "unsafe_path"
    UNREADABLE = "unreadable"
    MALFORMED = "malformed"
    REPEATED = "repeated"
    UNKNOWN_CASE = "unknown_case"
    WRONG_SIZE = "wrong_size"
    WRONG_CLASS = "wrong_class"
    WRONG_PROBABILITIES = "wrong_probabilities"
    WRONG_BOX = "wrong_box"
    WRONG_POINTS = "wrong_points"
    UNEXPECTED_FILE = "unexpected_file"


class Problem(Record):
    """One finding. An error makes its case count as failed; a warning changes no score."""

    code: Code
    severity: Literal["error", "warning"] = "error"
    case_id: str | None = None
    """None when a whole file is concerned."""
    message: str
    """Names the case or file, what was expected, what came, and what to do."""

    def __str__(self) -> str:
        """The line that a terminal shows."""
        where = f"{self.case_id}: " if self.case_id else ""
        return f"{self.severity} [{self.code}] {where}{self.message}"
