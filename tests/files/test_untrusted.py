"""Files of a submission: only regular files inside its folder, of bounded size."""

import os
import socket
from pathlib import Path

import pytest

from evaluation.contract.problem import Code
from evaluation.files.untrusted import UnusableFileError, is_safe_relative, read_untrusted


@pytest.mark.parametrize("path", ["a", "a/b.png", "a//b", "./a", "a b\u00a0[c].png", "..a/b..", "a\\..\\b"])
def test_path_inside_is_safe(path: str) -> None:
    assert is_safe_relative(path)


@pytest.mark.parametrize("path", ["", ".", "/", "/a", "..", "../a", "a/../b", "a/..", "a\0b", "//a"])
def test_path_that_leaves_or_may_leave_is_not_safe(path: str) -> None:
    assert not is_safe_relative(path)


def refuse(folder: Path, relative: str, limit_bytes: int = 100) -> tuple[Code, str]:
    """Return why a file is not read."""
    with pytest.raises(UnusableFileError) as caught:
        read_untrusted(folder, relative, limit_bytes=limit_bytes)
    return caught.value.code, str(caught.value)


def test_regular_file_is_read_up_to_the_limit(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").write_bytes(b"x" * 100)
    assert read_untrusted(tmp_path, "a/b", limit_bytes=100) == b"x" * 100
    assert refuse(tmp_path, "a/b", 99) == (Code.UNREADABLE, "`a/b` has 100 bytes, expected at most 99")


def test_output_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert read_untrusted(tmp_path / "link", "a", limit_bytes=10) == b"x"


@pytest.mark.parametrize("relative", ["absent", "file/below"])
def test_missing_file_is_missing(tmp_path: Path, relative: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    code, reason = refuse(tmp_path, relative)
    assert (code, "is missing; write one" in reason) == (Code.MISSING, True)


@pytest.mark.parametrize("relative", ["../a", "/etc/hostname", "a/../../b"])
def test_path_outside_the_folder_is_refused(tmp_path: Path, relative: str) -> None:
    assert refuse(tmp_path, relative) == (Code.UNSAFE_PATH, f"`{relative}` leaves the output folder")


def test_links_are_refused_wherever_they_lead(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "secret").write_bytes(b"x")
    (tmp_path / "out" / "a").write_bytes(b"x")
    for name, target in (("outside", tmp_path / "secret"), ("inside", tmp_path / "out" / "a")):
        (tmp_path / "out" / name).symlink_to(target)
        code, reason = refuse(tmp_path / "out", name)
        assert (code, "is a symbolic link" in reason) == (Code.UNSAFE_PATH, True)
    (tmp_path / "out" / "folder").symlink_to(tmp_path)
    code, reason = refuse(tmp_path / "out", "folder/secret")
    assert (code, "lies behind a symbolic link" in reason) == (Code.UNSAFE_PATH, True)


def test_what_is_no_regular_file_is_refused_without_waiting(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name in ("folder", "pipe"):
        assert refuse(tmp_path, name) == (Code.UNREADABLE, f"`{name}` is not a regular file")
    # a socket's name must be short, so it is bound from within its folder
    listener = socket.socket(socket.AF_UNIX)
    here = Path.cwd()
    try:
        os.chdir(tmp_path)
        listener.bind("socket")
    finally:
        os.chdir(here)
        listener.close()
    code, reason = refuse(tmp_path, "socket")
    assert (code, "cannot be opened" in reason) == (Code.UNREADABLE, True)


@pytest.mark.parametrize("relative", ["x" * 300, "\ud800"])
def test_name_that_no_file_system_takes_is_unreadable(tmp_path: Path, relative: str) -> None:
    code, reason = refuse(tmp_path, relative)
    assert (code, "cannot be opened" in reason) == (Code.UNREADABLE, True)
