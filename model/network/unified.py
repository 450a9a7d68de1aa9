"""One backbone and a head for every task it has learned."""

from collections.abc import Sequence
from enum import StrEnum

from pydantic import Field
from torch import Tensor, nn

from evaluation.contract.record import Record
from evaluation.contract.task import Kind
from model.network.backbone import Features, LiteBackbone, PyramidBackbone
from model.network.base import TransUNetBackbone
from model.network.heads import make_head, make_trunk

Backbone = LiteBackbone | PyramidBackbone | TransUNetBackbone


class Preset(StrEnum):
    """The backbones on offer."""

    MH_MTL = "mh_mtl"
    LITE = "lite"
    BASE = "base"


class HeadKey(Record):
    """What a head is known by."""

    task_id: str
    kind: Kind
    num_classes: int = Field(ge=1, le=255)
    """Classes with background (segmentation), classes, 1 (detection), number of points (regression)."""


class UnifiedNetwork(nn.Module):
    """The network of Stage I (heads of a kind share a trunk) and Stage II (every head has its own)."""

    def __init__(self, preset: Preset, keys: Sequence[HeadKey], *, shared: bool, adapted: bool) -> None:
        """Make an untrained network.

        Args:
            preset: the backbone.
            keys: a head each, in this order.
            shared: whether heads of one kind share their trunk (Stage I).
            adapted: whether classification heads get a stem adapter (Stage II).
        """
        super().__init__()
        self.keys = tuple(keys)
        self.backbone = make_backbone(preset)
        read = {
            "stem_channels": self.backbone.stem_channels,
            "dense_channels": self.backbone.dense_channels,
            "dense_stride": self.backbone.dense_stride,
        }
        trunks = {kind: make_trunk(kind, **read) for kind in Kind} if shared else {}
        self.heads = nn.ModuleList(
            make_head(
                key.kind,
                key.num_classes,
                trunks.get(key.kind) or make_trunk(key.kind, **read),
                **read,
                adapted=adapted,
            )
            for key in self.keys
        )

    def encode(self, image: Tensor) -> Features:
        """Return the features of (B, 1, S, S) normalised grey images."""
        features: Features = self.backbone(image)
        return features

    def answer(self, index: int, features: Features) -> Tensor:
        """Return what head `index` says; see `model.network.heads` for shapes."""
        result: Tensor = self.heads[index](features)
        return result


def make_backbone(preset: Preset) -> Backbone:
    """Return an untrained backbone."""
    match preset:
        case Preset.MH_MTL:
            return PyramidBackbone()
        case Preset.LITE:
            return LiteBackbone()
        case Preset.BASE:
            return TransUNetBackbone()
