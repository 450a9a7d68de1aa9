"""The log: kept up to a limit, head and tail, harmless to read."""

import os
from pathlib import Path

import pytest

from evaluation.runner.logs import KeptLog, LogKeeper, clean_text


def keep(file: Path, *chunks: bytes, limit_bytes: int = 1000) -> KeptLog:
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as source:
        keeper = LogKeeper(source, file, limit_bytes=limit_bytes)
        with os.fdopen(writer, "wb", buffering=0) as stream:
            for chunk in chunks:
                stream.write(chunk)
        return keeper.finish()


def test_short_log_is_kept_whole(tmp_path: Path) -> None:
    kept = keep(tmp_path / "log.txt", b"one\n", b"tw", b"o\n")
    assert kept == KeptLog(8, 0, ("one", "two"))
    assert (tmp_path / "log.txt").read_text() == "one\ntwo\n"


@pytest.mark.parametrize("size", [1, 7, 100, 499, 500, 501, 5000])
def test_long_log_keeps_head_and_tail_whatever_the_pieces(tmp_path: Path, size: int) -> None:
    text = "".join(f"line {k}\n" for k in range(2000)).encode()
    kept = keep(tmp_path / "log.txt", *(text[k : k + size] for k in range(0, len(text), size)))
    written = (tmp_path / "log.txt").read_text()
    assert written.startswith("line 0\nline 1\n")
    assert written.endswith("line 1998\nline 1999\n")
    assert f"[… {len(text) - 1000:,} bytes left out …]" in written
    assert (kept.n_bytes, kept.n_left_out) == (len(text), len(text) - 1000)
    assert kept.last_lines[-1] == "line 1999"


def test_log_just_at_the_limit_is_whole(tmp_path: Path) -> None:
    assert keep(tmp_path / "log.txt", b"x" * 1000).n_left_out == 0
    assert keep(tmp_path / "log.txt", b"x" * 1001).n_left_out == 1


def test_last_two_hundred_lines_are_told_and_none_is_endless(tmp_path: Path) -> None:
    kept = keep(
        tmp_path / "log.txt", b"".join(b"%d\n" % k for k in range(1000)), b"y" * 5000, limit_bytes=2**20
    )
    assert len(kept.last_lines) == 200
    assert kept.last_lines[-2] == "999"
    assert kept.last_lines[-1] == "y" * 2000


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9b2Jtext", "text"),
        ("\x1bPq#0\x1b\\text", "text"),
        ("\x1bctext\x1b", "text"),
        ("10%\r20%\r\ndone", "10%\n20%\ndone"),
        ("a\x00b\x08c\x7fd\x85e", "abcde"),
        ("user\u202egnp.exe", "usergnp.exe"),
        ("tab\tstays\nand ümläute 超", "tab\tstays\nand ümläute 超"),
        ("\x1b[999999999999999;1Htext", "text"),
        ("\x1b]unfinished", ""),
    ],
)
def test_nothing_that_drives_a_terminal_is_kept(raw: str, clean: str) -> None:
    assert clean_text(raw) == clean


def test_bytes_that_are_no_text_are_replaced(tmp_path: Path) -> None:
    keep(tmp_path / "log.txt", b"\xff\xfe ok\n")
    assert (tmp_path / "log.txt").read_text() == "\ufffd\ufffd ok\n"
