"""The paper's backbone: TransUNet's R50-ViT-B/16, for a GPU.

Source: TransUNet (arXiv 2102.04306) as USTri uses it (arXiv 2604.16914); the stem is the ResNet of the hybrid
vision transformer (Dosovitskiy et al., arXiv 2010.11929).
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F  # noqa: N812 # torch's own name for it
from torch import Tensor, nn

from model.network.backbone import Features
from model.network.decoder import CascadedUpsampler, conv_norm_relu
from model.network.vit import VisionTransformer

_N_BLOCKS = (3, 4, 9)
"""Of the stages at 1/4, 1/8 and 1/16: ResNet-50's last stage is moved into the third."""


class TransUNetBackbone(nn.Module):
    """R50-ViT-B/16 and the cascaded up-sampler to full resolution: 105.3 million parameters.

    Differs from TransUNet: one grey channel, group normalisation in the decoder too, and the stem pads and
    normalises as the hybrid vision transformer does, not as TransUNet's copy of it.
    """

    stem_channels = 1024
    dense_channels = 16
    dense_stride = 1

    def __init__(self) -> None:
        """Make an untrained backbone."""
        super().__init__()
        self.stem = ResNetStem()
        self.vit = VisionTransformer(
            self.stem_channels, width=768, depth=12, n_heads=12, mlp_width=3072, grid=16
        )
        self.narrow = conv_norm_relu(768, 512)
        self.decoder = CascadedUpsampler(512, (512, 256, 64, 0), (256, 128, 64, 16), n_convs=2)

    def forward(self, image: Tensor) -> Features:
        """Encode (B, 1, S, S) normalised grey images, S a multiple of 16."""
        maps = self.stem(image)
        return Features(maps[-1], self.decode(maps))

    def decode(self, maps: Sequence[Tensor]) -> Tensor:
        """Return the dense map of the stem's maps."""
        half, quarter, eighth, sixteenth = maps
        x = self.narrow(self.vit(sixteenth))
        dense: Tensor = self.decoder(x, (eighth, quarter, half, None))
        return dense


class ResNetStem(nn.Module):
    """ResNet-50 without its last stage: standardised weights, group normalisation, "same" padding."""

    def __init__(self) -> None:
        """Make an untrained stem."""
        super().__init__()
        self.entry = _conv_norm(1, 64, kernel=7, stride=2)
        self.stages = nn.ModuleList()
        n_in = 64
        for index, n_blocks in enumerate(_N_BLOCKS):
            n_out = 256 * 2**index
            first = _Bottleneck(n_in, n_out, stride=1 if index == 0 else 2)
            rest = (_Bottleneck(n_out, n_out, stride=1) for _ in range(n_blocks - 1))
            self.stages.append(nn.Sequential(first, *rest))
            n_in = n_out

    def forward(self, image: Tensor) -> list[Tensor]:
        """Return the maps at 1/2, 1/4, 1/8 and 1/16 of a (B, 1, S, S) image, S a multiple of 16."""
        maps = [F.relu(self.entry(image))]
        # After the ReLU nothing is below 0, so that padding with 0 adds no maximum.
        x = F.max_pool2d(F.pad(maps[0], (0, 1, 0, 1)), 3, 2)
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        return maps


class _Bottleneck(nn.Module):
    """Narrow, convolve, widen; normalised after each convolution."""

    def __init__(self, n_in: int, n_out: int, *, stride: int) -> None:
        super().__init__()
        narrow = n_out // 4
        self.reduce = _conv_norm(n_in, narrow, kernel=1)
        self.convolve = _conv_norm(narrow, narrow, kernel=3, stride=stride)
        self.widen = _conv_norm(narrow, n_out, kernel=1)
        self.shortcut = _conv_norm(n_in, n_out, kernel=1, stride=stride) if n_in != n_out else None

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.reduce(x))
        y = self.widen(F.relu(self.convolve(y)))
        return F.relu(y + (x if self.shortcut is None else self.shortcut(x)))


class _StandardisedConv(nn.Conv2d):
    """A convolution whose kernels have mean 0 and variance 1 (arXiv 1903.10520)."""

    def forward(self, x: Tensor) -> Tensor:
        variance, mean = torch.var_mean(self.weight, dim=(1, 2, 3), keepdim=True, correction=0)
        weight = (self.weight - mean) * torch.rsqrt(variance + 1e-8)
        return F.conv2d(x, weight, None, self.stride, self.padding)


def _conv_norm(n_in: int, n_out: int, *, kernel: int, stride: int = 1) -> nn.Sequential:
    layers = nn.Sequential()
    padding = kernel // 2
    if stride > 1 and kernel > 1:
        # TensorFlow's "same" padding of an even side: what is left over goes right and to the bottom.
        total = kernel - stride
        layers.append(nn.ZeroPad2d((total // 2, total - total // 2) * 2))
        padding = 0
    layers.add_module("conv", _StandardisedConv(n_in, n_out, kernel, stride, padding, bias=False))
    layers.add_module("norm", nn.GroupNorm(32, n_out))
    return layers
