"""Bytes from a submission's folder: regular files inside it, of bounded size, and nothing else.

Promises: never follows a link, never opens a pipe or device, never reads outside the folder, never reads more
than the limit; what cannot be used raises `UnusableFileError` with a code and a sentence.
"""

import os
import stat
from pathlib import Path, PurePosixPath

from evaluation.contract.errors import SubmissionError
from evaluation.contract.problem import Code


class UnusableFileError(SubmissionError):
    """One file of a submission that cannot be used; `code` says which kind of problem it is."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code


def is_safe_relative(path: str) -> bool:
    """Whether a ``/``-separated path stays inside the folder it is joined to (no ``..``, not absolute)."""
    parts = PurePosixPath(path).parts
    return bool(parts) and not path.startswith("/") and ".." not in parts and "\0" not in path


def read_untrusted(folder: Path, relative: str, *, limit_bytes: int) -> bytes:
    """Return the content of one file of a submission.

    Args:
        folder: the submission's output folder.
        relative: path inside it, ``/``-separated.
        limit_bytes: largest size that is read.

    Raises:
        UnusableFileError: missing, outside the folder, a link, not a regular file, too large, unreadable.
    """
    if not is_safe_relative(relative):
        raise UnusableFileError(Code.UNSAFE_PATH, f"`{relative}` leaves the output folder")
    root = os.path.realpath(folder)
    path = os.path.normpath(f"{root}/{relative}")
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UnusableFileError(Code.MISSING, f"`{relative}` is missing; write one") from error
    except (OSError, ValueError) as error:
        raise _refused(path, relative, error) from error
    try:
        return _read_regular(descriptor, path, relative, limit_bytes)
    finally:
        os.close(descriptor)


def _refused(path: str, relative: str, error: Exception) -> UnusableFileError:
    # A pathlib call would raise on the very names that bring us here (embedded NUL, lone surrogates).
    if isinstance(error, OSError) and os.path.islink(path):  # noqa: PTH114
        return UnusableFileError(Code.UNSAFE_PATH, f"`{relative}` is a symbolic link; write a regular file")
    reason = error.strerror if isinstance(error, OSError) else "not a valid file name"
    return UnusableFileError(Code.UNREADABLE, f"`{relative}` cannot be opened: {reason}")


def _read_regular(descriptor: int, path: str, relative: str, limit_bytes: int) -> bytes:
    if os.path.realpath(path) != path:
        raise UnusableFileError(Code.UNSAFE_PATH, f"`{relative}` lies behind a symbolic link")
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise UnusableFileError(Code.UNREADABLE, f"`{relative}` is not a regular file")
    if status.st_size > limit_bytes:
        raise UnusableFileError(
            Code.UNREADABLE,
            f"`{relative}` has {status.st_size:,} bytes, expected at most {limit_bytes:,}",
        )
    with os.fdopen(os.dup(descriptor), "rb") as stream:
        # One byte more than allowed shows a file that grew after fstat.
        content = stream.read(limit_bytes + 1)
    if len(content) > limit_bytes:
        raise UnusableFileError(Code.UNREADABLE, f"`{relative}` grew beyond {limit_bytes:,} bytes while read")
    return content
