"""When a mask is left empty or reduced to its largest region: what serves the validation part best."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from evaluation.contract.errors import ConfigurationError
from model.header import EmptyWhen, NothingToSee
from model.network.unified import HeadKey
from tests.train.unified.scenes import CLASS, MASK, SIDE, Saying, make_network
from train.unified.cache import Cache, CachedPicture, Label
from train.unified.mask_rules import MaskRule, choose_mask_rules
from train.unified.validate import Answers, answer_all

NOTHING = NothingToSee(task_id=CLASS.task_id, class_index=1)


def squares(*logits: float) -> torch.Tensor:
    """Return masks' logits, a small square of foreground each."""
    maps = torch.full((len(logits), 2, SIDE // 2, SIDE // 2), 0.0)
    maps[:, 1] = -9
    for row, logit in enumerate(logits):
        maps[row, 1, 4:8, 4:8] = logit
    return maps


def choose(
    said: torch.Tensor,
    is_empty: list[bool],
    *,
    nothing: dict[str, NothingToSee] | None = None,
    classes: list[float] | None = None,
) -> MaskRule:
    """Return the rule of a head that says this; masks that are not empty are as it says.

    `classes` are the logits of class 1. Half of the pictures have no label of a class.
    """
    masks = np.zeros((len(said), SIDE, SIDE), np.uint8)
    masks[~np.array(is_empty), 8:16, 8:16] = 1
    pictures = []
    for row in range(len(said)):
        labels: dict[HeadKey, Label] = {MASK: Label(mask=row)}
        if row % 2:
            labels[CLASS] = Label(class_index=int(is_empty[row]))
        pictures.append(CachedPicture(row, "a", "p", (50, 80), labels))
    cache = Cache(np.zeros_like(masks), masks, tuple(pictures))
    network = make_network(keys=(CLASS, MASK))
    answers = answer_all(network, cache, [CLASS])
    if classes is not None:
        network.heads[0] = Saying(torch.tensor([[0.0, logit] for logit in classes]))
    network.heads[1] = Saying(torch.cat([said, said]))  # It is asked twice.
    answers |= answer_all(network, cache, [MASK])
    return choose_mask_rules(network, answers, cache, nothing or {})[MASK]


def test_masks_are_left_empty_below_the_level_that_serves_the_validation_part_best() -> None:
    lesions, normals = (5.0, 4.0, 5.5), (1.0, 2.5)  # Probable to 0.98 and more; to 0.73 and 0.92.
    is_empty = [False] * 3 + [True] * 2
    assert choose(squares(*lesions, *normals), is_empty) == MaskRule(min_peak=0.95)
    # A normal that is empty already needs no level.
    assert choose(squares(*lesions, -8.0, -8.0), is_empty) == MaskRule()
    # One false lesion is not worth two true ones.
    assert choose(squares(2.0, 2.0, 5.5, 1.0, 2.5), is_empty) == MaskRule(min_peak=0.8)


def test_head_without_empty_masks_in_the_validation_part_has_no_level() -> None:
    nothing = {MASK.task_id: NOTHING}
    assert choose(squares(1.0, 2.0), [False, False], nothing=nothing) == MaskRule()


def test_masks_are_left_empty_where_a_class_tells_that_there_is_nothing_to_see() -> None:
    # By their peaks, normals cannot be told from lesions. The class is asked of all, labelled or not.
    said, is_empty, nothing = squares(*[2.0] * 5), [False] * 3 + [True] * 2, {MASK.task_id: NOTHING}
    # Probable to 0.05, 0.05, 0.5; 0.73, 0.95.
    rule = choose(said, is_empty, nothing=nothing, classes=[-3.0, -3.0, 0.0, 1.0, 3.0])
    gate = EmptyWhen(task_id=CLASS.task_id, class_index=1, above=0.7)
    assert (rule.empty_when, rule.only_largest) == (gate, False)
    # A class that knows nothing is not believed.
    assert choose(said, is_empty, nothing=nothing, classes=[3.0, 3.0, 3.0, 1.0, 3.0]) == MaskRule()


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({MASK.task_id: NothingToSee(task_id=CLASS.task_id, class_index=2)}, "class 2 of size"),
        ({MASK.task_id: NothingToSee(task_id=MASK.task_id, class_index=1)}, "class 1 of lesion"),
        ({CLASS.task_id: NOTHING}, "segmentation tasks but got \\['size'\\]"),
    ],
)
def test_class_that_nobody_knows_is_refused(told: dict[str, NothingToSee], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        choose(squares(1.0, 2.0), [False, True], nothing=told)
    with pytest.raises(ConfigurationError, match=message):
        choose(squares(1.0, 2.0), [False, False], nothing=told)


def only_largest_of(*said: NDArray[np.uint8], truth: NDArray[np.uint8], n_falsely_full: int = 0) -> bool:
    """Return the choice for a head that says these masks of pictures that all have one reference.

    `n_falsely_full` more pictures show nothing, and it is less sure when it says that they do.
    """
    masks = np.stack([truth] * len(said) + [np.zeros_like(truth)] * n_falsely_full)
    pictures = [CachedPicture(i, "a", "p", (50, 80), {MASK: Label(mask=i)}) for i in range(len(masks))]
    cache = Cache(np.zeros_like(masks), masks, tuple(pictures))
    network = make_network(keys=(MASK,))
    network.heads[0] = Saying(squares(*[9.0] * len(said), *[2.0] * n_falsely_full))
    answers: Answers = {MASK: list(zip(pictures, [*said, *[truth] * n_falsely_full], strict=True))}
    return choose_mask_rules(network, answers, cache, {})[MASK].only_largest


def test_largest_regions_stay_alone_where_that_raises_the_mean_dice_of_the_validation_part() -> None:
    one = np.zeros((SIDE, SIDE), np.uint8)
    one[8:16, 8:16] = 1
    speck, two = one.copy(), one.copy()
    speck[0, :3] = 1
    two[20:27, 8:16] = 1
    assert only_largest_of(one, speck, truth=one)
    assert not only_largest_of(one, speck, truth=one, n_falsely_full=1)  # Its masks may be left empty.
    assert not only_largest_of(speck, two, truth=two)  # The second region is wanted.
    assert not only_largest_of(one, one, truth=one)  # Nothing is gained.
