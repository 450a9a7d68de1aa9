"""Images that lie about their size, explode or never end are refused, or read no further than announced."""

import time
from pathlib import Path

import numpy as np
import pytest

from evaluation.files.images import decode_mask
from tests.security import hostile_images as images
from tests.security.scenes import FMC_MASK, UUSIC25_MASK, build

MASKS = [("uusic25", UUSIC25_MASK), ("fmc_uia", FMC_MASK)]


@pytest.mark.parametrize(("protocol", "name"), MASKS)
def test_header_of_30000_by_30000_pixels_is_refused_before_decoding(
    protocol: str, name: str, tmp_path: Path
) -> None:
    scene = build(protocol, tmp_path)
    (scene.submission / name).write_bytes(images.huge_header_png())
    start = time.perf_counter()
    assert f"`{name}`: more than 64,000,000 pixels" in scene.messages()
    for mode in ("strict", "official"):
        problems = scene.score(mode).result.problems
        assert any("more than 64,000,000 pixels" in problem.message for problem in problems)
    assert time.perf_counter() - start < 5


def test_size_just_above_the_limit_is_refused() -> None:
    with pytest.raises(ValueError, match="8001×8000, more than 64,000,000 pixels"):
        decode_mask(images.huge_header_png(8001, 8000))


def test_second_header_cannot_change_the_size_that_was_checked() -> None:
    content = dict(images.all_hostile_images())["two headers"]
    with pytest.raises(ValueError, match="more than 64,000,000 pixels"):
        decode_mask(content, expected_hw=(40, 50))


def test_small_png_that_inflates_to_50_megabytes_is_read_to_its_announced_end() -> None:
    assert decode_mask(images.inflating_png(), expected_hw=(40, 50)).shape == (40, 50)


@pytest.mark.parametrize("make", [images.text_bomb_png, images.profile_bomb_png])
def test_compressed_metadata_that_inflates_is_refused(make: images.Maker) -> None:
    with pytest.raises(ValueError, match="not a readable PNG"):
        decode_mask(make())


@pytest.mark.parametrize("flatten_colour", [False, True])
def test_jpeg_of_twenty_thousand_scans_is_refused_unread(flatten_colour: bool) -> None:
    content = images.many_scans_jpeg(20_000, 1024, 768)
    start = time.perf_counter()
    with pytest.raises(ValueError, match="more than 100 scans"):
        decode_mask(content, flatten_colour=flatten_colour)
    assert time.perf_counter() - start < 1  # decoding it took 8 s


def test_progressive_jpeg_of_ordinary_scans_is_read() -> None:
    content = dict(images.all_hostile_images())["progressive JPEG"]
    assert decode_mask(content).shape == (40, 50)


def test_run_length_bmp_is_refused_unread_and_a_plain_one_is_read() -> None:
    with pytest.raises(ValueError, match="run-length encoded BMP"):
        decode_mask(images.run_length_bmp())
    assert decode_mask(dict(images.all_hostile_images())["BMP content"]).shape == (40, 50)


@pytest.mark.parametrize("name", ["TIFF", "GIF", "WEBP", "PPM", "ICO", "TGA", "PDF"])
def test_other_formats_are_refused_whatever_the_name(name: str) -> None:
    with pytest.raises(ValueError, match="not a readable PNG, JPEG, BMP file"):
        decode_mask(dict(images.all_hostile_images())[f"{name} content"])


@pytest.mark.parametrize("mode", ["LA", "RGB", "RGBA"])
def test_colour_is_refused_with_its_mode(mode: str) -> None:
    with pytest.raises(ValueError, match=f"mask has mode {mode}, expected one channel"):
        decode_mask(dict(images.all_hostile_images())[f"PNG of mode {mode}"])


def test_of_an_animated_png_only_the_first_frame_counts() -> None:
    assert set(np.unique(decode_mask(images.animated_png()))) == {0, 255}


@pytest.mark.parametrize("flatten_colour", [False, True])
def test_every_hostile_image_is_a_mask_or_one_sentence(flatten_colour: bool) -> None:
    sentences = []
    for name, content in images.all_hostile_images():
        try:
            mask = decode_mask(content, expected_hw=(40, 50), flatten_colour=flatten_colour)
        except ValueError as error:
            sentences.append(str(error))
        else:
            assert mask.shape == (40, 50), name
    assert len(sentences) > 10
    assert all(sentence and sentence.isprintable() for sentence in sentences)


def test_official_mode_of_fmc_uia_resizes_no_faster_than_the_largest_mask_allows(tmp_path: Path) -> None:
    scene = build("fmc_uia", tmp_path)
    (scene.submission / FMC_MASK).write_bytes(images.png(8000, 8000))
    start = time.perf_counter()
    result = scene.score("official").result
    assert time.perf_counter() - start < 5
    assert result.n_failed == 0
