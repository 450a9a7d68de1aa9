"""The one command line that docker and podman are given, from the profile and the limits.

Promises: no profile has a network; input and manifest are read-only; references are never mounted; nothing
but the output folder outlives the container.

Source: docs.docker.com/reference/cli/docker/container/create; docs.podman.io podman-create(1).
"""

import csv
import io
import os
import resource
from pathlib import Path

from evaluation.runner.engine import Image, Job
from evaluation.runner.limits import Profile
from evaluation.runner.owner import MARK, OWNER_LABEL, RUN_LABEL

HOME = "/myhome"
UNPRIVILEGED = 10001
"""The user of a submission when the harness is root; else it is the harness's own."""
SCRATCH = ("/tmp", "/run", HOME)  # noqa: S108 # folders of the container
_PODMAN_INIT = (Path("/usr/libexec/podman/catatonit"), Path("/usr/bin/catatonit"))
ROOT_CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER")
"""What root needs to read and write files of others, and no more."""


def find_user(profile: Profile) -> tuple[int, int]:
    """Return user and group that a submission runs as."""
    if profile is Profile.OFFICIAL:
        return 0, 0
    return (os.getuid(), os.getgid()) if os.getuid() else (UNPRIVILEGED, UNPRIVILEGED)


def build_create(image: Image, job: Job, *, engine: str) -> list[str]:
    """Return the words after ``docker`` or ``podman``: ``create …``.

    Args:
        image: with its volumes, which stay as they are in the image.
        job: what to mount, limits, profile, GPUs.
        engine: ``docker`` or ``podman``: they name GPUs differently.
    """
    limits = job.limits
    return [
        "create",
        f"--label={OWNER_LABEL}={job.owner}",
        f"--label={RUN_LABEL}={job.run_id}",
        "--network=none",
        "--hostname=submission",
        "--ipc=private",
        "--no-healthcheck",
        "--pull=never",
        "--log-driver=none",
        "--cap-drop=ALL",
        "--security-opt=no-new-privileges",
        f"--memory={limits.memory_bytes}",
        f"--memory-swap={limits.memory_bytes}",
        f"--pids-limit={limits.pids}",
        f"--cpus={limits.cpus:g}",
        *_cores(job, engine),
        f"--shm-size={limits.shm_bytes}",
        f"--ulimit=fsize={limits.output_bytes}",
        "--ulimit=core=0",
        "--ulimit=nofile=4096",
        *_process(engine),
        *_profile(job, engine),
        *_mounts(image, job, engine),
        *_gpus(job.gpus, engine),
        image.reference,
    ]


def _cores(job: Job, engine: str) -> list[str]:
    # Podman without root is seldom given control of the cores.
    if job.cores is None or len(job.cores) < job.limits.cpus or (engine == "podman" and os.getuid()):
        return []
    return [f"--cpuset-cpus={','.join(map(str, job.cores))}"]


def _process(engine: str) -> list[str]:
    if engine == "docker":
        return ["--init"]
    # Podman would mount more for an image that runs systemd, asks for more processes a user than a harness in
    # a container of its own may give, and needs a package for --init; without it the program is process 1.
    has_init = any(place.exists() for place in _PODMAN_INIT)
    _, most = resource.getrlimit(resource.RLIMIT_NPROC)
    n_processes = 32768 if most == resource.RLIM_INFINITY else min(32768, most)
    words = ["--systemd=false", f"--ulimit=nproc={n_processes}:{n_processes}"]
    return [*words, "--init"] if has_init else words


def _profile(job: Job, engine: str) -> list[str]:
    user, group = find_user(job.profile)
    if job.profile is Profile.OFFICIAL:
        return [f"--user={user}:{group}", *(f"--cap-add={name}" for name in ROOT_CAPABILITIES)]
    # Executable: numba, triton and torch compile into temporary folders.
    options = f"rw,exec,nosuid,nodev,size={job.limits.tmp_bytes},mode=1777"
    # Where the image has such a folder its mode is kept, so the user must own it. Podman would also copy
    # what the image holds there.
    options += f",uid={user},gid={group}" if engine == "docker" else ",notmpcopyup,U"
    tmpfs = [f"--tmpfs={place}:{options}" for place in SCRATCH]
    return ["--read-only", f"--user={user}:{group}", f"--env=HOME={HOME}", *tmpfs]


def name_volumes(image: Image, job: Job) -> dict[str, str]:
    """Return a name for each volume of the image that is not one of our mounts, by its place.

    A volume is a writable folder on the host's disk that no limit holds for, so it is mounted read-only.
    Docker does that for named volumes alone; they are removed with the container.
    """
    if job.profile is Profile.OFFICIAL:
        return {}
    ours = ("/input", "/input_json", "/output", *SCRATCH)
    places = [place for place in image.volumes if place.rstrip("/") not in ours]
    return {place: f"{MARK}-{job.run_id}-{number}" for number, place in enumerate(places)}


def _mounts(image: Image, job: Job, engine: str) -> list[str]:
    mounts = [_bind(job.input_dir, "/input", "readonly")]
    if job.input_json is not None:
        mounts.append(_bind(job.input_json, "/input_json", "readonly"))
    mounts.append(_bind(job.output_dir, "/output"))
    if engine == "podman":
        # What lies in the image stays where it is, below a read-only root.
        return [*mounts, *(["--image-volume=ignore"] if job.profile is Profile.SAFE else [])]
    label = f"volume-label={OWNER_LABEL}={job.owner}"
    for place, name in name_volumes(image, job).items():
        mounts.append(_fields("type=volume", f"src={name}", f"dst={place}", "readonly", label))
    return mounts


def _bind(source: Path, place: str, *options: str) -> str:
    return _fields("type=bind", f"src={source}", f"dst={place}", *options)


def _fields(*fields: str) -> str:
    # Read as one line of CSV, so a comma in a path needs quotes.
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(fields)
    return f"--mount={text.getvalue()}"


def _gpus(gpus: str, engine: str) -> list[str]:
    if gpus == "none":
        return []
    if engine == "podman":
        return [f"--device=nvidia.com/gpu={name.strip()}" for name in gpus.split(",")]
    return ["--gpus=all" if gpus == "all" else f'--gpus="device={gpus}"']
