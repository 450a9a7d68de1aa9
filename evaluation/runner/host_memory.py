"""How much of the host's memory a submission holds: its control group, or its tree of processes.

Promises: a reading never raises because a process or a container ended; what cannot be read is None. A
control group's figure leaves out the file cache (pages of files that the kernel drops when memory is short,
so they never end a run, though they are charged); anonymous memory, tmpfs, shared memory and kernel memory
count. A tree's figure is the sum of resident sizes: pages shared by several processes count once a process.

Source: Linux Documentation/admin-guide/cgroup-v1/memory.rst and cgroup-v2.rst; proc(5).
"""

import os
import resource
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

HostBasis = Literal["cgroup_v1", "cgroup_v2", "process_tree", "none"]

_MIB = 2**20
_PAGE_MIB = resource.getpagesize() / _MIB


class HostProbe(Protocol):
    """Something that tells the memory and the processes of one running submission."""

    @property
    def basis(self) -> HostBasis:
        """What the figures are of."""

    def read_mib(self) -> float | None:
        """Return the memory held now in MiB; None once the submission is gone."""

    def read_peak_mib(self) -> float | None:
        """Return the kernel's own high-water mark in MiB, file cache included; None where it keeps none."""

    def find_pids(self) -> frozenset[int]:
        """Return the submission's processes, as the host numbers them; empty once it is gone."""


@dataclass(frozen=True)
class CgroupProbe:
    """A control group of version 1 or 2."""

    folder: Path
    """The group's folder below the mount of the memory controller."""
    basis: Literal["cgroup_v1", "cgroup_v2"]

    def read_mib(self) -> float | None:
        """Return the charged memory without file cache in MiB; None once the group is gone."""
        v1 = self.basis == "cgroup_v1"
        charged = _read_number(self.folder / ("memory.usage_in_bytes" if v1 else "memory.current"))
        if charged is None:
            return None
        prefix = "total_" if v1 else ""
        cache = _read_fields(self.folder / "memory.stat", (f"{prefix}active_file", f"{prefix}inactive_file"))
        # The two files are read one after the other: the cache may have grown in between.
        return max(0, charged - cache) / _MIB

    def read_peak_mib(self) -> float | None:
        """Return the largest charge ever in MiB, file cache included; None before Linux 5.19 on version 2."""
        name = "memory.max_usage_in_bytes" if self.basis == "cgroup_v1" else "memory.peak"
        peak = _read_number(self.folder / name)
        return None if peak is None else peak / _MIB

    def find_pids(self) -> frozenset[int]:
        """Return the group's processes; empty once it is gone."""
        return frozenset(map(int, _read_text(self.folder / "cgroup.procs").split()))


class TreeProbe:
    """A process and its descendants; one that was seen stays in the tree when its parent ends before it."""

    basis: HostBasis = "process_tree"

    def __init__(self, root: int, proc: Path = Path("/proc")) -> None:
        self._proc = proc
        self._seen = {root}

    def read_mib(self) -> float | None:
        """Return the sum of resident sizes in MiB; None once every process is gone."""
        pages = [self._read_resident(pid) for pid in self.find_pids()]
        return sum(pages) * _PAGE_MIB if pages else None

    def read_peak_mib(self) -> float | None:
        """Return None: the kernel keeps no high-water mark of a tree."""
        return None

    def find_pids(self) -> frozenset[int]:
        """Return the processes that are there now; empty once all are gone."""
        alive: set[int] = set()
        waiting = [*self._seen]
        while waiting:
            pid = waiting.pop()
            if pid not in alive and self._read_resident(pid):
                alive.add(pid)
                waiting += self._find_children(pid)
        self._seen = alive
        return frozenset(alive)

    def _read_resident(self, pid: int) -> int:
        # A process that has ended and waits for its parent has no pages.
        numbers = _read_text(self._proc / str(pid) / "statm").split()
        return int(numbers[1]) if len(numbers) > 1 else 0

    def _find_children(self, pid: int) -> list[int]:
        # A child belongs to the thread that forked it.
        tasks = self._proc / str(pid) / "task"
        try:
            threads = os.listdir(tasks)  # noqa: PTH208 # ten times a second: pathlib would double the cost
        except OSError:
            return []
        return [int(child) for thread in threads for child in _read_text(tasks / thread / "children").split()]


def make_host_probe(pid: int, kind: Literal["container", "tree"], *, proc: Path = Path("/proc")) -> HostProbe:
    """Return the probe for a submission whose first process is `pid`.

    A container that shares its control group with this process (an engine without groups of its own), or
    whose group has no memory controller, is measured as a tree: the group would count the harness too.

    Args:
        pid: the container's first process as the host numbers it, or the command's.
        kind: ``container`` for its control group, ``tree`` for a plain command.
        proc: where the process file system is mounted.
    """
    if kind == "container":
        folder = _find_group(proc, str(pid))
        if folder is not None and folder != _find_group(proc, "self") and folder.read_mib() is not None:
            return folder
    return TreeProbe(pid, proc)


def _find_group(proc: Path, pid: str) -> CgroupProbe | None:
    lines = [line.split(":", 2) for line in _read_text(proc / pid / "cgroup").splitlines()]
    groups = {line[1]: line[2] for line in lines if len(line) == 3}
    path_v1 = next((path for names, path in groups.items() if "memory" in names.split(",")), None)
    path = groups.get("") if path_v1 is None else path_v1
    mount = _find_mount(proc, "cgroup2" if path_v1 is None else "cgroup")
    if path is None or mount is None:
        return None
    # Inside a container of its own the harness sees the group tree from a root below the real one.
    relative = os.path.relpath(path, mount.root)
    return CgroupProbe(mount.point / relative, "cgroup_v2" if path_v1 is None else "cgroup_v1")


@dataclass(frozen=True)
class _Mount:
    root: str
    point: Path


def _find_mount(proc: Path, kind: Literal["cgroup", "cgroup2"]) -> _Mount | None:
    for line in _read_text(proc / "self" / "mountinfo").splitlines():
        left, _, right = line.partition(" - ")
        places, fields = left.split(), right.split()
        if len(places) < 5 or len(fields) < 3 or fields[0] != kind:
            continue
        if kind == "cgroup2" or "memory" in fields[2].split(","):
            return _Mount(root=places[3], point=Path(places[4]))
    return None


def _read_text(file: Path) -> str:
    """Return a small file's text; empty when it, or the process behind it, is gone."""
    try:
        with open(file, encoding="ascii", errors="replace") as stream:  # noqa: PTH123 # the same reason
            return stream.read()
    except OSError:
        return ""


def _read_number(file: Path) -> int | None:
    text = _read_text(file).strip()
    return int(text) if text.isdigit() else None


def _read_fields(file: Path, names: tuple[str, ...]) -> int:
    fields = dict(line.split(" ", 1) for line in _read_text(file).splitlines() if " " in line)
    return sum(int(fields.get(name, 0)) for name in names)
