"""Cases: labels that can be seen, pixels that repeat, seeds that do not meet."""

import hashlib

import numpy as np
import pytest

from evaluation.contract.errors import ConfigurationError
from sample_data import layout_fmc_uia, layout_uusic25
from sample_data.cases import Drawn, Plan, draw
from sample_data.planning import Row
from sample_data.seeds import COMMITTED_SEED, TRAINING_SEEDS, purpose_of, stream
from sample_data.tasks import FMC_UIA_TASKS, UUSIC25_TASKS, Task

TASKS = [*FMC_UIA_TASKS, *UUSIC25_TASKS]
SEGMENTATIONS = [task for task in TASKS if task.kind == "segmentation"]
POINTED = [task for task in TASKS if task.kind == "Regression"]
BOXED = [task for task in TASKS if task.kind == "detection"]


def drawn_case(task: Task, index: int) -> Drawn:
    anatomy, variant = task.anatomies[index % len(task.anatomies)]
    return draw(Plan("fmc_uia", index, index, anatomy, variant, "internal"), 11, "small")


def name_of(task: Task) -> str:
    return f"{task.name}-{task.kind}"


def test_all_27_tasks_with_the_published_class_counts() -> None:
    counts = {(task.name, task.kind): task.num_classes for task in FMC_UIA_TASKS}
    assert len(counts) == 27
    kinds = [task.kind for task in FMC_UIA_TASKS]
    assert [kinds.count(k) for k in ("segmentation", "classification", "detection", "Regression")] == [
        12,
        9,
        3,
        3,
    ]
    assert counts["fetal_abdomen_multi", "segmentation"] == 5
    assert counts["fetal_head_pos_cls", "classification"] == 8
    assert counts["IUGC", "Regression"] == 3


@pytest.mark.parametrize("task", SEGMENTATIONS, ids=name_of)
def test_every_structure_is_visible_in_its_mask(task: Task) -> None:
    for index in range(4):
        _, variant = task.anatomies[index % len(task.anatomies)]
        mask = drawn_case(task, index).index_mask(task.structures, task.paint_order)
        expected = set() if variant == "normal" else set(range(1, task.num_classes))
        assert set(np.unique(mask[mask > 0]).tolist()) == expected, variant


@pytest.mark.parametrize("task", BOXED, ids=name_of)
def test_box_is_the_extent_of_the_mask(task: Task) -> None:
    for index in range(4):
        drawn = drawn_case(task, index)
        x_min, y_min, x_max, y_max = drawn.box(task.structures[0])
        mask = drawn.index_mask(task.structures) > 0
        assert mask[y_min:y_max, x_min:x_max].sum() == mask.sum()
        for line in (mask[y_min], mask[y_max - 1], mask[:, x_min], mask[:, x_max - 1]):
            assert line.any()


def test_box_of_an_absent_structure_is_refused() -> None:
    with pytest.raises(ValueError, match="not visible"):
        drawn_case(BOXED[0], 0).box("no such structure")


@pytest.mark.parametrize("task", POINTED, ids=name_of)
def test_landmarks_lie_in_the_field_of_view(task: Task) -> None:
    for index in range(8):
        drawn = drawn_case(task, index)
        inside = [drawn.inside[round(y), round(x)] for x, y in drawn.points(task.landmarks)]
        assert all(inside), index


def test_tangent_touches_the_head_without_cutting_it() -> None:
    labour = next(task for task in FMC_UIA_TASKS if task.name == "IUGC")
    for index in range(8):
        scene = drawn_case(labour, index).scene
        lower, touch = (np.asarray(scene.landmarks[name]) for name in ("symphysis lower", "tangent"))
        line, rays = touch - lower, scene.structures["head"][0] - lower
        sides = line[0] * rays[:, 1] - line[1] * rays[:, 0]
        assert sides.min() > -1e-6
        assert touch[0] > lower[0]


def digest(layout_rows: list[Row], seed: int) -> str:
    pixels = hashlib.sha256()
    for row in layout_rows[::17]:
        pixels.update(draw(row.picture.plan, seed, "small").picture.tobytes())
    return pixels.hexdigest()


def test_same_seed_gives_the_same_pixels_in_any_order() -> None:
    rows = layout_fmc_uia.plan(152, 4)
    forward = digest(rows, 4)
    again = layout_fmc_uia.plan(152, 4)
    first = {row.picture: draw(row.picture.plan, 4, "small").picture for row in reversed(again[:40:17])}
    assert digest(again, 4) == forward
    for picture, pixels in first.items():
        np.testing.assert_array_equal(draw(picture.plan, 4, "small").picture, pixels)
    assert digest(layout_fmc_uia.plan(152, 5), 5) != forward


def test_streams_of_different_seeds_and_cases_do_not_meet() -> None:
    seen = {
        float(stream(seed, layout, kind, index).random())
        for seed in (0, 1, 2, 2**32, 2**32 + 1)
        for layout in ("uusic25", "fmc_uia")
        for kind in ("plan", "patient", "image", "degrade")
        for index in range(8)
    }
    assert len(seen) == 5 * 2 * 4 * 8


def test_training_seeds_are_disjoint_from_the_committed_one() -> None:
    assert COMMITTED_SEED not in TRAINING_SEEDS
    assert purpose_of(COMMITTED_SEED) == "committed sample"
    assert purpose_of(TRAINING_SEEDS[0]) == purpose_of(TRAINING_SEEDS[-1]) == "training"
    assert purpose_of(7) == "evaluation"


def test_pictures_of_a_patient_share_class_and_centre_but_not_pixels() -> None:
    rows = layout_uusic25.plan(120, 9)
    by_patient: dict[int, list[Plan]] = {}
    for plan in dict.fromkeys(row.picture.plan for row in rows):
        by_patient.setdefault(plan.patient, []).append(plan)
    sizes = [len(plans) for plans in by_patient.values()]
    assert set(sizes) == {1, 2, 3}
    for plans in by_patient.values():
        assert len({(plan.anatomy, plan.variant, plan.centre) for plan in plans}) == 1
    twins = next(plans for plans in by_patient.values() if len(plans) > 1)
    first, second = (draw(plan, 9, "small").picture for plan in twins[:2])
    assert first.shape != second.shape or (first != second).any()


def test_official_number_of_entries_gives_2000_distinct_pictures() -> None:
    rows = layout_uusic25.plan(2479, 1)
    assert len(rows) == 2479
    assert len({row.picture for row in rows}) >= 2000
    outside = sum(row.picture.plan.centre == "external" for row in rows)
    assert outside == pytest.approx(512, abs=5)


@pytest.mark.parametrize("cases", [40, 70])
def test_too_few_uusic25_cases_are_refused(cases: int) -> None:
    with pytest.raises(
        ConfigurationError, match=rf"Expected argument `cases`.*got {cases}; too few for .*Breast_luminal"
    ):
        layout_uusic25.plan(cases, 1)


def test_too_few_fmc_uia_cases_are_refused() -> None:
    layout_fmc_uia.plan(152, 1)
    with pytest.raises(ConfigurationError, match=r"fetal_head_pos_cls \(classification\)"):
        layout_fmc_uia.plan(140, 1)
