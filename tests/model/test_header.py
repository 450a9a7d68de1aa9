"""A header that contradicts itself is refused."""

import pytest
from pydantic import ValidationError

from evaluation.contract.task import Kind
from model.header import EmptyWhen, LearnedHead
from tests.model.networks import make_header

KINDS = LearnedHead(task_id="kinds", kind=Kind.CLASSIFICATION, num_classes=3)


def mask(task_id: str, class_index: int) -> LearnedHead:
    """Return a segmentation head that believes this class."""
    gate = EmptyWhen(task_id=task_id, class_index=class_index, above=0.5)
    return LearnedHead(task_id="mask", kind=Kind.SEGMENTATION, num_classes=2, empty_when=gate)


def test_class_head_that_may_empty_masks_is_found() -> None:
    head = mask("kinds", 2)
    header = make_header([head, KINDS])
    assert (header.find_gate(0), header.find_gate(1)) == ((1, head.empty_when), None)


@pytest.mark.parametrize(
    ("heads", "message"),
    [
        ([mask("kinds", 3), KINDS], "class 3 of kinds"),
        ([mask("other", 0), KINDS], "class 0 of other"),
        ([mask("mask", 0), KINDS], "class 0 of mask"),
        ([KINDS, KINDS.model_copy(update={"empty_when": mask("kinds", 0).empty_when})], "for masks"),
    ],
)
def test_class_head_that_is_not_there_is_refused(heads: list[LearnedHead], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        make_header(heads)
