"""Ways to spoil a submission's folder: a seeded generator picks one, and says what it did."""

import json
import os
import pickle
import shutil
import socket
import stat
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from tests.security.hostile_images import all_hostile_images

Rng = np.random.Generator
Mutation = Callable[[Path, Rng], str]

CLASSES = "classification.json"
GIBIBYTE = 2**30

RAW_VALUES = {
    **{
        text: text
        for text in ("NaN", "Infinity", "-Infinity", "1e400", "-1e400", "1e308", "-1e308", "1e-320")
    },
    **{text: text for text in ("null", "true", "false", "0", "-0.0", "-1", "1.5", "2.0", "255", "256", "[]")},
    **{
        text: text
        for text in ("{}", "4294967296", "9007199254740993", '""', '"0"', "[[]]", "[null]", "{", "'a'")
    },
    "0.7 repeated": "[" + ", ".join(["0.7"] * 5_000) + "]",
    "huge floats": "[1.7e308, 1.7e308, 1.7e308, 1.7e308]",
    "huge negative floats": "[-1.7e308, -1.7e308, 1.7e308, 1.7e308]",
    "mixed list": '[0.5, NaN, "0.5", null]',
    "1e-310 row": "[1e-310, 1e-310]",
    "4,000 digits": "9" * 4_000,
    "10,000 digits": "9" * 10_000,
    "10,000 decimals": "0." + "3" * 10_000,
    "half a surrogate pair": '"\\ud800"',
    "key of half a pair": '{"\\udc00": 1}',
    "terminal escape": '"\\u001b[2J\\u0007\\n"',
    "NUL": '"a\\u0000b"',
    "long text": '"' + "a" * 300_000 + '"',
    "entry": '{"prediction": 0, "probability": [1.0, 0.0]}',
    "repeated key": '{"a": 1, "a": {"a": 2, "a": [3]}}',
    **{f"{n} levels": "[" * n + "]" * n for n in (50, 400, 900, 960, 980, 100_000)},
    **{f"{n} objects": '{"a":' * n + "1" + "}" * n for n in (300, 900)},
}
"""JSON text of values that no predictor should write."""

NAMES = (
    "result.json",
    "cases.csv",
    "a\nb.png",
    "\x1b[2J.png",
    os.fsdecode(b"\xff\xfe.png"),
    "a" * 255,
    "..a",
    " ",
)


@cache
def _raw_values() -> tuple[tuple[str, str], ...]:
    return tuple(RAW_VALUES.items())


def mutate(folder: Path, rng: Rng) -> str:
    """Spoil one thing in a folder and return what."""
    mutation = MUTATIONS[rng.integers(len(MUTATIONS))]
    return f"{mutation.__name__}: {mutation(folder, rng)}"


def _regular_files(folder: Path, pattern: str = "*") -> list[Path]:
    found = sorted(folder.rglob(pattern))
    return [
        file for file in found if file.is_file() and not file.is_symlink() and file.stat().st_size < 2**22
    ]


def _pick(folder: Path, rng: Rng, pattern: str = "*") -> Path | None:
    files = _regular_files(folder, pattern)
    return files[rng.integers(len(files))] if files else None


def change_bytes(folder: Path, rng: Rng) -> str:
    """Flip, cut, double, insert or append bytes of one file."""
    file = _pick(folder, rng)
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
            content[start:start] = rng.bytes(rng.integers(1, 50))
        case "trailing NULs":
            content += bytes(100)
        case "empty":
            content.clear()
    file.write_bytes(content)
    return f"{how} in {file.name} {start}:{end}"


def change_value(folder: Path, rng: Rng) -> str:
    """Put a hostile value somewhere in a JSON file."""
    file = _pick(folder, rng, "*.json")
    name, raw = _raw_values()[rng.integers(len(RAW_VALUES))]
    document = None if file is None else _load(file)
    if file is None or document is None:
        return "no JSON"
    places = list(_places(document))
    if not places:
        return "empty JSON"
    holder, key = places[rng.integers(len(places))]
    holder[key] = "@hostile@"
    file.write_text(json.dumps(document).replace('"@hostile@"', raw))
    return f"{name} at {key!r} of {file.name}"


def change_entries(folder: Path, rng: Rng) -> str:
    """Drop, repeat, add or blow up an entry of a JSON file, or change the whole document."""
    file = _pick(folder, rng, "*.json")
    document = None if file is None else _load(file)
    if file is None or not isinstance(document, list | dict) or not document:
        return "no JSON"
    keys = list(document) if isinstance(document, dict) else list(range(len(document)))
    key = keys[rng.integers(len(keys))]
    text = json.dumps(document)
    how = ("drop", "repeat", "unknown", "many unknown", "wrap", "other container", "value")[rng.integers(7)]
    match how:
        case "drop":
            del document[key]
            text = json.dumps(document)
        case "repeat":
            text = _repeat(document, key)
        case "unknown" | "many unknown":
            names = [f"{rng.choice(NAMES)}/../{n}" for n in range(1 if how == "unknown" else 3_000)]
            text = _add(document, names)
        case "wrap":
            text = f"[{text}]"
        case "other container" if isinstance(document, dict):
            text = json.dumps(list(document.values()))
        case "other container":
            text = json.dumps(dict(enumerate(document)))
        case _:
            text = _raw_values()[rng.integers(len(RAW_VALUES))][1]
    file.write_text(text)
    return f"{how} at {key!r} of {file.name}"


def _load(file: Path) -> Any:  # noqa: ANN401 - any JSON value
    try:
        return json.loads(file.read_bytes())
    except (ValueError, RecursionError):
        return None


def _places(value: Any) -> Any:  # noqa: ANN401 - any JSON value; yields container and key
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in list(items)[:50]:
        yield value, key
        yield from _places(item)


def _repeat(document: Any, key: Any) -> str:  # noqa: ANN401 - any JSON value
    if isinstance(document, dict):
        return (
            json.dumps(document)[:-1] + f', {json.dumps(key)}: {{"prediction": 1, "probability": [0, 1]}}}}'
        )
    other = {
        name: 1 - value if isinstance(value, int) else value for name, value in dict(document[key]).items()
    }
    return json.dumps([*document, document[key], other])


def _add(document: Any, names: list[str]) -> str:  # noqa: ANN401 - any JSON value
    if isinstance(document, dict):
        return json.dumps(document | dict.fromkeys(names, 0))
    return json.dumps([*document, *({"image_path": name, "task_id": "cls2"} for name in names), *names])


def change_image(folder: Path, rng: Rng) -> str:
    """Put a hostile image in place of any file, mostly of a mask."""
    file = _pick(folder, rng, "*.png" if rng.random() < 0.9 else "*")
    name, content = all_hostile_images()[rng.integers(len(all_hostile_images()))]
    if file is None:
        return "no file"
    file.write_bytes(content)
    return f"{name} as {file.name}"


def change_file(folder: Path, rng: Rng) -> str:
    """Put something that is not an honest regular file in place of one."""
    file, other = _pick(folder, rng), _pick(folder, rng)
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


MUTATIONS: tuple[Mutation, ...] = (
    *(change_bytes,) * 2,
    *(change_value,) * 3,
    change_entries,
    *(change_image,) * 2,
    change_file,
    change_folder,
)
"""Each as often as it should be drawn."""
