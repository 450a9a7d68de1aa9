"""What a budget is measured by."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Clock = Callable[[], float]
"""Returns seconds from any beginning."""


def cpu_seconds() -> float:
    """Return the CPU seconds of this process and of its ended children, user and system."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def wall_seconds() -> float:
    """Return seconds of the wall clock, which never runs backwards."""
    return time.monotonic()


@dataclass(frozen=True)
class Budget:
    """How long training may take."""

    seconds: float
    clock_name: Literal["cpu", "wall"]

    @property
    def clock(self) -> Clock:
        """What it is measured by."""
        return cpu_seconds if self.clock_name == "cpu" else wall_seconds
