"""The objective of each kind of task.

Source: USTri (arXiv 2604.16914), section 2.6. Ours adds the pixels' cross-entropy to the Dice loss, as
nnU-Net does: pictures without a lesion give the Dice loss nothing to learn from.
"""

import torch
import torch.nn.functional as F  # noqa: N812 # torch's own name for it
from torch import Tensor

HEATMAP_SCALE = 10.0
"""Heatmaps are nearly empty, so their mean squared error is small beside the other losses."""


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


def heatmap_loss(heatmaps: Tensor, truth: Tensor, valid: Tensor) -> Tensor:
    """Return the scaled mean squared error over the heatmaps whose point is in view.

    Args:
        heatmaps: (R, K, h, w).
        truth: (R, K, h, w).
        valid: (R, K) bool.
    """
    error = (heatmaps - truth).square().mean(dim=(2, 3))
    return HEATMAP_SCALE * (error * valid).sum() / valid.sum().clamp(min=1)
