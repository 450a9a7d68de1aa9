"""The two ways to a distance give the same bits, so that the size of a box changes no score."""

import numpy as np
import pytest

from evaluation.metrics import distance
from evaluation.metrics.distance import distances_to


@pytest.mark.parametrize("shape", [(1, 200), (60, 90), (130, 140), (260, 300)])
def test_transform_and_tree_agree_to_the_last_bit(
    shape: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(3)
    targets, at = (rng.random((2, *shape)) < 0.02).astype(np.uint8)
    targets[0, 0] = at[0, -1] = 1
    for spacing in ((1.0, 1.0), (0.3, 0.3)):
        by_transform = distances_to(targets=targets, at=at, spacing_yx=spacing)
        with monkeypatch.context() as patch:
            patch.setattr(distance, "_SMALL_BOX_PIXELS", 0)
            by_tree = distances_to(targets=targets, at=at, spacing_yx=spacing)
        np.testing.assert_array_equal(by_transform, by_tree)
