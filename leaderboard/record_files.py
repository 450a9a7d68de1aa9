"""Records that cross the disk, read from files that nobody vouches for.

Promises: a file ends as a valid record or in one `ConfigurationError` that names it; never more than the
limit is read.
"""

from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from evaluation.contract.errors import ConfigurationError
from evaluation.contract.record import Record
from evaluation.files.json_text import parse_json

MAX_BYTES = 64 * 2**20
"""A result of 1,000 listed problems takes about one MiB."""

AnyRecord = TypeVar("AnyRecord", bound=Record)


def read_bounded(path: Path, *, what: str, limit_bytes: int, advice: str) -> bytes:
    """Return a regular file's bytes; `advice` says what to do where there is none.

    Raises:
        ConfigurationError: no regular file, unreadable, or above the limit.
    """
    try:
        if not path.is_file():
            raise ConfigurationError(
                f"{path}: Expected a {what} file but there is no regular file; {advice}."
            )
        with path.open("rb") as file:
            content = file.read(limit_bytes + 1)
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path}: cannot be read ({error}); check path and permissions.") from error
    if len(content) > limit_bytes:
        raise ConfigurationError(
            f"{path}: Expected at most {limit_bytes} bytes but got more; is it a {what}?"
        )
    return content


def read_record(path: Path, record: type[AnyRecord], *, what: str, advice: str) -> AnyRecord:
    """Read a record from a JSON file.

    Args:
        path: the file.
        record: its type.
        what: how the file is called in messages, e.g. "result".
        advice: what to do about a file that is no such record, e.g. "score it again".

    Raises:
        ConfigurationError: unreadable, no regular file, larger than 64 MiB, not JSON, a key given twice with
            different values, of another format version, or refused by the record (NaN and infinity are).
    """
    content = read_bounded(path, what=what, limit_bytes=MAX_BYTES, advice="check the path")
    try:
        parsed = parse_json(content)
        if parsed.conflicting_keys:
            keys = ", ".join(sorted(parsed.conflicting_keys)[:3])
            raise ConfigurationError(f"{path}: keys given twice with different values ({keys}); {advice}.")
        return record.model_validate(parsed.value)
    except ValidationError as error:
        faults = error.errors()
        if any(one["loc"] == ("format_version",) for one in faults):
            text = "it was written by another version of this project"
            raise ConfigurationError(f"{path}: {text} (`format_version`); {advice}.") from error
        found = [f"{'.'.join(map(str, one['loc'])) or 'file'}: {one['msg']}" for one in faults]
        more = f" and {len(found) - 3} more" if len(found) > 3 else ""
        text = "; ".join(found[:3])
        raise ConfigurationError(f"{path}: not a valid {what} ({text}{more}); {advice}.") from error
    except ValueError as error:
        raise ConfigurationError(f"{path}: not a valid {what} ({error}); {advice}.") from error
