"""Curves and contact sheets show what happened."""

from pathlib import Path

import numpy as np

from tests.train.unified.scenes import KEYS, MASK, SIDE, make_cache, make_network, read_picture
from train.unified.pictures import ANSWER, REFERENCE, ROWS, draw_contact_sheet, draw_curves
from train.unified.validate import answer_all


def row(step: float, score: float) -> dict[str, float]:
    """Return one epoch of a history."""
    return {"step": step, "cpu_s": step, "loss": 1 / step, "mean": score, "lesion#2": score}


def test_curves_of_one_epoch_and_of_many_can_be_opened(tmp_path: Path) -> None:
    history = [row(step, step / 10) for step in range(1, 6)]
    for n in (1, 5):
        draw_curves(history[:n], tmp_path / "run" / f"{n}.png")
    one, many = (read_picture(tmp_path / "run" / f"{n}.png") for n in (1, 5))
    assert one.shape == many.shape
    assert not np.array_equal(one, many)


def test_curves_of_many_heads_have_no_legend_that_hides_them(tmp_path: Path) -> None:
    draw_curves([row(1, 0.5) | {f"head{n}#2": 0.5 for n in range(40)}], tmp_path / "curves.png")
    assert read_picture(tmp_path / "curves.png").std() > 0


def test_sheet_has_a_column_a_head_with_reference_and_answer(tmp_path: Path) -> None:
    cache = make_cache(4)
    answers = answer_all(make_network(), cache)
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[2:9, 2:9] = 1
    answers[MASK] = [(picture, mask) for picture, _ in answers[MASK]]
    draw_contact_sheet(answers, cache, tmp_path / "sheet.png")
    sheet = read_picture(tmp_path / "sheet.png")
    assert sheet.shape == (20 + ROWS * SIDE, len(KEYS) * SIDE, 3)
    column = list(answers).index(MASK) * SIDE
    tile = sheet[20 : 20 + SIDE, column : column + SIDE]
    assert (tile[2, 2] == ANSWER).all()
    outline = (tile == REFERENCE).all(axis=2)
    assert outline.any()
    assert cache.masks[0][outline].all(), "an outline lies inside its mask"


def test_sheet_of_more_heads_than_fit_a_line_goes_on_below(tmp_path: Path) -> None:
    cache = make_cache(2)
    answers = answer_all(make_network(), cache)
    many = {MASK.model_copy(update={"task_id": f"task {n}"}): answers[MASK] for n in range(9)}
    for picture in cache.pictures:
        picture.labels.update(dict.fromkeys(many, picture.labels[MASK]))
    draw_contact_sheet(many, cache, tmp_path / "sheet.png")
    assert read_picture(tmp_path / "sheet.png").shape == (2 * (20 + ROWS * SIDE), 8 * SIDE, 3)
