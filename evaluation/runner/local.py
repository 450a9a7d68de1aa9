"""Commands on this machine: under limits, with all they start ended with them, but not isolated."""

import hashlib
import json
import math
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Literal

from evaluation.contract.errors import ConfigurationError, EngineError
from evaluation.cores import usable_cores
from evaluation.files.json_text import dump_json
from evaluation.runner.content import hash_file, hash_tree
from evaluation.runner.engine import Ending, Image, Job, StartError
from evaluation.runner.owner import RUN_VARIABLE, is_gone
from evaluation.runner.submission import CommandSubmission, Submission

_SUPERVISOR = Path(__file__).with_name("supervise.py")
_PASSED_ON = ("PATH", "LANG", "TZ", "LD_LIBRARY_PATH", "PYTHONPATH", "VIRTUAL_ENV", "SYSTEMROOT")
_PASSED_PREFIXES = ("LC_", "OMP_", "CUDA_", "CONDA_", "OPENBLAS_", "MKL_")
_START_S = 30.0


class LocalEngine:
    """Runs a command as the harness's own user, in this folder."""

    name = "local"
    is_isolated = False

    def find_version(self) -> str:
        """Return the kernel's release: there is no other engine."""
        return os.uname().release

    def count_cores(self) -> int:
        """Return the cores that this process may use."""
        return usable_cores()

    def resolve(self, submission: Submission) -> Image:
        """Tell a command by its words and the content of every file and folder that they name."""
        if not isinstance(submission, CommandSubmission):
            raise ConfigurationError(
                "the local engine runs --command; an image needs docker, podman or apptainer"
            )
        content = [[word, _hash_word(word)] for word in submission.words]
        digest = hashlib.sha256(dump_json(content)).hexdigest()
        return Image(reference=submission.words[0], digest=f"sha256:{digest}", entry=submission.words)

    def start(self, image: Image, job: Job) -> "RunningCommand":
        """Start the command, its words in braces replaced."""
        places = {"input": job.input_dir, "input_json": job.input_json, "output": job.output_dir}
        return start_supervised(CommandSubmission(image.entry).fill(places), job)

    def remove_image(self, digest: str) -> None:
        """Do nothing: a command stays where it is."""

    def remove_orphans(self, *, everything: bool) -> list[str]:
        """End processes that carry the mark of a harness that is gone."""
        return end_marked(lambda owner, _: everything or bool(is_gone(owner)))


def _hash_word(word: str) -> str | None:
    # `--weights=FILE` names a file as well as `FILE` does.
    for text in (word, word.partition("=")[2]):
        place = Path(text) if text else None
        with suppress(OSError):
            if place is not None and place.is_file():
                return hash_file(place)
            if place is not None and place.is_dir() and len(place.resolve().parts) > 2:
                return hash_tree(place).sha256
    return None


def start_supervised(words: list[str], job: Job) -> "RunningCommand":
    """Start a command below a supervisor that ends all it starts.

    Raises:
        StartError: the program is not there or cannot be executed.
        EngineError: the supervisor did not start.
    """
    status_read, status_write = os.pipe()
    order = {
        "words": words,
        "cwd": str(Path.cwd()),
        "status_fd": status_write,
        "cores": _choose_cores(job.limits.cpus),
        "fsize_bytes": job.limits.output_bytes,
    }
    try:
        process = subprocess.Popen(  # noqa: S603 # our own supervisor
            [sys.executable, "-I", "-S", str(_SUPERVISOR), json.dumps(order)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=_make_environment(job),
            pass_fds=(status_write,),
            start_new_session=True,
        )
    except OSError as error:
        os.close(status_read)
        raise EngineError(f"the supervisor cannot be started: {error.strerror}") from error
    finally:
        os.close(status_write)
    return RunningCommand(process, os.fdopen(status_read, encoding="utf-8"), job.run_id)


def _choose_cores(cpus: float) -> list[int]:
    mine = sorted(os.sched_getaffinity(0))
    return mine[: max(1, math.ceil(cpus))]


def _make_environment(job: Job) -> dict[str, str]:
    passed = {
        name: value
        for name, value in os.environ.items()
        if name in _PASSED_ON or name.startswith(_PASSED_PREFIXES)
    }
    if job.gpus != "all":
        passed["CUDA_VISIBLE_DEVICES"] = "" if job.gpus == "none" else job.gpus
    scratch = str(job.scratch_dir)
    marks = {RUN_VARIABLE: f"{job.run_id} {job.owner}"}
    return passed | marks | {"HOME": scratch, "TMPDIR": scratch, "PYTHONDONTWRITEBYTECODE": "1"}


class RunningCommand:
    """A command below its supervisor."""

    probe: Literal["container", "tree"] = "tree"

    def __init__(self, process: subprocess.Popen[bytes], status: IO[str], run_id: str) -> None:
        """Wait until the command has been started.

        Raises:
            EngineError: the supervisor said nothing.
        """
        self.process = process
        self._status = status
        self._run_id = run_id
        self._n_kills = _count_oom_kills()
        ready, _, _ = select.select([status], [], [], _START_S)
        line = status.readline() if ready else ""
        if not line:
            self.remove()
            raise EngineError("the supervisor of a local command did not start")
        first = json.loads(line)
        self._started_s = float(first["started_s"])
        # The whole tree hangs below the supervisor, daemons too.
        self.pid: int | None = process.pid

    def terminate(self) -> None:
        """Send SIGTERM to the command's process group."""
        self._tell(b"t")

    def kill(self) -> None:
        """End the command and everything below it."""
        if self.process.stdin is not None:
            with suppress(OSError):
                self.process.stdin.close()

    def _tell(self, word: bytes) -> None:
        if self.process.stdin is not None:
            with suppress(OSError, ValueError):
                self.process.stdin.write(word)
                self.process.stdin.flush()

    def finish(self) -> Ending:
        """Read the supervisor's report; without one, somebody killed the supervisor."""
        line = self._status.readline()
        if not line:
            now_s = time.time()
            return Ending(None, self._started_s, now_s, is_killed_outside=True)
        report: dict[str, Any] = json.loads(line)
        if report["error"]:
            raise StartError(report["error"])
        code = os.waitstatus_to_exitcode(report["status"])
        is_oom = code == -signal.SIGKILL and _count_oom_kills() > self._n_kills
        return Ending(
            exit_code=code if code >= 0 else 128 - code,
            started_s=self._started_s,
            finished_s=self._started_s + report["runtime_s"],
            is_oom=is_oom,
            is_killed_outside=code in (-signal.SIGKILL, -signal.SIGTERM) and not is_oom,
            cpu_s=report["cpu_s"],
            n_left_processes=report["n_left"],
        )

    def remove(self) -> None:
        """End whatever is left."""
        self.kill()
        try:
            self.process.wait(timeout=_START_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        self._status.close()
        end_marked(lambda _, run_id: run_id == self._run_id)


def _count_oom_kills() -> int:
    """Return how many processes the kernel has killed for memory on this machine."""
    with suppress(OSError):
        for line in Path("/proc/vmstat").read_text(encoding="ascii").splitlines():
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    return 0


def end_marked(is_ours: Callable[[str, str], bool]) -> list[str]:
    """Kill processes that carry the variable of a run, as told by `is_ours(owner, run_id)`."""
    ended: list[str] = []
    prefix = f"{RUN_VARIABLE}=".encode()
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        with suppress(OSError):
            words = (folder / "environ").read_bytes().split(b"\0")
            mark = next((word for word in words if word.startswith(prefix)), b"")
            run_id, _, owner = mark.removeprefix(prefix).decode(errors="replace").partition(" ")
            if mark and is_ours(owner, run_id):
                os.kill(int(folder.name), signal.SIGKILL)
                ended.append(run_id)
    return sorted(set(ended))
