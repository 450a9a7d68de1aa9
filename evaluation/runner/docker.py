"""docker and podman, through their command lines."""

import json
import shutil
import subprocess
import time
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from evaluation.contract.errors import ConfigurationError, EngineError
from evaluation.runner.docker_arguments import build_create, name_volumes
from evaluation.runner.engine import Ending, Image, ImageMissingError, Job, StartError
from evaluation.runner.image_file import load_image_file
from evaluation.runner.owner import OWNER_LABEL, RUN_LABEL, is_gone
from evaluation.runner.podman_filter import write_filter
from evaluation.runner.submission import CommandSubmission, ImageFileSubmission, ImageSubmission, Submission

_INSTALL = {
    "docker": "install Docker Engine (docs.docker.com/engine/install)",
    "podman": "install podman (podman.io/docs/installation)",
}
_QUICK_S = 60.0
_PULL_S = 3600.0
_NOT_STARTABLE = (126, 127)
_UNKNOWN_SIGNS = ("not found", "manifest unknown", "does not exist", "access denied", "unauthorized")


class ContainerEngine:
    """Runs images; `name` is ``docker`` or ``podman``."""

    is_isolated = True

    def __init__(self, name: Literal["docker", "podman"], program: str | None = None) -> None:
        """Find the program.

        Raises:
            EngineError: it is not installed.
        """
        self.name: str = name
        found = program or shutil.which(name)
        if found is None:
            raise EngineError(f"{name} is not installed: {_INSTALL[name]}, or choose another --engine")
        self._program = found

    def call(self, *words: str, timeout_s: float = _QUICK_S) -> subprocess.CompletedProcess[str]:
        """Run one of the engine's commands; its exit code is the caller's to judge.

        Raises:
            EngineError: it does not answer in time or cannot be run.
        """
        try:
            # The program is the engine; words are options of ours and values that the engine checks.
            return subprocess.run(  # noqa: S603
                [self._program, *words],
                capture_output=True,
                text=True,
                errors="replace",
                stdin=subprocess.DEVNULL,
                timeout=timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise EngineError(f"{self.name} {words[0]} did not answer in {timeout_s:.0f} s") from error
        except OSError as error:
            raise EngineError(f"{self.name} cannot be run: {error.strerror}") from error

    def ask(self, *words: str, timeout_s: float = _QUICK_S) -> str:
        """Run a command that must succeed and return what it prints.

        Raises:
            EngineError: it failed, in its own words.
        """
        done = self.call(*words, timeout_s=timeout_s)
        if done.returncode != 0:
            raise EngineError(f"{self.name} {words[0]} failed: {done.stderr.strip()[-2000:]}")
        return done.stdout.strip()

    def find_version(self) -> str:
        """Return the version of the server, where there is one."""
        where = ".Server.Version" if self.name == "docker" else ".Client.Version"
        return self.ask("version", f"--format={{{{{where}}}}}")

    def count_cores(self) -> int:
        """Return what the engine says it has."""
        return int(self.ask("info", f"--format={{{{.{'NCPU' if self.name == 'docker' else 'Host.CPUs'}}}}}"))

    def resolve(self, submission: Submission) -> Image:
        """Find, pull or load the image; from here on it is called by its id."""
        match submission:
            case CommandSubmission():
                raise ConfigurationError(f"{self.name} runs images; for --command use --engine local")
            case ImageFileSubmission(file):
                return _read_image(self.ask("image", "inspect", load_image_file(self, file)))
            case ImageSubmission(reference):
                return self._find(reference)

    def _find(self, reference: str) -> Image:
        done = self.call("image", "inspect", reference)
        if done.returncode == 0:
            return _read_image(done.stdout)
        pulled = self.call("pull", "--quiet", reference, timeout_s=_PULL_S)
        if pulled.returncode != 0:
            self.find_version()  # an engine that is down is not a missing image
            words = pulled.stderr.strip()[-1000:]
            is_unknown = any(sign in words.lower() for sign in _UNKNOWN_SIGNS)
            message = f"image `{reference}` is not here and cannot be pulled: {words}"
            raise ImageMissingError(message, is_unknown=is_unknown)
        return _read_image(self.ask("image", "inspect", reference))

    def start(self, image: Image, job: Job) -> "RunningContainer":
        """Create the container and start it; what was created is removed when that fails."""
        # The last line: warnings about missing kernel features may come before it.
        command, *words = build_create(image, job, engine=self.name)
        container = self.ask(command, *self._filter_calls(job), *words).splitlines()[-1]
        running = RunningContainer(self, container, tuple(name_volumes(image, job).values()))
        try:
            running.start()
        except BaseException:
            running.remove()
            raise
        return running

    def _filter_calls(self, job: Job) -> list[str]:
        if self.name == "docker":
            return []
        default = self.ask("info", "--format={{.Host.Security.SECCOMPProfilePath}}")
        return write_filter(Path(default), job.scratch_dir)

    def popen(self, *words: str) -> subprocess.Popen[bytes]:
        """Start one of the engine's commands, its output in one pipe, out of reach of Ctrl-C."""
        return subprocess.Popen(  # noqa: S603 # as in `call`
            [self._program, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def remove_image(self, digest: str) -> None:
        """Remove the image and its tags."""
        self.ask("image", "rm", "--force", digest)

    def remove_orphans(self, *, everything: bool) -> list[str]:
        """Remove containers whose harness is gone; with `everything`, every container of any harness."""
        call = ".Label" if self.name == "docker" else "index .Labels"
        form = f'--format={{{{.ID}}}} {{{{{call} "{OWNER_LABEL}"}}}} {{{{{call} "{RUN_LABEL}"}}}}'
        listed = self.ask("ps", "--all", "--no-trunc", f"--filter=label={OWNER_LABEL}", form)
        removed = []
        for line in listed.splitlines():
            # Anybody's image may carry these labels, with any words in them or none.
            container, _, labels = line.partition(" ")
            owner, _, run_id = labels.partition(" ")
            if everything or is_gone(owner):
                self.call("rm", "--force", "--volumes", container)
                removed.append(run_id)
        self._remove_volumes(everything=everything)
        return removed

    def _remove_volumes(self, *, everything: bool) -> None:
        form = f'--format={{{{.Name}}}} {{{{.Label "{OWNER_LABEL}"}}}}'
        if self.name == "docker":
            for line in self.ask("volume", "ls", f"--filter=label={OWNER_LABEL}", form).splitlines():
                name, _, owner = line.partition(" ")
                if everything or is_gone(owner):
                    self.call("volume", "rm", "--force", name)


class RunningContainer:
    """A container that has been started, and the engine's command that is attached to it."""

    probe: Literal["container", "tree"] = "container"
    process: subprocess.Popen[bytes]

    def __init__(self, engine: ContainerEngine, container: str, volumes: tuple[str, ...]) -> None:
        self._engine = engine
        self._container = container
        self._volumes = volumes
        self.pid: int | None = None

    def start(self) -> None:
        """Start it and wait until the engine says so.

        Raises:
            StartError: the program in the image cannot be started.
            EngineError: the engine failed.
        """
        self.process = self._engine.popen("start", "--attach", self._container)
        while True:
            state = self._inspect()
            if state["Status"] not in ("created", "configured", "initialized"):
                break
            if self.process.poll() is not None:
                # One more look: it may have come and gone between the two questions.
                state = self._inspect()
                if state["Status"] in ("created", "configured", "initialized"):
                    self._explain(state)
                break
            time.sleep(0.02)
        if state["ExitCode"] in _NOT_STARTABLE and state.get("Error"):
            self._explain(state)
        self.pid = state["Pid"] or None

    def _explain(self, state: dict[str, Any]) -> None:
        words = state.get("Error") or ""
        if self.process.stdout is not None and not words:
            words = self.process.stdout.read(4096).decode(errors="replace").strip()
        signs = ("executable file not found", "no such file or directory", "permission denied", "exec format")
        if state["ExitCode"] in _NOT_STARTABLE or any(sign in words.lower() for sign in signs):
            raise StartError(words)
        raise EngineError(f"{self._engine.name} start failed: {words}")

    def _inspect(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads(
            self._engine.ask("container", "inspect", "--format={{json .State}}", self._container)
        )
        return state

    def terminate(self) -> None:
        """Send SIGTERM to the first process."""
        self._engine.call("kill", "--signal=TERM", self._container)

    def kill(self) -> None:
        """End every process of the container."""
        self._engine.call("kill", "--signal=KILL", self._container)

    def finish(self) -> Ending:
        """Ask the engine how it ended."""
        try:
            state = self._inspect()
        except EngineError as error:
            now_s = time.time()
            return Ending(exit_code=None, started_s=now_s, finished_s=now_s, engine_error=str(error))
        fault = None
        if state["Status"] in ("running", "paused"):
            fault = f"{self._engine.name} let go of a container that still runs"
        elif state["Status"] == "dead":
            fault = f"the container is dead: {state.get('Error')}"
        exit_code = int(state["ExitCode"])
        return Ending(
            exit_code=exit_code,
            started_s=parse_time(state["StartedAt"]),
            finished_s=time.time() if fault else parse_time(state["FinishedAt"]),
            is_oom=bool(state.get("OOMKilled")),
            is_killed_outside=exit_code in (137, 143) and self._was_told(parse_time(state["StartedAt"])),
            engine_error=fault,
        )

    def _was_told(self, started_s: float) -> bool:
        """Whether anybody told the engine to kill it; what the harness itself told is known to its watch."""
        done = self._engine.call(
            "events",
            *(() if self._engine.name == "docker" else ("--stream=false",)),
            f"--since={started_s - 1:.0f}",
            f"--until={time.time():.3f}",
            f"--filter=container={self._container}",
            "--filter=event=kill",
            "--format={{.Status}}",
        )
        return bool(done.stdout.strip())

    def remove(self) -> None:
        """Remove the container and its volumes, ended or not."""
        self._engine.call("rm", "--force", "--volumes", self._container)
        if self._volumes and self._engine.name == "docker":
            self._engine.call("volume", "rm", "--force", *self._volumes)
        if hasattr(self, "process"):
            self.process.wait(timeout=_QUICK_S)
            if self.process.stdout is not None:
                self.process.stdout.close()


def _read_image(inspected: str) -> Image:
    described = json.loads(inspected)[0]
    digest = str(described["Id"])
    digest = digest if digest.startswith("sha256:") else f"sha256:{digest}"
    config = described.get("Config") or {}
    return Image(
        reference=digest,
        digest=digest,
        repo_digests=tuple(described.get("RepoDigests") or ()),
        volumes=tuple(config.get("Volumes") or ()),
    )


def parse_time(text: str) -> float:
    """Return seconds since 1970 from the engine's time, which has nanoseconds.

    >>> parse_time("2026-01-01T00:00:00.123456789Z")
    1767225600.123456
    """
    return datetime.fromisoformat(text).timestamp()
