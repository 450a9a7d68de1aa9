"""Dice and IoU: hand-computed scenes, the empty table, and scikit-learn as the second implementation."""

import numpy as np
import pytest
from sklearn.metrics import f1_score, jaccard_score

from evaluation.contract.errors import ConfigurationError
from evaluation.metrics.overlap import dice, dice_per_class, dice_uusic25, mask_iou
from tests.metrics.mask_scenes import random_pairs, rectangle

EMPTY = np.zeros((10, 10), dtype=np.bool_)
FULL = ~EMPTY
SQUARE = rectangle((10, 10), (2, 6), (2, 6))


def test_two_squares_that_share_half() -> None:
    shifted = rectangle((10, 10), (2, 6), (4, 8))
    assert dice(mask_ref=SQUARE, mask_pred=shifted) == 0.5
    assert dice_uusic25(mask_ref=SQUARE, mask_pred=shifted) == 16 / (32 + 1e-6)
    assert mask_iou(mask_ref=SQUARE, mask_pred=shifted) == 8 / 24


@pytest.mark.parametrize(
    ("ref", "pred", "expected_dice", "expected_uusic25", "expected_iou"),
    [
        (EMPTY, EMPTY, 1.0, 0.0, 1.0),
        (EMPTY, SQUARE, 0.0, 0.0, 0.0),
        (SQUARE, EMPTY, 0.0, 0.0, 0.0),
        (FULL, FULL, 1.0, 200 / (200 + 1e-6), 1.0),
    ],
    ids=["both empty", "reference empty", "prediction empty", "both full"],
)
def test_empty_table(
    ref: np.ndarray, pred: np.ndarray, expected_dice: float, expected_uusic25: float, expected_iou: float
) -> None:
    assert dice(mask_ref=ref, mask_pred=pred) == expected_dice
    assert dice_uusic25(mask_ref=ref, mask_pred=pred) == expected_uusic25
    assert mask_iou(mask_ref=ref, mask_pred=pred) == expected_iou


def test_overlap_equals_scikit_learn() -> None:
    for ref, pred in random_pairs(150, seed=3):
        if ref.any() or pred.any():
            flat = ref.ravel(), pred.ravel()
            assert dice(mask_ref=ref, mask_pred=pred) == pytest.approx(f1_score(*flat), abs=1e-12)
            assert mask_iou(mask_ref=ref, mask_pred=pred) == pytest.approx(jaccard_score(*flat), abs=1e-12)


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int32])
def test_dice_per_class_equals_dice_of_each_class(dtype: type[np.uint8]) -> None:
    rng = np.random.default_rng(4)
    for _ in range(50):
        shape = (int(rng.integers(1, 30)), int(rng.integers(1, 30)))
        ref, pred = rng.integers(0, 6, (2, *shape)).astype(dtype)
        ref[: shape[0] // 2], pred[: shape[0] // 3] = 0, 0
        expected = [dice(mask_ref=ref == k, mask_pred=pred == k) for k in range(5)]
        np.testing.assert_array_equal(
            dice_per_class(labels_ref=ref, labels_pred=pred, num_classes=5), expected
        )


def test_a_value_outside_the_classes_matches_no_class() -> None:
    ref = np.array([[1, 1, 0, 255]], dtype=np.uint8)
    values = dice_per_class(labels_ref=ref, labels_pred=ref, num_classes=3)
    np.testing.assert_array_equal(values, [1.0, 1.0, 1.0])
    other = np.array([[255, 1, 0, 255]], dtype=np.uint8)
    values = dice_per_class(labels_ref=ref, labels_pred=other, num_classes=3)
    np.testing.assert_allclose(values, [1.0, 2 / 3, 1.0])
    negative = dice_per_class(
        labels_ref=-np.ones((2, 2), int), labels_pred=np.zeros((2, 2), int), num_classes=1
    )
    assert negative.tolist() == [0.0]


def test_no_classes_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="num_classes"):
        dice_per_class(labels_ref=EMPTY, labels_pred=EMPTY, num_classes=0)
