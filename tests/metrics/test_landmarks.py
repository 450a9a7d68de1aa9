"""Radial errors of landmarks: scenes in pixels and mm, and what is refused."""

import math

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from evaluation.contract.errors import ConfigurationError, GeometryError
from evaluation.metrics.landmarks import (
    mean_radial_error_mm,
    mean_radial_error_px,
    radial_errors,
    success_rate,
)

REF = np.array([[10.0, 20.0], [30.0, 40.0]])
PRED = np.array([[13.0, 24.0], [30.0, 40.0]])


def test_errors_of_a_three_four_five_triangle() -> None:
    assert radial_errors(points_ref=REF, points_pred=PRED).tolist() == [5.0, 0.0]
    assert mean_radial_error_px(points_ref=REF, points_pred=PRED) == 2.5


def test_spacing_is_row_then_column_and_points_are_x_then_y() -> None:
    errors = radial_errors(points_ref=REF, points_pred=PRED, spacing_mm_yx=(0.5, 2.0))
    assert errors[0] == pytest.approx(math.hypot(3 * 2.0, 4 * 0.5))
    mean = mean_radial_error_mm(points_ref=REF, points_pred=PRED, spacing_mm_yx=(0.5, 2.0))
    assert mean == pytest.approx(errors.mean())


def test_equal_to_scipy_distances() -> None:
    ref, pred = np.random.default_rng(13).normal(0, 100, (2, 50, 2))
    np.testing.assert_allclose(
        radial_errors(points_ref=ref, points_pred=pred), np.diag(cdist(ref, pred)), atol=1e-9
    )


def test_a_nan_stays_in_its_point_and_is_no_success() -> None:
    pred = PRED.copy()
    pred[0, 0] = np.nan
    errors = radial_errors(points_ref=REF, points_pred=pred)
    assert np.isnan(errors).tolist() == [True, False]
    assert success_rate(errors, 2.0) == 0.5


def test_integer_points_do_not_wrap() -> None:
    ref, pred = np.array([[0, 0]], dtype=np.uint8), np.array([[3, 4]], dtype=np.uint8)
    assert radial_errors(points_ref=ref, points_pred=pred).tolist() == [5.0]  # type: ignore[arg-type]
    assert radial_errors(points_ref=pred, points_pred=ref).tolist() == [5.0]  # type: ignore[arg-type]


def test_success_includes_the_threshold() -> None:
    assert success_rate(np.array([1.9, 2.0, 2.1, 8.0]), 2.0) == 0.5
    with pytest.raises(ConfigurationError, match="errors"):
        success_rate(np.empty(0), 2.0)
    for threshold in (-1.0, math.nan):
        with pytest.raises(ConfigurationError, match="threshold"):
            success_rate(np.array([1.0]), threshold)


@pytest.mark.parametrize("shape", [(0, 2), (2, 3), (4,)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(GeometryError, match="points_ref"):
        radial_errors(points_ref=np.zeros(shape), points_pred=np.zeros(shape))
    with pytest.raises(GeometryError, match="points_pred"):
        radial_errors(points_ref=REF, points_pred=REF[:1])
