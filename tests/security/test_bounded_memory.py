"""The worst files together neither exhaust memory nor take long, in a process of limited memory."""

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.security import hostile_images as images
from tests.security.mutations import GIBIBYTE, make_sparse
from tests.security.scenes import build

LIMIT_MIB = 800
"""On top of what Python and its libraries take: official FMC_UIA scoring resizes 64 million 16-bit pixels."""


@pytest.mark.parametrize("protocol", ["uusic25", "fmc_uia"])
def test_worst_files_fit_in_limited_memory(protocol: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.security.test_bounded_memory", protocol, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    for line in done.stdout.splitlines():
        measured = json.loads(line)
        assert measured["growth_mib"] < LIMIT_MIB, measured
        assert measured["seconds"] < 5, measured
    assert len(done.stdout.splitlines()) == len(worst_files())


def worst_files() -> dict[str, bytes | None]:
    """Return the files that hurt most; None is a sparse file of 1 GiB."""
    return {
        "gibibyte": None,
        "30,000×30,000": images.huge_header_png(),
        "8,000×8,000": images.png(8000, 8000),
        "8,000×8,000 of 16 bits": images.png(8000, 8000, depth=16),
        "inflating": images.inflating_png(),
        "texts": images.text_bomb_png(),
        "profile": images.profile_bomb_png(),
        "brackets": b"[" * 1_000_000,
        "lists": b"[" + b"[]," * 340_000 + b"[]]",
        "keys": json.dumps({str(n): 0 for n in range(80_000)}).encode(),
    }


def _measure(protocol: str, root: Path) -> None:
    scene = build(protocol, root)
    files = [*scene.submission.glob("*.json"), next(scene.submission.rglob("*.png"))]
    scene.check()
    scene.score("official")
    contents = worst_files()
    limit = _memory_kib("VmSize") * 1024 + 2 * LIMIT_MIB * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    for name, content in contents.items():
        for file in files:
            if content is None:
                make_sparse(file, GIBIBYTE)
            else:
                file.write_bytes(content)
        Path("/proc/self/clear_refs").write_text("5")  # starts the peak anew
        before_kib, start = _memory_kib("VmRSS"), time.perf_counter()
        scene.check()
        scene.score("strict")
        seconds = time.perf_counter() - start
        scene.score("official")
        growth_mib = (_memory_kib("VmHWM") - before_kib) // 1024
        measured = {"file": name, "seconds": round(seconds, 3), "growth_mib": growth_mib}
        sys.stdout.write(json.dumps(measured) + "\n")


def _memory_kib(what: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    line = next(line for line in lines if line.startswith(what))
    return int(line.split()[1])


if __name__ == "__main__":
    _measure(sys.argv[1], Path(sys.argv[2]))
