"""Apptainer, through its command line: an image is a file, and a run is a process of ours.

The kernel counts an apptainer run as the harness's own processes, so limits are held by apptainer's options
where the host lets it (rootless control groups), and by the watch in any case.

Source: apptainer.org/docs/user/latest/cli/apptainer_run.html.
"""

import shutil
import subprocess
from pathlib import Path

from evaluation.contract.errors import ConfigurationError, EngineError
from evaluation.cores import usable_cores
from evaluation.runner.content import hash_file
from evaluation.runner.docker_arguments import HOME
from evaluation.runner.engine import Image, ImageMissingError, Job
from evaluation.runner.limits import Profile
from evaluation.runner.local import RunningCommand, end_marked, start_supervised
from evaluation.runner.owner import is_gone
from evaluation.runner.submission import CommandSubmission, ImageFileSubmission, Submission

_INSTALL = "install it (apptainer.org/docs/admin/main/installation.html) or choose another --engine"


class ApptainerEngine:
    """Runs ``.sif`` files, and Docker archives that it reads itself."""

    name = "apptainer"
    is_isolated = True

    def __init__(self, program: str | None = None) -> None:
        """Find the program.

        Raises:
            EngineError: it is not installed.
        """
        found = program or shutil.which("apptainer") or shutil.which("singularity")
        if found is None:
            raise EngineError(f"apptainer is not installed: {_INSTALL}")
        self._program = found

    def find_version(self) -> str:
        """Return what ``apptainer --version`` says last."""
        try:
            done = subprocess.run(  # noqa: S603 # the engine
                [self._program, "--version"], capture_output=True, text=True, timeout=60, check=True
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise EngineError(f"apptainer does not answer: {error}") from error
        return done.stdout.split()[-1]

    def count_cores(self) -> int:
        """Return the cores that this process may use."""
        return usable_cores()

    def resolve(self, submission: Submission) -> Image:
        """Tell an image file by its content."""
        match submission:
            case ImageFileSubmission(file) if file.suffix == ".sif":
                return Image(reference=str(file), digest=f"sha256:{hash_file(file)}")
            case ImageFileSubmission(file):
                return Image(reference=f"docker-archive:{file}", digest=f"sha256:{hash_file(file)}")
            case CommandSubmission():
                raise ConfigurationError("apptainer runs images; for --command use --engine local")
            case _:
                file = Path(submission.reference)
                if file.suffix == ".sif" and file.is_file():
                    return Image(reference=str(file.resolve()), digest=f"sha256:{hash_file(file)}")
                message = f"apptainer runs files: `apptainer pull image.sif docker://{submission.reference}`"
                raise ImageMissingError(f"{message}, then --image-tar image.sif", is_unknown=True)

    def start(self, image: Image, job: Job) -> RunningCommand:
        """Start the image below a supervisor."""
        return start_supervised(build_run(self._program, image, job), job)

    def remove_image(self, digest: str) -> None:
        """Do nothing: the file is the user's."""

    def remove_orphans(self, *, everything: bool) -> list[str]:
        """End processes that carry the mark of a harness that is gone."""
        return end_marked(lambda owner, _: everything or bool(is_gone(owner)))


def build_run(program: str, image: Image, job: Job) -> list[str]:
    """Return the whole command line.

    Raises:
        ConfigurationError: a path holds a comma or a colon, which apptainer cannot be given.
    """
    limits = job.limits
    official = job.profile is Profile.OFFICIAL
    binds = [(job.input_dir, "/input", ":ro"), (job.output_dir, "/output", "")]
    if job.input_json is not None:
        binds.append((job.input_json, "/input_json", ":ro"))
    for source, _, _ in binds:
        if set(",:") & set(str(source)):
            raise ConfigurationError(f"{source}: apptainer cannot mount a path with a comma or a colon")
    return [
        program,
        "run",
        # A home, a temporary folder and a process space of its own; nothing of the caller's environment.
        "--containall",
        "--cleanenv",
        "--no-mount=hostfs,cwd,bind-paths",
        "--net",
        "--network=none",
        "--no-privs",
        "--security=no-new-privs",
        *(["--fakeroot", "--writable-tmpfs"] if official else [f"--home={job.scratch_dir}:{HOME}"]),
        f"--workdir={job.scratch_dir}",
        *(f"--bind={source}:{place}{mode}" for source, place, mode in binds),
        f"--memory={limits.memory_bytes}",
        f"--memory-swap={limits.memory_bytes}",
        f"--pids-limit={limits.pids}",
        f"--cpus={limits.cpus:g}",
        *([] if job.gpus == "none" else ["--nv"]),
        image.reference,
    ]
