"""One compact head a task: a trunk of its kind and a last layer for its classes or points."""

from collections.abc import Callable

import torch
import torch.nn.functional as F  # noqa: N812 # torch's own name for it
from torch import Tensor, nn

from evaluation.contract.task import Kind
from model.network.backbone import Features
from model.network.decoder import conv_norm_relu


class StemAdapter(nn.Module):
    """Stage II's residual adapter of the stem map for classification; starts as the identity.

    Two stacked 1x1 bottlenecks, reduction 4; the last layer starts at zero (arXiv 2604.16914).
    """

    def __init__(self, channels: int, reduction: int = 4) -> None:
        """Make an adapter of `channels` channels."""
        super().__init__()
        narrow = channels // reduction
        self.layers = nn.Sequential(
            nn.Conv2d(channels, narrow, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(narrow, channels, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels, narrow, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(narrow, channels, 1),
        )
        for parameter in self.layers[-1].parameters():
            nn.init.zeros_(parameter)

    def forward(self, x: Tensor) -> Tensor:
        """Return a map of the shape of `x`."""
        result: Tensor = x + self.layers(x)
        return result


class SegmentationHead(nn.Module):
    """Logits at half resolution: each cell at 1/4 tells its four quarters apart. Full resolution stays."""

    def __init__(self, trunk: nn.Module, n_in: int, num_classes: int, dense_stride: int) -> None:
        """Make the last layer; `trunk` may be shared."""
        super().__init__()
        self.trunk = trunk
        self.finer = 1 if dense_stride == 1 else 2
        self.last = nn.Conv2d(n_in, self.finer**2 * num_classes, 1)

    def forward(self, features: Features) -> Tensor:
        """Return (B, num_classes, S/2, S/2) logits, or (B, num_classes, S, S) at a dense stride of 1."""
        return F.pixel_shuffle(self.last(self.trunk(features.dense)), self.finer)


class ClassificationHead(nn.Module):
    """Average and largest value of the stem map and a compact perceptron, behind an adapter in Stage II.

    The paper pools by the average alone; a lesion is a small part of a picture.
    """

    def __init__(self, trunk: nn.Module, n_in: int, num_classes: int, adapter: StemAdapter | None) -> None:
        """Make the last layer; `trunk` may be shared."""
        super().__init__()
        self.adapter = adapter
        self.trunk = trunk
        self.last = nn.Linear(n_in, num_classes)

    def forward(self, features: Features) -> Tensor:
        """Return (B, num_classes) logits."""
        x = features.stem if self.adapter is None else self.adapter(features.stem)
        logits: Tensor = self.last(self.trunk(x))
        return logits


class DetectionHead(nn.Module):
    """One box: each edge is the expected place under a distribution over columns or rows.

    The paper pools over both axes; pooling over one keeps the place that a box is about.
    """

    def __init__(self, trunk: nn.Module, n_in: int) -> None:
        """Make the last layer; `trunk` may be shared."""
        super().__init__()
        self.trunk = trunk
        self.last = nn.Conv2d(n_in, 4, 1)

    def forward(self, features: Features) -> Tensor:
        """Return (B, 4) x_min, y_min, x_max, y_max as shares of width and height."""
        maps = self.last(self.trunk(features.dense)).float()
        side = maps.shape[-1]
        place = (torch.arange(side, device=maps.device, dtype=maps.dtype) + 0.5) / side
        columns = torch.softmax(maps[:, 0::2].mean(dim=2), dim=-1)
        rows = torch.softmax(maps[:, 1::2].mean(dim=3), dim=-1)
        # Not as a matrix product: autocast would do that in half precision, a dozen pixels coarse.
        edges = torch.stack([(columns * place).sum(-1), (rows * place).sum(-1)], dim=-1)
        return edges.flatten(1)


class RegressionHead(nn.Module):
    """A distribution over places a point; the point is the expected place (`model.decode.place_points`).

    The paper learns Gaussian heatmaps by their squared error and takes the highest cell, a dozen pixels wide.
    """

    def __init__(self, trunk: nn.Module, n_in: int, n_points: int) -> None:
        """Make the last layer; `trunk` may be shared."""
        super().__init__()
        self.trunk = trunk
        self.last = nn.Conv2d(n_in, n_points, 1)

    def forward(self, features: Features) -> Tensor:
        """Return (B, n_points, S/4, S/4) logits of a softmax over all places."""
        logits: Tensor = self.last(self.trunk(features.dense))
        return logits


class AverageAndMax(nn.Module):
    """Both poolings of a map over all places."""

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, 2 C) of (B, C, h, w)."""
        return torch.cat([x.mean(dim=(2, 3)), x.amax(dim=(2, 3))], dim=1)


class ContextTrunk(nn.Module):
    """A small U-shaped network: where an axis of a whole organ ends cannot be told from near by."""

    def __init__(self, channels: int) -> None:
        """Make three halvings and doublings of `channels` channels."""
        super().__init__()
        self.down = nn.ModuleList(conv_norm_relu(channels, channels, stride=2) for _ in range(3))
        self.up = nn.ModuleList(conv_norm_relu(channels, channels) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        """Return a map of the shape of `x`, sides divisible by 8."""
        maps = [x]
        for step in self.down:
            maps.append(step(maps[-1]))
        x = maps.pop()
        for step in self.up:
            x = F.interpolate(step(x), scale_factor=2.0, mode="bilinear", align_corners=False) + maps.pop()
        return x


def make_trunk(kind: Kind, *, stem_channels: int, dense_channels: int, dense_stride: int) -> nn.Module:
    """Return the part of a head that Stage I shares among the tasks of a kind.

    Detection and regression read places at 1/4, whatever the dense map's stride (1 or 4).
    """
    dense, step = dense_channels, 2 if dense_stride == 1 else 1
    trunks: dict[Kind, Callable[[], nn.Module]] = {
        Kind.SEGMENTATION: lambda: conv_norm_relu(dense, dense),
        Kind.DETECTION: lambda: _make_place_trunk(dense, step),
        Kind.REGRESSION: lambda: nn.Sequential(_make_place_trunk(dense, step), ContextTrunk(dense)),
        Kind.CLASSIFICATION: lambda: nn.Sequential(
            AverageAndMax(),
            nn.Linear(2 * stem_channels, 128),
            nn.ReLU(inplace=True),
            nn.Dropout(0.2),
        ),
    }
    return trunks[kind]()


def _make_place_trunk(channels: int, step: int) -> nn.Module:
    return nn.Sequential(
        conv_norm_relu(channels, channels, stride=step), conv_norm_relu(channels, channels, stride=step)
    )


def make_head(
    kind: Kind,
    num_classes: int,
    trunk: nn.Module,
    *,
    stem_channels: int,
    dense_channels: int,
    dense_stride: int,
    adapted: bool,
) -> nn.Module:
    """Return a head of `num_classes` classes or points on a trunk of its kind."""
    match kind:
        case Kind.SEGMENTATION:
            return SegmentationHead(trunk, dense_channels, num_classes, dense_stride)
        case Kind.CLASSIFICATION:
            return ClassificationHead(
                trunk, 128, num_classes, StemAdapter(stem_channels) if adapted else None
            )
        case Kind.DETECTION:
            return DetectionHead(trunk, dense_channels)
        case Kind.REGRESSION:
            return RegressionHead(trunk, dense_channels, num_classes)
