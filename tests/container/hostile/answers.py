"""The honest answer, and the wrong ones. Standard library only: it runs in the image."""

import json
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

INPUT, MANIFEST, OUTPUT = Path("/input"), Path("/input_json"), Path("/output")
CLASSES = OUTPUT / "classification.json"


def read_entries(task: str) -> list[str]:
    """Return the image paths of a task, in manifest order."""
    return [e["img_path_relative"] for e in json.loads(MANIFEST.read_text()) if e["task"] == task]


def find_masks() -> list[Path]:
    """Return where masks are asked for."""
    return [OUTPUT / path.replace("img", "mask") for path in read_entries("segmentation")]


def answer_masks() -> None:
    """Write every mask: the image itself, which is one."""
    for path, mask in zip(read_entries("segmentation"), find_masks(), strict=True):
        write(mask, (INPUT / path).read_bytes())


def answer_classes(probability: list[float] | None = None) -> None:
    """Write every class."""
    entry = {"probability": probability or [0.25, 0.75], "prediction": 1}
    CLASSES.write_text(json.dumps(dict.fromkeys(read_entries("classification"), entry)))


def answer() -> None:
    """Answer everything, honestly."""
    answer_masks()
    answer_classes()


def write(file: Path, content: bytes) -> None:
    """Write a file, making its folder."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


def make_png(height: int, width: int) -> bytes:
    """Return a black 8-bit grey picture; its size in memory is never held."""
    packer = zlib.compressobj(1)
    row = bytes(width + 1)
    data = b"".join([*(packer.compress(row) for _ in range(height)), packer.flush()])
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", data), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def no_output() -> None:
    """End with success and write nothing."""


def partial_output() -> None:
    """Answer all masks but the last, and every class."""
    answer()
    find_masks()[-1].unlink()


def wrong_size_masks() -> None:
    """Write masks of a size of its own choice."""
    answer()
    for mask in find_masks():
        write(mask, make_png(7, 9))


def huge_png() -> None:
    """Write masks of kilobytes that are 400 million pixels once decoded."""
    answer()
    for mask in find_masks():
        write(mask, make_png(20_000, 20_000))


def nan_predictions() -> None:
    """Write probabilities that are no numbers."""
    answer_masks()
    answer_classes([float("nan"), float("nan")])


def crash_half_way() -> None:
    """Answer one mask and fall over."""
    answer_masks()
    raise RuntimeError("CUDA error: device-side assert triggered")


def pretends_engine_fault() -> None:
    """End as the engine does when it cannot start a container, to be tried again and again."""
    print("docker: Error response from daemon: OCI runtime create failed: executable file not found")
    raise SystemExit(127)


def pretends_kill() -> None:
    """End as a container does that somebody killed."""
    raise SystemExit(137)


def deletes_output() -> None:
    """Answer, and take it all back."""
    answer()
    for path in sorted(OUTPUT.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    try:
        OUTPUT.rmdir()
    except OSError as error:
        print("output stays:", error.strerror)


def fake_scores() -> None:
    """Answer, and claim in every way that a terminal or a reader of files might fall for."""
    answer()
    claim = {"outcome": "ok", "rank": 1, "scores": {"DSC": 1.0, "NSD": 1.0, "AUC": 1.0}}
    for name in ("run.json", "result.json", "cases.csv", "log.txt", "../run.json"):
        try:
            (OUTPUT / name).write_text(json.dumps(claim))
        except OSError as error:
            print(name, "refused:", error.strerror)
    print("\x1b[2J\x1b[H\x1b]0;you win\x07\x1b[1A\x1b[2KDSC 1.0000 NSD 1.0000 \x1b[32mrank 1\x1b[0m")
    print("\x1bP+q544e\x1b\\\x1b]52;c;cm0gLXJmIC8=\x07\x9b31m\u202etxt.exe\rok: answered all cases")
    print(json.dumps(claim))


DEEDS: tuple[Callable[[], None], ...] = (
    answer,
    no_output,
    partial_output,
    wrong_size_masks,
    huge_png,
    nan_predictions,
    crash_half_way,
    pretends_engine_fault,
    pretends_kill,
    deletes_output,
    fake_scores,
)
