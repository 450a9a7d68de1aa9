"""Resampling weights: the (B, n) rows in which the classification metrics take many resamples at once."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from evaluation.contract.errors import ConfigurationError

IntArray: TypeAlias = NDArray[np.integer[Any]]
BoolArray: TypeAlias = NDArray[np.bool_]
Float64Array: TypeAlias = NDArray[np.float64]
Weights: TypeAlias = NDArray[np.float32] | NDArray[np.float64]
"""(B, n): how often each of n cases occurs in each of B resamples."""


def weights_or_ones(weights: Weights | None, n_cases: int) -> Weights:
    """Return the weights, or one row of ones, (B, n) floating.

    Raises:
        ConfigurationError: the weights are not (B, n) or not floating point.
    """
    if weights is None:
        return np.ones((1, n_cases))
    if weights.ndim != 2 or weights.shape[1] != n_cases or weights.dtype.kind != "f":
        raise ConfigurationError(
            f"Expected argument `weights` to be floating point of shape (B, {n_cases}) "
            f"but got shape {weights.shape} and dtype {weights.dtype}."
        )
    return weights


def check_classes(name: str, classes: IntArray, num_classes: int, *, lowest: int = 0) -> None:
    """Refuse an array that is not one class index a case.

    Args:
        name: the argument's name, for the message.
        classes: expected (n,) integer, `lowest` … `num_classes` − 1.
        num_classes: number of classes.
        lowest: the smallest allowed value.

    Raises:
        ConfigurationError: it is something else.
    """
    if classes.ndim != 1 or classes.dtype.kind not in "biu":
        raise ConfigurationError(
            f"Expected argument `{name}` to be integers of shape (n,) "
            f"but got shape {classes.shape} and dtype {classes.dtype}."
        )
    if classes.size and not (classes.min() >= lowest and classes.max() < num_classes):
        raise ConfigurationError(
            f"Expected argument `{name}` to be classes from {lowest} to {num_classes - 1} "
            f"but got values from {classes.min()} to {classes.max()}."
        )
