"""Several jobs' outputs, each a ZIP file from a submission, made into one folder of predictions.

Promises: nothing is written outside the folder; never more than the limits is unpacked; what cannot be merged
is an error that names the job.
"""

import zipfile
import zlib
from pathlib import Path

from evaluation.contract.errors import SubmissionError
from evaluation.files.json_text import dump_json, parse_json
from evaluation.files.untrusted import is_safe_relative

MAX_BYTES = 8 * 2**30
"""Unpacked, over all jobs."""
MAX_FILE_BYTES = 256 * 2**20
"""Of one file: each is held in memory."""
MAX_FILES = 500_000
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    UnicodeDecodeError,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OSError,
)
"""What `zipfile` raises on archives that are damaged, encrypted or packed by a method that it lacks."""


class PredictionFolder:
    """A folder that jobs' outputs are added to."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._n_bytes = 0
        self._n_files = 0

    def add_zip(self, file: Path, *, job: str) -> None:
        """Unpack one job's ZIP file: masks side by side, JSON lists and objects joined.

        Raises:
            SubmissionError: no ZIP file, a path that leaves the folder, more than the limits, a file that two
                jobs wrote and that cannot be joined.
        """
        try:
            with zipfile.ZipFile(file) as archive:
                for entry in archive.infolist():
                    if not entry.is_dir():
                        self._add(entry.filename, self._read(archive, entry, job), job)
        except _UNREADABLE as error:
            raise SubmissionError(f"job {job}: `{file.name}` cannot be unpacked ({error})") from error

    def _read(self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, job: str) -> bytes:
        self._n_files += 1
        left = min(MAX_BYTES - self._n_bytes, MAX_FILE_BYTES)
        if self._n_files > MAX_FILES or entry.file_size > left:
            limits = f"{MAX_FILES:,} files, {MAX_FILE_BYTES:,} bytes a file or {MAX_BYTES:,} in all"
            raise SubmissionError(f"job {job}: `{entry.filename}` makes it more than {limits}")
        # Asked for so many bytes, inflation stops there; other methods unpack all that they hold.
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise SubmissionError(f"job {job}: `{entry.filename}` must be stored or deflated in its ZIP file")
        with archive.open(entry) as stream:
            content = stream.read(entry.file_size + 1)
        self._n_bytes += len(content)
        return content

    def _add(self, name: str, content: bytes, job: str) -> None:
        if not is_safe_relative(name):
            raise SubmissionError(f"job {job}: `{name}` leaves the folder of predictions")
        place = self._folder / name
        if place.is_file():
            content = _join(place.read_bytes(), content, name, job)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)


def _join(first: bytes, second: bytes, name: str, job: str) -> bytes:
    if name.endswith(".json"):
        try:
            own, other = parse_json(first).value, parse_json(second).value
        except ValueError as error:
            raise SubmissionError(
                f"job {job}: `{name}` cannot be joined with another job's: {error}"
            ) from error
        if isinstance(own, list) and isinstance(other, list):
            return dump_json([*own, *other])
        if isinstance(own, dict) and isinstance(other, dict) and not own.keys() & other.keys():
            return dump_json({**own, **other})
    raise SubmissionError(f"job {job}: `{name}` was also written by another job; each answers its own images")
