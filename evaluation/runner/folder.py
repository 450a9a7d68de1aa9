"""A run's folder: a whole result or none, whenever the harness is killed.

``run.json`` is the mark of a whole result: it is taken away first and put down last, by a rename. What is
being made lies in ``.attempt-*`` beside it; the lock is the kernel's, so it goes with its process, and an
attempt that is found under a fresh lock belongs to nobody.
"""

import fcntl
import os
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import ValidationError

from evaluation.contract.errors import ConfigurationError, DeviceError
from evaluation.files.atomic import write_atomically
from evaluation.files.json_text import dump_json, parse_json
from evaluation.runner.content import hash_file
from evaluation.runner.record import RunFile, seal

PREDICTIONS = "predictions"
RUN_FILE = "run.json"
LOG_FILE = "log.txt"
MEMORY_FILE = "memory.csv"
MEMORY_PLOT = "memory.svg"
RESULT_FILE = "result.json"
CASES_FILE = "cases.csv"
_ATTEMPT = ".attempt-"
_LOCK = ".lock"
# What an older run may have left, the mark of a whole result first.
_OURS = (RUN_FILE, RESULT_FILE, CASES_FILE, LOG_FILE, MEMORY_FILE, MEMORY_PLOT, PREDICTIONS)


class FolderInUseError(ConfigurationError):
    """Another harness is at work in the folder."""


class RunFolder:
    """One run's folder, held by one harness at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._lock: int | None = None

    def __enter__(self) -> Self:
        """Make the folder, lock it and sweep out what a killed harness left.

        Raises:
            ConfigurationError: it cannot be written, or another harness is at work in it.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self.folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._unlock()
            raise FolderInUseError(f"{self.folder}: another run is at work in this folder") from error
        except OSError as error:
            self._unlock()
            raise ConfigurationError(f"{self.folder}: cannot be written ({error.strerror})") from error
        for attempt in self.folder.glob(f"{_ATTEMPT}*"):
            remove_tree(attempt)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of the folder."""
        self._unlock()

    def _unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def read(self) -> RunFile | None:
        """Return the run that lies here; None when there is no whole one of this version."""
        try:
            return RunFile.model_validate(parse_json((self.folder / RUN_FILE).read_bytes()).value)
        except (OSError, ValueError):
            return None

    def start_attempt(self) -> Path:
        """Return a new folder that nobody else can enter."""
        return Path(tempfile.mkdtemp(dir=self.folder, prefix=_ATTEMPT))

    def check_space(self, n_bytes: int) -> None:
        """Refuse to start where the disk has no room.

        Raises:
            DeviceError: less is free.
        """
        free = shutil.disk_usage(self.folder).free
        if free < n_bytes:
            need = f"{n_bytes / 2**30:.1f} GiB must be free for output and log but {free / 2**30:.1f} GiB are"
            raise DeviceError(f"{self.folder}: {need}; make room or lower --output-limit")

    def commit(self, attempt: Path, record: RunFile) -> RunFile:
        """Put an attempt in place of whatever lies here; return its record as it was written."""
        for name in _OURS:
            remove_tree(self.folder / name)
        for name in (PREDICTIONS, LOG_FILE, MEMORY_FILE, MEMORY_PLOT):
            with suppress(FileNotFoundError):
                (attempt / name).rename(self.folder / name)
        series = self.folder / MEMORY_FILE
        written = self.write(
            record.model_copy(update={"memory_sha256": hash_file(series) if series.is_file() else None})
        )
        remove_tree(attempt)
        return written

    def rename(self, record: RunFile, name: str) -> RunFile:
        """Give the run that lies here another name; its score, which carries the old one, goes."""
        if record.submission == name:
            return record
        for file in (RESULT_FILE, CASES_FILE):
            remove_tree(self.folder / file)
        seeds = {key: seed for key, seed in record.seeds.items() if key != "bootstrap"}
        return self.write(record.model_copy(update={"submission": name, "scoring": None, "seeds": seeds}))

    def write(self, record: RunFile) -> RunFile:
        """Write ``run.json``, sealed; return it."""
        sealed = seal(record)
        write_atomically(self.folder / RUN_FILE, dump_json(sealed.model_dump(mode="json"), indent=1))
        return sealed


def read_run_file(folder: Path) -> RunFile:
    """Read the record of a whole run.

    Raises:
        ConfigurationError: there is none, or it is not one of this version.
    """
    file = folder / RUN_FILE
    try:
        return RunFile.model_validate(parse_json(file.read_bytes()).value)
    except OSError as error:
        text = f"{file}: cannot be read ({error.strerror}); name the folder that `run --out` wrote"
        raise ConfigurationError(text) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "record"
        raise ConfigurationError(f"{file}: {where}: {first['msg']}") from error
    except ValueError as error:
        raise ConfigurationError(f"{file}: {error}") from error


def remove_tree(place: Path) -> None:
    """Remove a file or folder, whatever rights a submission gave its parts; what is not there is no matter.

    Raises:
        DeviceError: something cannot be removed.
    """
    try:
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
        else:
            place.unlink(missing_ok=True)
    except (OSError, RecursionError):
        # Folders without rights, or nested deeper than Python goes; neither program follows links on its way.
        for words in (["chmod", "-R", "u+rwx"], ["rm", "-rf"]):
            done = subprocess.run([*words, "--", str(place)], capture_output=True, check=False)  # noqa: S603
        if done.returncode != 0:
            raise DeviceError(
                f"{place}: cannot be removed: {done.stderr.decode(errors='replace')[:500]}"
            ) from None
