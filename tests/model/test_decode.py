"""From network outputs to answers at the image's size: scenes with a known answer."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from evaluation.contract.prediction import ClassPrediction
from evaluation.contract.task import Kind
from model.decode import (
    decode,
    draw_mask,
    expected_places,
    keep_largest,
    peak_probability,
    place_box,
    place_points,
    softmax,
)


def disc(centre_xy: tuple[float, float], radius: float, size: int = 64) -> NDArray[np.float32]:
    """Return logits (2, size, size) that are above 0 in a disc, given in shares of the side."""
    place = (np.arange(size) + 0.5) / size
    distance = np.hypot(place[None, :] - centre_xy[0], place[:, None] - centre_xy[1])
    return np.stack([np.zeros((size, size)), 50 * (radius - distance)]).astype(np.float32)


@pytest.mark.parametrize("size_hw", [(600, 800), (64, 64), (300, 100), (31, 47), (1, 1)])
def test_disc_is_drawn_where_it_is_at_any_size(size_hw: tuple[int, int]) -> None:
    mask = draw_mask(disc((0.4, 0.6), 0.25), size_hw)
    assert mask.shape == size_hw
    assert mask.dtype == np.uint8
    if min(size_hw) > 1:
        rows, columns = np.nonzero(mask)
        centre_xy = ((columns.mean() + 0.5) / size_hw[1], (rows.mean() + 0.5) / size_hw[0])
        assert centre_xy == (pytest.approx(0.4, abs=0.01), pytest.approx(0.6, abs=0.01))
        assert mask.mean() == pytest.approx(np.pi * 0.25**2, rel=0.05)


@given(seed=st.integers(0, 1000), n_classes=st.integers(2, 5))
def test_mask_is_the_argmax_of_interpolated_logits(seed: int, n_classes: int) -> None:
    logits = np.random.default_rng(seed).normal(size=(n_classes, 8, 8)).astype(np.float32)
    planes = [cv2.resize(plane, (33, 21), interpolation=cv2.INTER_LINEAR) for plane in logits]
    expected = np.argmax(planes, axis=0)
    # Sums in another order may differ in the last bit, where two classes all but tie.
    assert np.mean(draw_mask(logits, (21, 33)) != expected) <= 1 / expected.size


def test_one_class_is_background() -> None:
    assert not draw_mask(np.ones((1, 8, 8), dtype=np.float32), (5, 6)).any()


def test_softmax_sums_to_one_and_bears_large_logits() -> None:
    probabilities = softmax(np.array([[1000, 0, -1000], [0, 0, 0]], dtype=np.float32))
    np.testing.assert_allclose(probabilities, np.array([[1, 0, 0], [1 / 3, 1 / 3, 1 / 3]]))


def test_class_is_the_likeliest() -> None:
    answer = decode(Kind.CLASSIFICATION, np.array([0.2, 0.7, 0.1]), (10, 10))
    assert answer == ClassPrediction(1, (0.2, 0.7, 0.1))


@pytest.mark.parametrize(
    ("shares", "xyxy_px"),
    [
        ([0.1, 0.2, 0.5, 1.0], (20.0, 20.0, 100.0, 100.0)),
        ([-0.1, 0.2, 0.5, 1.3], (0.0, 20.0, 100.0, 100.0)),
        ([0.5, 1.0, 0.1, 0.2], (20.0, 20.0, 100.0, 100.0)),
    ],
    ids=["inside", "clipped", "put in order"],
)
def test_box_is_scaled_by_width_and_height(shares: list[float], xyxy_px: tuple[float, ...]) -> None:
    assert place_box(np.array(shares), (100, 200)).xyxy_px == pytest.approx(xyxy_px)


def test_mask_without_a_probable_place_is_left_empty() -> None:
    logits = np.zeros((2, 8, 8), dtype=np.float32)
    logits[1, 2:4, 2:4] = np.log(4)  # Probability 0.8; elsewhere 0.5, which background wins.
    assert peak_probability(logits) == pytest.approx(0.8)
    assert decode_mask(logits, 0.79).any()
    assert not decode_mask(logits, 0.81).any()


def test_peak_of_several_classes_is_that_of_any_but_background() -> None:
    logits = np.log(np.array([[[2.0, 6.0]], [[1.0, 1.0]], [[3.0, 3.0]]]))
    assert peak_probability(logits) == pytest.approx(4 / 6)
    assert decode_mask(logits, 0.66).any()
    assert not decode_mask(logits, 0.67).any()


def decode_mask(logits: NDArray[np.floating], min_peak: float) -> NDArray[np.uint8]:
    """Return the mask of logits at their own size."""
    mask = decode(Kind.SEGMENTATION, logits.astype(np.float64), logits.shape[1:], min_peak=min_peak)
    assert isinstance(mask, np.ndarray)
    return mask


def test_only_the_largest_region_of_each_class_stays() -> None:
    mask = np.array([[1, 0, 2, 2], [0, 1, 0, 0], [1, 0, 0, 2], [0, 0, 1, 0]], np.uint8)
    # Cells that touch at a corner are connected; a class that is missing is no fault.
    expected = [[1, 0, 2, 2], [0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]
    assert keep_largest(mask).tolist() == expected
    assert keep_largest((3 * (mask > 1)).astype(np.uint8)).tolist() == [
        [0, 0, 3, 3],
        [0] * 4,
        [0] * 4,
        [0] * 4,
    ]
    assert not keep_largest(np.zeros((2, 3), np.uint8)).any()


def test_head_with_one_region_answers_with_it() -> None:
    logits = np.zeros((2, 8, 8))
    logits[1] = -1
    logits[1, 1:3, 1:3] = logits[1, 5:8, 5:8] = 1
    both = decode(Kind.SEGMENTATION, logits, (16, 16))
    largest = decode(Kind.SEGMENTATION, logits, (16, 16), only_largest=True)
    assert isinstance(both, np.ndarray)
    assert isinstance(largest, np.ndarray)
    assert both[:8, :8].any()
    assert not largest[:8, :8].any()
    np.testing.assert_array_equal(largest[8:, 8:], both[8:, 8:])


def gaussian(centre_xy: tuple[float, float], size: int = 64, sigma: float = 2.0) -> NDArray[np.float64]:
    """Return the logits of a Gaussian around a share of width and height."""
    x, y = centre_xy[0] * size - 0.5, centre_xy[1] * size - 0.5
    cells = np.arange(size)
    return -((cells[None, :] - x) ** 2 + (cells[:, None] - y) ** 2) / (2 * sigma**2)


@given(x=st.floats(0.15, 0.85), y=st.floats(0.15, 0.85))
def test_expected_place_of_a_gaussian_is_its_centre_within_a_hundredth_of_a_cell(x: float, y: float) -> None:
    np.testing.assert_allclose(expected_places(gaussian((x, y))[None]), [[x, y]], atol=0.01 / 64)


def test_expected_place_by_hand() -> None:
    logits = np.log([[[1.0, 1.0, 2.0], [1.0, 1.0, 2.0]]])
    columns, rows = np.array([1, 3, 5]) / 6, np.array([1, 3]) / 4
    expected = [columns @ [0.25, 0.25, 0.5], rows @ [0.5, 0.5]]
    np.testing.assert_allclose(expected_places(logits), [expected], atol=1e-12)


@pytest.mark.parametrize("value", [0.0, -1e6, 1e6])
def test_flat_logits_give_the_middle(value: float) -> None:
    np.testing.assert_allclose(expected_places(np.full((2, 64, 64), value)), np.full((2, 2), 0.5))


def test_points_are_in_order_and_scaled_by_width_and_height() -> None:
    logits = np.stack([gaussian((0.25, 0.5)), gaussian((0.75, 0.1))])
    expected = (50.0, 50.0, 150.0, 10.0)
    assert place_points(logits, (100, 200)).flat_xy_px == pytest.approx(expected, abs=0.1)
