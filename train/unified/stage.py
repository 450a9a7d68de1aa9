"""One stage of training: rotate over the data sets, step, validate, keep the best, go on where it stopped."""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from torch import distributed, nn

from evaluation.contract.errors import ConfigurationError
from evaluation.files.atomic import write_atomically
from model.network.unified import UnifiedNetwork
from train.unified.batches import Batch, draw_batch, rotate
from train.unified.cache import Cache
from train.unified.config import TrainConfig
from train.unified.objective import Objective
from train.unified.pictures import draw_contact_sheet, draw_curves
from train.unified.ranks import CpuClock, find_rank, is_first_rank, pick_device, sum_over_ranks
from train.unified.setup import calibrate_norms, group_parameters, set_training
from train.unified.state import (
    RunState,
    averaged_weights,
    load_state,
    save_state,
    start_average,
    update_average,
)
from train.unified.validate import Validation, find_scored, validate

STATE_FILE = "state.pt"
SAVE_EVERY = 100
"""Steps between two saves: what a kill costs at most."""


@dataclass(frozen=True)
class Parts:
    """What is learned from, and what it is steered by."""

    train: Cache
    validation: Cache


@dataclass(frozen=True)
class Watcher:
    """How a run is watched from outside."""

    should_stop: Callable[[], bool] = lambda: False
    """Asked after each step; the state is saved before the run ends."""
    on_step: Callable[[int, float], None] = lambda step, loss: None


def run_stage(
    network: UnifiedNetwork, parts: Parts, config: TrainConfig, out: Path, watcher: Watcher
) -> RunState:
    """Train a network in place until its steps, its patience or the watcher end it.

    Args:
        network: as `train.unified.setup` makes it; what does not require gradients stays as it is.
        parts: training and validation pictures.
        config: all else.
        out: folder of state, log and pictures; a state that is there is gone on from.
        watcher: progress and stop.

    Returns:
        The state; `best` holds the averaged weights of the best epoch.

    Raises:
        ConfigurationError: `out` holds another configuration's state, nothing can be learned or validated, or
            the loss is no longer finite; the state saved last stays.
    """
    _check(network, parts, config)
    network.to(pick_device()).to(memory_format=torch.channels_last)  # type: ignore[call-overload] # not in hints
    optimizer = torch.optim.Adam(group_parameters(network, config.rates))
    file = out / STATE_FILE
    state = load_state(file, network, optimizer, config) if file.is_file() else _begin(network, parts, config)
    if sum_over_ranks(state.step) != state.step * find_rank()[1]:
        raise ConfigurationError(f"{file}: not every rank reads the same state; put `--out` on a shared disk")
    if is_over(state, config):
        return state
    objective = Objective(network, config.losses)
    trained: nn.Module = objective
    if distributed.is_initialized():
        trained = nn.parallel.DistributedDataParallel(objective, find_unused_parameters=True)
    clock = CpuClock()
    set_training(network)
    for batch in _batches(network, parts.train, config, state.step, ranked=True):
        state.losses.append(_step(trained, objective, batch, optimizer, config, state))
        update_average(state.average, network, config.ema_decay, state.step)
        state.step += 1
        watcher.on_step(state.step, state.losses[-1])
        if state.step % config.epoch_steps == 0 or state.step == config.steps:
            state.cpu_s += clock.read()
            _end_epoch(network, parts, state, out)
        # A signal may reach one rank first; whoever went on alone would wait for the others for ever.
        over = sum_over_ranks(is_over(state, config) or watcher.should_stop()) > 0
        if over or state.step % SAVE_EVERY == 0:
            state.cpu_s += clock.read()
            if is_first_rank():
                save_state(file, state, network, optimizer, config)
        if over:
            break
    return state


def is_over(state: RunState, config: TrainConfig) -> bool:
    """Whether steps or patience are used up."""
    return state.step >= config.steps or len(state.history) - state.best_epoch >= config.patience


def _check(network: UnifiedNetwork, parts: Parts, config: TrainConfig) -> None:
    if not set(network.keys) & set(parts.train.keys):
        raise ConfigurationError("Expected `train` to have labels of the network's heads but got none")
    if not find_scored(network.keys, parts.validation):
        raise ConfigurationError("Expected `validation` to have labels that can be scored but got none")
    if config.batch_size < find_rank()[1]:
        raise ConfigurationError(
            f"Expected `batch_size` to be at least 1 a rank, {find_rank()[1]}, but got {config.batch_size}"
        )


def _begin(network: UnifiedNetwork, parts: Parts, config: TrainConfig) -> RunState:
    if config.start is None and any(weight.requires_grad for weight in network.backbone.parameters()):
        calibrate_norms(network, _batches(network, parts.train, config, 0, ranked=False))
    return RunState(average=start_average(network))


def _batches(
    network: UnifiedNetwork, cache: Cache, config: TrainConfig, start: int, *, ranked: bool
) -> Iterator[Batch]:
    heads = {key: index for index, key in enumerate(network.keys)}
    useful = [picture for picture in cache.pictures if picture.labels.keys() & heads.keys()]
    rotation = rotate(useful, config.weights, config.batch_size, config.seed)
    rank, world = find_rank() if ranked else (0, 1)
    for step, pictures in enumerate(islice(rotation, start, None), start=start):
        batch = draw_batch(
            cache,
            pictures,
            heads,
            side=config.small_size if step < config.small_share * config.steps else config.input_size,
            augment=config.augment,
            seed=(config.seed, step),
            part=slice(rank, None, world),
        )
        yield batch.to(pick_device())


def _step(
    trained: nn.Module,
    objective: Objective,
    batch: Batch,
    optimizer: torch.optim.Optimizer,
    config: TrainConfig,
    state: RunState,
) -> float:
    factor = rate_factor(state.step, config)
    for group in optimizer.param_groups:
        group["lr"] = group["base_lr"] * factor
    # Dropout draws from torch's generator: seeded by the step, it is the same after a resume.
    rank, world = find_rank()
    torch.manual_seed(config.seed * 1_000_003 + state.step + (rank << 40))
    with torch.autocast(batch.images.device.type, torch.bfloat16):
        total = objective.combine(trained(batch))
    optimizer.zero_grad(set_to_none=True)
    torch.autograd.backward(total)
    norm = nn.utils.clip_grad_norm_(objective.network.parameters(), config.clip_norm).item()
    # Summed first, so that all ranks go on or none.
    loss = sum_over_ranks(total.item()) / world
    if not (np.isfinite(loss) and np.isfinite(norm)):
        raise ConfigurationError(
            f"step {state.step} (data set {batch.data_set}): expected a finite loss but got {loss} with a"
            f" gradient of norm {norm}; lower `rates` or raise `warmup_steps`"
        )
    optimizer.step()
    return loss


def rate_factor(step: int, config: TrainConfig) -> float:
    """Return what the learning rates are multiplied by: a linear rise, then half a cosine down to 1 %."""
    if step < config.warmup_steps:
        return (step + 1) / config.warmup_steps
    share = (step - config.warmup_steps) / max(1, config.steps - config.warmup_steps)
    return float(0.01 + 0.99 * 0.5 * (1 + np.cos(np.pi * min(share, 1))))


def _end_epoch(network: UnifiedNetwork, parts: Parts, state: RunState, out: Path) -> None:
    # Every rank validates, so that all know alike when to stop.
    live = {name: weight.detach().clone() for name, weight in network.state_dict().items()}
    averaged = averaged_weights(network, state.average)
    network.load_state_dict(averaged)
    validation, answers = validate(network, parts.validation)
    network.load_state_dict(live)
    set_training(network)
    state.history.append(_row(state, validation))
    state.losses.clear()
    if validation.mean > state.best_score:
        state.best, state.best_score, state.best_epoch = averaged, validation.mean, len(state.history)
    if is_first_rank():
        write_atomically(out / "log.csv", _as_csv(state.history))
        draw_curves(state.history, out / "curves.png")
        draw_contact_sheet(answers, parts.validation, out / "overlays.png")


def _row(state: RunState, validation: Validation) -> dict[str, float]:
    loss = float(np.mean(state.losses))
    row = {"step": float(state.step), "cpu_s": state.cpu_s, "loss": loss, "mean": validation.mean}
    return row | {f"{key.task_id}#{key.num_classes}": score for key, score in validation.by_head.items()}


def _as_csv(history: list[dict[str, float]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(history[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(history)
    return text.getvalue().encode()
