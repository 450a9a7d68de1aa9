"""What a submission has written: measured while it writes, listed once it has ended.

Promises: never follows a link, never opens anything but regular files, looks at no more entries than asked
and never deeper than `MAX_DEPTH` folders (a path to what lies deeper would be slow to look up, and from 4,096
characters on impossible).
"""

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from evaluation.contract.record import Record

MAX_DEPTH = 32
"""Folders inside each other; the challenges ask for four."""
_CHUNK_BYTES = 2**20


@dataclass(frozen=True)
class Volume:
    """How much lies in a folder."""

    n_bytes: int
    """The larger of length and disk space, summed over files."""
    n_entries: int
    """Files, folders and anything else; counting stops just above the limit."""
    n_hidden: int = 0
    """Folders that cannot be looked into: without the rights, or nested too deep."""


class OutputFile(Record):
    """One file of a submission."""

    path: str
    n_bytes: int
    sha256: str | None
    """None for links and other things that hold no bytes of their own."""
    t_s: float
    """Seconds from the start until its last change, by the kernel (a file's own date can be set at will)."""


def measure_folder(folder: Path, *, max_entries: int) -> Volume:
    """Add up a folder that may change meanwhile; stop above `max_entries`."""
    n_bytes = n_entries = 0
    hidden: list[str] = []
    for entry in _scan(folder, hidden=hidden):
        n_entries += 1
        with suppress(OSError):
            status = entry.stat(follow_symlinks=False)
            if not stat.S_ISDIR(status.st_mode):
                n_bytes += max(status.st_size, status.st_blocks * 512)
        if n_entries > max_entries:
            break
    return Volume(n_bytes, n_entries, len(hidden))


def read_times(folder: Path, *, max_entries: int) -> dict[str, float]:
    """Return when each file was last changed, by path; to be asked before `make_tame` changes its rights."""
    times = {}
    for entry, _ in zip(_scan(folder), range(max_entries), strict=False):
        with suppress(OSError):
            times[entry.path] = entry.stat(follow_symlinks=False).st_ctime
    return times


def list_files(
    folder: Path, *, started_s: float, max_entries: int, times: Mapping[str, float] | None = None
) -> tuple[OutputFile, ...]:
    """Return every file below a folder, by name, with its hash; at most `max_entries` are looked at.

    Args:
        folder: nobody writes to it any more.
        started_s: when the submission started.
        max_entries: files and folders.
        times: from `read_times`; None: as they are now.
    """
    found = []
    for number, entry in enumerate(_scan(folder)):
        if number >= max_entries:
            break
        status = entry.stat(follow_symlinks=False)
        if stat.S_ISDIR(status.st_mode):
            continue
        found.append(
            OutputFile(
                path=os.path.relpath(entry.path, folder).encode("utf-8", "replace").decode(),
                n_bytes=status.st_size,
                sha256=_hash(entry.path) if stat.S_ISREG(status.st_mode) else None,
                t_s=round(max(0.0, (times or {}).get(entry.path, status.st_ctime) - started_s), 3),
            )
        )
    return tuple(sorted(found, key=lambda file: file.path))


def hash_outputs(files: tuple[OutputFile, ...]) -> str:
    """Return one hash over names and contents, whenever they were written."""
    lines = [f"{file.path}\0{file.sha256}\n" for file in files]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def make_tame(folder: Path, *, max_entries: int) -> None:
    """Give files and folders plain rights: readable, nothing setuid; links and pipes stay as they are.

    Only for a folder that nobody writes to any more: of a link put in its place the target would be changed.
    """
    # Folders first, outermost first: what cannot be entered cannot be listed.
    _set_mode(folder, 0o755)
    entries = _scan(folder, before_entering=lambda path: _set_mode(Path(path), 0o755))
    for entry, _ in zip(entries, range(max_entries), strict=False):
        if entry.is_file(follow_symlinks=False):
            _set_mode(Path(entry.path), 0o644)


def _set_mode(path: Path, mode: int) -> None:
    with suppress(OSError):
        path.chmod(mode)


def _hash(path: str) -> str:
    digest = hashlib.sha256()
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _scan(
    folder: Path, *, before_entering: Callable[[str], None] = lambda _: None, hidden: list[str] | None = None
) -> Iterator["os.DirEntry[str]"]:
    waiting = [(str(folder), 0)]
    while waiting:
        place, depth = waiting.pop()
        if depth > MAX_DEPTH:
            if hidden is not None:
                hidden.append(place)
            continue
        try:
            with os.scandir(place) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        before_entering(entry.path)
                        waiting.append((entry.path, depth + 1))
                    yield entry
        except OSError as error:
            # Anything else is a folder that has gone meanwhile.
            if error.errno == errno.EACCES and hidden is not None:
                hidden.append(place)
