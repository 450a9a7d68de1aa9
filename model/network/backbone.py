"""What all tasks share: stem, transformer, decoder."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812 # torch's own name for it
from torch import Tensor, nn

from model.network.decoder import CascadedUpsampler, FeaturePyramid
from model.network.lite0 import CHANNELS, Lite0Stem
from model.network.vit import VisionTransformer


class Features(NamedTuple):
    """What a backbone tells the heads about a batch of images."""

    stem: Tensor
    """(B, C_stem, S/32, S/32) or finer: the convolutional stem's last map, read by classification."""
    dense: Tensor
    """(B, C_dense, S/4, S/4) or (B, C_dense, S, S), by the backbone's `dense_stride`: decoded map, read by
    segmentation, detection and regression."""


class LiteBackbone(nn.Module):
    """TransUNet's plan in small: EfficientNet-Lite0, a transformer over the map at 1/16, two decoder steps.

    Differs from TransUNet: the stem goes on to 1/32 (its ImageNet weights do), and that map joins the tokens;
    decoding ends at 1/4, where the skips of 1/4 and, folded into channels, of 1/2 come in.
    """

    stem_channels = CHANNELS[4]
    dense_channels = 64
    dense_stride = 4

    def __init__(self) -> None:
        """Make an untrained backbone."""
        super().__init__()
        self.stem = Lite0Stem()
        self.deepest = nn.Conv2d(CHANNELS[4], 128, 1)
        self.vit = VisionTransformer(CHANNELS[3] + 128, width=192, depth=4, n_heads=3, mlp_width=768, grid=16)
        skips = (CHANNELS[2], CHANNELS[1] + 4 * CHANNELS[0])
        self.decoder = CascadedUpsampler(192, skips, (96, self.dense_channels))

    def forward(self, image: Tensor) -> Features:
        """Encode (B, 1, S, S) normalised grey images, S a multiple of 32."""
        maps = self.stem(image)
        return Features(maps[-1], self.decode(maps))

    def decode(self, maps: Sequence[Tensor]) -> Tensor:
        """Return the dense map of the stem's maps."""
        half, quarter, eighth, sixteenth, last = maps
        deepest = F.interpolate(self.deepest(last), scale_factor=2.0, mode="bilinear", align_corners=False)
        x = self.vit(torch.cat([sixteenth, deepest], dim=1))
        fine = torch.cat([quarter, F.pixel_unshuffle(half, 2)], dim=1)
        dense: Tensor = self.decoder(x, (eighth, fine))
        return dense


class PyramidBackbone(nn.Module):
    """The FMC_UIA baseline's form (MH-MTL): the same encoder and a feature pyramid, no transformer."""

    stem_channels = CHANNELS[4]
    dense_channels = 64
    dense_stride = 4

    def __init__(self) -> None:
        """Make an untrained backbone."""
        super().__init__()
        self.stem = Lite0Stem()
        skips = (CHANNELS[3], CHANNELS[2], CHANNELS[1] + 4 * CHANNELS[0])
        self.decoder = FeaturePyramid(CHANNELS[4], skips, self.dense_channels)

    def forward(self, image: Tensor) -> Features:
        """Encode (B, 1, S, S) normalised grey images, S a multiple of 32."""
        maps = self.stem(image)
        return Features(maps[-1], self.decode(maps))

    def decode(self, maps: Sequence[Tensor]) -> Tensor:
        """Return the dense map of the stem's maps."""
        half, quarter, eighth, sixteenth, last = maps
        fine = torch.cat([quarter, F.pixel_unshuffle(half, 2)], dim=1)
        dense: Tensor = self.decoder(last, (sixteenth, eighth, fine))
        return dense
