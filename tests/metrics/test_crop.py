"""The box around two masks keeps what metrics need and refuses what is not a pair of masks."""

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from evaluation.contract.errors import GeometryError
from evaluation.metrics.crop import crop_to_masks, frame_diagonal
from evaluation.metrics.hausdorff import hausdorff_set_px
from evaluation.metrics.overlap import dice, mask_iou
from evaluation.metrics.surface import hd95_directed_max, hd95_pooled
from evaluation.metrics.surface_dice import surface_dice_inner_boundary
from tests.metrics.mask_scenes import random_pairs, rectangle


def test_box_has_one_pixel_of_margin_where_the_frame_allows_it() -> None:
    ref, pred = rectangle((20, 30), (5, 8), (0, 4)), rectangle((20, 30), (6, 10), (2, 9))
    pair = crop_to_masks(mask_ref=ref, mask_pred=pred)
    assert (pair.row_start, pair.col_start) == (4, 0)
    assert pair.mask_ref.shape == pair.mask_pred.shape == (7, 10)
    assert (pair.frame_height, pair.frame_width) == (20, 30)
    np.testing.assert_array_equal(pair.mask_ref, ref[4:11, :10])


def test_two_empty_masks_crop_to_the_first_pixel() -> None:
    empty = np.zeros((20, 30), dtype=np.bool_)
    pair = crop_to_masks(mask_ref=empty, mask_pred=empty)
    assert pair.mask_ref.shape == (1, 1)
    assert not pair.one_is_empty


@pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.int16, np.int64])
def test_every_nonzero_value_is_inside(dtype: type[Any]) -> None:
    mask = (rectangle((9, 9), (2, 5), (2, 5)) * 200).astype(dtype)
    pair = crop_to_masks(mask_ref=mask, mask_pred=mask[:, ::-1])
    assert sorted(np.unique(pair.mask_ref).tolist()) == [0, 1]
    assert pair.mask_ref.sum() == pair.mask_pred.sum() == 9


def test_metrics_of_the_cropped_masks_equal_those_of_the_frames() -> None:
    for ref, pred in random_pairs(300, seed=2):
        pair = crop_to_masks(mask_ref=np.pad(ref, ((5, 0), (0, 7))), mask_pred=np.pad(pred, ((5, 0), (0, 7))))
        for metric in (dice, mask_iou, surface_dice_inner_boundary):
            whole = metric(mask_ref=np.pad(ref, ((5, 0), (0, 7))), mask_pred=np.pad(pred, ((5, 0), (0, 7))))
            assert metric(mask_ref=pair.mask_ref, mask_pred=pair.mask_pred) == whole
        if not pair.one_is_empty:
            for distance in (hausdorff_set_px, hd95_pooled, hd95_directed_max):
                whole = distance(
                    mask_ref=np.pad(ref, ((5, 0), (0, 7))), mask_pred=np.pad(pred, ((5, 0), (0, 7)))
                )
                assert distance(mask_ref=pair.mask_ref, mask_pred=pair.mask_pred) == whole


@pytest.mark.parametrize(
    ("ref", "pred"),
    [
        (np.zeros((3, 4), dtype=np.bool_), np.zeros((4, 3), dtype=np.bool_)),
        (np.zeros((3, 4, 1), dtype=np.bool_), np.zeros((3, 4, 1), dtype=np.bool_)),
        (np.zeros((0, 4), dtype=np.bool_), np.zeros((0, 4), dtype=np.bool_)),
        (np.zeros((3, 4)), np.zeros((3, 4))),
    ],
    ids=["other shape", "three axes", "no pixel", "floating point"],
)
def test_what_is_not_a_pair_of_masks_is_refused(ref: NDArray[np.bool_], pred: NDArray[np.bool_]) -> None:
    with pytest.raises(GeometryError, match="Expected argument `mask_"):
        crop_to_masks(mask_ref=ref, mask_pred=pred)
    with pytest.raises(GeometryError, match="Expected argument `mask_"):
        dice(mask_ref=ref, mask_pred=pred)


def test_diagonal_uses_the_spacing() -> None:
    assert frame_diagonal(30, 40) == 50
    assert frame_diagonal(30, 40, (2.0, 0.5)) == math.hypot(60, 20)
