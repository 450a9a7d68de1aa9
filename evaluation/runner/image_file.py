"""Images from a file: a tar that somebody else made must not rename the images that are already here."""

import json
import tarfile
from pathlib import Path
from typing import Protocol

from evaluation.contract.errors import EngineError
from evaluation.runner.engine import ImageMissingError
from evaluation.runner.owner import MARK

_MAX_INDEX_BYTES = 2**24
_LOAD_S = 3600.0


class _Loader(Protocol):
    def ask(self, *words: str, timeout_s: float = ...) -> str: ...


def load_image_file(engine: _Loader, file: Path) -> str:
    """Load what ``docker save`` or ``podman save`` wrote and return the id it has now.

    A file may carry any tag, that of another submission or of a base image too: tags that it took are given
    back to the images that had them, and tags that nobody had are taken off again, so no submission that is
    named by such a tag runs this image in its place.

    Raises:
        ImageMissingError: the file cannot be read, or holds no image or more than one.
        EngineError: the engine could not load it.
    """
    tags = _read_tags(file)
    before = {tag: _find_id(engine, tag) for tag in tags}
    try:
        said = engine.ask("load", "--quiet", f"--input={file}", timeout_s=_LOAD_S)
    except EngineError as error:
        raise ImageMissingError(f"{file}: {error}", is_unknown=True) from error
    names = [line.partition(": ")[2].strip() for line in said.splitlines() if line.startswith("Loaded image")]
    if not names:
        raise ImageMissingError(f"{file}: holds no image", is_unknown=True)
    image_id = engine.ask("image", "inspect", "--format={{.Id}}", names[0])
    for tag, old in before.items():
        if old is None:
            # A name of its own first: an image whose last name goes is removed with it.
            engine.ask("tag", image_id, f"{MARK}:{image_id.removeprefix('sha256:')}")
            engine.ask("image", "rm", tag)
        elif old != image_id:
            engine.ask("tag", old, tag)
    return image_id


def _find_id(engine: _Loader, tag: str) -> str | None:
    try:
        return engine.ask("image", "inspect", "--format={{.Id}}", tag)
    except EngineError:
        return None


def _read_tags(file: Path) -> list[str]:
    try:
        with tarfile.open(file) as archive:
            stream = archive.extractfile("manifest.json")
            content = b"" if stream is None else stream.read(_MAX_INDEX_BYTES)
        entries = json.loads(content)
        tags = [str(tag) for entry in entries for tag in entry.get("RepoTags") or ()]
    except (OSError, tarfile.TarError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise ImageMissingError(
            f"{file}: is not what `docker save` writes ({error})", is_unknown=True
        ) from error
    if len(entries) != 1:
        raise ImageMissingError(f"{file}: expected one image but it holds {len(entries)}", is_unknown=True)
    return tags
