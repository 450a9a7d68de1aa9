"""A prepared folder with only some of its tasks.

A specialist answers one task. Scored against the whole folder it would fail all the others, and a result
is comparable only with results of the same manifest; so both it and the unified model are scored against a
folder that asks the specialists' tasks alone.
"""

import csv
import io
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evaluation.contract.errors import ConfigurationError, ManifestError
from evaluation.files.atomic import write_atomically
from evaluation.files.json_text import dump_json, parse_json
from evaluation.protocols.fmc_uia.layout import CSV_FOLDER

_FMC_UIA_SIDES = ("input", "references")
_FMC_UIA_PATHS = ("image_path", "mask_path")
_UUSIC25_PATHS = {"img_path_relative": "images", "mask_path_relative": "references"}

Row = Mapping[str, Any]


def select_tasks(folder: Path, task_ids: Sequence[str], out: Path) -> int:
    """Copy the tasks' rows and files in the folder's own layout; return the number of rows asked.

    Args:
        folder: of ``python -m train prepare``: FMC_UIA's (``input/``, ``references/``) or UUSIC25's.
        task_ids: tasks to keep.
        out: absent or empty.

    Raises:
        ConfigurationError: `out` holds something, `folder` is not a prepared one or lacks a task.
        ManifestError: a table or list cannot be read.
    """
    if out.is_file() or (out.is_dir() and any(out.iterdir())):
        raise ConfigurationError(f"Expected `--out` to be an absent or empty folder but {out} is not")
    is_fmc_uia = all((folder / side / CSV_FOLDER).is_dir() for side in _FMC_UIA_SIDES)
    if not is_fmc_uia and not (folder / "ground_truth.json").is_file():
        expected = "`input/` and `references/` (FMC_UIA) or `ground_truth.json` (UUSIC25)"
        raise ConfigurationError(f"Expected a prepared folder with {expected} but got {folder}")
    found = (_select_fmc_uia if is_fmc_uia else _select_uusic25)(folder, frozenset(task_ids), out)
    missing = [task_id for task_id in task_ids if task_id not in found]
    if missing:
        raise ConfigurationError(
            f"Expected `--task` to be tasks of {folder} but it lacks {', '.join(missing)}"
        )
    return len(found)


def _select_fmc_uia(folder: Path, task_ids: frozenset[str], out: Path) -> list[str]:
    found: list[str] = []
    for side in _FMC_UIA_SIDES:
        for file in sorted((folder / side / CSV_FOLDER).glob("*.csv")):
            columns, rows = _read_table(file)
            kept = [row for row in rows if row.get("task_id") in task_ids]
            if not kept:
                continue
            write_atomically(out / side / CSV_FOLDER / file.name, _as_csv(columns, kept))
            for path in (row.get(column) for row in kept for column in _FMC_UIA_PATHS):
                _copy(path, folder / side / CSV_FOLDER, out / side / CSV_FOLDER)
            found += [row["task_id"] for row in kept if side == "input"]
    return found


def _select_uusic25(folder: Path, task_ids: frozenset[str], out: Path) -> list[str]:
    found: list[str] = []
    for name in ("manifest.json", "ground_truth.json"):
        entries = _read_list(folder / name)
        kept = [entry for entry in entries if _uusic25_task(entry) in task_ids]
        write_atomically(out / name, dump_json(kept, indent=1))
        for key, tree in _UUSIC25_PATHS.items():
            for entry in kept:
                _copy(entry.get(key), folder / tree, out / tree)
        found += [_uusic25_task(entry) for entry in kept if name == "manifest.json"]
    return found


def _uusic25_task(entry: Row) -> str:
    return f"{entry.get('task')}/{str(entry.get('dataset_name')).removeprefix('private_')}"


def _copy(path: object, source: Path, target: Path) -> None:
    # The unlabelled side names masks that only the other side holds.
    if isinstance(path, str) and path and (source / path).is_file():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / path, target / path)


def _read_table(file: Path) -> tuple[Sequence[str], list[dict[str, str]]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            rows = list(reader)
    except (OSError, csv.Error, UnicodeDecodeError) as error:
        raise ManifestError(f"{file}: cannot be read as CSV in UTF-8 ({error})") from error
    return reader.fieldnames or (), rows


def _as_csv(columns: Sequence[str], rows: Sequence[Row]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _read_list(file: Path) -> list[Row]:
    try:
        entries = parse_json(file.read_bytes()).value
    except (OSError, ValueError) as error:
        raise ManifestError(f"{file}: cannot be read ({error})") from error
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ManifestError(f"{file}: expected a JSON list of entries")
    return entries
