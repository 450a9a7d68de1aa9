"""Host memory from recorded process trees and control groups, and from this machine's own."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from evaluation.runner.host_memory import CgroupProbe, TreeProbe, make_host_probe

MIB = 2**20
Record = Callable[[Path], Path]
PAGES_PER_MIB = MIB // os.sysconf("SC_PAGESIZE")

V1_GROUPS = "9:name=systemd:/docker/abc\n4:memory:/docker/abc\n1:cpu,cpuacct:/docker/abc\n0::/docker/abc\n"
V1_MOUNTS = (
    "31 23 0:28 / {root} rw,relatime - tmpfs tmpfs rw,mode=755\n"
    "35 31 0:32 / {root}/memory rw,relatime shared:9 - cgroup cgroup rw,memory\n"
    "41 31 0:38 / {root}/unified rw,relatime - cgroup2 cgroup2 rw\n"
)
V1_STAT = "cache 9000000\nactive_file 1\ntotal_inactive_file 2097152\ntotal_active_file 1048576\n"
V2_GROUPS = "0::/system.slice/docker-abc.scope\n"
V2_MOUNTS = "29 23 0:26 / {root} rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
V2_STAT = "anon 4194304\nfile 9000000\ninactive_file 3145728\nactive_file 0\nshmem 5854848\n"


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def record_v1(tmp_path: Path) -> Path:
    """Write what a docker host with version 1 shows of a container whose first process is 77."""
    group = tmp_path / "cgroup/memory/docker/abc"
    write(group / "memory.usage_in_bytes", f"{10 * MIB}\n")
    write(group / "memory.max_usage_in_bytes", f"{64 * MIB}\n")
    write(group / "memory.stat", V1_STAT)
    write(group / "cgroup.procs", "77\n78\n")
    write(tmp_path / "proc/77/cgroup", V1_GROUPS)
    write(tmp_path / "proc/self/cgroup", V1_GROUPS.replace("docker/abc", "user"))
    write(tmp_path / "proc/self/mountinfo", V1_MOUNTS.format(root=tmp_path / "cgroup"))
    return group


def record_v2(tmp_path: Path) -> Path:
    """Write the same of a host with version 2."""
    group = tmp_path / "cgroup/system.slice/docker-abc.scope"
    write(group / "memory.current", f"{10 * MIB}\n")
    write(group / "memory.peak", f"{64 * MIB}\n")
    write(group / "memory.stat", V2_STAT)
    write(group / "cgroup.procs", "77\n78\n")
    write(tmp_path / "proc/77/cgroup", V2_GROUPS)
    write(tmp_path / "proc/self/cgroup", "0::/user.slice/session-1.scope\n")
    write(tmp_path / "proc/self/mountinfo", V2_MOUNTS.format(root=tmp_path / "cgroup"))
    return group


@pytest.mark.parametrize(("record", "basis"), [(record_v1, "cgroup_v1"), (record_v2, "cgroup_v2")])
def test_a_containers_group_tells_memory_without_file_cache(
    tmp_path: Path, record: Record, basis: str
) -> None:
    record(tmp_path)
    probe = make_host_probe(77, "container", proc=tmp_path / "proc")
    assert probe.basis == basis
    assert probe.read_mib() == 7.0
    assert probe.read_peak_mib() == 64.0
    assert probe.find_pids() == {77, 78}


@pytest.mark.parametrize("record", [record_v1, record_v2])
def test_a_container_that_is_gone_reads_as_none(tmp_path: Path, record: Record) -> None:
    group = record(tmp_path)
    probe = make_host_probe(77, "container", proc=tmp_path / "proc")
    for file in group.iterdir():
        file.unlink()
    assert (probe.read_mib(), probe.read_peak_mib(), probe.find_pids()) == (None, None, frozenset())


def test_a_kernel_without_a_high_water_mark_gives_none(tmp_path: Path) -> None:
    (record_v2(tmp_path) / "memory.peak").unlink()
    assert make_host_probe(77, "container", proc=tmp_path / "proc").read_peak_mib() is None


def test_a_harness_in_a_container_finds_the_group_below_its_own_root(tmp_path: Path) -> None:
    group = record_v2(tmp_path)
    write(tmp_path / "proc/77/cgroup", "0::/outer/inner\n")
    mounts = V2_MOUNTS.format(root=tmp_path / "cgroup").replace(" / ", " /outer ", 1)
    write(tmp_path / "proc/self/mountinfo", mounts)
    group.rename(tmp_path / "cgroup/inner")
    probe = make_host_probe(77, "container", proc=tmp_path / "proc")
    assert isinstance(probe, CgroupProbe)
    assert probe.folder == tmp_path / "cgroup/inner"


def test_a_group_shared_with_the_harness_is_measured_as_a_tree(tmp_path: Path) -> None:
    record_v2(tmp_path)
    write(tmp_path / "proc/self/cgroup", V2_GROUPS)
    assert make_host_probe(77, "container", proc=tmp_path / "proc").basis == "process_tree"


def test_a_group_without_memory_controller_is_measured_as_a_tree(tmp_path: Path) -> None:
    (record_v2(tmp_path) / "memory.current").unlink()
    assert make_host_probe(77, "container", proc=tmp_path / "proc").basis == "process_tree"


def add_process(proc: Path, pid: int, mib: int, children: dict[int, list[int]]) -> None:
    """Write a process: its resident size, and the children of each of its threads."""
    write(proc / f"{pid}/statm", f"9999 {mib * PAGES_PER_MIB} 5 1 0 9 0\n")
    for thread, pids in children.items():
        write(proc / f"{pid}/task/{thread}/children", " ".join(map(str, pids)))


def test_a_tree_counts_the_children_of_every_thread(tmp_path: Path) -> None:
    add_process(tmp_path, 10, 3, {10: [11], 12: [13]})
    add_process(tmp_path, 11, 4, {11: []})
    add_process(tmp_path, 13, 5, {13: [14]})
    add_process(tmp_path, 14, 6, {14: []})
    add_process(tmp_path, 99, 50, {99: []})
    probe = TreeProbe(10, tmp_path)
    assert probe.read_mib() == 18.0
    assert probe.find_pids() == {10, 11, 13, 14}


def test_a_child_whose_parent_ended_stays_in_the_tree(tmp_path: Path) -> None:
    add_process(tmp_path, 10, 3, {10: [11]})
    add_process(tmp_path, 11, 4, {11: []})
    probe = TreeProbe(10, tmp_path)
    assert probe.read_mib() == 7.0
    write(tmp_path / "10/statm", "0 0 0 0 0 0 0\n")  # a zombie
    assert probe.read_mib() == 4.0
    (tmp_path / "11/statm").unlink()
    assert probe.read_mib() is None


HOG = "import time; held = bytearray(60 * 2**20); print('ready', flush=True); time.sleep(60)"
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {HOG!r}])"


def test_a_real_childs_memory_counts_and_a_sample_is_cheap() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as process:
        probe = make_host_probe(process.pid, "tree")
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        held = probe.read_mib()
        assert held is not None
        assert 60 < held < 160
        pids = probe.find_pids()
        assert len(pids) == 2
        start = time.process_time()
        for _ in range(200):
            probe.read_mib()
        assert (time.process_time() - start) / 200 < 1e-3
        for pid in pids:
            os.kill(pid, 9)
    assert probe.read_mib() is None


def test_this_machines_own_group_is_read() -> None:
    # Seen from another process: a probe of the group that the harness shares would be a tree.
    from evaluation.runner.host_memory import _find_group

    probe = _find_group(Path("/proc"), "self")
    if probe is None or probe.read_mib() is None:
        pytest.skip("this machine's kernel gives this process no memory control group")
    assert os.getpid() in probe.find_pids() or probe.folder.name == ".."
    held = probe.read_mib()
    assert held is not None
    assert held > 1
