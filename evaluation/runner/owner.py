"""Who started a container: a harness process that can be told dead from alive, and never mistaken."""

import os
from functools import cache
from pathlib import Path

MARK = "ultrasound-bench"
"""Label prefix of containers; upper case, with an underscore, the variable that marks processes."""
OWNER_LABEL = f"{MARK}.owner"
RUN_LABEL = f"{MARK}.run"
RUN_VARIABLE = "ULTRASOUND_BENCH_RUN"


@cache
def _find_place() -> str:
    """Return what must agree before a process number means anything: this boot and this PID namespace."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return f"{boot}.{Path('/proc/self/ns/pid').stat().st_ino}"


def _read_start(pid: int) -> str | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The name in parentheses may hold spaces and parentheses itself.
    fields = text.rpartition(")")[2].split()
    return None if fields[0] == "Z" else fields[19]


def describe_owner() -> str:
    """Return this process as ``<boot>.<PID namespace>:<pid>:<start>``."""
    return f"{_find_place()}:{os.getpid()}:{_read_start(os.getpid())}"


def is_gone(owner: str) -> bool | None:
    """Tell whether an owner has ended; None when it lives elsewhere (another machine or namespace)."""
    place, _, process = owner.partition(":")
    pid, _, start = process.partition(":")
    if place != _find_place() or not pid.isdigit():
        return None
    return _read_start(int(pid)) != start
