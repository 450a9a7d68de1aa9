"""What files hold, as hashes."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from evaluation.contract.errors import ConfigurationError

_CHUNK_BYTES = 2**20


@dataclass(frozen=True)
class Tree:
    """A folder's content."""

    sha256: str
    """Over relative names and the files' bytes; neither dates nor owners count."""
    n_files: int
    n_bytes: int


def hash_file(file: Path) -> str:
    """Return a file's SHA-256.

    Raises:
        OSError: it cannot be read.
    """
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def hash_tree(folder: Path) -> Tree:
    """Hash every file below a folder that its user vouches for, links followed.

    Raises:
        ConfigurationError: a file cannot be read, or is neither file nor folder.
    """
    digest = hashlib.sha256()
    n_files = n_bytes = 0
    for relative in sorted(_walk(folder)):
        file = folder / relative
        try:
            if not file.is_file():
                raise ConfigurationError(f"{file}: expected a file; is it a link to nothing, or a device?")
            digest.update(f"{relative}\0{hash_file(file)}\n".encode("utf-8", "surrogateescape"))
            n_bytes += file.stat().st_size
        except OSError as error:
            raise ConfigurationError(f"{file}: cannot be read ({error.strerror})") from error
        n_files += 1
    return Tree(digest.hexdigest(), n_files, n_bytes)


def _walk(folder: Path) -> Iterator[str]:
    for place, folders, files in os.walk(folder, onerror=_refuse, followlinks=True):
        # A link to a folder that leads to it would never end; what is there is walked already.
        way = [Path(place), *Path(place).parents]
        above = [step.resolve() for step in way if step.is_relative_to(folder)]
        folders[:] = sorted(name for name in folders if not _is_above(Path(place, name).resolve(), above))
        for name in files:
            yield os.path.relpath(f"{place}/{name}", folder)


def _is_above(target: Path, above: list[Path]) -> bool:
    return any(step.is_relative_to(target) for step in above)


def _refuse(error: OSError) -> None:
    raise ConfigurationError(f"{error.filename}: cannot be read ({error.strerror})") from error
