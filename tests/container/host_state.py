"""What of the host a submission must not change: its files, processes, mounts, containers and free memory."""

import hashlib
import os
import re
import stat
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from evaluation.runner.owner import OWNER_LABEL, describe_owner
from tests.container.engines import call

SLACK_BYTES = 200 * 2**20
_SETTLE_S = 10.0
_CONTAINER_ID = re.compile(r"(?:docker/|libpod-)([0-9a-f]{64})")
_ANONYMOUS = re.compile(r"^Pss_Anon: +(\d+) kB", re.MULTILINE)


@dataclass(frozen=True)
class HostState:
    """One moment."""

    things: dict[str, str]
    """Files of the watched folder with content, rights, owner, links and date, and the host's top folders
    with rights and date; containers of this harness; processes of submissions; mounts of the folder."""
    free_bytes: int
    """Memory that is free, or held by programs as their own: others on this host may come and go."""


def read_state(engine: str, folder: Path) -> HostState:
    """Look at the host.

    Args:
        engine: whose containers count.
        folder: the watched one; images carry its path in their environment.
    """
    label = f"--filter=label={OWNER_LABEL}={describe_owner()}"
    containers = call(engine, "ps", "--all", "--quiet", label).stdout.split()
    mounts = [line for line in _read(Path("/proc/self/mountinfo")).splitlines() if str(folder.parent) in line]
    things = _read_files(folder) | {
        **{f"/{name}": _describe(Path("/", name)) for name in ("", "etc", "usr", "bin", "root", "var")},
        **dict.fromkeys((f"container {name}" for name in containers), "there"),
        **dict.fromkeys((f"mount {line}" for line in mounts), "there"),
        **dict.fromkeys(_find_processes(engine, folder), "there"),
    }
    return HostState(things, psutil.virtual_memory().available + _count_anonymous())


def find_changes(before: HostState, engine: str, folder: Path, *, settle_s: float = _SETTLE_S) -> list[str]:
    """Return what still differs from `before` after a while: ends of processes take a moment."""
    until = time.monotonic() + settle_s
    while True:
        changes = _compare(before, read_state(engine, folder))
        if not changes or time.monotonic() > until:
            return changes
        time.sleep(0.2)


def _compare(before: HostState, after: HostState) -> list[str]:
    names = sorted(before.things.keys() | after.things.keys())
    pairs = [(name, before.things.get(name), after.things.get(name)) for name in names]
    changes = [f"{name}: {old} became {new}" for name, old, new in pairs if old != new]
    lost = before.free_bytes - after.free_bytes
    return [*changes, *([f"{lost / 2**20:.0f} MiB of memory are lost"] if lost > SLACK_BYTES else [])]


def _read_files(folder: Path) -> dict[str, str]:
    places = [Path(place, name) for place, folders, names in os.walk(folder) for name in (*folders, *names)]
    return {str(path): _describe(path) for path in (folder, *places)}


def _describe(path: Path) -> str:
    status = path.lstat()
    content = path.read_bytes() if stat.S_ISREG(status.st_mode) else b""
    target = path.readlink() if stat.S_ISLNK(status.st_mode) else ""
    owner = f"{status.st_uid}:{status.st_gid}"
    digest = hashlib.sha256(content).hexdigest()[:16]
    return f"{status.st_mode:o} {owner} {status.st_nlink} {status.st_mtime_ns} {digest} {target}"


def _find_processes(engine: str, folder: Path) -> set[str]:
    """Return processes of submissions of the folder, and of containers that the engine does not know."""
    # Processes first: a container that starts meanwhile belongs to somebody else.
    groups = {path.parent: _read(path) for path in Path("/proc").glob("[0-9]*/cgroup")}
    known = set(call(engine, "ps", "--all", "--quiet", "--no-trunc").stdout.split())
    kind = "libpod-" if engine == "podman" else "docker/"
    found = set()
    for process, text in groups.items():
        container = _CONTAINER_ID.search(text)
        is_orphan = container is not None and container[0].startswith(kind) and container[1] not in known
        if is_orphan or str(folder) in _read(process / "environ"):
            found.add(f"process {process.name} {_read(process / 'cmdline')}")
    return found


def _count_anonymous() -> int:
    found = (_ANONYMOUS.search(_read(path)) for path in Path("/proc").glob("[0-9]*/smaps_rollup"))
    return sum(1024 * int(match[1]) for match in found if match)


def _read(file: Path) -> str:
    with suppress(OSError):
        return file.read_text(errors="replace")
    return ""
