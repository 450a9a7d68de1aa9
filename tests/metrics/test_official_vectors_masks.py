"""Masks against the organisers' public evaluators, and against plain second implementations on 2,000 cases.

`tests/data/evaluator_vectors.json` holds inputs of ours and what the public evaluators return for them.
"""

import base64
import json
import math
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from skimage.segmentation import find_boundaries

from evaluation.metrics.hausdorff import hausdorff_set_per_class, hausdorff_set_px
from evaluation.metrics.overlap import dice, dice_per_class, dice_uusic25
from evaluation.metrics.surface_dice import surface_dice_uusic25
from tests.metrics.mask_scenes import BoolMask, random_pairs

VECTORS = json.loads(
    (Path(__file__).parents[1] / "data" / "evaluator_vectors.json").read_text(encoding="utf-8")
)


def decode(record: dict[str, Any]) -> NDArray[np.uint8]:
    """Unpack one mask: zlib, base64, uint8, C order."""
    packed = zlib.decompress(base64.b64decode(record["zlib_base64_uint8"]))
    return np.frombuffer(packed, dtype=np.uint8).reshape(record["shape"])


def plain_uusic25(ref: BoolMask, pred: BoolMask) -> tuple[float, float]:
    """Return DSC and NSD with full frames, whatever SciPy measures to in a frame without boundary."""
    edge_ref, edge_pred = find_boundaries(ref, mode="inner"), find_boundaries(pred, mode="inner")
    matched = (distance_transform_edt(~edge_pred)[edge_ref] <= 1).sum()
    matched += (distance_transform_edt(~edge_ref)[edge_pred] <= 1).sum()
    overlap = 2 * (ref & pred).sum() / (ref.sum() + pred.sum() + 1e-6)
    return float(overlap), float(matched / (edge_ref.sum() + edge_pred.sum() + 1e-6))


def plain_fmc_uia(ref: BoolMask, pred: BoolMask) -> tuple[float, float]:
    """Return DSC and HD with full frames."""
    if not (ref.any() or pred.any()):
        return 1.0, 0.0
    overlap = float(2 * (ref & pred).sum() / (ref.sum() + pred.sum()))
    if not (ref.any() and pred.any()):
        return overlap, math.sqrt(ref.shape[0] ** 2 + ref.shape[1] ** 2)
    measure = SimpleITK.HausdorffDistanceImageFilter()
    measure.Execute(*(SimpleITK.GetImageFromArray(mask.astype(np.uint8)) for mask in (ref, pred)))
    return overlap, float(measure.GetHausdorffDistance())


def test_all_vectors_are_there() -> None:
    assert (len(VECTORS["binary_masks"]), len(VECTORS["multiclass_masks_fmc_uia"])) == (84, 12)


@pytest.mark.parametrize("case", VECTORS["binary_masks"], ids=lambda case: case["name"])
def test_binary_mask_equals_both_public_evaluators(case: dict[str, Any]) -> None:
    ref, pred = decode(case["reference"]), decode(case["prediction"])
    given: dict[str, Any] = {"mask_ref": ref, "mask_pred": pred}
    assert dice_uusic25(**given) == pytest.approx(case["uusic25"]["dsc"], abs=1e-9)
    assert surface_dice_uusic25(**given) == pytest.approx(case["uusic25"]["nsd"], abs=1e-9)
    assert dice(**given) == pytest.approx(case["fmc_uia"]["dsc_class_1"], abs=1e-9)
    assert hausdorff_set_px(**given) == pytest.approx(case["fmc_uia"]["hd_class_1"], abs=1e-9)


@pytest.mark.parametrize("case", VECTORS["multiclass_masks_fmc_uia"])
def test_multi_class_mask_equals_the_public_evaluator(case: dict[str, Any]) -> None:
    given: dict[str, Any] = {
        "labels_ref": decode(case["reference"]),
        "labels_pred": decode(case["prediction"]),
        "num_classes": case["num_classes"],
    }
    np.testing.assert_allclose(dice_per_class(**given), case["dsc_per_class"], rtol=0, atol=1e-9)
    np.testing.assert_allclose(hausdorff_set_per_class(**given), case["hd_per_class"], rtol=0, atol=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_2000_random_pairs_equal_plain_second_implementations(seed: int) -> None:
    for ref, pred in random_pairs(500, seed=100 + seed):
        given: dict[str, Any] = {"mask_ref": ref, "mask_pred": pred}
        ours = [
            dice_uusic25(**given),
            surface_dice_uusic25(**given),
            dice(**given),
            hausdorff_set_px(**given),
        ]
        expected = [*plain_uusic25(ref, pred), *plain_fmc_uia(ref, pred)]
        np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-9)
