"""The data card: what was prepared from which sources, as JSON, as Markdown and picture by picture as CSV."""

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from evaluation.files.atomic import write_atomically
from evaluation.files.json_text import dump_json
from train.datasets.catalogue import CATALOGUE
from train.datasets.picture import Collection, Picture
from train.datasets.splits import RULE
from train.datasets.task import Task

ALL = "all"
"""The one part's name in a card when nothing is split."""


@dataclass(frozen=True)
class Count:
    """Pictures of a data set or task in one part."""

    pictures: int
    groups: int
    classes: dict[str, int]
    """Pictures by class; empty where there are none."""


@dataclass(frozen=True)
class SourceFacts:
    """One data set."""

    name: str
    citation: str
    licence: str
    group: str
    caution: str
    found: int
    """Pictures that can be used; a limit takes fewer."""
    parts: dict[str, Count]
    skipped: tuple[str, ...]


@dataclass(frozen=True)
class TaskFacts:
    """One task of a challenge."""

    protocol: str
    kind: str
    name: str
    num_classes: int
    class_names: tuple[str, ...]
    parts: dict[str, Count]


@dataclass(frozen=True)
class DataCard:
    """All of it."""

    seed: int
    limit: int | None
    """About how many pictures of each data set were taken, whole groups only; None is all."""
    split: dict[str, float] | None
    split_rule: str
    sources: tuple[SourceFacts, ...]
    tasks: tuple[TaskFacts, ...]
    left_out: tuple[str, ...]
    """Tasks that were not written, pictures that one task could not use, and why."""


def describe_source(collection: Collection, parts: Mapping[str, Sequence[Picture]]) -> SourceFacts:
    """Return a data set's facts; `parts` holds its pictures by part."""
    source = CATALOGUE[collection.name]
    return SourceFacts(
        name=collection.name,
        citation=source.citation,
        licence=source.licence,
        group=source.group,
        caution=source.caution,
        found=len(collection.pictures),
        parts={part or ALL: _count(pictures) for part, pictures in parts.items()},
        skipped=collection.skipped,
    )


def describe_task(protocol: str, parts: Mapping[str, Task]) -> TaskFacts:
    """Return a task's facts; `parts` holds it by part, at least once."""
    task = next(iter(parts.values()))
    counts = {part or ALL: _count(t.pictures, has_classes=bool(t.class_names)) for part, t in parts.items()}
    return TaskFacts(protocol, task.kind, task.name, task.num_classes, task.class_names, counts)


def split_rule(split: Mapping[str, float] | None) -> str:
    """Return the sentence of how pictures were shared out."""
    return RULE if split else "Nothing was split."


def write_card(card: DataCard, parts: Mapping[str, Mapping[str, Sequence[Picture]]], out: Path) -> None:
    """Write ``data_card.json``, ``DATA_CARD.md`` and ``pictures.csv``.

    Args:
        card: the facts.
        parts: pictures by part and data set, for the CSV.
        out: the folder.
    """
    write_atomically(out / "data_card.json", dump_json({"format_version": 1} | asdict(card), indent=1))
    write_atomically(out / "DATA_CARD.md", _as_markdown(card).encode())
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("part", "data_set", "group", "picture", "label"))
    for part, sources in parts.items():
        for name, pictures in sources.items():
            writer.writerows((part or ALL, name, p.group, p.name, p.label or "") for p in pictures)
    write_atomically(out / "pictures.csv", text.getvalue().encode())


def _count(pictures: Sequence[Picture], *, has_classes: bool = True) -> Count:
    labels = Counter(str(p.label) for p in pictures if has_classes and p.label is not None)
    return Count(len(pictures), len({p.group for p in pictures}), dict(sorted(labels.items())))


def _as_markdown(card: DataCard) -> str:
    parts = list(card.split or {ALL: 1.0})
    taken = "All pictures" if card.limit is None else f"About {card.limit} pictures"
    shares = "".join(f", {name} {value:g}" for name, value in (card.split or {}).items())
    lines = [
        "# Data card",
        "",
        f"{taken} of each data set, seed {card.seed}{shares}. {card.split_rule}",
        "Written by `python -m train prepare`; `data_card.json` says the same, `pictures.csv` every picture.",
        "",
        "## Tasks (pictures / groups)",
        "",
        *_table(("protocol", "task", "kind", "classes", *parts)),
    ]
    for task in card.tasks:
        cells = [_show(task.parts[part]) for part in parts]
        lines.append(_row((task.protocol, task.name, task.kind, str(task.num_classes), *cells)))
    lines += ["", *(f"Left out: {line}." for line in card.left_out), "", "## Sources (pictures / groups)", ""]
    lines += _table(("data set", "found", "skipped", *parts))
    for source in card.sources:
        cells = [_show(source.parts[part]) for part in parts]
        lines.append(_row((source.name, str(source.found), str(len(source.skipped)), *cells)))
    for source in card.sources:
        lines += ["", f"### {source.name}", "", source.citation, ""]
        lines += [f"- Licence: {source.licence}.", f"- A group is {source.group}."]
        lines += [f"- Caution: {source.caution}"] if source.caution else []
        lines += [f"- Skipped: {line}" for line in source.skipped]
    return "\n".join(lines) + "\n"


def _show(count: Count) -> str:
    classes = ", ".join(f"{name} {n}" for name, n in count.classes.items())
    return f"{count.pictures} / {count.groups}{f' ({classes})' if classes else ''}"


def _table(names: Sequence[str]) -> list[str]:
    return [_row(names), _row(["---"] * len(names))]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
