"""Which engine runs a submission."""

from enum import StrEnum
from typing import Literal

from evaluation.contract.errors import ConfigurationError, EngineError
from evaluation.runner.apptainer import ApptainerEngine
from evaluation.runner.docker import ContainerEngine
from evaluation.runner.engine import Engine
from evaluation.runner.limits import Limits
from evaluation.runner.local import LocalEngine
from evaluation.runner.submission import CommandSubmission, ImageFileSubmission, Submission


class EngineName(StrEnum):
    """The engines."""

    DOCKER = "docker"
    PODMAN = "podman"
    APPTAINER = "apptainer"
    LOCAL = "local"


def open_engine(name: EngineName) -> Engine:
    """Return an engine by name.

    Raises:
        EngineError: it is not installed.
    """
    match name:
        case EngineName.DOCKER:
            return ContainerEngine("docker")
        case EngineName.PODMAN:
            return ContainerEngine("podman")
        case EngineName.APPTAINER:
            return ApptainerEngine()
        case EngineName.LOCAL:
            return LocalEngine()


def choose_engine(name: EngineName | None, submission: Submission) -> Engine:
    """Return the engine that was asked for, or the one that fits: local for a command, docker for an image.

    Raises:
        ConfigurationError: the engine cannot run such a submission.
        EngineError: it is not installed.
    """
    is_command = isinstance(submission, CommandSubmission)
    if name is not None and is_command != (name is EngineName.LOCAL):
        kind = "a command" if is_command else "an image"
        raise ConfigurationError(
            f"--engine {name.value} cannot run {kind}; leave --engine out to have one chosen"
        )
    if name is not None:
        return open_engine(name)
    if is_command:
        return LocalEngine()
    if isinstance(submission, ImageFileSubmission) and submission.file.suffix == ".sif":
        return ApptainerEngine()
    names: tuple[Literal["docker", "podman"], ...] = ("docker", "podman")
    for candidate in names:
        try:
            return ContainerEngine(candidate)
        except EngineError:
            continue
    raise EngineError(
        "no container engine is installed: install Docker Engine (docs.docker.com/engine/install) or podman "
        "(podman.io/docs/installation), or run a plain command with --command"
    )


def choose_cpus(asked: float | None, engine: Engine) -> float:
    """Return the cores that a submission gets: what is asked, else the default or all of fewer.

    Raises:
        ConfigurationError: more are asked for than the engine has.
        EngineError: the engine does not answer.
    """
    n_cores = engine.count_cores()
    if asked is not None and asked > n_cores:
        raise ConfigurationError(f"--cpus {asked:g}: {engine.name} has {n_cores} core(s) to give")
    return asked or min(Limits().cpus, n_cores)


def open_installed() -> list[Engine]:
    """Return every engine that is installed, the local one included."""
    found: list[Engine] = []
    for name in EngineName:
        try:
            found.append(open_engine(name))
        except EngineError:
            continue
    return found
