"""From an image file to the network's input."""

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from model.pictures import normalise, read_picture, squash


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "1"])
def test_picture_is_grey_whatever_the_file_s_colours(tmp_path: Path, mode: str) -> None:
    grey = np.zeros((60, 80), dtype=np.uint8)
    grey[:, 40:] = 255
    Image.fromarray(grey).convert(mode).save(tmp_path / "a.png")
    picture = read_picture(tmp_path / "a.png", 32)
    assert picture.size_hw == (60, 80)
    assert picture.grey.shape == (32, 32)
    assert set(np.unique(picture.grey[:, :16])) == {0}
    assert set(np.unique(picture.grey[:, 16:])) == {255}


def test_orientation_in_the_file_is_ignored(tmp_path: Path) -> None:
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.fromarray(np.zeros((40, 90), dtype=np.uint8)).save(tmp_path / "a.jpg", exif=turned)
    assert read_picture(tmp_path / "a.jpg", 32).size_hw == (40, 90)


def _cut_png() -> bytes:
    buffer = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 255, (60, 80), dtype=np.uint8)
    Image.fromarray(noise).save(buffer, format="PNG")
    return buffer.getvalue()[:40]


@pytest.mark.parametrize("content", [b"", b"no image", _cut_png()], ids=["empty", "text", "cut"])
def test_broken_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(ValueError, match=r"not a readable|damaged"):
        read_picture(tmp_path / "a.png", 32)


def test_image_that_the_decoder_refuses_is_damaged(tmp_path: Path) -> None:
    # So long that OpenCV raises an error of its own.
    Image.new("1", (1_100_000, 1)).save(tmp_path / "a.bmp")
    with pytest.raises(ValueError, match="cannot be decoded"):
        read_picture(tmp_path / "a.bmp", 32)


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_picture(tmp_path / "none.png", 32)


def test_shrinking_takes_area_means_and_growing_interpolates() -> None:
    image = np.random.default_rng(0).integers(0, 255, (64, 96), dtype=np.uint8)
    expected = cv2.resize(image, (32, 32), interpolation=cv2.INTER_AREA)
    np.testing.assert_array_equal(squash(image, 32), expected)
    ramp = np.tile(np.array([0, 255], dtype=np.uint8), (2, 1))
    assert len(np.unique(squash(ramp, 8))) > 2


def test_normalised_input_has_the_training_s_scale() -> None:
    grey = np.array([[[0, 255]]], dtype=np.uint8)
    batch = normalise(grey, mean=0.449, std=0.226)
    assert (batch.shape, batch.dtype) == ((1, 1, 1, 2), np.dtype(np.float32))
    np.testing.assert_allclose(batch.ravel(), [-0.449 / 0.226, 0.551 / 0.226], rtol=1e-6)
