"""Each loss against numbers worked out by hand and against the metric it stands for."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from evaluation.contract.task import Kind
from evaluation.metrics.detection import box_iou
from evaluation.metrics.overlap import dice
from tests.train.unified.scenes import BOX, KEYS, MASK, POINTS, make_network
from train.unified.batches import Batch, Target
from train.unified.config import LossConfig
from train.unified.losses import DISTANCE_SCALE, PLACE_SIGMA, box_loss, dice_loss, place_loss
from train.unified.objective import Objective


def sure(classes: Tensor, n_classes: int) -> Tensor:
    """Return logits that leave no doubt."""
    return 40 * torch.nn.functional.one_hot(classes, n_classes).movedim(-1, 1).float()


def classes_of(seed: int, n_classes: int, n: int = 2) -> Tensor:
    """Return random (n, 20, 20) classes."""
    return torch.from_numpy(np.random.default_rng(seed).integers(0, n_classes, (n, 20, 20)))


def test_dice_loss_of_sure_masks_is_one_minus_the_metric_over_the_batch() -> None:
    truth, said = classes_of(0, 2), classes_of(1, 2)
    expected = 1 - dice(mask_ref=truth.reshape(40, 20).numpy(), mask_pred=said.reshape(40, 20).numpy())
    # The loss adds 1 to both sides of the fraction.
    assert dice_loss(sure(said, 2), truth).item() == pytest.approx(expected, abs=2e-3)


def test_dice_loss_by_hand() -> None:
    logits = torch.tensor([[[[0.0, 0.0]], [[0.0, np.log(3.0)]]]])  # Probabilities 1/2 and 3/4.
    truth = torch.tensor([[[1, 0]]])
    overlap, total = 0.5, 0.5 + 0.75 + 1
    assert dice_loss(logits, truth).item() == pytest.approx(1 - (2 * overlap + 1) / (total + 1))


def test_dice_loss_is_the_mean_over_the_classes_that_are_there() -> None:
    truth = classes_of(0, 3)
    assert dice_loss(sure(truth, 4), truth).item() == pytest.approx(0, abs=1e-6)
    swapped = torch.where(truth > 0, 3 - truth, 0)  # Classes 1 and 2 for each other; 3 is nowhere.
    n = [int((truth == index).sum()) for index in (1, 2)]
    assert dice_loss(sure(swapped, 4), truth).item() == pytest.approx(1 - 1 / (sum(n) + 1), abs=1e-6)


def test_batch_without_any_lesion_gives_the_dice_loss_nothing_and_no_nan() -> None:
    logits = torch.randn(2, 2, 8, 8, requires_grad=True)
    loss = dice_loss(logits, torch.zeros(2, 8, 8, dtype=torch.int64))
    torch.autograd.backward(loss)
    assert loss.item() == 0
    assert logits.grad is not None
    assert not logits.grad.any()


BOXES = torch.tensor([[0.1, 0.2, 0.5, 0.6], [0.3, 0.3, 0.4, 0.9], [0.6, 0.6, 0.8, 0.9]])
TRUTH = torch.tensor([[0.2, 0.2, 0.6, 0.7], [0.3, 0.3, 0.4, 0.9], [0.1, 0.1, 0.2, 0.2]])


def test_box_loss_without_distance_is_one_minus_the_metric() -> None:
    pairs = zip(BOXES.tolist(), TRUTH.tolist(), strict=True)
    overlaps = [box_iou(box_ref=tuple(truth), box_pred=tuple(box)) for box, truth in pairs]
    assert 0 < overlaps[0] < overlaps[1] == pytest.approx(1)
    loss = box_loss(BOXES, TRUTH, torch.ones(3, dtype=torch.bool), l1=0)
    assert loss.item() == pytest.approx(1 - np.mean(overlaps), abs=1e-4)


def test_box_loss_adds_the_distance_of_the_edges() -> None:
    valid = torch.ones(3, dtype=torch.bool)
    distance = (BOXES - TRUTH).abs().sum(dim=1).mean()
    difference = box_loss(BOXES, TRUTH, valid, l1=2) - box_loss(BOXES, TRUTH, valid, l1=0)
    assert difference.item() == pytest.approx(2 * distance.item(), abs=1e-6)


def test_box_that_is_out_of_view_counts_nothing() -> None:
    valid = torch.tensor([True, False, True])
    assert box_loss(BOXES, TRUTH, valid, l1=2).item() == pytest.approx(
        box_loss(BOXES[valid], TRUTH[valid], valid[valid], l1=2).item()
    )


def test_batch_without_a_box_or_a_point_in_view_loses_nothing_and_has_no_nan() -> None:
    boxes = BOXES.clone().requires_grad_()
    torch.autograd.backward(box_loss(boxes, TRUTH, torch.zeros(3, dtype=torch.bool), l1=2))
    logits = torch.rand(2, 3, 4, 4, requires_grad=True)
    loss = place_loss(logits, torch.zeros(2, 3, 2), torch.zeros(2, 3, dtype=torch.bool))
    torch.autograd.backward(loss)
    for given in (boxes, logits):
        assert given.grad is not None
        assert not given.grad.any()


@pytest.mark.parametrize("box", [(0.5, 0.5, 0.5, 0.5), (0.6, 0.6, 0.2, 0.3)])
def test_box_without_an_area_is_far_off_and_still_learns(box: tuple[float, ...]) -> None:
    boxes = torch.tensor([box], requires_grad=True)
    loss = box_loss(boxes, TRUTH[:1], torch.ones(1, dtype=torch.bool), l1=2)
    torch.autograd.backward(loss)
    assert loss.item() >= 1
    assert boxes.grad is not None
    assert boxes.grad.isfinite().all()
    assert boxes.grad.any()


def place_loss_by_hand(logits: NDArray[np.float64], point: tuple[float, float]) -> float:
    """Return one point's loss, cell by cell."""
    p = np.exp(logits - logits.max())
    p /= p.sum()
    (rows, columns), place = logits.shape, np.zeros(2)
    target = np.zeros_like(p)
    for row in range(rows):
        for column in range(columns):
            x, y = (column + 0.5) / columns, (row + 0.5) / rows
            place += p[row, column] * np.array([x, y])
            target[row, column] = np.exp(-((x - point[0]) ** 2 + (y - point[1]) ** 2) / (2 * PLACE_SIGMA**2))
    target /= target.sum()
    return float(DISTANCE_SCALE * np.hypot(*(place - point)) - (target * np.log(p)).sum())


def test_place_loss_is_the_mean_over_the_points_in_view() -> None:
    logits, truth = torch.randn(2, 3, 16, 12), torch.rand(2, 3, 2)
    valid = torch.tensor([[True, False, True], [False, False, True]])
    losses = [
        place_loss_by_hand(logits[r, k].double().numpy(), (truth[r, k, 0].item(), truth[r, k, 1].item()))
        for r, k in [(0, 0), (0, 2), (1, 2)]
    ]
    assert place_loss(logits, truth, valid).item() == pytest.approx(np.mean(losses), rel=1e-4)


def test_place_loss_falls_towards_the_point() -> None:
    truth, valid = torch.tensor([[[0.25, 0.75]]]), torch.ones(1, 1, dtype=torch.bool)
    logits = torch.zeros(1, 1, 16, 16, requires_grad=True)
    torch.autograd.backward(place_loss(logits, truth, valid))
    assert logits.grad is not None
    steepest = int(logits.grad.argmin())
    assert abs(steepest // 16 - 11.5) <= 0.5
    assert abs(steepest % 16 - 3.5) <= 0.5


def targets_of(rows: list[int]) -> tuple[Target, ...]:
    """Return a mask, a box and four points for some pictures of a batch."""
    n = len(rows)
    values = {
        MASK: torch.ones(n, 32, 32, dtype=torch.int64),
        BOX: torch.rand(n, 4),
        POINTS: torch.rand(n, 4, 2),
    }
    valid = {MASK: torch.ones(n), BOX: torch.ones(n), POINTS: torch.ones(n, 4)}
    return tuple(
        Target(KEYS.index(key), torch.tensor(rows), values[key], valid[key].bool()) for key in values
    )


def test_labels_are_compared_with_the_answers_to_their_own_pictures() -> None:
    objective = Objective(make_network().eval(), LossConfig())
    images, targets = torch.randn(3, 1, 64, 64), targets_of([2])
    with torch.no_grad():
        found = objective(Batch(images, targets, "a"))
        alone = tuple(Target(t.head, torch.tensor([0]), t.value, t.valid) for t in targets)
        expected = objective(Batch(images[2:], alone, "a"))
    assert found.keys() == {Kind.SEGMENTATION, Kind.DETECTION, Kind.REGRESSION}
    for kind in found:
        assert found[kind].item() == pytest.approx(expected[kind].item(), rel=1e-4)


def test_kinds_are_weighed_and_added() -> None:
    weights = LossConfig(segmentation=1, classification=2, detection=3, regression=4)
    losses = {kind: torch.tensor(10.0**place) for place, kind in enumerate(Kind)}
    expected = sum(10.0**place * getattr(weights, kind.value) for place, kind in enumerate(Kind))
    assert Objective(make_network(), weights).combine(losses).item() == pytest.approx(expected)
