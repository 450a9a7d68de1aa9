"""What the kernel counts of a running submission: kills for memory, refused processes, CPU time, full tmpfs.

The counters go away with the container, so the last ones read are the ones to keep. Versions 1 and 2 of
control groups name them differently. A run without a control group of its own has none.

Source: Linux Documentation/admin-guide/cgroup-v1/memory.rst, pids.rst, cpuacct.rst and cgroup-v2.rst.
"""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_FULL = 0.98
"""A tmpfs this full has refused, or is about to refuse, what a program writes in blocks."""


@dataclass(frozen=True)
class Pressure:
    """Counters of one moment; 0 where the kernel has none."""

    oom_kills: int = 0
    """Processes killed because the group was at its limit."""
    memory_refusals: int = 0
    """Times that the group ran into its memory limit (file cache is dropped then, so some are harmless)."""
    refused_processes: int = 0
    cpu_s: float = 0.0
    full_places: frozenset[str] = frozenset()
    """tmpfs folders that were full at some moment."""


class PressureGauge:
    """Reads the counters of a container by one of its processes."""

    def __init__(self, pid: int, places: tuple[str, ...], *, proc: Path = Path("/proc")) -> None:
        """Find the groups.

        Args:
            pid: the container's first process as the host numbers it.
            places: its tmpfs folders.
            proc: where the process file system is mounted.
        """
        self._groups = find_groups(pid, proc)
        self._is_own = self._groups != find_groups("self", proc)
        self._places = _open_places(proc / str(pid) / "root", places)
        self._last = Pressure()

    def close(self) -> None:
        """Let go of the container's tmpfs folders."""
        for descriptor in self._places.values():
            os.close(descriptor)
        self._places = {}

    def read(self) -> Pressure:
        """Return the counters now; those that are gone stay at what was read last."""
        if not self._is_own:
            return self._last
        memory, v2 = self._folder("memory"), self._groups.get("") is not None and "memory" not in self._groups
        oom = _read_field(memory / ("memory.events" if v2 else "memory.oom_control"), "oom_kill")
        refusals = (
            _read_field(memory / "memory.events", "max") if v2 else _read_number(memory / "memory.failcnt")
        )
        self._last = Pressure(
            oom_kills=max(self._last.oom_kills, oom),
            memory_refusals=max(self._last.memory_refusals, refusals),
            refused_processes=max(
                self._last.refused_processes, _read_field(self._folder("pids") / "pids.events", "max")
            ),
            cpu_s=max(self._last.cpu_s, self._read_cpu()),
            full_places=self._last.full_places | self._find_full(),
        )
        return self._last

    def _folder(self, controller: str) -> Path:
        return self._groups.get(controller) or self._groups.get("") or Path(os.devnull)

    def _read_cpu(self) -> float:
        nanoseconds = _read_number(self._folder("cpuacct") / "cpuacct.usage")
        return nanoseconds / 1e9 or _read_field(self._folder("cpu") / "cpu.stat", "usage_usec") / 1e6

    def _find_full(self) -> frozenset[str]:
        full = set()
        for place, descriptor in self._places.items():
            status = os.fstatvfs(descriptor)
            if status.f_bavail < (1 - _FULL) * status.f_blocks or (status.f_files and not status.f_ffree):
                full.add(place)
        return frozenset(full)


def _open_places(root: Path, places: tuple[str, ...]) -> dict[str, int]:
    """Hold the folders: a tmpfs that is held tells how full it was even after the container has ended."""
    held = {}
    for place in places:
        # Looking into the container needs its user's rights; without them there is nothing to tell.
        with suppress(OSError):
            held[place] = os.open(f"{root}{place}", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    return held


def find_groups(pid: int | str, proc: Path = Path("/proc")) -> dict[str, Path]:
    """Return a process's control groups: folder by controller; version 2's has the empty name."""
    mounts = _find_mounts(proc)
    groups = {}
    for line in _read(proc / str(pid) / "cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            if controller in mounts:
                root, point = mounts[controller]
                # Inside a container of its own the harness sees the groups from a root below the real one.
                groups[controller] = point / os.path.relpath(path, root)
    return groups


def _find_mounts(proc: Path) -> dict[str, tuple[str, Path]]:
    mounts: dict[str, tuple[str, Path]] = {}
    for line in _read(proc / "self" / "mountinfo").splitlines():
        left, _, right = line.partition(" - ")
        places, fields = left.split(), right.split()
        if len(places) < 5 or len(fields) < 3 or not fields[0].startswith("cgroup"):
            continue
        names = [""] if fields[0] == "cgroup2" else fields[2].split(",")
        for name in names:
            mounts.setdefault(name, (places[3], Path(places[4])))
    return mounts


def _read(file: Path) -> str:
    try:
        with open(file, encoding="utf-8", errors="replace") as stream:  # noqa: PTH123 # read ten times a second
            return stream.read()
    except OSError:
        return ""


def _read_number(file: Path) -> int:
    text = _read(file).strip()
    return int(text) if text.isdigit() else 0


def _read_field(file: Path, name: str) -> int:
    for line in _read(file).splitlines():
        key, _, value = line.partition(" ")
        if key == name and value.isdigit():
            return int(value)
    return 0
