"""Taking more than is given. Standard library only: it runs in the image."""

import mmap
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from .answers import OUTPUT, answer, write

MIB = 2**20


def fork_bomb() -> None:
    """Fork for ever."""
    while True:
        try:
            os.fork()
        except OSError:
            time.sleep(0.01)


def memory_hog() -> None:
    """Hold memory until it is ended."""
    held = []
    while True:
        held.append(bytearray(16 * MIB))


def memory_hog_in_child() -> None:
    """Let a child hold memory, and end as if that were an error of one's own."""
    hog = "x = []\nwhile True: x.append(bytearray(2**24))"
    if subprocess.run([sys.executable, "-c", hog], check=False).returncode:
        raise SystemExit(3)


def memory_hog_in_files() -> None:
    """Hold memory in files of every tmpfs; none is too full, together they are too much."""
    for place in ("/tmp", "/run", "/myhome", "/dev/shm"):  # noqa: S108 # folders of the container
        Path(place, "held").write_bytes(bytes(28 * MIB))
    memory_hog()


def disk_filler() -> None:
    """Fill the disk with files that are each within the limit."""
    for number in range(100_000):
        write(OUTPUT / f"{number}.bin", os.urandom(MIB) * 8)


def small_files() -> None:
    """Make a million files of nothing."""
    for number in range(1_000_000):
        write(OUTPUT / str(number // 1000) / str(number), b"")


def deep_folders() -> None:
    """Nest folders until somebody's recursion ends."""
    os.chdir(OUTPUT)
    for _ in range(1_000_000):
        Path("d").mkdir()
        os.chdir("d")


def hides_in_depth() -> None:
    """Fill the disk below more folders than a path can name."""
    answer()
    os.chdir(OUTPUT)
    for _ in range(400):
        Path("a_folder").mkdir()
        os.chdir("a_folder")
    for number in range(100):
        Path(f"{number}.bin").write_bytes(bytes(8 * MIB))
    time.sleep(60)


def sparse_file() -> None:
    """Make a file of 1 TiB that takes no space, as a program that leaves signals as they are."""
    answer()
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    with (OUTPUT / "sparse.bin").open("wb") as stream:
        stream.truncate(2**40)


def sparse_files() -> None:
    """Make files that are each as long as may be and take no space."""
    answer()
    for number in range(100):
        with (OUTPUT / f"sparse{number}.bin").open("wb") as stream:
            stream.truncate(32 * MIB)
    time.sleep(60)


def fill_tmp() -> None:
    """Fill the folder for temporary files, and end as if that were an error of one's own."""
    answer()
    with Path("/tmp/filler").open("wb", buffering=0) as stream:  # noqa: S108 # a folder of the container
        while True:
            stream.write(bytes(MIB))


def fill_shared_memory() -> None:
    """Fill shared memory as a data loader does, which ends in a bus error."""
    with Path("/dev/shm/batch").open("wb+") as stream:  # noqa: S108 # a folder of the container
        stream.truncate(64 * MIB)
        mapped = mmap.mmap(stream.fileno(), 64 * MIB)
        mapped[:] = bytes(64 * MIB)


def infinite_loop() -> None:
    """Never end."""
    while True:
        pass


def ignores_sigterm() -> None:
    """Answer, then stay, whatever is asked."""
    for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN)
    answer()
    while True:
        time.sleep(1)


def stops_itself() -> None:
    """Go to sleep so that no signal but one wakes it."""
    answer()
    os.kill(os.getpid(), signal.SIGSTOP)


def log_flood() -> None:
    """Answer, and print 1 GiB."""
    answer()
    line = (b"x" * 127 + b"\n") * 2**13
    for _ in range(2**30 // len(line)):
        os.write(1, line)
    print("the end")


def background_processes() -> None:
    """Answer, and leave daemons that keep the log open and write on after the end."""
    for number in range(5):
        if os.fork() == 0:
            os.setsid()
            if os.fork():
                os._exit(0)
            for name in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
                signal.signal(name, signal.SIG_IGN)
            for second in range(600):
                time.sleep(1)
                write(OUTPUT / f"late_{number}_{second}", b"x")
            os._exit(0)
    answer()


DEEDS: tuple[Callable[[], None], ...] = (
    fork_bomb,
    memory_hog,
    memory_hog_in_child,
    memory_hog_in_files,
    disk_filler,
    small_files,
    deep_folders,
    hides_in_depth,
    sparse_file,
    sparse_files,
    fill_tmp,
    fill_shared_memory,
    infinite_loop,
    ignores_sigterm,
    stops_itself,
    log_flood,
    background_processes,
)
