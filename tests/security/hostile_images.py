"""Image files that lie, explode or are not what they are called, as bytes."""

import io
import struct
import zlib
from collections.abc import Callable
from functools import cache

import numpy as np
from PIL import Image

from tests.protocols.folders import disc

Maker = Callable[[], bytes]

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(name: bytes, content: bytes) -> bytes:
    """Return one PNG chunk."""
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(
    width: int = 50,
    height: int = 40,
    *,
    depth: int = 8,
    colour: int = 0,
    extra: bytes = b"",
    raw: bytes | None = None,
) -> bytes:
    """Return a PNG by hand: header, `extra` chunks, then `raw` scan lines (black when None)."""
    samples = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    lines = bytes(height * (1 + (width * samples * depth + 7) // 8)) if raw is None else raw
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    palette = chunk(b"PLTE", bytes(range(48))) if colour == 3 else b""
    body = chunk(b"IHDR", header) + palette + extra + chunk(b"IDAT", zlib.compress(lines, 1))
    return PNG_SIGNATURE + body + chunk(b"IEND", b"")


def huge_header_png(width: int = 30_000, height: int = 30_000) -> bytes:
    """Return a few bytes that announce 900 million pixels."""
    return png(width, height, raw=b"\0" * 100)


def inflating_png() -> bytes:
    """Return an honest header over scan lines that inflate to 50 MB."""
    return png(raw=bytes(50_000_000))


def text_bomb_png() -> bytes:
    """Return 300 compressed texts of a little under 1 MB each, in 300 kB."""
    return png(extra=chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(1_000_000), 9)) * 300)


def profile_bomb_png() -> bytes:
    """Return a colour profile that inflates to 50 MB."""
    return png(extra=chunk(b"iCCP", b"k\0\0" + zlib.compress(bytes(50_000_000), 1)))


def animated_png() -> bytes:
    """Return an APNG of two frames, the second one of another content."""
    buffer = io.BytesIO()
    frames = [Image.fromarray(disc() * np.uint8(k)) for k in (255, 100)]
    frames[0].save(buffer, format="PNG", save_all=True, append_images=frames[1:])
    return buffer.getvalue()


def broken_animated_png() -> bytes:
    """Return an APNG whose header announces no frame."""
    return png(extra=chunk(b"acTL", bytes(8)))


def interlaced_png() -> bytes:
    """Return a black Adam7 image of 8×8."""
    header = struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 1)
    passes = ((1, 1), (1, 1), (1, 2), (2, 2), (2, 4), (4, 4), (4, 8))
    lines = b"".join(bytes(height * (1 + width)) for height, width in passes)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
    return PNG_SIGNATURE + body


def many_scans_jpeg(n_scans: int = 20_000, width: int = 50, height: int = 40) -> bytes:
    """Return a progressive JPEG that repeats one of its scans: each costs a pass over the whole image."""
    content = save(Image.fromarray(disc(height, width) * np.uint8(255)), "JPEG", progressive=True)
    scans = content.split(b"\xff\xda")
    # The last scan may carry its own tables; the end marker must stay last.
    last = scans[-1].removesuffix(b"\xff\xd9")
    return b"\xff\xda".join([*scans[:-1], *[last] * n_scans]) + b"\xff\xd9"


def run_length_bmp(width: int = 50, height: int = 40) -> bytes:
    """Return a BMP of runs of one pixel each, which Pillow unpacks in a Python loop."""
    runs = (b"\x01\x01" * width + b"\0\0") * height + b"\0\1"
    palette = bytes(range(4)) * 64 * 4
    offset = 14 + 40 + len(palette)
    head = b"BM" + struct.pack("<IHHI", offset + len(runs), 0, 0, offset)
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, len(runs), 0, 0, 256, 0)
    return head + info + palette + runs


def save(image: Image.Image, file_format: str, **options: object) -> bytes:
    """Return an image in one of Pillow's formats."""
    buffer = io.BytesIO()
    image.save(buffer, format=file_format, **options)
    return buffer.getvalue()


@cache
def all_hostile_images() -> tuple[tuple[str, bytes], ...]:
    """Return name and content of every image that the fuzzer puts in place of a mask."""
    mask = Image.fromarray(disc() * np.uint8(255))
    noise = np.random.default_rng(0).integers(0, 256, (40, 50), dtype=np.uint8)
    sixteen = Image.fromarray(np.arange(2000, dtype=np.uint16).reshape(40, 50) * np.uint16(32))
    modes = ("1", "P", "LA", "RGB", "RGBA")
    formats = ("TIFF", "GIF", "WEBP", "BMP", "JPEG", "PPM", "ICO", "TGA", "PDF")
    transparent = mask.convert("P")
    images = {
        **{f"PNG of mode {mode}": save(mask.convert(mode), "PNG") for mode in modes},
        **{f"{name} content": save(mask, name) for name in formats},
        "JPEG of mode CMYK": save(mask.convert("CMYK"), "JPEG"),
        "progressive JPEG": save(mask, "JPEG", progressive=True),
        "two-picture JPEG": save(mask, "MPO", save_all=True, append_images=[mask]),
        "palette with transparency": save(transparent, "PNG", transparency=bytes(range(256))),
        "16-bit": save(sixteen, "PNG"),
        "16-bit BMP header": save(mask.convert("RGB"), "BMP").replace(b"\x18\0", b"\x10\0", 1),
        "noise": save(Image.fromarray(noise), "PNG"),
        "another size": save(Image.fromarray(disc(41, 50)), "PNG"),
        "one pixel": save(Image.fromarray(np.ones((1, 1), np.uint8)), "PNG"),
        "2,000×2,000": save(Image.fromarray(np.ones((2000, 2000), np.uint8)), "PNG"),
        "30,000×30,000 header": huge_header_png(),
        "2^31 header": huge_header_png(2**31 - 1, 2**31 - 1),
        "width 0": huge_header_png(0, 40),
        "many scan lines": png(raw=bytes(2_000_000)),
        "no scan lines": png(raw=b""),
        "2-bit palette": png(depth=2, colour=3),
        "1-bit": png(depth=1),
        "bad depth": png(depth=7),
        "texts": png(extra=chunk(b"tEXt", b"k\0" + b"a" * 100_000) * 5),
        "compressed texts": text_bomb_png(),
        "bad text": png(extra=chunk(b"iTXt", b"k\0\1\0\0\0\xff\xff")),
        "bad profile": png(extra=chunk(b"iCCP", b"\0")),
        "bad physical size": png(extra=chunk(b"pHYs", b"\0")),
        "bad exif": png(extra=chunk(b"eXIf", b"\xff" * 40)),
        "APNG": animated_png(),
        "broken APNG": broken_animated_png(),
        "two headers": png(extra=chunk(b"IHDR", struct.pack(">IIBBBBB", 9000, 9000, 8, 0, 0, 0, 0))),
        "interlaced": interlaced_png(),
        "many scans": many_scans_jpeg(2_000),
        "run-length BMP": run_length_bmp(),
    }
    return tuple(images.items())
