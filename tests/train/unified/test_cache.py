"""Pictures and labels come out of the cache as they went in, at network size."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from evaluation.contract.errors import ConfigurationError
from evaluation.contract.task import Kind
from model.network.unified import HeadKey
from model.pictures import squash
from tests.train.challenge_trees import SIZES_HW, write_fmc_uia, write_uusic25
from train.unified.cache import Cache, Label, open_cache, read_grey
from train.unified.labelled import LabelledFolder, LabelledPicture, read_labelled

SIZE = 32


class Watcher:
    """Counts the pictures that are decoded, and stops at one of them when told to."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.n_seen = 0
        self.stop_at = stop_at

    def __call__(self, pictures: Sequence[LabelledPicture]) -> Iterator[LabelledPicture]:
        """Hand out the pictures."""
        for picture in pictures:
            if self.n_seen == self.stop_at:
                raise KeyboardInterrupt
            self.n_seen += 1
            yield picture


@pytest.fixture
def folder(tmp_path: Path) -> LabelledFolder:
    """Give three images, each asked by five tasks."""
    write_fmc_uia(tmp_path / "fmc")
    return read_labelled(tmp_path / "fmc" / "labelled", "quarters")


@pytest.fixture
def cache(folder: LabelledFolder, tmp_path: Path) -> Cache:
    """Give the cache of `folder`."""
    return open_cache([folder], size=SIZE, root=tmp_path / "cache")


def label_of(cache: Cache, row: int, task_id: str) -> Label:
    """Return what a task says about a picture."""
    return next(label for key, label in cache.pictures[row].labels.items() if key.task_id == task_id)


def test_every_picture_has_a_row_at_network_size_and_its_own_size_beside_it(cache: Cache) -> None:
    assert cache.images.shape == (3, SIZE, SIZE)
    assert (cache.images == 90).all()
    assert [(picture.row, picture.size_hw) for picture in cache.pictures] == list(enumerate(SIZES_HW))
    assert {picture.data_set for picture in cache.pictures} == {"quarters"}


def test_keys_name_every_head_once(cache: Cache) -> None:
    assert set(cache.keys) == {
        HeadKey(task_id="quarters", kind=Kind.SEGMENTATION, num_classes=2),
        HeadKey(task_id="halves", kind=Kind.SEGMENTATION, num_classes=3),
        HeadKey(task_id="kinds", kind=Kind.CLASSIFICATION, num_classes=3),
        HeadKey(task_id="box", kind=Kind.DETECTION, num_classes=1),
        HeadKey(task_id="ends", kind=Kind.REGRESSION, num_classes=2),
    }
    assert len(cache.keys) == 5


def test_masks_are_squashed_like_their_images(cache: Cache) -> None:
    half = SIZE // 2
    quarter = np.zeros((SIZE, SIZE), np.uint8)
    quarter[:half, :half] = 1
    halves = np.ones((SIZE, SIZE), np.uint8)
    halves[:, :half] = 2
    for row in range(3):
        for task_id, expected in (("quarters", quarter), ("halves", halves)):
            mask = label_of(cache, row, task_id).mask
            assert mask is not None
            assert np.array_equal(cache.masks[mask], expected)


def test_places_are_shares_of_width_and_height(cache: Cache) -> None:
    for row in range(3):
        x_min = 0 if row == 0 else 0.25
        assert label_of(cache, row, "box").box == pytest.approx((x_min, 0.25, 0.75, 0.75))
        second = None if row == 0 else (0.75, 0.5)
        assert label_of(cache, row, "ends").points == ((0.25, 0.5), second)


def test_classes_are_kept(cache: Cache) -> None:
    assert [label_of(cache, row, "kinds").class_index for row in range(3)] == [2, 2, 0]


def test_arrays_cannot_be_written_to(cache: Cache) -> None:
    for array in (cache.images, cache.masks):
        assert isinstance(array, np.memmap)
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0, 0] = 1


def test_second_opening_decodes_nothing_and_gives_the_same(
    folder: LabelledFolder, cache: Cache, tmp_path: Path
) -> None:
    watcher = Watcher()
    again = open_cache([folder], size=SIZE, root=tmp_path / "cache", watch=watcher)
    assert watcher.n_seen == 0
    assert again.pictures == cache.pictures
    assert np.array_equal(again.images, cache.images)
    assert np.array_equal(again.masks, cache.masks)


@pytest.mark.usefixtures("cache")
def test_another_size_is_another_cache(folder: LabelledFolder, tmp_path: Path) -> None:
    watcher = Watcher()
    other = open_cache([folder], size=16, root=tmp_path / "cache", watch=watcher)
    assert watcher.n_seen == 3
    assert other.images.shape == (3, 16, 16)


@pytest.mark.usefixtures("cache")
def test_changed_label_is_read_anew(tmp_path: Path) -> None:
    table = tmp_path / "fmc" / "labelled" / "csv_files" / "all.csv"
    before = table.read_text(encoding="utf-8")
    # The first image's class.
    after = before.replace('us.png",2,', 'us.png",1,', 1)
    assert after != before
    table.write_text(after, encoding="utf-8")
    changed = read_labelled(tmp_path / "fmc" / "labelled", "quarters")
    cache = open_cache([changed], size=SIZE, root=tmp_path / "cache")
    assert label_of(cache, 0, "kinds").class_index == 1


@pytest.mark.usefixtures("cache")
def test_changed_mask_is_read_anew(folder: LabelledFolder, tmp_path: Path) -> None:
    Image.fromarray(np.ones(SIZES_HW[0], np.uint8)).save(mask_file(tmp_path, "quarters"))
    changed = open_cache([folder], size=SIZE, root=tmp_path / "cache")
    mask = label_of(changed, 0, "quarters").mask
    assert mask is not None
    assert (changed.masks[mask] == 1).all()


def test_cache_whose_making_was_killed_is_made_again(folder: LabelledFolder, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        open_cache([folder], size=SIZE, root=tmp_path / "cache", watch=Watcher(stop_at=2))
    assert not list((tmp_path / "cache").iterdir())
    watcher = Watcher()
    cache = open_cache([folder], size=SIZE, root=tmp_path / "cache", watch=watcher)
    assert watcher.n_seen == 3
    assert (cache.images == 90).all()


def test_picture_of_two_folders_is_stored_once_with_all_labels(
    folder: LabelledFolder, tmp_path: Path
) -> None:
    write_uusic25(tmp_path / "uusic25")
    other = read_labelled(tmp_path / "uusic25", "other")
    # Its classification images are byte for byte the first image of the other folder; one label each is used.
    cases = tuple(
        case for case in other.manifest.cases if not case.image_path.endswith(("1.png", "2.png", "3.png"))
    )
    other = replace(other, manifest=replace(other.manifest, cases=cases))
    cache = open_cache([folder, other], size=SIZE, root=tmp_path / "cache")
    first = cache.pictures[0]
    assert {key.task_id for key in first.labels} >= {"quarters", "classification/Liver"}
    assert len({picture.row for picture in cache.pictures}) == len(cache.images)


def mask_file(tmp_path: Path, task_id: str) -> Path:
    """Return the first mask of a task."""
    return tmp_path / "fmc" / "labelled" / "Segmentation" / task_id / "0.png"


def test_same_mask_asked_for_twice_is_stored_once(folder: LabelledFolder, tmp_path: Path) -> None:
    mask_file(tmp_path, "halves").write_bytes(mask_file(tmp_path, "quarters").read_bytes())
    cache = open_cache([folder], size=SIZE, root=tmp_path / "cache")
    assert label_of(cache, 0, "halves").mask == label_of(cache, 0, "quarters").mask
    assert label_of(cache, 1, "halves").mask != label_of(cache, 1, "quarters").mask
    # Quarters, halves of three pictures in turn; squashed, the second quarter equals the first two masks.
    assert len(cache.masks) == 6 - 2


def test_mask_of_another_size_is_refused_by_name(folder: LabelledFolder, tmp_path: Path) -> None:
    Image.fromarray(np.zeros((5, 7), np.uint8)).save(mask_file(tmp_path, "quarters"))
    with pytest.raises(ConfigurationError, match=r"quarters/0\.png"):
        open_cache([folder], size=SIZE, root=tmp_path / "cache")


def test_mask_with_a_class_too_many_is_refused_by_name(folder: LabelledFolder, tmp_path: Path) -> None:
    Image.fromarray(np.full(SIZES_HW[0], 3, np.uint8)).save(mask_file(tmp_path, "halves"))
    with pytest.raises(ConfigurationError, match=r"halves/0\.png: expected classes below 3 but got 3"):
        open_cache([folder], size=SIZE, root=tmp_path / "cache")


@pytest.mark.parametrize("value", [1, 255])
def test_one_class_may_be_written_as_1_or_255(folder: LabelledFolder, tmp_path: Path, value: int) -> None:
    Image.fromarray(np.full(SIZES_HW[0], value, np.uint8)).save(mask_file(tmp_path, "quarters"))
    cache = open_cache([folder], size=SIZE, root=tmp_path / "cache")
    mask = label_of(cache, 0, "quarters").mask
    assert mask is not None
    assert (cache.masks[mask] == 1).all()


@pytest.mark.parametrize("content", [b"", b"no image"])
def test_broken_image_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "broken.png"
    file.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"broken\.png"):
        read_grey(file)


def test_missing_image_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"absent\.png: cannot be read"):
        read_grey(tmp_path / "absent.png")


def test_colour_image_is_read_as_grey(tmp_path: Path) -> None:
    Image.fromarray(np.full((4, 6, 3), 77, np.uint8)).save(tmp_path / "colour.png")
    grey = read_grey(tmp_path / "colour.png")
    assert grey.shape == (4, 6)
    assert (grey == 77).all()


def test_smaller_picture_is_the_mean_over_areas() -> None:
    blocks = np.random.default_rng(0).integers(0, 256, (8, 8)).astype(np.uint8)
    picture = np.repeat(np.repeat(blocks, 4, axis=0), 2, axis=1)
    picture[::2] = np.minimum(picture[::2].astype(int) + 2, 255)
    expected = picture.reshape(8, 4, 8, 2).mean(axis=(1, 3))
    assert np.abs(squash(picture, 8).astype(float) - expected).max() <= 0.5


def test_larger_picture_is_interpolated() -> None:
    picture = np.array([[0, 100], [0, 100]], np.uint8)
    assert np.array_equal(squash(picture, 4), cv2.resize(picture, (4, 4), interpolation=cv2.INTER_LINEAR))


def test_folder_of_neither_layout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="expected a labelled challenge folder"):
        read_labelled(tmp_path)


def test_picture_without_centre_needs_the_name_of_its_data_set(tmp_path: Path) -> None:
    write_fmc_uia(tmp_path / "fmc")
    folder = read_labelled(tmp_path / "fmc" / "labelled")
    with pytest.raises(ConfigurationError, match="has no centre"):
        open_cache([folder], size=SIZE, root=tmp_path / "cache")


def test_second_maker_of_the_same_cache_does_not_disturb_the_first(
    folder: LabelledFolder, tmp_path: Path
) -> None:
    """Every rank of a distributed run makes the cache when it is absent."""
    made: list[Cache] = []

    def make_it_first(pictures: Sequence[LabelledPicture]) -> Sequence[LabelledPicture]:
        made.append(open_cache([folder], size=SIZE, root=tmp_path / "cache"))
        return pictures

    second = open_cache([folder], size=SIZE, root=tmp_path / "cache", watch=make_it_first)
    for cache in (*made, second):
        assert (cache.images == 90).all()
        assert cache.masks.any()


def test_class_beyond_the_tasks_classes_is_refused(tmp_path: Path, folder: LabelledFolder) -> None:
    tasks = {name: task.model_copy(update={"num_classes": 2}) for name, task in folder.manifest.tasks.items()}
    fewer = replace(folder, manifest=replace(folder.manifest, tasks=tasks))
    with pytest.raises(ConfigurationError, match="kinds: expected classes below 2 but got 2"):
        open_cache([fewer], size=SIZE, root=tmp_path / "cache")


def test_noted_orientation_turns_no_picture(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # "Turn by a quarter."
    Image.fromarray(np.zeros((8, 12), np.uint8)).save(tmp_path / "turned.jpg", exif=exif)
    assert read_grey(tmp_path / "turned.jpg").shape == (8, 12)
