"""Public data sets into labelled challenge folders: read, choose, split, write, describe."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from evaluation.contract.errors import ConfigurationError
from train.datasets import uusic25_folder
from train.datasets.card import DataCard, describe_source, describe_task, split_rule, write_card
from train.datasets.catalogue import CATALOGUE
from train.datasets.fmc_uia_folder import write_task
from train.datasets.picture import Collection, Picture, choose_groups
from train.datasets.splits import split_pictures
from train.datasets.task import Task
from train.datasets.tasks import build_fmc_uia, build_uusic25, find_shortage, list_incomplete

PARTS = ("train", "val", "test")
_BUILDERS = {"uusic25": build_uusic25, "fmc_uia": build_fmc_uia}

Job = Callable[[], None]
Watch = Callable[[Sequence[Job]], Iterable[Job]]
Parts = dict[str, dict[str, tuple[Picture, ...]]]
"""Pictures by part and data set; one part of the empty name when nothing is split."""


@dataclass(frozen=True)
class Prepared:
    """What was written, and what was left out."""

    n_uusic25: int
    n_fmc_uia: int
    skipped: tuple[str, ...]
    """Pictures that did not match, by data set."""
    left_out: tuple[str, ...]
    """Tasks that were not written, pictures that one task could not use, and why."""


def prepare(
    sources: Mapping[str, Path],
    *,
    out: Path,
    limit: int | None = None,
    seed: int = 0,
    split: tuple[float, float, float] | None = None,
    watch: Watch = list,
) -> Prepared:
    """Write ``uusic25/``, ``fmc_uia/`` and a data card below `out`.

    Args:
        sources: folders by data set, named as in `CATALOGUE`.
        out: absent or empty. With `split`, ``train/``, ``val/`` and ``test/`` hold the two folders each.
        limit: about how many pictures of each data set, whole groups only.
        seed: of the limit's choice and of the split.
        split: shares of training, validation and test, positive numbers of any sum.
        watch: hands out the tasks to write, for a progress bar.

    Raises:
        ConfigurationError: no data set given, an unknown one, a folder is not the data set's, `out` holds
            something, a share is not positive.
    """
    _check(sources, out, split)
    collections = [CATALOGUE[name].read(sources[name]) for name in CATALOGUE if name in sources]
    chosen = {c.name: choose_groups(c.pictures, limit, seed) for c in collections}
    shares = None if split is None else dict(zip(PARTS, split, strict=True))
    parts = _split(chosen, shares, seed)
    tasks, left_out = _build_tasks(parts)
    counts = _write(tasks, out, watch)
    card = DataCard(
        seed=seed,
        limit=limit,
        split=shares,
        split_rule=split_rule(shares),
        sources=tuple(describe_source(c, {part: parts[part][c.name] for part in parts}) for c in collections),
        tasks=tuple(describe_task(protocol, by_part) for protocol, by_part in tasks),
        left_out=left_out,
    )
    write_card(card, parts, out)
    return Prepared(counts["uusic25"], counts["fmc_uia"], _list_skipped(collections), left_out)


def _check(sources: Mapping[str, Path], out: Path, split: tuple[float, ...] | None) -> None:
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigurationError(f"{out}: expected an absent or empty folder")
    unknown = sorted(sources.keys() - CATALOGUE.keys())
    if unknown or not sources:
        got = ", ".join(unknown) or "none"
        raise ConfigurationError(f"Expected at least one data set of {', '.join(CATALOGUE)} but got {got}")
    if split is not None and not all(0 < share < float("inf") for share in split):
        raise ConfigurationError(f"Expected `split` to be three positive shares but got {split}")


def _split(chosen: dict[str, tuple[Picture, ...]], shares: dict[str, float] | None, seed: int) -> Parts:
    if shares is None:
        return {"": chosen}
    by_source = {name: split_pictures(pictures, shares, seed) for name, pictures in chosen.items()}
    return {part: {name: by_source[name][part] for name in chosen} for part in shares}


def _build_tasks(parts: Parts) -> tuple[list[tuple[str, dict[str, Task]]], tuple[str, ...]]:
    """Return each task by part, with its protocol, and the reasons of those that are not written."""
    tasks: list[tuple[str, dict[str, Task]]] = []
    left_out = [line for chosen in parts.values() for line in list_incomplete(chosen)]
    for protocol, build in _BUILDERS.items():
        built = {part: build(chosen) for part, chosen in parts.items()}
        for same in zip(*built.values(), strict=True):
            by_part = dict(zip(parts, same, strict=True))
            shortage = find_shortage(by_part)
            if shortage is None:
                tasks.append((protocol, by_part))
            elif shortage:
                left_out.append(f"{protocol} {same[0].kind} {same[0].name}: {shortage}")
    return tasks, tuple(left_out)


def _write(tasks: Sequence[tuple[str, dict[str, Task]]], out: Path, watch: Watch) -> dict[str, int]:
    counts = dict.fromkeys(_BUILDERS, 0)
    entries: dict[str, list[uusic25_folder.Entry]] = {}
    stored: dict[str, dict[str, str]] = {}

    def write_one(protocol: str, part: str, task: Task) -> None:
        counts[protocol] += len(task.pictures)
        folder = out / part / protocol
        if protocol == "uusic25":
            entries.setdefault(part, []).extend(uusic25_folder.write_pictures(task, folder))
        else:
            write_task(task, folder, stored.setdefault(part, {}))

    jobs = [partial(write_one, protocol, *item) for protocol, parts in tasks for item in parts.items()]
    for job in watch(jobs):
        job()
    for part, of_part in entries.items():
        uusic25_folder.write_lists(of_part, out / part / "uusic25")
    return counts


def _list_skipped(collections: Sequence[Collection]) -> tuple[str, ...]:
    return tuple(f"{c.name}: {line}" for c in collections for line in c.skipped)
