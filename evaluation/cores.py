"""How many cores this process may use."""

import math
import os
from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup")


def usable_cores(cgroup: Path = _CGROUP) -> int:
    """Return the cores this process may use, at least 1.

    Fewer than the machine has on a shared node (affinity) and in a container with a quota (``--cpus``), where
    a thread for each of the machine's cores would only wait for its share. A quota that a scheduler gives to
    a group below the mount (systemd, Slurm) is not seen.

    Args:
        cgroup: where the control groups are mounted; a container sees its own there.
    """
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _read_quota(cgroup)
    return bound if quota is None else min(bound, max(1, math.ceil(quota)))


def _read_quota(cgroup: Path) -> float | None:
    """Return the cores' worth of time that the group is given; None where nobody limits it.

    Source: Linux Documentation/admin-guide/cgroup-v2.rst (``cpu.max``) and scheduler/sched-bwc.rst.
    """
    try:
        if (cgroup / "cpu.max").is_file():
            quota, period = (cgroup / "cpu.max").read_text(encoding="ascii").split()
        else:
            quota, period = (
                (cgroup / "cpu" / f"cpu.cfs_{name}_us").read_text(encoding="ascii").strip()
                for name in ("quota", "period")
            )
        share = int(quota) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        return None
    return share if share > 0 else None
