"""Distances between landmarks (points), in pixels or mm."""

import numpy as np
from numpy.typing import NDArray

from evaluation.contract.errors import ConfigurationError, GeometryError
from evaluation.metrics.crop import check_spacing


def radial_errors(
    *,
    points_ref: NDArray[np.float64],
    points_pred: NDArray[np.float64],
    spacing_mm_yx: tuple[float, float] | None = None,
) -> NDArray[np.float64]:
    """Return each point's Euclidean distance to its reference, (k,) float64; a NaN stays in its own point.

    Args:
        points_ref: (k, 2) reference points (x, y) in pixels.
        points_pred: (k, 2) predicted points (x, y) in pixels, in the same order.
        spacing_mm_yx: mm per row and per column; None measures in pixels.

    Raises:
        GeometryError: not two (k, 2) arrays of one shape with k at least 1, or not a spacing.
    """
    for name, points in (("points_ref", points_ref), ("points_pred", points_pred)):
        if points.ndim != 2 or points.shape[1] != 2 or not points.shape[0]:
            raise GeometryError(
                f"Expected argument `{name}` to be of shape (k, 2), k ≥ 1, but got {points.shape}."
            )
    if points_ref.shape != points_pred.shape:
        raise GeometryError(
            f"Expected argument `points_pred` to have the reference's {len(points_ref)} points "
            f"but got {len(points_pred)}."
        )
    step_y, step_x = (1.0, 1.0) if spacing_mm_yx is None else spacing_mm_yx
    check_spacing((step_y, step_x))
    offsets = np.subtract(points_pred, points_ref, dtype=np.float64) * (step_x, step_y)
    return np.asarray(np.hypot(offsets[:, 0], offsets[:, 1]), dtype=np.float64)


def mean_radial_error_px(*, points_ref: NDArray[np.float64], points_pred: NDArray[np.float64]) -> float:
    """Return the mean over points of the distance to the reference in pixels; 0 is best.

    Args:
        points_ref: (k, 2) reference points (x, y) in pixels.
        points_pred: (k, 2) predicted points (x, y) in pixels.

    Raises:
        GeometryError: see `radial_errors`.

    Source: FMC_UIA's MRE of one row, reproduced to 1e-9.
    """
    return float(radial_errors(points_ref=points_ref, points_pred=points_pred).mean())


def mean_radial_error_mm(
    *,
    points_ref: NDArray[np.float64],
    points_pred: NDArray[np.float64],
    spacing_mm_yx: tuple[float, float],
) -> float:
    """Return the mean over points of the distance to the reference in mm; 0 is best.

    Args:
        points_ref: (k, 2) reference points (x, y) in pixels.
        points_pred: (k, 2) predicted points (x, y) in pixels.
        spacing_mm_yx: mm per row and per column.

    Raises:
        GeometryError: see `radial_errors`.
    """
    return float(
        radial_errors(points_ref=points_ref, points_pred=points_pred, spacing_mm_yx=spacing_mm_yx).mean()
    )


def success_rate(errors: NDArray[np.float64], threshold: float) -> float:
    """Return the share of errors that are at most the threshold, between 0 and 1; a NaN error is no success.

    Args:
        errors: (k,) distances, k at least 1, in the threshold's unit.
        threshold: the largest error that counts as a success, e.g. 2, 4 or 8 pixels.

    Raises:
        ConfigurationError: there are no errors to judge, or the threshold is negative or NaN.
    """
    if errors.size == 0:
        raise ConfigurationError("Expected argument `errors` to have at least one value but got none.")
    if not threshold >= 0:
        raise ConfigurationError(f"Expected argument `threshold` to be 0 or more but got {threshold}.")
    return float(np.mean(errors <= threshold))
