"""The interface of an engine."""

from collections.abc import Sequence
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Precision = Literal["f32", "mixed", "bf16"]
"""Of OpenVINO's arithmetic; ``mixed`` is f32 in the stem and bf16 after it."""


class Engine(Protocol):
    """Runs the backbone on images and heads on what it returned; several threads may call it at once."""

    name: str
    """With device and precision."""

    def encode(self, batch: NDArray[np.float32]) -> Any:  # noqa: ANN401 # torch tensors or numpy arrays
        """Return the features of (B, 1, S, S) normalised grey images, for `answer` alone to read."""

    def answer(self, head: int, features: Any, rows: Sequence[int]) -> NDArray[np.float32]:  # noqa: ANN401
        """Return what a head says of some images: (len(rows), ...), as `model.network.heads` tells."""
