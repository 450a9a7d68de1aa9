"""What ``submissions.yaml`` asks for."""

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from evaluation.challenge import Protocol
from evaluation.contract.errors import ConfigurationError
from evaluation.contract.record import Record
from evaluation.files.yaml_text import parse_yaml
from evaluation.runner.draft import RunOptions
from evaluation.runner.engines import EngineName
from evaluation.runner.limits import Profile, make_limits, parse_size
from evaluation.runner.submission import Submission, choose_submission

QUEUE_FILE = "queue.json"
BOARD = "board"
"""Where the command that the queue prints puts the ranking."""
_MOST_BYTES = 10_000_000
_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"
_SIZES = {
    "memory": "memory_bytes",
    "shm": "shm_bytes",
    "tmp": "tmp_bytes",
    "output_limit": "output_bytes",
}
_NUMBERS = {
    "cpus": "cpus",
    "pids": "pids",
    "time_limit": "time_limit_s",
    "output_files": "output_files",
}


class EntryOptions(Record):
    """How to run a submission; what is not given is `run`'s default."""

    memory: str | None = None
    shm: str | None = None
    tmp: str | None = None
    output_limit: str | None = None
    cpus: float | None = Field(default=None, gt=0)
    pids: int | None = None
    time_limit: float | None = None
    output_files: int | None = None
    gpus: str | None = None
    profile: Profile = Profile.SAFE
    engine: EngineName | None = None
    repeat: int = Field(default=1, ge=1)
    warmup: bool = False
    per_case: bool = False

    def make_run_options(self) -> RunOptions:
        """Return them as the runner takes them."""
        sizes = {field: getattr(self, name) for name, field in _SIZES.items()}
        numbers = {field: getattr(self, name) for name, field in _NUMBERS.items()}
        given: dict[str, Any] = {field: parse_size(text) for field, text in sizes.items() if text}
        given |= {field: number for field, number in numbers.items() if number is not None}
        return RunOptions(
            limits=make_limits(**given),
            profile=self.profile,
            gpus=self.gpus,
            n_repeats=self.repeat,
            has_warmup=self.warmup,
        )


class Entry(EntryOptions):
    """One submission."""

    name: str = Field(pattern=f"^{_NAME}$")
    """Also its folder's."""
    image: str | None = None
    image_tar: Path | None = None
    command: str | None = None

    def make_submission(self) -> Submission:
        """Return what is to be run.

        Raises:
            ConfigurationError: none or several of the three are given, or the file does not exist.
        """
        return choose_submission(self.image, self.image_tar, self.command)


class QueuePlan(Record):
    """A whole queue."""

    protocol: Protocol
    input: Path
    manifest: Path | None = None
    reference: Path | None = None
    """Without one nothing is scored."""
    images: Path | None = None
    """uusic25: the tree that holds the reference masks."""
    mode: Literal["strict", "official"] = "strict"
    bootstrap: int = Field(default=1000, ge=0)
    seed: int = Field(default=0, ge=0)
    submissions: tuple[Entry, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        # Folders on some disks do not tell upper from lower case.
        names = [entry.name.lower() for entry in self.submissions]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"names are used twice: {', '.join(twice)}")
        taken = sorted({QUEUE_FILE, BOARD} & set(names))
        if taken:
            raise ValueError(f"names that the queue's own files have: {', '.join(taken)}")
        return self


def read_plan(file: Path) -> QueuePlan:
    """Read a queue; paths in it are relative to the file's folder.

    Raises:
        ConfigurationError: every problem of the file at once.
    """
    try:
        with file.open("rb") as stream:
            content = parse_yaml(stream.read(_MOST_BYTES))
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise ConfigurationError(f"{file}: {error}") from error
    if not isinstance(content, dict):
        raise ConfigurationError(f"{file}: Expected a mapping with `protocol`, `input` and `submissions`")
    try:
        plan = QueuePlan.model_validate(_with_defaults(content))
    except ValidationError as error:
        # Where a submission does not fit, pydantic counts one less and may call the list too short.
        has_fault = any(e["loc"][:1] == ("submissions",) and len(e["loc"]) > 1 for e in error.errors())
        found = [e for e in error.errors() if not (has_fault and e["type"] == "too_short")]
        lines = [f"  {'.'.join(map(str, e['loc'])) or 'queue'}: {e['msg']}" for e in found]
        raise ConfigurationError("\n".join([f"{file}: {len(lines)} problem(s)", *lines])) from error
    plan = _at_home(plan, file.resolve().parent)
    problems = list(_find_problems(plan))
    if problems:
        raise ConfigurationError("\n  ".join([f"{file}: {len(problems)} problem(s)", *problems]))
    return plan


def _with_defaults(content: dict[str, Any]) -> dict[str, Any]:
    content = dict(content)
    defaults, entries = content.pop("defaults", None) or {}, content.get("submissions")
    if isinstance(defaults, dict) and isinstance(entries, list):
        content["submissions"] = [defaults | e if isinstance(e, dict) else e for e in entries]
    return content


def _at_home(plan: QueuePlan, folder: Path) -> QueuePlan:
    def place(path: Path | None) -> Path | None:
        return None if path is None else folder / path

    entries = [e.model_copy(update={"image_tar": place(e.image_tar)}) for e in plan.submissions]
    names = ("input", "manifest", "reference", "images")
    paths = {name: place(getattr(plan, name)) for name in names}
    return plan.model_copy(update={**paths, "submissions": tuple(entries)})


def _find_problems(plan: QueuePlan) -> list[str]:
    problems = []
    for entry in plan.submissions:
        try:
            entry.make_submission()
            entry.make_run_options()
        except ConfigurationError as error:
            problems.append(f"{entry.name}: {error}")
    return problems
