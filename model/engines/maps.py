"""What a backbone says of a batch, outside torch."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from evaluation.contract.task import Kind


class Maps(NamedTuple):
    """What the backbone says of a batch."""

    stem: NDArray[np.float32]
    """Read by classification."""
    dense: NDArray[np.float32]
    """Read by the other kinds."""

    def read_by(self, kind: Kind) -> NDArray[np.float32]:
        """Return the map that heads of a kind read."""
        return self.stem if kind is Kind.CLASSIFICATION else self.dense
