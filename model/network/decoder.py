"""From the deepest map back to the resolution that dense heads read."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F  # noqa: N812 # torch's own name for it
from torch import Tensor, nn


class CascadedUpsampler(nn.Module):
    """TransUNet's decoder: double the resolution, append the skip, convolve, repeat."""

    def __init__(self, n_in: int, skips: Sequence[int], widths: Sequence[int], *, n_convs: int = 1) -> None:
        """Make the decoder.

        Args:
            n_in: channels of the deepest map.
            skips: channels of the skip at each step, coarse to fine; 0 for a step without one.
            widths: output channels of each step, divisible by 8.
            n_convs: 3x3 convolutions a step.
        """
        super().__init__()
        ins = (n_in, *widths[:-1])
        self.steps = nn.ModuleList(
            nn.Sequential(*(conv_norm_relu(n + skip if k == 0 else width, width) for k in range(n_convs)))
            for n, skip, width in zip(ins, skips, widths, strict=True)
        )

    def forward(self, x: Tensor, skips: Sequence[Tensor | None]) -> Tensor:
        """Return (B, widths[-1], h, w) at the resolution of the last step; `skips` go coarse to fine."""
        for step, skip in zip(self.steps, skips, strict=True):
            x = F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
            x = step(x if skip is None else torch.cat([x, skip], dim=1))
        return x


class FeaturePyramid(nn.Module):
    """A feature pyramid network's top-down path (arXiv 1612.03144), ended at its finest level."""

    def __init__(self, n_in: int, skips: Sequence[int], width: int) -> None:
        """Make the decoder.

        Args:
            n_in: channels of the deepest map.
            skips: channels of the skips, coarse to fine.
            width: of every level and of the result.
        """
        super().__init__()
        self.deepest = nn.Conv2d(n_in, width, 1)
        self.lateral = nn.ModuleList(nn.Conv2d(n, width, 1) for n in skips)
        self.smooth = conv_norm_relu(width, width)

    def forward(self, x: Tensor, skips: Sequence[Tensor]) -> Tensor:
        """Return (B, width, h, w) at the resolution of the last skip."""
        top = self.deepest(x)
        for lateral, skip in zip(self.lateral, skips, strict=True):
            top = F.interpolate(top, scale_factor=2.0, mode="nearest") + lateral(skip)
        result: Tensor = self.smooth(top)
        return result


def conv_norm_relu(n_in: int, n_out: int, *, stride: int = 1) -> nn.Sequential:
    """Return a 3x3 convolution, group normalisation and ReLU.

    Groups, not batches: a batch of one data set has other statistics than the mixture that is predicted.
    """
    conv = nn.Conv2d(n_in, n_out, 3, stride, 1, bias=False)
    return nn.Sequential(conv, nn.GroupNorm(8, n_out), nn.ReLU(inplace=True))
