"""From network outputs to answers at the image's size: scenes with a known answer."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from evaluation.contract.prediction import ClassPrediction
from evaluation.contract.task import Kind
from model.decode import decode, draw_mask, find_peak, place_box, place_points, softmax


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


def gaussian(centre_xy: tuple[float, float], size: int = 64, sigma: float = 4.0) -> NDArray[np.float64]:
    """Return a heatmap with its peak at a share of width and height."""
    x, y = centre_xy[0] * size - 0.5, centre_xy[1] * size - 0.5
    cells = np.arange(size)
    return np.exp(-((cells[None, :] - x) ** 2 + (cells[:, None] - y) ** 2) / (2 * sigma**2))


@given(x=st.floats(0.05, 0.95), y=st.floats(0.05, 0.95))
def test_peak_of_a_gaussian_is_found_within_a_hundredth_of_a_cell(x: float, y: float) -> None:
    np.testing.assert_allclose(find_peak(gaussian((x, y))), [x, y], atol=0.01 / 64)


def test_peak_stays_within_a_cell_of_the_highest_under_noise() -> None:
    noisy = gaussian((0.3, 0.7)) + np.random.default_rng(0).normal(0, 0.05, (64, 64))
    row, column = divmod(int(noisy.argmax()), 64)
    assert np.abs(find_peak(noisy) * 64 - 0.5 - [column, row]).max() <= 1


@pytest.mark.parametrize("value", [0.0, -1.0, 1.0])
def test_flat_heatmap_gives_its_first_cell(value: float) -> None:
    np.testing.assert_allclose(find_peak(np.full((64, 64), value)), [0.5 / 64, 0.5 / 64])


def test_points_are_in_order_and_scaled_by_width_and_height() -> None:
    heatmaps = np.stack([gaussian((0.25, 0.5)), gaussian((0.75, 0.1))])
    expected = (50.0, 50.0, 150.0, 10.0)
    assert place_points(heatmaps, (100, 200)).flat_xy_px == pytest.approx(expected, abs=0.1)
