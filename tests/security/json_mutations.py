"""Ways to spoil the JSON files of a submission."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

Rng = np.random.Generator

_PLAIN = "NaN Infinity -Infinity 1e400 -1e400 1e308 -1e308 1e-320 null true false 0 -0.0 -1 1.5 2.0 255 256"
_ODD = ("[]", "{}", "4294967296", "9007199254740993", '""', '"0"', "[[]]", "[null]", "{", "'a'")

RAW_VALUES: tuple[tuple[str, str], ...] = (
    *((text, text) for text in (*_PLAIN.split(), *_ODD)),
    ("0.7 repeated", "[" + ", ".join(["0.7"] * 5_000) + "]"),
    ("huge floats", "[1.7e308, 1.7e308, 1.7e308, 1.7e308]"),
    ("huge negative floats", "[-1.7e308, -1.7e308, 1.7e308, 1.7e308]"),
    ("three huge floats", "[1.7e308, 1.7e308, 1.7e308]"),
    ("mixed list", '[0.5, NaN, "0.5", null]'),
    ("tiny floats", "[1e-310, 1e-310]"),
    ("4,000 digits", "9" * 4_000),
    ("10,000 digits", "9" * 10_000),
    ("10,000 decimals", "0." + "3" * 10_000),
    ("half a surrogate pair", '"\\ud800"'),
    ("key of half a pair", '{"\\udc00": 1}'),
    ("terminal escape", '"\\u001b[2J\\u0007\\n"'),
    ("NUL", '"a\\u0000b"'),
    ("long text", '"' + "a" * 300_000 + '"'),
    ("entry", '{"prediction": 0, "probability": [1.0, 0.0]}'),
    ("repeated key", '{"a": 1, "a": {"a": 2, "a": [3]}}'),
    *((f"{n} levels", "[" * n + "]" * n) for n in (50, 400, 900, 960, 980, 100_000)),
    *((f"{n} objects", '{"a":' * n + "1" + "}" * n) for n in (300, 900)),
)
"""JSON text of values that no predictor should write, and what to call them."""

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


def _regular_files(folder: Path, pattern: str = "*") -> list[Path]:
    found = sorted(folder.rglob(pattern))
    return [
        file for file in found if file.is_file() and not file.is_symlink() and file.stat().st_size < 2**22
    ]


def pick_file(folder: Path, rng: Rng, pattern: str = "*") -> Path | None:
    """Draw a regular file, if there is one."""
    files = _regular_files(folder, pattern)
    return files[rng.integers(len(files))] if files else None


def change_value(folder: Path, rng: Rng) -> str:
    """Put a hostile value somewhere in a JSON file."""
    file = pick_file(folder, rng, "*.json")
    name, raw = RAW_VALUES[rng.integers(len(RAW_VALUES))]
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
    file = pick_file(folder, rng, "*.json")
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
            text = RAW_VALUES[rng.integers(len(RAW_VALUES))][1]
    file.write_text(text)
    return f"{how} at {key!r} of {file.name}"


def _load(file: Path) -> Any:  # noqa: ANN401 - any JSON value
    try:
        document = json.loads(file.read_bytes())
        json.dumps(document)  # what is nested too deeply to be written again is left as it is
        return document
    except (ValueError, RecursionError):
        return None


def _places(value: Any, depth: int = 0) -> Any:  # noqa: ANN401 - any JSON value; yields container and key
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in list(items)[:50]:
        yield value, key
        if depth < 5:
            yield from _places(item, depth + 1)


def _repeat(document: Any, key: Any) -> str:  # noqa: ANN401 - any JSON value
    if isinstance(document, dict):
        return (
            json.dumps(document)[:-1] + f', {json.dumps(key)}: {{"prediction": 1, "probability": [0, 1]}}}}'
        )
    entry = document[key] if isinstance(document[key], dict) else {}
    other = {name: 1 - value if isinstance(value, int) else value for name, value in entry.items()}
    return json.dumps([*document, document[key], other])


def _add(document: Any, names: list[str]) -> str:  # noqa: ANN401 - any JSON value
    if isinstance(document, dict):
        return json.dumps(document | dict.fromkeys(names, 0))
    return json.dumps([*document, *({"image_path": name, "task_id": "cls2"} for name in names), *names])
