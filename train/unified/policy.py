"""What a mirrored picture still means, task by task."""

from evaluation.contract.task import Kind
from model.network.unified import HeadKey

_PAIRS_BY_X_OR_Y = {"fetal_head_landmarks": ((0, 1, 0), (2, 3, 1))}
"""Points whose order is defined by place: first, second, axis along which the first is smaller."""
_MIRROR_CHANGES_CLASS = ("fetal_head_pos_cls", "fetal_sacral_pos_cls")
"""Left and right are in the classes' names."""


def allows_flip(key: HeadKey) -> bool:
    """Whether a left-right flip leaves a task's labels right (points are sorted anew).

    Points have names of their own unless a rule of place orders them, so other landmark tasks are never
    mirrored.
    """
    if key.kind is Kind.REGRESSION:
        return key.task_id in _PAIRS_BY_X_OR_Y
    return key.task_id not in _MIRROR_CHANGES_CLASS


def sort_points(key: HeadKey, points: list[tuple[float, float] | None]) -> list[tuple[float, float] | None]:
    """Return the points in the order that the task's rule of place gives them."""
    ordered = list(points)
    for first, second, axis in _PAIRS_BY_X_OR_Y.get(key.task_id, ()):
        a, b = ordered[first], ordered[second]
        if a is not None and b is not None and a[axis] > b[axis]:
            ordered[first], ordered[second] = b, a
    return ordered
