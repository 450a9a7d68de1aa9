"""The comparison of the host before and after a submission tells every kind of change."""

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import pytest

from evaluation.runner.owner import OWNER_LABEL, describe_owner
from tests.container.engines import BASE, call, require
from tests.container.host_state import SLACK_BYTES, find_changes, read_state

pytestmark = pytest.mark.container
ENGINE = "docker"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    require(ENGINE)
    (tmp_path / "host").mkdir()
    (tmp_path / "host" / "file").write_text("as it was")
    return tmp_path / "host"


def find(start: str, changes: list[str]) -> list[str]:
    """Return the changes of a kind: without time to settle, ends of others' containers may be among them."""
    return [change for change in changes if change.startswith(start)]


def test_files_links_and_rights_that_change_are_told(folder: Path) -> None:
    before = read_state(ENGINE, folder)
    assert not find(str(folder), find_changes(before, ENGINE, folder, settle_s=0))
    (folder / "file").chmod(0o777)
    (folder / "link").symlink_to("/etc")
    changes = find_changes(before, ENGINE, folder, settle_s=0)
    assert [line.split(":")[0] for line in find(str(folder), changes)] == [
        str(folder),
        f"{folder}/file",
        f"{folder}/link",
    ]


def test_process_that_is_left_is_told(folder: Path) -> None:
    before = read_state(ENGINE, folder)
    words = [sys.executable, "-S", "-c", "input()"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, env={"SENTINEL": str(folder)}) as left:
        changes = find_changes(before, ENGINE, folder, settle_s=0)
        left.kill()
    assert find(f"process {left.pid} ", changes)


def test_container_that_is_left_is_told(folder: Path) -> None:
    before = read_state(ENGINE, folder)
    name = f"bench-left-{os.getpid()}"
    label = f"--label={OWNER_LABEL}={describe_owner()}"
    assert call(ENGINE, "create", f"--name={name}", label, BASE, "true").returncode == 0
    try:
        changes = find_changes(before, ENGINE, folder, settle_s=0)
    finally:
        call(ENGINE, "rm", "--force", name)
    assert find("container ", changes)


def test_memory_that_is_lost_is_told(folder: Path) -> None:
    before = read_state(ENGINE, folder)
    rich = dataclasses.replace(before, free_bytes=before.free_bytes + 2 * SLACK_BYTES)
    assert "of memory are lost" in find_changes(rich, ENGINE, folder, settle_s=0)[-1]
