"""When two runs are the same run."""

import hashlib
from functools import cache
from pathlib import Path

from evaluation.files.json_text import dump_json
from evaluation.runner.content import hash_file
from evaluation.runner.engine import Image
from evaluation.runner.record import InputRecord


@cache
def hash_harness() -> str:
    """Return one hash over the bench's own code: another harness may judge otherwise."""
    package = Path(__file__).parents[1]
    files = sorted(package.rglob("*.py"))
    lines = [f"{file.relative_to(package).as_posix()} {hash_file(file)}\n" for file in files]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def make_key(image: Image, asked: InputRecord, configuration: dict[str, object]) -> str:
    """Return the key of a run.

    Args:
        image: by digest; how it was named does not count.
        asked: manifest and input by content; where they lie does not count.
        configuration: engine, profile, limits, GPUs, repeats: what can change outcome or time.
    """
    parts = [image.digest, asked.model_dump(mode="json"), configuration, hash_harness()]
    return hashlib.sha256(dump_json(parts)).hexdigest()
