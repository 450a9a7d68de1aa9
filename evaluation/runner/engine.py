"""What every engine offers: find an image, start it locked in, end it, leave nothing behind."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from evaluation.contract.errors import BenchError
from evaluation.runner.limits import Limits, Profile
from evaluation.runner.submission import Submission


class ImageMissingError(BenchError):
    """The image cannot be had; `is_unknown` tells a name that nobody knows from a registry that is down."""

    def __init__(self, message: str, *, is_unknown: bool) -> None:
        super().__init__(message)
        self.is_unknown = is_unknown


class StartError(BenchError):
    """The image was found but its program cannot be started (not there, not executable)."""


@dataclass(frozen=True)
class Image:
    """What will run, by content."""

    reference: str
    """What the engine is told to run."""
    digest: str
    """``sha256:…`` of the image's configuration, of the file, or of a command's words and files."""
    repo_digests: tuple[str, ...] = ()
    """What registries call it."""
    volumes: tuple[str, ...] = ()
    """Folders that the image wants as volumes."""
    entry: tuple[str, ...] = ()
    """For a command: its words, braces not yet replaced."""


@dataclass(frozen=True)
class Job:
    """One start of a submission."""

    run_id: str
    """Unique; marks every container and process of this start."""
    owner: str
    """The harness process, as `evaluation.runner.owner` writes it."""
    input_dir: Path
    input_json: Path | None
    output_dir: Path
    scratch_dir: Path
    """For engines without tmpfs: HOME and TMPDIR."""
    limits: Limits
    profile: Profile
    gpus: str
    """``all``, ``none``, or indices or UUIDs separated by commas."""
    cores: tuple[int, ...] | None = None
    """The cores of this host that it has to itself; None for any."""


@dataclass(frozen=True)
class Ending:
    """How a start ended, from the engine's own record."""

    exit_code: int | None
    """128 + n after signal n; None when nobody knows."""
    started_s: float
    """Wall clock, seconds since 1970."""
    finished_s: float
    is_oom: bool = False
    """The engine says that the kernel killed for memory."""
    is_killed_outside: bool = False
    """Somebody else told the engine, or the kernel, to end it."""
    engine_error: str | None = None
    cpu_s: float | None = None
    """CPU seconds of all its processes, where the engine knows."""
    n_left_processes: int = 0
    """Background processes that had to be ended after the main one."""


class Running(Protocol):
    """A submission that has been started."""

    process: subprocess.Popen[bytes]
    """Ends when the submission ends; its standard output is the submission's log."""
    pid: int | None
    """The submission's first process as the host numbers it; None when it has ended already."""
    probe: Literal["container", "tree"]
    """How its memory is found."""

    def terminate(self) -> None:
        """Ask it to end."""

    def kill(self) -> None:
        """End it, and whatever it started."""

    def finish(self) -> Ending:
        """Return how it ended; called after `process` has."""

    def remove(self) -> None:
        """Leave nothing of it behind, ended or not."""


class Engine(Protocol):
    """Something that runs submissions."""

    name: str
    is_isolated: bool

    def find_version(self) -> str:
        """Return the engine's version.

        Raises:
            EngineError: it is not installed or does not answer.
        """

    def count_cores(self) -> int:
        """Return how many cores the engine may give away: a daemon may be held to fewer than the machine has.

        Raises:
            EngineError: it does not answer.
        """

    def resolve(self, submission: Submission) -> Image:
        """Pull or load the image where needed, and tell it by content.

        Raises:
            ImageMissingError: it cannot be had.
            EngineError: the engine failed.
            ConfigurationError: this engine cannot run such a submission.
        """

    def start(self, image: Image, job: Job) -> Running:
        """Start it.

        Raises:
            StartError: its program cannot be started.
            EngineError: the engine failed.
        """

    def remove_image(self, digest: str) -> None:
        """Forget an image."""

    def remove_orphans(self, *, everything: bool) -> list[str]:
        """Remove what harnesses that are gone have left; with `everything`, of living ones too."""
