"""The kernel's counters on recorded control groups of both versions, and a real tmpfs where there is one."""

import os
from pathlib import Path

import pytest

from evaluation.runner.pressure import Pressure, PressureGauge, find_groups

PID = 77
MOUNTS_V1 = """
30 20 0:26 / {root}/memory rw - cgroup cgroup rw,memory
31 20 0:27 / {root}/pids rw - cgroup cgroup rw,pids
32 20 0:28 / {root}/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
33 20 0:29 / {root}/unified rw - cgroup2 cgroup2 rw
"""
GROUPS_V1 = "9:memory:/docker/x\n8:pids:/docker/x\n4:cpu,cpuacct:/docker/x\n0::/docker/x\n"
MOUNTS_V2 = "30 20 0:26 / {root} rw - cgroup2 cgroup2 rw\n"
GROUPS_V2 = "0::/system.slice/docker-x.scope\n"


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


@pytest.fixture(params=["v1", "v2"])
def gauge(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[PressureGauge, Path]:
    """Record a container in a host of either version; the folder of its counters comes along."""
    proc, root = tmp_path / "proc", tmp_path / "cgroup"
    is_v1 = request.param == "v1"
    mounts = (MOUNTS_V1 if is_v1 else MOUNTS_V2).format(root=root)
    write(
        proc,
        {
            "self/mountinfo": mounts,
            "self/cgroup": "0::/user.slice\n",
            f"{PID}/cgroup": GROUPS_V1 if is_v1 else GROUPS_V2,
        },
    )
    if is_v1:
        counters = {
            "memory/docker/x/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n",
            "memory/docker/x/memory.failcnt": "31\n",
            "pids/docker/x/pids.events": "max 5\n",
            "cpu,cpuacct/docker/x/cpuacct.usage": "1500000000\n",
        }
    else:
        scope = "system.slice/docker-x.scope"
        counters = {
            f"{scope}/memory.events": "low 0\nhigh 0\nmax 31\noom 3\noom_kill 2\n",
            f"{scope}/pids.events": "max 5\n",
            f"{scope}/cpu.stat": "usage_usec 1500000\nuser_usec 1\n",
        }
    write(root, counters)
    return PressureGauge(PID, (), proc=proc), root


EXPECTED = Pressure(oom_kills=2, memory_refusals=31, refused_processes=5, cpu_s=1.5)


def test_counters_of_both_versions_are_read(gauge: tuple[PressureGauge, Path]) -> None:
    assert gauge[0].read() == EXPECTED


def test_counters_that_went_with_the_container_stay_at_their_last(gauge: tuple[PressureGauge, Path]) -> None:
    gauge[0].read()
    for file in gauge[1].rglob("*"):
        if file.is_file():
            file.unlink()
    assert gauge[0].read() == EXPECTED


def test_group_shared_with_the_harness_counts_for_nothing(tmp_path: Path) -> None:
    proc, root = tmp_path / "proc", tmp_path / "cgroup"
    write(
        proc,
        {"self/mountinfo": MOUNTS_V2.format(root=root), "self/cgroup": GROUPS_V2, f"{PID}/cgroup": GROUPS_V2},
    )
    write(root, {"system.slice/docker-x.scope/memory.events": "oom_kill 2\n"})
    assert PressureGauge(PID, (), proc=proc).read() == Pressure()


def test_host_without_control_groups_counts_nothing(tmp_path: Path) -> None:
    assert PressureGauge(PID, ("/tmp",), proc=tmp_path).read() == Pressure()  # noqa: S108 # of a container
    assert find_groups(PID, tmp_path) == {}


def test_full_folder_is_told_and_one_with_room_is_not(
    gauge: tuple[PressureGauge, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "proc" / str(PID) / "root"
    (root / "a").mkdir(parents=True)
    (root / "b").mkdir()
    held = PressureGauge(PID, ("/a", "/b", "/absent"), proc=tmp_path / "proc")
    real = os.fstatvfs

    def measure(descriptor: int) -> os.statvfs_result:
        place = Path(f"/proc/self/fd/{descriptor}").readlink().name
        fields = list(real(descriptor)[:11])
        fields[2], fields[4] = 1000, {"a": 3, "b": 900}[place]
        return os.statvfs_result(fields)

    monkeypatch.setattr(os, "fstatvfs", measure)
    assert held.read().full_places == {"/a"}
    held.close()
    assert held.read().full_places == {"/a"}
