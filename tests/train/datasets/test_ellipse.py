"""Landmarks of a head: ends of the axes of its ellipse, in the promised order."""

import cv2
import numpy as np
import pytest

from tests.train.datasets import trees
from train.datasets.ellipse import find_axis_ends, fit_ellipse

SHAPE = (400, 500)


def draw(
    centre: tuple[int, int], half_axes: tuple[int, int], angle: float
) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    mask = np.zeros(SHAPE, np.uint8)
    cv2.ellipse(mask, centre, half_axes, angle, 0, 360, 1, -1)
    return mask


@pytest.mark.parametrize("angle", [0, 10, 44, 46, 80, 90, 100, 135, 170])
def test_ends_come_major_first_then_by_x_and_by_y(angle: int) -> None:
    ends = np.array(find_axis_ends(draw((240, 190), (150, 100), angle)))
    assert np.linalg.norm(ends[1] - ends[0]) == pytest.approx(300, abs=1.5)
    assert np.linalg.norm(ends[3] - ends[2]) == pytest.approx(200, abs=1.5)
    assert ends[0, 0] <= ends[1, 0] + 1
    assert ends[2, 1] <= ends[3, 1] + 1
    turned = np.deg2rad(angle)
    along = np.array([np.cos(turned), np.sin(turned)])
    expected = np.array([240, 190]) + 150 * along * (-1 if along[0] > 0 else 1)
    if angle != 90:
        assert np.linalg.norm(ends[0] - expected) < 2


def test_a_head_cut_by_the_border_still_gives_its_whole_ellipse() -> None:
    whole = fit_ellipse(draw((240, 190), (150, 100), 20))
    cut = fit_ellipse(draw((240, 60), (150, 100), 20))
    assert cut.diameters == pytest.approx(whole.diameters, abs=1.5)
    assert cut.centre_xy == pytest.approx((240, 60), abs=1)


def test_no_landmarks_outside_the_image() -> None:
    assert find_axis_ends(draw((240, 190), (150, 100), 0)) != ()
    assert find_axis_ends(draw((240, 60), (150, 100), 0)) == ()


def test_no_landmarks_of_what_is_no_ellipse() -> None:
    assert find_axis_ends(trees.make_mask()) == ()
    assert find_axis_ends(np.zeros(SHAPE, np.uint8)) == ()
    with pytest.raises(ValueError, match="five pixels"):
        fit_ellipse(np.zeros(SHAPE, np.uint8))
