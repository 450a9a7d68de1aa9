"""Averages of weights, and what of a run is kept."""

from pathlib import Path

import pytest
import torch

from evaluation.contract.task import Kind
from model.network.unified import HeadKey
from tests.train.unified.scenes import KEYS, is_same, make_network, tiny_config
from train.unified.setup import group_parameters, make_specialists
from train.unified.state import (
    RunState,
    averaged_weights,
    load_state,
    save_state,
    start_average,
    update_average,
)

SECOND_MASK = HeadKey(task_id="other", kind=Kind.SEGMENTATION, num_classes=3)


def test_average_follows_the_weights_by_its_decay() -> None:
    network = make_network()
    average = start_average(network)
    name, weight = next((n, w) for n, w in network.named_parameters() if w.requires_grad)
    before = weight.detach().clone()
    with torch.no_grad():
        weight.add_(1)
    update_average(average, network, 0.9, 10**6)
    assert average[name].numpy() == pytest.approx((before + 0.1).numpy(), abs=1e-5)
    update_average(average, network, 0.9, 10**6)
    assert average[name].numpy() == pytest.approx((before + 0.19).numpy(), abs=1e-5)


def test_first_steps_move_the_average_faster() -> None:
    network = make_network()
    average = start_average(network)
    name, weight = next((n, w) for n, w in network.named_parameters() if w.requires_grad)
    before = weight.detach().clone()
    with torch.no_grad():
        weight.add_(1)
    update_average(average, network, 0.998, 0)
    assert average[name].numpy() == pytest.approx((before + 0.9).numpy(), abs=1e-5)


def test_frozen_weights_are_not_averaged() -> None:
    specialists = make_specialists(tiny_config(preset="mh_mtl"), make_network())
    average = start_average(specialists)
    assert average
    assert all(name.startswith("heads.") for name in average)
    frozen = start_average(make_network())
    assert not any(name.startswith("backbone.stem.entry.") for name in frozen)


def test_averaged_network_has_the_average_under_every_name_of_a_shared_trunk() -> None:
    network = make_network(tiny_config(preset="mh_mtl", frozen_blocks=1), keys=(*KEYS, SECOND_MASK))
    average = {name: torch.full_like(weight, 7) for name, weight in start_average(network).items()}
    weights = averaged_weights(network, average)
    assert weights.keys() == network.state_dict().keys()
    trunks = [name for name in weights if ".trunk." in name]
    assert {"heads.4.trunk.0.weight", "heads.5.trunk.0.weight"} < set(trunks)
    assert "heads.5.trunk.0.weight" not in average, "named once only"
    for name in trunks:
        assert (weights[name] == 7).all()
    for name, live in network.state_dict().items():
        is_kept = name.endswith(("running_mean", "running_var", "num_batches_tracked"))
        if is_kept or name.startswith(("backbone.stem.entry.", "backbone.stem.blocks.0.")):
            assert torch.equal(weights[name], live)
        else:
            assert (weights[name] == 7).all(), name


def test_averaged_weights_do_not_follow_later_steps() -> None:
    network = make_network()
    average = start_average(network)
    weights = averaged_weights(network, average)
    name = next(iter(average))
    average[name].fill_(3)
    assert not (weights[name] == 3).all()


def test_state_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    config = tiny_config(preset="mh_mtl")
    network, other = make_network(config), make_network(config.model_copy(update={"seed": 9}))
    optimizers = [torch.optim.Adam(group_parameters(of, config.rates)) for of in (network, other)]
    images = torch.randn(1, 1, 64, 64)
    torch.autograd.backward(network.answer(4, network.encode(images)).sum())
    optimizers[0].step()
    state = RunState(
        7, 1.5, start_average(network), dict(network.state_dict()), 0.5, 1, [{"step": 3.0}], [2.0]
    )
    file = tmp_path / "run" / "state.pt"
    save_state(file, state, network, optimizers[0], config)
    again = load_state(file, other, optimizers[1], config)
    assert is_same(vars(again), vars(state))
    assert is_same(dict(other.state_dict()), dict(network.state_dict()))
    assert is_same(optimizers[1].state_dict(), optimizers[0].state_dict())
    assert [path.name for path in file.parent.iterdir()] == ["state.pt"]
