"""What the floor answers, learned or not."""

import numpy as np
import pytest

from evaluation.contract.errors import GeometryError
from evaluation.contract.prediction import BoxPrediction, ClassPrediction, PointsPrediction
from evaluation.contract.task import Kind, Task
from model.floor import (
    GRID,
    Answer,
    ClassPrior,
    FloorModel,
    MeanShape,
    MedianBox,
    MedianPoints,
    fits,
    generic_answer,
)

SEGMENT = Task(task_id="s", kind=Kind.SEGMENTATION, num_classes=3)
CLASSIFY = Task(task_id="c", kind=Kind.CLASSIFICATION, num_classes=4)
DETECT = Task(task_id="d", kind=Kind.DETECTION, num_classes=1)
LOCATE = Task(task_id="r", kind=Kind.REGRESSION, num_classes=3)
NOTHING = FloorModel({})


def shape_of(*left_edges: float) -> MeanShape:
    """Return one class per edge: level 200 right of it, counted in grid columns."""
    columns = np.arange(GRID)
    level = [np.tile(np.where(columns >= edge, 200, 0), (GRID, 1)) for edge in left_edges]
    return MeanShape(np.array(level, dtype=np.uint8), np.full(len(level), 100, dtype=np.uint8))


@pytest.mark.parametrize("size_hw", [(64, 64), (640, 320), (31, 47), (1, 1)])
def test_shape_is_drawn_at_the_image_size(size_hw: tuple[int, int]) -> None:
    mask = shape_of(GRID / 2).draw(size_hw)
    assert mask.shape == size_hw
    assert mask.dtype == np.uint8
    if min(size_hw) > 1:
        assert mask.mean() == pytest.approx(0.5, abs=1.5 / min(size_hw))
        assert not mask[:, : size_hw[1] // 2 - 2].any()


def test_stronger_class_wins_where_two_reach_their_threshold() -> None:
    shape = shape_of(0, GRID / 2)
    weaker_first = MeanShape(shape.level, np.array([150, 100], dtype=np.uint8)).draw((GRID, GRID))
    stronger_first = MeanShape(shape.level, np.array([90, 100], dtype=np.uint8)).draw((GRID, GRID))
    assert set(np.unique(weaker_first[:, : GRID // 2 - 1])) == {1}
    assert set(np.unique(weaker_first[:, GRID // 2 + 1 :])) == {2}
    assert set(np.unique(stronger_first)) == {1}


def test_level_below_threshold_is_background_and_level_at_it_is_not() -> None:
    level = np.full((1, GRID, GRID), 99, dtype=np.uint8)
    assert not MeanShape(level, np.array([100], dtype=np.uint8)).draw((20, 30)).any()
    assert MeanShape(level, np.array([99], dtype=np.uint8)).draw((20, 30)).all()


def test_prior_is_answered_without_a_size() -> None:
    model = FloorModel({"p/c": ClassPrior(np.array([0.1, 0.2, 0.6, 0.1]))})
    assert model.predict("p", CLASSIFY, None) == ClassPrediction(2, (0.1, 0.2, 0.6, 0.1))


def test_box_and_points_are_scaled_by_width_and_height() -> None:
    xy = np.array([[0.1, 0.2], [0.5, 0.5], [1.0, 0.0]])
    model = FloorModel({"p/d": MedianBox(np.array([0.1, 0.2, 0.5, 1.0])), "p/r": MedianPoints(xy)})
    assert model.predict("p", DETECT, (100, 200)) == BoxPrediction((20.0, 20.0, 100.0, 100.0))
    assert model.predict("p", LOCATE, (100, 200)) == PointsPrediction((20.0, 20.0, 100.0, 50.0, 200.0, 0.0))


@pytest.mark.parametrize("task", [SEGMENT, DETECT, LOCATE])
def test_missing_size_is_named(task: Task) -> None:
    with pytest.raises(GeometryError, match="size"):
        NOTHING.predict("p", task, None)


@pytest.mark.parametrize("n_classes", [2, 3, 5, 9])
def test_generic_mask_holds_every_class_inside_a_central_ellipse(n_classes: int) -> None:
    task = Task(task_id="s", kind=Kind.SEGMENTATION, num_classes=n_classes)
    mask = NOTHING.predict("p", task, (300, 400))
    assert isinstance(mask, np.ndarray)
    assert set(np.unique(mask)) == set(range(n_classes))
    rows, columns = np.nonzero(mask)
    # A quarter to three quarters of each side, to within half a grid cell.
    assert (rows.min(), rows.max()) == (pytest.approx(75, abs=4), pytest.approx(225, abs=4))
    assert (columns.min(), columns.max()) == (pytest.approx(100, abs=5), pytest.approx(300, abs=5))


def test_generic_class_box_and_points() -> None:
    assert NOTHING.predict("p", CLASSIFY, None) == ClassPrediction(0, (0.25,) * 4)
    assert NOTHING.predict("p", DETECT, (100, 200)) == BoxPrediction((50.0, 25.0, 150.0, 75.0))
    assert NOTHING.predict("p", LOCATE, (100, 200)) == PointsPrediction((50.0, 50, 100.0, 50, 150.0, 50))


@pytest.mark.parametrize(
    ("answer", "task"),
    [
        (generic_answer(SEGMENT), SEGMENT),
        (generic_answer(CLASSIFY), CLASSIFY),
        (generic_answer(DETECT), DETECT),
        (generic_answer(LOCATE), LOCATE),
    ],
)
def test_answer_fits_its_task_and_no_other(answer: Answer, task: Task) -> None:
    model = FloorModel({f"p/{task.task_id}": answer})
    assert fits(answer, task)
    assert model.knows("p", task)
    assert not model.knows("other_protocol", task)
    for other in (SEGMENT, CLASSIFY, DETECT, LOCATE):
        assert fits(answer, other) == (other is task)


def test_other_number_of_classes_falls_back_to_the_generic_answer() -> None:
    model = FloorModel({"p/c": ClassPrior(np.array([0.1, 0.9]))})
    assert not model.knows("p", CLASSIFY)
    assert model.predict("p", CLASSIFY, None) == ClassPrediction(0, (0.25,) * 4)
