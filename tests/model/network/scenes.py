"""Networks with a head of every kind, for the tests."""

import torch
from torch import Tensor

from evaluation.contract.task import Kind
from model.network.unified import HeadKey, Preset, UnifiedNetwork

KEYS = (
    HeadKey(task_id="nerves", kind=Kind.SEGMENTATION, num_classes=3),
    HeadKey(task_id="lesion", kind=Kind.SEGMENTATION, num_classes=2),
    HeadKey(task_id="breast", kind=Kind.CLASSIFICATION, num_classes=3),
    HeadKey(task_id="organ", kind=Kind.CLASSIFICATION, num_classes=5),
    HeadKey(task_id="box", kind=Kind.DETECTION, num_classes=1),
    HeadKey(task_id="landmarks", kind=Kind.REGRESSION, num_classes=4),
)


def make_network(preset: Preset, *, shared: bool = False, adapted: bool = False) -> UnifiedNetwork:
    """Return the same untrained network at every call, ready to predict."""
    torch.manual_seed(0)
    return UnifiedNetwork(preset, KEYS, shared=shared, adapted=adapted).eval()


def make_images(n: int, side: int) -> Tensor:
    """Return (n, 1, side, side) of noise, the same at every call."""
    return torch.randn(n, 1, side, side, generator=torch.Generator().manual_seed(1))


def answer_all(network: UnifiedNetwork, images: Tensor) -> list[Tensor]:
    """Return what every head says."""
    features = network.encode(images)
    return [network.answer(index, features) for index in range(len(network.keys))]
