"""The processes of a distributed run: who this one is, and what they agree on.

Promises: without torchrun everything here answers for one process alone.
"""

import os
import time

import torch
from torch import distributed


def join_group() -> None:
    """Join the processes that torchrun started; nothing to do without it."""
    if "RANK" not in os.environ or distributed.is_initialized():
        return
    if torch.cuda.is_available():
        torch.cuda.set_device(pick_device())
    distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")


def leave_group() -> None:
    """Leave the group that `join_group` joined."""
    if distributed.is_initialized():
        distributed.destroy_process_group()


def pick_device() -> torch.device:
    """Return this rank's GPU, or the CPU where there is none."""
    if torch.cuda.is_available():
        return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    return torch.device("cpu")


def find_rank() -> tuple[int, int]:
    """Return this process's rank and the number of ranks."""
    if distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1


def is_first_rank() -> bool:
    """Whether this process writes files and talks to the terminal."""
    return find_rank()[0] == 0


def sum_over_ranks(value: float) -> float:
    """Return the sum of every rank's value, the same on each; all ranks must call it."""
    if not distributed.is_initialized():
        return value
    total = torch.tensor(value, dtype=torch.float64, device=pick_device())
    distributed.all_reduce(total)
    return total.item()


class CpuClock:
    """Counts the CPU time of all ranks, user and system."""

    def __init__(self) -> None:
        """Start at 0."""
        self._read_at = time.process_time()

    def read(self) -> float:
        """Return the seconds since the last reading; all ranks must call it."""
        now = time.process_time()
        spent, self._read_at = now - self._read_at, now
        return sum_over_ranks(spent)
