"""Networks before training: what is pretrained, what is frozen, what learns how fast."""

from itertools import islice
from pathlib import Path

import pytest
import torch
from torch import nn

from evaluation.contract.errors import ConfigurationError
from model.network.unified import Preset
from tests.train.unified.scenes import KEYS, STILL, make_cache, make_network, tiny_config
from train.unified.batches import draw_batch, rotate
from train.unified.config import RateConfig
from train.unified.setup import calibrate_norms, group_parameters, make_specialists, set_training
from train.unified.weights import write_weights

CONFIG = tiny_config(preset=Preset.MH_MTL)


def test_first_blocks_are_frozen_and_the_entry_with_them() -> None:
    stem = make_network(CONFIG.model_copy(update={"frozen_blocks": 2})).backbone.stem
    learns = {name.rsplit(".", 3)[0] for name, weight in stem.named_parameters() if weight.requires_grad}
    assert not {name for name in learns if name.startswith(("entry", "blocks.0", "blocks.1."))}
    assert {name for name in learns if name.startswith("blocks.2")}


def test_nothing_is_frozen_when_no_block_is() -> None:
    network = make_network(CONFIG.model_copy(update={"frozen_blocks": 0}))
    assert all(weight.requires_grad for weight in network.parameters())


def test_stem_starts_from_imagenet_whatever_the_seed_and_heads_do_not() -> None:
    one, other = (make_network(CONFIG.model_copy(update={"seed": seed})) for seed in (1, 2))
    first, second = one.state_dict(), other.state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first if ".stem." in name)
    assert not torch.equal(first["heads.0.last.weight"], second["heads.0.last.weight"])


def test_stage_one_goes_on_from_weights_of_its_own(tmp_path: Path) -> None:
    before = make_network(CONFIG)
    with torch.no_grad():
        for weight in before.parameters():
            weight.add_(0.1)
    write_weights(tmp_path / "w.safetensors", before, CONFIG, [], stage=1)
    started = CONFIG.model_copy(update={"start": tmp_path / "w.safetensors", "frozen_blocks": 2, "seed": 9})
    after = make_network(started)
    own, theirs = before.state_dict(), after.state_dict()
    # Files hold half precision.
    assert all(torch.allclose(own[name], theirs[name], rtol=1e-3, atol=1e-3) for name in own)
    assert not all(weight.requires_grad for weight in after.parameters())
    with pytest.raises(ConfigurationError, match="other heads"):
        make_network(started, keys=KEYS[:2])


def test_every_learning_weight_has_one_rate() -> None:
    network, rates = make_network(), RateConfig(pretrained=1, new=2, heads=3)
    rate_of = {id(w): group["lr"] for group in group_parameters(network, rates) for w in group["params"]}  # type: ignore[attr-defined] # a list
    learning = {name: weight for name, weight in network.named_parameters() if weight.requires_grad}
    assert len(rate_of) == len(learning)
    for name, weight in learning.items():
        expected = 3 if name.startswith("heads.") else 1 if ".stem." in name else 2
        assert rate_of[id(weight)] == expected, name


def test_stage_two_learns_heads_alone() -> None:
    network = make_specialists(CONFIG, make_network())
    (group,) = group_parameters(network, RateConfig())
    assert group["lr"] == RateConfig().heads


def test_norms_get_the_statistics_of_the_pictures_and_keep_them() -> None:
    network, cache = make_network(), make_cache()
    heads = {key: index for index, key in enumerate(KEYS)}
    batches = (
        draw_batch(cache, pictures, heads, side=64, augment=STILL, seed=(0,))
        for pictures in rotate(cache.pictures, {"a": 1, "b": 1}, 4, 0)
    )
    norm = network.backbone.stem.entry.get_submodule("norm")
    seen: list[torch.Tensor] = []
    norm.register_forward_pre_hook(lambda _, given: seen.append(given[0].float().mean(dim=(0, 2, 3))))
    calibrate_norms(network, islice(batches, 24))
    assert isinstance(norm, nn.BatchNorm2d)
    assert norm.running_mean is not None
    assert torch.allclose(norm.running_mean, torch.stack(seen).mean(dim=0), atol=1e-3)
    kept = norm.running_mean.clone()
    set_training(network)
    assert network.heads[0].training
    network.encode(next(batches).images)
    assert torch.equal(norm.running_mean, kept)


def test_frozen_backbone_stays_in_evaluation() -> None:
    network = make_specialists(CONFIG, make_network())
    set_training(network)
    assert not any(module.training for module in network.backbone.modules())
    assert all(head.training for head in network.heads)
