"""The gallery of worst cases: which cases, what is drawn over them, and what is left out."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from evaluation.contract.errors import ConfigurationError
from leaderboard.report.command import GalleryFolders, find_sources
from leaderboard.report.gallery import GallerySources, collect_gallery
from leaderboard.report.overlay import Overlay, outline_mask
from leaderboard.report.records import Entrant
from leaderboard.report.worst import find_worst
from tests.leaderboard.field_scenes import make_synthetic_field

SQUARE = Overlay(protocol="uusic25", full_hw=(40, 40), thumb_hw=(40, 40), binary=True)


def test_worst_is_the_mean_of_all_teams_worst_first() -> None:
    field = make_synthetic_field({"a": 1.0, "b": 1.0}, n_cases=30)
    task = field.tasks["segmentation/Kidney"]
    own = field.teams[0].cases.index[field.teams[0].cases["task_id"] == task.task_id]
    for team in field.teams:
        team.cases.loc[own, "dsc"] = 0.5
    field.teams[0].cases.loc[own[7], "dsc"] = 0.0
    field.teams[1].cases.loc[own[9], "dsc"] = 0.1
    measure, worst = find_worst(field, task)
    assert measure == "dsc"
    assert [(row - own[0], value) for row, value in worst[:3]] == [(7, 0.25), (9, 0.3), (0, 0.5)]
    assert len(worst) == 10


def test_the_worst_class_is_the_least_probable_truth() -> None:
    field = make_synthetic_field({"a": 1.0}, n_cases=12)
    task = field.tasks["classification/Liver"]
    cases = field.teams[0].cases
    rows = cases[cases["task_id"] == task.task_id]
    truth = [row[f"probability_{int(row['label'])}"] for _, row in rows.iterrows()]
    measure, worst = find_worst(field, task, n=1)
    assert measure == "probability of the true class"
    assert worst[0][1] == pytest.approx(min(truth))


def test_an_outline_follows_its_mask() -> None:
    mask = np.zeros((40, 40), dtype=np.uint8)
    mask[10:20, 5:30] = 255
    assert outline_mask(mask, SQUARE) == ["M5.5 10.5L5.5 19.5L29.5 19.5L29.5 10.5Z"]
    assert outline_mask(np.zeros_like(mask), SQUARE) == []


def test_a_mask_of_noise_has_no_outline() -> None:
    noise = np.random.default_rng(0).integers(0, 2, (40, 40), dtype=np.uint8)
    assert outline_mask(noise, SQUARE) == []


def test_unreadable_pictures_are_left_out_and_counted(tmp_path: Path) -> None:
    field = make_synthetic_field({"a": 1.0}, n_cases=3)
    paths = list(field.teams[0].cases["image_path"])
    for k, image_path in enumerate(paths):
        file = tmp_path / image_path
        file.parent.mkdir(parents=True, exist_ok=True)
        if k == 0:
            file.write_bytes(b"no image")
        elif k > 1:
            Image.fromarray(np.zeros((8, 8), dtype=np.uint8)).save(file, format="PNG")
    sources = GallerySources(images=tmp_path, references=None, predictions={})
    gallery = collect_gallery(field, [Entrant(0, "a")], sources)
    assert gallery.n_unreadable == 2
    assert sum(len(task.pictures) for task in gallery.tasks) == len(paths) - 2
    assert all("data:image/jpeg;base64," in one.svg for task in gallery.tasks for one in task.pictures)


def test_a_path_that_climbs_out_of_the_images_is_not_opened(tmp_path: Path) -> None:
    field = make_synthetic_field({"a": 1.0}, n_cases=1)
    Image.fromarray(np.zeros((8, 8), dtype=np.uint8)).save(tmp_path / "secret.png")
    (tmp_path / "images").mkdir()
    field.teams[0].cases["image_path"] = "../secret.png"
    sources = GallerySources(images=tmp_path / "images", references=None, predictions={})
    gallery = collect_gallery(field, [Entrant(0, "a")], sources)
    assert gallery.tasks == ()
    assert gallery.n_unreadable == 3


@pytest.mark.parametrize("entry", ["a", "b=.", "a=nowhere"])
def test_predictions_must_name_a_team_and_a_folder(tmp_path: Path, entry: str) -> None:
    folders = GalleryFolders(images=tmp_path, predictions=(entry,))
    with pytest.raises(ConfigurationError, match="NAME=FOLDER"):
        find_sources([], folders, ["a"])
