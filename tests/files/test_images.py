"""Images and masks: sizes from headers, masks as arrays, and what is refused."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from evaluation.files.images import MAX_PIXELS, WrongSizeError, decode_mask, encode_png, read_size
from tests.protocols.folders import disc, write_mask

MASK = disc() * np.uint8(255)


def encode(image: Image.Image, file_format: str) -> bytes:
    """Return an image's file."""
    buffer = io.BytesIO()
    image.save(buffer, format=file_format)
    return buffer.getvalue()


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "BMP"])
def test_size_is_height_then_width_whatever_the_format_and_the_name(tmp_path: Path, file_format: str) -> None:
    assert read_size(write_mask(tmp_path / "image.xyz", MASK, file_format)) == (40, 50)


def test_file_that_is_absent_or_no_image_has_no_size(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        read_size(tmp_path / "absent.png")
    with pytest.raises(ValueError, match="not a readable PNG, JPEG, BMP file"):
        read_size(write_mask(tmp_path / "image.png", MASK, "GIF"))


@pytest.mark.parametrize("mask", [MASK, disc(), np.zeros((1, 1), dtype=np.uint8), disc() * np.uint8(9)])
def test_encoded_mask_is_decoded_as_it_was(mask: NDArray[np.uint8]) -> None:
    content = encode_png(mask)
    with Image.open(io.BytesIO(content)) as image:
        assert (image.format, image.mode) == ("PNG", "L")
    decoded = decode_mask(content, expected_hw=(mask.shape[0], mask.shape[1]))
    np.testing.assert_array_equal(decoded, mask)


@pytest.mark.parametrize("file_format", ["PNG", "BMP"])
def test_format_goes_by_content(file_format: str) -> None:
    np.testing.assert_array_equal(decode_mask(encode(Image.fromarray(MASK), file_format)), MASK)


def test_one_bit_masks_are_0_and_1() -> None:
    decoded = decode_mask(encode(Image.fromarray(MASK).convert("1"), "PNG"))
    assert decoded.dtype == np.uint8
    np.testing.assert_array_equal(decoded, disc())


def test_sixteen_bit_masks_keep_their_values() -> None:
    values = disc().astype(np.uint16) * np.uint16(300)
    np.testing.assert_array_equal(decode_mask(encode(Image.fromarray(values), "PNG")), values)
    np.testing.assert_array_equal(
        decode_mask(encode(Image.fromarray(values), "PNG"), flatten_colour=True), values
    )


def test_palettes_are_indices_or_flattened_to_grey() -> None:
    image = Image.fromarray(disc())
    image.putpalette([0, 0, 0, 255, 255, 255])
    np.testing.assert_array_equal(decode_mask(encode(image, "PNG")), disc())
    np.testing.assert_array_equal(decode_mask(encode(image, "PNG"), flatten_colour=True), MASK)


def test_colour_is_refused_or_flattened_to_grey() -> None:
    content = encode(Image.fromarray(MASK).convert("RGB"), "PNG")
    with pytest.raises(ValueError, match="mask has mode RGB, expected one channel"):
        decode_mask(content)
    np.testing.assert_array_equal(decode_mask(content, flatten_colour=True), MASK)


def test_another_size_is_refused_before_decoding() -> None:
    damaged = encode_png(MASK)[:60]
    with pytest.raises(WrongSizeError, match=r"mask is 40×50, image is 50×40 \(height × width\)"):
        decode_mask(damaged, expected_hw=(50, 40))


@pytest.mark.parametrize("flatten_colour", [False, True])
@pytest.mark.parametrize("n_bytes", [0, 4, 20, 60, 1000])
def test_damaged_file_is_a_value_error(n_bytes: int, flatten_colour: bool) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (40, 50, 3), dtype=np.uint8)
    content = encode(Image.fromarray(noise), "PNG") if flatten_colour else encode_png(noise[..., 0].copy())
    with pytest.raises(ValueError, match=r"damaged image data|not a readable"):
        decode_mask(content[:n_bytes], flatten_colour=flatten_colour)


def enlarge(content: bytes, width: int, height: int) -> bytes:
    """Write another size into a PNG's header."""
    header = b"IHDR" + struct.pack(">II", width, height) + content[24:29]
    return content[:12] + header + struct.pack(">I", zlib.crc32(header)) + content[33:]


@pytest.mark.parametrize(("width", "height"), [(8001, 8000), (12_000, 12_000), (30_000, 30_000)])
def test_more_pixels_than_any_frame_are_refused_from_the_header(width: int, height: int) -> None:
    assert width * height > MAX_PIXELS
    with pytest.raises(ValueError, match="more than 64,000,000 pixels"):
        decode_mask(enlarge(encode_png(MASK), width, height))
