"""Views move a picture, its masks, boxes and points alike."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from train.unified.augment import AugmentConfig, View, draw_view

STILL = AugmentConfig(
    rotation_deg=0,
    zoom=(1, 1),
    stretch=0,
    shift=0,
    flip=False,
    gamma=(1, 1),
    contrast=(1, 1),
    brightness=0,
    noise_rate=0,
    blur_rate=0,
)
GEOMETRY = AugmentConfig(gamma=(1, 1), contrast=(1, 1), brightness=0, noise_rate=0, blur_rate=0)
SIDE = 128
SEEDS = range(12)
BOX = (0.35, 0.3, 0.6, 0.55)


def view_of(
    config: AugmentConfig, seed: int = 0, size_hw: tuple[int, int] = (300, 500), *, may_flip: bool = True
) -> View:
    """Draw the view of a seed."""
    return draw_view(np.random.default_rng(seed), config, size_hw=size_hw, may_flip=may_flip)


def mirrored() -> View:
    """Return a left-right flip and nothing else."""
    views = (view_of(STILL.model_copy(update={"flip": True}), seed) for seed in range(50))
    return next(view for view in views if view.matrix[0, 0] < 0)


def ellipse(box: tuple[float, ...], side: int = SIDE) -> NDArray[np.uint8]:
    """Return a square picture of the ellipse that fills a box, 255 in it and 0 around it."""
    place = (np.arange(side) + 0.5) / side
    x = (place - (box[0] + box[2]) / 2) / ((box[2] - box[0]) / 2)
    y = (place - (box[1] + box[3]) / 2) / ((box[3] - box[1]) / 2)
    return (255 * (x[None] ** 2 + y[:, None] ** 2 <= 1)).astype(np.uint8)


def box_around(mask: NDArray[np.uint8]) -> list[float]:
    """Return the box around all that is not 0, in shares of the sides."""
    rows, columns = np.nonzero(mask)
    low, high = (columns.min(), rows.min()), (columns.max() + 1, rows.max() + 1)
    return [*(np.array(low) / mask.shape[0]), *(np.array(high) / mask.shape[0])]


def centroid(mask: NDArray[np.uint8]) -> list[float]:
    """Return the (x, y) mean place of all that is not 0, in shares of the sides."""
    rows, columns = np.nonzero(mask)
    return [float((columns.mean() + 0.5) / mask.shape[1]), float((rows.mean() + 0.5) / mask.shape[0])]


def test_view_that_goes_nowhere_changes_nothing() -> None:
    view = view_of(STILL)
    image = np.random.default_rng(1).integers(0, 256, (SIDE, SIDE), dtype=np.uint8)
    assert np.array_equal(view.move_image(image, SIDE), image)
    assert np.array_equal(view.move_mask(image, SIDE), image)
    assert view.move_point((0.2, 0.9)) == pytest.approx((0.2, 0.9))
    assert view.move_box(BOX) == pytest.approx(BOX)


def test_same_seed_gives_the_same_view() -> None:
    first, again, other = (view_of(AugmentConfig(noise_rate=1), seed) for seed in (4, 4, 5))
    image = ellipse(BOX)
    assert np.array_equal(first.move_image(image, SIDE), again.move_image(image, SIDE))
    assert not np.array_equal(first.move_image(image, SIDE), other.move_image(image, SIDE))


@pytest.mark.parametrize("seed", SEEDS)
def test_mask_covers_what_the_image_shows(seed: int) -> None:
    view, picture = view_of(GEOMETRY, seed), ellipse(BOX)
    shown = view.move_image(picture, SIDE) > 127
    covered = view.move_mask(picture, SIDE) > 0
    assert shown.any()
    assert (shown != covered).sum() < 0.05 * covered.sum()


@pytest.mark.parametrize("seed", SEEDS)
def test_box_follows_the_ellipse_in_it(seed: int) -> None:
    view = view_of(GEOMETRY, seed)
    box = view.move_box(BOX)
    assert box is not None
    assert list(box) == pytest.approx(box_around(view.move_mask(ellipse(BOX), SIDE)), abs=1.5 / SIDE)


@pytest.mark.parametrize("seed", SEEDS)
def test_point_follows_the_disc_around_it(seed: int) -> None:
    view, point = view_of(GEOMETRY, seed), (0.55, 0.4)
    disc = ellipse((point[0] - 0.08, point[1] - 0.08, point[0] + 0.08, point[1] + 0.08))
    moved = view.move_point(point)
    assert moved is not None
    assert centroid(view.move_mask(disc, SIDE)) == pytest.approx(list(moved), abs=0.5 / SIDE)


@pytest.mark.parametrize("seed", SEEDS)
def test_mask_at_half_the_side_lies_where_the_whole_one_lies(seed: int) -> None:
    view, mask = view_of(GEOMETRY, seed), ellipse(BOX)
    whole, half = view.move_mask(mask, SIDE), view.move_mask(mask, SIDE // 2)
    # A shift of half a cell between image and mask would show as 1 / SIDE.
    assert centroid(half) == pytest.approx(centroid(whole), abs=0.4 / SIDE)


def test_mask_keeps_its_classes() -> None:
    mask = np.where(ellipse(BOX) > 0, 2, 1).astype(np.uint8)
    seen = {value for seed in SEEDS for value in np.unique(view_of(GEOMETRY, seed).move_mask(mask, SIDE))}
    assert seen == {0, 1, 2}


def test_mirror_swaps_left_and_right_and_nothing_else() -> None:
    view, image = mirrored(), ellipse((0.1, 0.2, 0.4, 0.5))
    assert np.array_equal(view.move_image(image, SIDE), image[:, ::-1])
    assert np.array_equal(view.move_mask(image, SIDE), image[:, ::-1])
    assert view.move_point((0.2, 0.3)) == pytest.approx((0.8, 0.3))
    assert view.move_box((0.1, 0.2, 0.4, 0.5)) == pytest.approx((0.6, 0.2, 0.9, 0.5))


@pytest.mark.parametrize(("flip", "may_flip"), [(True, False), (False, True), (True, True)])
def test_mirrored_only_where_configuration_and_labels_allow_it(flip: bool, may_flip: bool) -> None:
    config = GEOMETRY.model_copy(update={"flip": flip})
    views = [view_of(config, seed, may_flip=may_flip) for seed in range(60)]
    n_mirrored = sum(np.linalg.det(view.matrix[:, :2]) < 0 for view in views)
    assert (15 < n_mirrored < 45) if flip and may_flip else n_mirrored == 0


def test_rotation_turns_the_original_picture_not_the_squashed_one() -> None:
    size_hw = (100, 300)
    view = view_of(STILL.model_copy(update={"rotation_deg": 90}), 3, size_hw)
    to_px = np.diag([size_hw[1], size_hw[0]]).astype(float)
    turn = to_px @ view.matrix[:, :2] @ np.linalg.inv(to_px)
    assert turn @ turn.T == pytest.approx(np.eye(2))
    assert abs(turn[0, 1]) > 0.1, "the seed should turn"


def test_zoom_enlarges_by_its_factor() -> None:
    view = view_of(STILL.model_copy(update={"zoom": (1.25, 1.25)}))
    mask = ellipse(BOX)
    grown = np.count_nonzero(view.move_mask(mask, SIDE)) / np.count_nonzero(mask)
    assert grown == pytest.approx(1.25**2, rel=0.03)
    assert view.move_point((0.5, 0.5)) == pytest.approx((0.5, 0.5))


def shifted(x: float) -> View:
    """Return a view whose content lies `x` shares further right."""
    still = view_of(STILL)
    return View(np.array([[1, 0, x], [0, 1, 0]], dtype=float), still.grey_table, None, 0.0)


def test_point_outside_the_view_is_none() -> None:
    assert shifted(0.4).move_point((0.7, 0.5)) is None
    assert shifted(-0.4).move_point((0.3, 0.5)) is None
    assert shifted(0.2).move_point((0.7, 0.5)) == pytest.approx((0.9, 0.5))


def test_box_is_cut_at_the_frame_until_less_than_half_of_it_is_left() -> None:
    box = (0.5, 0.2, 0.9, 0.6)
    assert shifted(0.25).move_box(box) == pytest.approx((0.75, 0.2, 1.0, 0.6))
    assert shifted(0.35).move_box(box) is None


def test_what_comes_in_from_outside_is_black_and_background() -> None:
    bright = np.full((SIDE, SIDE), 200, dtype=np.uint8)
    view = shifted(0.5)
    assert not view.move_image(bright, SIDE)[:, : SIDE // 2 - 1].any()
    assert not view.move_mask(bright, SIDE)[:, : SIDE // 2 - 1].any()
    assert view.move_image(bright, SIDE)[:, SIDE // 2 + 1 :].min() == 200


@pytest.mark.parametrize("seed", SEEDS)
def test_black_stays_black_in_every_grey_view(seed: int) -> None:
    config = AugmentConfig(noise_rate=1, blur_rate=1, brightness=0.5)
    view = view_of(config, seed)
    assert not view.move_image(np.zeros((SIDE, SIDE), np.uint8), SIDE).any()
    assert (np.diff(view.grey_table[1:].astype(int)) >= 0).all(), "brighter must not become darker"


@pytest.mark.parametrize("change", ["gamma", "contrast", "brightness", "noise_rate", "blur_rate"])
def test_grey_changes_touch_the_image_and_never_the_labels(change: str) -> None:
    how_far = {"gamma": (2, 2), "contrast": (0.5, 0.5), "brightness": 0.3, "noise_rate": 1, "blur_rate": 1}
    view = view_of(STILL.model_copy(update={change: how_far[change]}), 2)
    grey = cv2.GaussianBlur(ellipse(BOX), (0, 0), 2).astype(np.uint8)
    assert not np.array_equal(view.move_image(grey, SIDE), grey)
    assert np.array_equal(view.move_mask(grey, SIDE), grey)
    assert view.move_box(BOX) == pytest.approx(BOX)
