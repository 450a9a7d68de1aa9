"""What a run has come to, so that it goes on after being killed at any moment."""

import io
import pickle
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from evaluation.contract.errors import ConfigurationError
from evaluation.files.atomic import write_atomically
from model.network.unified import UnifiedNetwork
from train.unified.config import TrainConfig

Weights = dict[str, torch.Tensor]
FOR_SHIPPING = {"label_names", "nothing_to_see", "synthetic"}
"""Of a configuration: what does not matter to training."""


@dataclass
class RunState:
    """Everything but the network's live weights and the optimiser, which `save_state` takes beside it."""

    step: int = 0
    cpu_s: float = 0.0
    """CPU seconds of all processes so far."""
    average: Weights = field(default_factory=dict)
    """Exponential moving average of the learning weights."""
    best: Weights = field(default_factory=dict)
    """The whole network, averaged, at the best validation."""
    best_score: float = -1.0
    best_epoch: int = 0
    history: list[dict[str, float]] = field(default_factory=list)
    """One row an epoch."""
    losses: list[float] = field(default_factory=list)
    """Of the steps since the last epoch ended."""


def save_state(
    file: Path,
    state: RunState,
    network: UnifiedNetwork,
    optimizer: torch.optim.Optimizer,
    config: TrainConfig,
) -> None:
    """Write a state; a kill while writing leaves the one before."""
    stream = io.BytesIO()
    told = {"config": config.model_dump_json(), "state": vars(state), "network": network.state_dict()}
    torch.save(told | {"optimizer": optimizer.state_dict()}, stream)
    write_atomically(file, stream.getvalue())


def load_state(
    file: Path, network: UnifiedNetwork, optimizer: torch.optim.Optimizer, config: TrainConfig
) -> RunState:
    """Take over a state written by `save_state`.

    Raises:
        ConfigurationError: not such a state, or of another configuration.
    """
    try:
        told: dict[str, Any] = torch.load(file, weights_only=True, map_location="cpu")
        begun_with = TrainConfig.model_validate_json(told["config"])
    except (OSError, EOFError, RuntimeError, KeyError, ValueError, pickle.UnpicklingError) as error:
        raise ConfigurationError(f"{file}: cannot be read as a run's state ({error})") from error
    # Compared as read, so that a field that is newer than the state has its default.
    if begun_with.model_dump(exclude=FOR_SHIPPING) != config.model_dump(exclude=FOR_SHIPPING):
        raise ConfigurationError(f"{file.parent}: was begun with another configuration; use another `--out`")
    network.load_state_dict(told["network"])
    optimizer.load_state_dict(told["optimizer"])
    state = RunState(**told["state"])
    weights = dict(network.named_parameters())
    state.average = {name: average.to(weights[name].device) for name, average in state.average.items()}
    return state


def start_average(network: UnifiedNetwork) -> Weights:
    """Return a copy of the learning weights."""
    return {name: w.detach().clone() for name, w in network.named_parameters() if w.requires_grad}


def update_average(average: Weights, network: UnifiedNetwork, decay: float, step: int) -> None:
    """Move the average towards the weights; faster in the first steps, when it means little."""
    weight = 1 - min(decay, (1 + step) / (10 + step))
    weights = dict(network.named_parameters())
    torch._foreach_lerp_(list(average.values()), [weights[name].detach() for name in average], weight)


def averaged_weights(network: UnifiedNetwork, average: Weights) -> Weights:
    """Return the whole network's weights with the average in place; names of shared weights included."""
    learning = ((name, weight) for name, weight in network.named_parameters() if name in average)
    by_identity = {id(weight): average[name] for name, weight in learning}
    live = network.state_dict(keep_vars=True)
    return {name: by_identity.get(id(weight), weight).detach().clone() for name, weight in live.items()}
