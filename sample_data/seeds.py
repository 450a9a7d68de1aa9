"""Random streams and the two disjoint ranges of seeds: the committed sample's and those for training.

A stream is named by (seed, layout, kind, index): cases can be made in any order and in parallel; seed S
case i never equals seed S' case j (`numpy.random.SeedSequence` with a spawn key).
"""

from typing import Literal

import numpy as np

COMMITTED_SEED = 20_260_101
TRAINING_SEEDS = range(1_000_000_000, 2_000_000_000)

Purpose = Literal["training", "committed sample", "evaluation"]
Layout = Literal["uusic25", "fmc_uia"]
Kind = Literal["plan", "patient", "image", "degrade"]
_LAYOUTS: dict[Layout, int] = {"uusic25": 1, "fmc_uia": 2}
_KINDS: dict[Kind, int] = {"plan": 1, "patient": 2, "image": 3, "degrade": 4}


def purpose_of(seed: int) -> Purpose:
    """Say what a seed may be used for.

    Training draws from `TRAINING_SEEDS` only; every other seed is for evaluation, one of them for the
    committed sample. No picture is thus both trained on and scored.
    """
    if seed in TRAINING_SEEDS:
        return "training"
    return "committed sample" if seed == COMMITTED_SEED else "evaluation"


def stream(seed: int, layout: Layout, kind: Kind, index: int) -> np.random.Generator:
    """Return the generator of random numbers for one patient or picture of one data set."""
    key = (_LAYOUTS[layout], _KINDS[kind], index)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))
