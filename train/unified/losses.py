"""The objective of each kind of task.

Source: USTri (arXiv 2604.16914), section 2.6. Ours adds the pixels' cross-entropy to the Dice loss, as
nnU-Net does: pictures without a lesion give the Dice loss nothing to learn from.
"""

import torch
import torch.nn.functional as F  # noqa: N812 # torch's own name for it
from torch import Tensor

PLACE_SIGMA = 1 / 32
"""Of the Gaussian that a point's distribution is drawn to, as a share of the side: 2 cells of 64."""
DISTANCE_SCALE = 10.0
"""Of a point's distance in shares of the side, beside its cross-entropy."""


def dice_loss(logits: Tensor, classes: Tensor) -> Tensor:
    """Return 1 - the mean soft Dice of the foreground classes, each taken over the whole batch.

    Args:
        logits: (R, C, h, w).
        classes: (R, h, w) int64.
    """
    probability = torch.softmax(logits, dim=1)[:, 1:]
    truth = F.one_hot(classes, logits.shape[1]).movedim(-1, 1)[:, 1:].to(probability.dtype)
    overlap = (probability * truth).sum(dim=(0, 2, 3))
    total = (probability + truth).sum(dim=(0, 2, 3))
    # A class that is nowhere in the batch is left to the cross-entropy.
    present = truth.sum(dim=(0, 2, 3)) > 0
    dice = (2 * overlap + 1) / (total + 1)
    return ((1 - dice) * present).sum() / present.sum().clamp(min=1)


def box_loss(boxes: Tensor, truth: Tensor, valid: Tensor, *, l1: float) -> Tensor:
    """Return the mean of 1 - IoU + `l1` times the L1 distance over the valid boxes.

    Args:
        boxes: (R, 4) xyxy in shares.
        truth: (R, 4).
        valid: (R,) bool.
        l1: the paper's alpha.
    """
    low = torch.maximum(boxes[:, :2], truth[:, :2])
    high = torch.minimum(boxes[:, 2:], truth[:, 2:])
    overlap = (high - low).clamp(min=0).prod(dim=1)
    areas = [(b[:, 2:] - b[:, :2]).clamp(min=0).prod(dim=1) for b in (boxes, truth)]
    iou = overlap / (areas[0] + areas[1] - overlap + 1e-6)
    loss = 1 - iou + l1 * (boxes - truth).abs().sum(dim=1)
    return (loss * valid).sum() / valid.sum().clamp(min=1)


def place_loss(logits: Tensor, truth: Tensor, valid: Tensor) -> Tensor:
    """Return how far the expected places are off, and how far the distributions are from narrow ones.

    Source: Nibali et al., Numerical coordinate regression (arXiv 1801.07372); the cross-entropy with a
    Gaussian stands for their divergence.

    Args:
        logits: (R, K, h, w) of a softmax over all places.
        truth: (R, K, 2) x, y in shares.
        valid: (R, K) bool, points that are in view.
    """
    log_p = torch.log_softmax(logits.flatten(2), dim=-1).view_as(logits)
    p = log_p.exp()
    x, y = ((torch.arange(n, device=p.device, dtype=p.dtype) + 0.5) / n for n in (p.shape[3], p.shape[2]))
    place = torch.stack([(p.sum(2) * x).sum(-1), (p.sum(3) * y).sum(-1)], dim=-1)
    distance = (place - truth).square().sum(-1).add(1e-8).sqrt()
    by_x, by_y = (
        torch.exp(-((axis - truth[..., i : i + 1]) ** 2) / (2 * PLACE_SIGMA**2))
        for i, axis in ((0, x), (1, y))
    )
    target = by_y[..., :, None] * by_x[..., None, :]
    target = target / target.sum(dim=(2, 3), keepdim=True).clamp(min=1e-6)
    loss = DISTANCE_SCALE * distance - (target * log_p).sum(dim=(2, 3))
    return (loss * valid).sum() / valid.sum().clamp(min=1)
