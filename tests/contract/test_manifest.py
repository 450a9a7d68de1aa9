"""The manifest's hash: the same for the same questions, another for another answer."""

from dataclasses import replace
from pathlib import Path

import pytest

from evaluation.contract.case import (
    BoxReference,
    Case,
    ClassReference,
    MaskReference,
    PointsReference,
    Reference,
)
from evaluation.contract.manifest import Manifest
from evaluation.contract.task import Kind, Task


def make(
    root: str = "here", reference: Reference | None = None, *, reverse: bool = False, **fields: object
) -> Manifest:
    """Return a manifest of two tasks and three cases; `fields` change the first case."""
    tasks = {
        "a": Task(task_id="a", kind=Kind.CLASSIFICATION, num_classes=2),
        "b": Task(task_id="b", kind=Kind.SEGMENTATION, num_classes=2, organ="Kidney"),
    }
    cases = [
        Case(
            case_id=f"{task_id}|{number}",
            task_id=task_id,
            image_path=str(number),
            image_file=Path(root) / str(number),
            reference=ClassReference(0) if task_id == "a" else MaskReference(Path(root) / f"{number}.png"),
        )
        for task_id, number in (("a", 0), ("a", 1), ("b", 0))
    ]
    if reference is not None:
        cases[0] = replace(cases[0], reference=reference)
    cases[0] = replace(cases[0], **fields)  # type: ignore[arg-type] # fields of Case
    names = list(reversed(tasks)) if reverse else list(tasks)
    ordered = reversed(cases) if reverse else cases
    return Manifest("fmc_uia", {name: tasks[name] for name in names}, tuple(ordered))


def test_hash_depends_neither_on_the_order_nor_on_the_folder() -> None:
    assert make().sha256 == make("there", reverse=True).sha256
    assert len(make().sha256) == 64


@pytest.mark.parametrize(
    "other",
    [
        make(reference=ClassReference(1)),
        make(reference=BoxReference((0.0, 0.0, 1.0, 1.0))),
        make(reference=PointsReference(((1.0, 2.0), None))),
        make(reference=PointsReference(((1.0, 2.0), None)), size_hw=(3, 4)),
        make(patient_id="p"),
        make(center="external"),
        make(spacing_mm_yx=(0.5, 0.5)),
        make(case_id="a|x"),
        replace(make(), protocol="uusic25"),
        replace(make(), tasks={"a": Task(task_id="a", kind=Kind.CLASSIFICATION, num_classes=3)}),
        replace(make(), cases=make().cases[:2]),
    ],
)
def test_hash_changes_with_anything_that_may_change_a_score(other: Manifest) -> None:
    assert other.sha256 != make().sha256


def test_labelled_and_unlabelled_manifests_have_different_hashes() -> None:
    blank = tuple(replace(case, reference=None) for case in make().cases)
    assert replace(make(), cases=blank).sha256 != make().sha256


def test_diagonal_of_a_case_is_known_with_its_size() -> None:
    assert make(size_hw=(30, 40)).cases[0].diagonal_px == 50.0
    assert make().cases[0].diagonal_px is None


def test_size_counts_only_where_points_are_scored_by_it() -> None:
    points = PointsReference(((1.0, 2.0),))
    assert make(size_hw=(3, 4)).sha256 == make(size_hw=None).sha256
    assert make(reference=points, size_hw=(3, 4)).sha256 != make(reference=points, size_hw=(4, 4)).sha256
