"""Ways to spoil a submission's folder: a seeded generator picks one, and says what it did."""

import os
import pickle
import shutil
import socket
import stat
from collections.abc import Callable
from pathlib import Path

from tests.security.hostile_images import all_hostile_images
from tests.security.json_mutations import NAMES, Rng, change_entries, change_value, pick_file

Mutation = Callable[[Path, Rng], str]

CLASSES = "classification.json"
GIBIBYTE = 2**30


def mutate(folder: Path, rng: Rng) -> str:
    """Spoil one thing in a folder and return what."""
    mutation = MUTATIONS[rng.integers(len(MUTATIONS))]
    return f"{mutation.__name__}: {mutation(folder, rng)}"


def change_bytes(folder: Path, rng: Rng) -> str:
    """Flip, cut, double, insert or append bytes of one file."""
    file = pick_file(folder, rng)
    if file is None:
        return "no file"
    content = bytearray(file.read_bytes())
    start, end = sorted(rng.integers(0, len(content) + 1, 2))
    how = ("flip", "cut", "double", "insert", "trailing NULs", "empty")[rng.integers(6)]
    match how:
        case "flip" if content:
            for place in rng.integers(0, len(content), rng.integers(1, 9)):
                content[place] ^= 1 << rng.integers(8)
        case "cut":
            del content[start:end]
        case "double":
            content[end:end] = content[start:end]
        case "insert":
            content[start:start] = rng.bytes(int(rng.integers(1, 50)))
        case "trailing NULs":
            content += bytes(100)
        case "empty":
            content.clear()
    file.write_bytes(content)
    return f"{how} in {file.name} {start}:{end}"


def change_image(folder: Path, rng: Rng) -> str:
    """Put a hostile image in place of any file, mostly of a mask."""
    file = pick_file(folder, rng, "*.png" if rng.random() < 0.9 else "*")
    name, content = all_hostile_images()[rng.integers(len(all_hostile_images()))]
    if file is None:
        return "no file"
    file.write_bytes(content)
    return f"{name} as {file.name}"


def change_file(folder: Path, rng: Rng) -> str:
    """Put something that is not an honest regular file in place of one."""
    file, other = pick_file(folder, rng), pick_file(folder, rng)
    if file is None or other is None:
        return "no file"
    content = other.read_bytes()
    outside = folder.parent / "outside"
    ways: dict[str, Callable[[], object]] = {
        "gone": lambda: None,
        "directory": file.mkdir,
        "link to the outside": lambda: file.symlink_to(outside / CLASSES),
        "link to /dev/zero": lambda: file.symlink_to("/dev/zero"),
        "loop": lambda: file.symlink_to(file.name),
        "dangling link": lambda: file.symlink_to(outside / "nothing"),
        "inner link": lambda: file.symlink_to(folder / CLASSES),
        "FIFO": lambda: os.mkfifo(file),
        "socket": lambda: make_socket(file),
        "device": lambda: make_device(file),
        "other file": lambda: file.write_bytes(content),
        "pickle": lambda: file.write_bytes(pickle.dumps({"prediction": [content]})),
        "1 GiB": lambda: make_sparse(file, GIBIBYTE),
        "brackets": lambda: file.write_bytes(b"[" * 2**20),
    }
    file.unlink()
    how = list(ways)[rng.integers(len(ways))]
    ways[how]()
    return f"{how} as {file.name}"


def change_folder(folder: Path, rng: Rng) -> str:
    """Link, lose or litter a folder."""
    folders = sorted(path for path in folder.rglob("*") if path.is_dir() and not path.is_symlink())
    if not folders:
        return "no folder"
    chosen = folders[rng.integers(len(folders))]
    outside = folder.parent / "outside"
    instead: dict[str, Callable[[], object]] = {
        "gone": lambda: None,
        "link to the outside": lambda: chosen.symlink_to(outside),
        "dangling link": lambda: chosen.symlink_to(outside / "nothing"),
        "loop": lambda: chosen.symlink_to("."),
        "file": lambda: chosen.write_bytes(b"{}"),
    }
    inside: dict[str, Callable[[], object]] = {
        "strange names": lambda: [(chosen / name).write_bytes(b"{}") for name in NAMES],
        "deep folder": lambda: make_deep_folder(chosen, 60),
        "link beside": lambda: (chosen / "all").symlink_to("/"),
    }
    how = [*instead, *inside][rng.integers(len(instead) + len(inside))]
    if how in instead:
        shutil.rmtree(chosen)
        instead[how]()
    elif not any((chosen / name).is_symlink() for name in ("all", "d")) and not (chosen / "d").exists():
        inside[how]()
    return f"{how} at {chosen.name}"


def make_sparse(file: Path, n_bytes: int) -> None:
    """Make a file that is large and holds nothing."""
    file.touch()
    os.truncate(file, n_bytes)


def make_socket(file: Path) -> None:
    """Make a socket; its address is relative, because an absolute one may be too long."""
    before = Path.cwd()
    try:
        os.chdir(file.parent)
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(file.name)
    finally:
        os.chdir(before)


def make_device(file: Path) -> bool:
    """Make a second /dev/zero where the system allows it; return whether it did."""
    try:
        os.mknod(file, 0o600 | stat.S_IFCHR, os.makedev(1, 5))
    except PermissionError:
        return False
    return True


def make_deep_folder(folder: Path, depth: int) -> None:
    """Nest folders with a file in the innermost one."""
    for _ in range(depth):
        folder /= "d"
        folder.mkdir()
    (folder / "mask.png").write_bytes(b"")


def remove_deep_folder(folder: Path) -> None:
    """Remove what `make_deep_folder` made in a folder, from the inside out."""
    made = [folder / "d"]
    while (made[-1] / "d").exists():
        made.append(made[-1] / "d")
    (made[-1] / "mask.png").unlink()
    for nested in reversed(made):
        nested.rmdir()


MUTATIONS: tuple[Mutation, ...] = (
    *(change_bytes,) * 2,
    *(change_value,) * 3,
    change_entries,
    *(change_image,) * 2,
    change_file,
    change_folder,
)
"""Each as often as it should be drawn."""
