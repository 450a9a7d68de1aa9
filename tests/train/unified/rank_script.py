"""What each rank of `test_distributed` does; `python -m torch.distributed.run` starts it twice."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

from model.network.unified import UnifiedNetwork
from tests.train.unified.scenes import (
    BOX,
    CLASS,
    OTHER_CLASS,
    POINTS,
    SIDE,
    STILL,
    make_cache,
    make_network,
    make_parts,
    tiny_config,
)
from train.unified.batches import Batch, draw_batch
from train.unified.config import LossConfig
from train.unified.objective import Objective
from train.unified.ranks import find_rank, join_group, leave_group
from train.unified.setup import set_training
from train.unified.stage import Watcher, run_stage

KEYS = (CLASS, OTHER_CLASS, BOX, POINTS)
"""Heads whose loss is a mean over pictures: Dice is one over the whole batch."""
CONFIG = tiny_config(preset="mh_mtl", steps=4, epoch_steps=2)


def make_pair(rows: Sequence[int], part: slice) -> tuple[Objective, Batch]:
    """Return an objective without chance and the part of a batch of some pictures."""
    cache = make_cache()
    network = make_network(keys=KEYS)
    set_training(network)
    for module in network.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0
    heads = {key: index for index, key in enumerate(KEYS)}
    pictures = [cache.pictures[row] for row in rows]
    batch = draw_batch(cache, pictures, heads, side=SIDE, augment=STILL, seed=(0,), part=part)
    return Objective(network, LossConfig()), batch


def differentiate(trained: nn.Module, objective: Objective, batch: Batch) -> dict[str, torch.Tensor]:
    """Return the gradient of the loss."""
    torch.autograd.backward(objective.combine(trained(batch)))
    named = objective.network.named_parameters()
    return {name: weight.grad for name, weight in named if weight.grad is not None}


def main(out: Path) -> None:
    """Leave gradients, weights and steps of this rank in a folder."""
    join_group()
    rank, world = find_rank()
    part = slice(rank, None, world)
    # Each rank has as many labels as the other; then one has boxes and points, and the other none.
    for name, rows in (("even", (0, 2, 4, 6)), ("uneven", (0, 1, 2, 3))):
        objective, batch = make_pair(rows, part)
        trained = nn.parallel.DistributedDataParallel(objective, find_unused_parameters=True)
        torch.save(differentiate(trained, objective, batch), out / f"{name}_{rank}.pt")
    _run(out / "whole", Watcher())
    # The second rank alone is told to stop.
    _run(out / "stopped", Watcher(lambda: rank == 1))
    leave_group()


def _run(out: Path, watcher: Watcher) -> UnifiedNetwork:
    rank, _ = find_rank()
    network = make_network(CONFIG)
    steps: list[int] = []
    noted = Watcher(watcher.should_stop, lambda step, _: steps.append(step))
    state = run_stage(network, make_parts(), CONFIG, out, noted)
    told = {"network": network.state_dict(), "average": state.average, "history": state.history}
    out.mkdir(exist_ok=True)
    torch.save(told | {"steps": steps, "cpu_s": state.cpu_s}, out / f"rank_{rank}.pt")
    return network


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main(Path(sys.argv[1]))
