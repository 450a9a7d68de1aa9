"""Which head answers a task that nobody trained."""

import pytest

from evaluation.contract.task import Kind, Task
from model.header import LearnedHead
from model.matching import Match, match_head

HEADS = tuple(
    LearnedHead(task_id=name, kind=kind, num_classes=n, organ=organ)
    for name, kind, n, organ in [
        ("breast_lesion", Kind.SEGMENTATION, 2, None),
        ("breast_nodule_small", Kind.SEGMENTATION, 2, None),
        ("breast_3cls", Kind.CLASSIFICATION, 3, None),
        ("breast_2cls", Kind.CLASSIFICATION, 2, None),
        ("segmentation/Breast", Kind.SEGMENTATION, 2, "Breast"),
        ("segmentation/Kidney", Kind.SEGMENTATION, 2, "Kidney"),
    ]
)


def find(task_id: str, kind: Kind, num_classes: int, organ: str | None = None) -> str | None:
    """Return the name of the head that answers."""
    match = match_head(HEADS, Task(task_id=task_id, kind=kind, num_classes=num_classes, organ=organ))
    return None if match is None else HEADS[match.index].task_id


def test_own_head_is_exact() -> None:
    task = Task(task_id="breast_2cls", kind=Kind.CLASSIFICATION, num_classes=2)
    assert match_head(HEADS, task) == Match(3, is_exact=True)


def test_longest_common_beginning_wins() -> None:
    assert find("breast_lesion_ext", Kind.SEGMENTATION, 2) == "breast_lesion"
    assert find("breast_nodule", Kind.SEGMENTATION, 2) == "breast_nodule_small"
    assert find("Breast_Lesion", Kind.SEGMENTATION, 2) == "breast_lesion"


def test_first_head_wins_among_equals() -> None:
    assert find("breast_x", Kind.SEGMENTATION, 2) == "breast_lesion"


def test_nearest_head_is_not_exact() -> None:
    task = Task(task_id="breast_lesion_ext", kind=Kind.SEGMENTATION, num_classes=2)
    assert match_head(HEADS, task) == Match(0, is_exact=False)


def test_organ_decides_where_the_layout_gives_it() -> None:
    assert find("segmentation/Breast_luminal", Kind.SEGMENTATION, 2, "Breast") == "segmentation/Breast"
    assert find("segmentation/BreastX", Kind.SEGMENTATION, 2, "Kidney") == "segmentation/Kidney"


def test_kind_in_front_of_the_name_is_no_common_beginning() -> None:
    assert find("segmentation/Thyroid", Kind.SEGMENTATION, 2, "Thyroid") is None


@pytest.mark.parametrize(
    ("task_id", "kind", "num_classes"),
    [
        ("breast_lesion", Kind.SEGMENTATION, 3),
        ("breast_lesion", Kind.REGRESSION, 2),
        ("breast_2cls", Kind.CLASSIFICATION, 4),
        ("br", Kind.SEGMENTATION, 2),
        ("lung", Kind.SEGMENTATION, 2),
    ],
)
def test_no_head_of_the_kind_and_number_or_name_is_no_match(
    task_id: str, kind: Kind, num_classes: int
) -> None:
    assert find(task_id, kind, num_classes) is None


def test_no_heads_are_no_match() -> None:
    assert match_head((), Task(task_id="a", kind=Kind.DETECTION, num_classes=1)) is None
