"""The `cases.csv` beside a result: read, and held against the hash in its result.

Promises: what leaves here is the table that scoring wrote, to the last bit of its numbers.
"""

import hashlib
import io
from pathlib import Path

import numpy as np
import pandas as pd

from evaluation.contract.case import SUBGROUP_PREFIX
from evaluation.contract.errors import ConfigurationError
from evaluation.contract.result import Result
from leaderboard.record_files import read_bounded

CASES_FILE = "cases.csv"
MAX_BYTES = 512 * 2**20
"""A million cases take about 200 MiB."""
SHARED_COLUMNS = ("task_id", "kind", "image_path", "organ", "center", "patient_id", "label")
"""What belongs to the references and is therefore the same beside every result of a field."""
TEXT_COLUMNS = (
    "case_id",
    "task_id",
    "kind",
    "image_path",
    "organ",
    "center",
    "patient_id",
    "status",
    "reason",
)
TOGETHER = "keep result.json and cases.csv together"
_STATUSES = {"ok", "failed", "skipped", "aborted"}


def read_cases(result_file: Path, result: Result) -> pd.DataFrame:
    """Read the table of cases that lies beside a result file.

    Args:
        result_file: where the result was read; the table is `cases.csv` in its folder.
        result: what the file holds.

    Returns:
        One row a case, see `evaluation.protocols.case_table`; text columns hold str or None, all others
        float64.

    Raises:
        ConfigurationError: the table is missing, too large, not the one whose hash the result states, or not
            a table of cases. The message names the file and what to do.
    """
    file = result_file.parent / CASES_FILE
    content = read_bounded(file, what="table of cases", limit_bytes=MAX_BYTES, advice=TOGETHER)
    found = hashlib.sha256(content).hexdigest()
    if found != result.cases_sha256:
        raise ConfigurationError(
            f"{file}: Expected the table that {result_file.name} was written with (sha256 "
            f"{result.cases_sha256[:12]}…) but got {found[:12]}…; score it again, or put both files back "
            "together."
        )
    try:
        table = _parse(content)
    except (ValueError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file}: not a table of cases ({error}); score it again.") from error
    problems = _check_table(table, result)
    if problems:
        raise ConfigurationError(f"{file}: not a table of cases ({'; '.join(problems)}); score it again.")
    return table


def is_text(column: str) -> bool:
    """Tell whether a column of the table holds text; all others hold numbers."""
    return column in TEXT_COLUMNS or column.startswith(SUBGROUP_PREFIX)


def _parse(content: bytes) -> pd.DataFrame:
    # A centre may be called "NA": only an empty cell is missing.
    header = pd.read_csv(io.BytesIO(content), nrows=0).columns
    text_columns = [name for name in header if is_text(name)]
    table = pd.read_csv(
        io.BytesIO(content),
        dtype=dict.fromkeys(text_columns, str),
        keep_default_na=False,
        na_values=[""],
    )
    for name in table.columns:
        if is_text(name):
            table[name] = table[name].astype(object).where(table[name].notna(), None)
        else:
            table[name] = table[name].astype(np.float64)
    return table


def _check_table(table: pd.DataFrame, result: Result) -> list[str]:
    lacking = [name for name in TEXT_COLUMNS if name not in table]
    if lacking:
        return [f"it lacks the columns {', '.join(lacking)}"]
    problems = []
    if len(table) != result.n_cases:
        problems.append(f"it holds {len(table)} cases, the result {result.n_cases}")
    if table["case_id"].isna().any() or table["case_id"].duplicated().any():
        problems.append("a case has no id or one that another case has")
    unknown = set(table["task_id"]) - {task.task_id for task in result.tasks}
    if unknown:
        problems.append(f"the result has no task {sorted(map(str, unknown))[0]!r}")
    if set(table["status"]) - _STATUSES:
        problems.append("a status is unknown")
    infinite = [n for n in table.columns if not is_text(n) and np.isinf(table[n]).any()]
    if infinite:
        problems.append(f"`{infinite[0]}` holds an infinite number")
    return problems
