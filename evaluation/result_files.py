"""``result.json`` and the ``cases.csv`` beside it; ``run.json`` coming in."""

import json
import os
from pathlib import Path

from pydantic import ValidationError

from evaluation.contract.errors import ConfigurationError
from evaluation.contract.result import RunRecord
from evaluation.files.atomic import write_atomically
from evaluation.files.json_text import dump_json, parse_json
from evaluation.protocols.case_table import table_to_csv
from evaluation.scoring import Scored

CASES_FILE = "cases.csv"
_MAX_RUN_BYTES = 2**26


def write_result(scored: Scored, file: Path) -> Path:
    """Write the result and, beside it, the table of its cases; return the table's place.

    Raises:
        ConfigurationError: the folder cannot be written.
    """
    cases_file = file.parent / CASES_FILE
    try:
        # The table first: a result that is there promises that its cases are.
        write_atomically(cases_file, table_to_csv(scored.cases))
        write_atomically(file, dump_json(scored.result.model_dump(mode="json"), indent=1))
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be written ({error.strerror})") from error
    return cases_file


def check_writable(file: Path) -> None:
    """Refuse, before any work is done, a place that cannot be written.

    Raises:
        ConfigurationError: the folder cannot be made or written, or the file is a folder.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be written ({error.strerror})") from error
    if file.name == CASES_FILE:
        raise ConfigurationError(f"{file}: that name belongs to the table; call the result result.json")
    if file.suffix != ".json":
        raise ConfigurationError(f"{file}: expected a file that ends in .json, such as scored/result.json")
    if file.is_dir() or not os.access(file.parent, os.W_OK | os.X_OK):
        raise ConfigurationError(f"{file}: cannot be written; give --out a file in a folder of yours")


def read_run(file: Path) -> RunRecord:
    """Read what running a submission cost.

    Raises:
        ConfigurationError: missing, not JSON, or a value that the record refuses.
    """
    try:
        if file.stat().st_size > _MAX_RUN_BYTES:
            raise ConfigurationError(f"{file}: larger than {_MAX_RUN_BYTES:,} bytes")
        return RunRecord.model_validate(parse_json(file.read_bytes()).value)
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be read ({error.strerror})") from error
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, e['loc'])) or 'record'}: {e['msg']}" for e in error.errors()]
        raise ConfigurationError(f"{file}: {'; '.join(lines)}") from error
    except ValueError as error:
        raise ConfigurationError(f"{file}: {error}") from error


def show_schema(record: type) -> str:
    """Return a record's JSON Schema."""
    return json.dumps(record.model_json_schema(), indent=2)  # type: ignore[attr-defined] # records only
