"""Set Hausdorff: scenes, the empty table, SimpleITK as second implementation, the limits of float32."""

import math
from collections.abc import Iterator

import cv2
import numpy as np
import pytest
import SimpleITK
from scipy.spatial.distance import directed_hausdorff

from evaluation.contract.errors import ConfigurationError
from evaluation.metrics.distance import opencv_is_exact, transform_distances
from evaluation.metrics.hausdorff import hausdorff_set_per_class, hausdorff_set_px
from tests.metrics.mask_scenes import BoolMask, random_pairs, rectangle

EMPTY = np.zeros((30, 40), dtype=np.bool_)
SQUARE = rectangle((30, 40), (10, 15), (10, 15))


def simpleitk_hausdorff(ref: BoolMask, pred: BoolMask) -> float:
    """Run SimpleITK's filter on the full frames."""
    measure = SimpleITK.HausdorffDistanceImageFilter()
    measure.Execute(*(SimpleITK.GetImageFromArray(mask.astype(np.uint8)) for mask in (ref, pred)))
    return float(measure.GetHausdorffDistance())


def points_hausdorff(ref: BoolMask, pred: BoolMask) -> float:
    """Compare the two lists of pixels."""
    points_ref, points_pred = np.argwhere(ref), np.argwhere(pred)
    return max(directed_hausdorff(points_ref, points_pred)[0], directed_hausdorff(points_pred, points_ref)[0])


def test_a_hole_counts_by_its_deepest_pixel_and_not_by_its_rim() -> None:
    ring = SQUARE & ~rectangle((30, 40), (11, 14), (11, 14))
    assert hausdorff_set_px(mask_ref=SQUARE, mask_pred=ring) == 2.0


def test_a_far_pixel_counts_in_either_direction() -> None:
    island = SQUARE | rectangle((30, 40), (17, 18), (18, 19))
    assert hausdorff_set_px(mask_ref=SQUARE, mask_pred=island) == 5.0
    assert hausdorff_set_px(mask_ref=island, mask_pred=SQUARE) == 5.0


@pytest.mark.parametrize(
    ("ref", "pred", "expected"),
    [
        (EMPTY, EMPTY, 0.0),
        (EMPTY, SQUARE, 50.0),
        (SQUARE, EMPTY, 50.0),
        (~EMPTY, ~EMPTY, 0.0),
        (EMPTY, ~EMPTY, 50.0),
    ],
    ids=["both empty", "reference empty", "prediction empty", "both full", "empty and full"],
)
def test_empty_table(ref: BoolMask, pred: BoolMask, expected: float) -> None:
    assert hausdorff_set_px(mask_ref=ref, mask_pred=pred) == expected


def test_equal_to_simpleitk_to_the_last_bit() -> None:
    for ref, pred in random_pairs(200, seed=10):
        if ref.any() and pred.any():
            assert hausdorff_set_px(mask_ref=ref, mask_pred=pred) == simpleitk_hausdorff(ref, pred)


@pytest.mark.parametrize("shape", [(600, 800), (7, 1999), (1999, 7), (2, 1200), (3000, 40), (1, 2500)])
def test_exact_in_large_and_in_thin_frames(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(11)
    for _ in range(4):
        ref, pred = np.zeros((2, *shape), dtype=np.bool_)
        ref[rng.integers(shape[0], size=3), rng.integers(shape[1], size=3)] = True
        pred[rng.integers(shape[0], size=3), rng.integers(shape[1], size=3)] = True
        assert hausdorff_set_px(mask_ref=ref, mask_pred=pred) == points_hausdorff(ref, pred)


def test_two_pixels_at_every_offset_that_float32_blurs() -> None:
    # 885² + 1 is the first square that IPP's distance transform takes for its neighbour.
    for width in (886, 1000, 1324, 2047, 2300):
        ref, pred = np.zeros((2, 2, width), dtype=np.bool_)
        ref[0, 0], pred[1, -1] = True, True
        assert hausdorff_set_px(mask_ref=ref, mask_pred=pred) == math.sqrt((width - 1) ** 2 + 1)


@pytest.fixture(params=[1, 2], ids=["one thread", "two threads"])
def threads(request: pytest.FixtureRequest) -> Iterator[int]:
    """OpenCV takes another way on one thread, as in the scoring processes."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(request.param)
    yield request.param
    cv2.setNumThreads(before)


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize("shape", [(1, 255), (7, 886), (60, 240), (127, 128), (40, 410), (900, 1838)])
def test_opencv_is_exact_wherever_it_is_used(shape: tuple[int, int]) -> None:
    assert opencv_is_exact(*shape)
    target = np.zeros(shape, dtype=np.uint8)
    target[0, 0] = 1
    distances = transform_distances(target).astype(np.float64)
    rows, cols = np.ogrid[: shape[0], : shape[1]]
    np.testing.assert_array_equal(np.rint(distances * distances), rows * rows + cols * cols)


def test_huge_boxes_do_not_use_opencv() -> None:
    assert not opencv_is_exact(1500, 1500)


def test_per_class_equals_the_distance_of_each_class() -> None:
    rng = np.random.default_rng(12)
    for _ in range(20):
        ref, pred = rng.integers(0, 5, (2, 12, 9)).astype(np.uint8)
        ref[:5], pred[:4] = 0, 0
        expected = [hausdorff_set_px(mask_ref=ref == k, mask_pred=pred == k) for k in range(6)]
        values = hausdorff_set_per_class(labels_ref=ref, labels_pred=pred, num_classes=6)
        np.testing.assert_array_equal(values, expected)
    with pytest.raises(ConfigurationError, match="num_classes"):
        hausdorff_set_per_class(labels_ref=ref, labels_pred=pred, num_classes=0)
