"""Two hundred fixed mask pairs of 600×800 in the sizes of the seven organs."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

HEIGHT, WIDTH = 600, 800
N_PAIRS = 200

# Semi-axes in pixels (row, column): from a small lesion to a head that fills half the frame.
_ORGAN_AXES = (
    (28, 40),  # thyroid nodule
    (36, 52),  # appendix
    (48, 70),  # breast lesion
    (90, 130),  # kidney
    (120, 95),  # heart chamber
    (150, 190),  # liver lobe
    (240, 318),  # fetal head: half of the frame
)


@dataclass(frozen=True)
class Pair:
    """One reference and one plausible prediction of it."""

    mask_ref: NDArray[np.bool_]
    mask_pred: NDArray[np.bool_]


def make_pairs(n_pairs: int = N_PAIRS, seed: int = 25) -> list[Pair]:
    """Return pairs of smooth, irregular outlines, sorted by the reference's area."""
    rng = np.random.default_rng(seed)
    pairs = []
    for number in range(n_pairs):
        axes = np.array(_ORGAN_AXES[number % len(_ORGAN_AXES)]) * rng.uniform(0.85, 1.0)
        margin = np.minimum(axes * 1.05, (HEIGHT / 2 - 5, WIDTH / 2 - 5))
        center = rng.uniform(margin, np.array((HEIGHT, WIDTH)) - margin)
        waves = rng.normal(0, 0.03, (2, 5))
        shift = rng.normal(0, 0.03, 2) * axes
        reference = _outline(center, axes, waves)
        prediction = _outline(center + shift, axes * rng.uniform(0.92, 1.08, 2), rng.normal(0, 0.03, (2, 5)))
        pairs.append(Pair(mask_ref=reference, mask_pred=prediction))
    return sorted(pairs, key=lambda pair: int(pair.mask_ref.sum()))


def _outline(
    center: NDArray[np.float64], axes: NDArray[np.float64], waves: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Return a filled ellipse whose radius is modulated by the waves (cosine and sine amplitudes)."""
    rows, columns = np.ogrid[:HEIGHT, :WIDTH]
    y, x = (rows - center[0]) / axes[0], (columns - center[1]) / axes[1]
    angle = np.arctan2(y, x)
    radius = np.ones_like(angle)
    for k in range(waves.shape[1]):
        radius += waves[0, k] * np.cos((k + 2) * angle) + waves[1, k] * np.sin((k + 2) * angle)
    inside: NDArray[np.bool_] = np.hypot(y, x) <= radius
    return inside
