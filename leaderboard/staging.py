"""A folder that gets a whole new board or keeps the one it has.

Promises: nothing of a board that could not be finished is left; of the last board in the folder nothing stays
that the new one has not; files that no board wrote are never touched.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from evaluation.contract.errors import ConfigurationError
from evaluation.files.atomic import write_atomically
from evaluation.files.untrusted import is_safe_relative

LIST_FILE = ".board"
"""What the last board wrote, a path a line."""


@contextmanager
def stage_board(out: Path) -> Iterator[Path]:
    """Give an empty folder; when the block ends well, its files take their places in `out`.

    Raises:
        ConfigurationError: `out` cannot be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        place = tempfile.TemporaryDirectory(dir=out, prefix=".new-")
    except OSError as error:
        raise refuse_folder(out, error) from error
    with place as name:
        fresh = Path(name)
        yield fresh
        try:
            _take_places(fresh, out)
        except OSError as error:
            raise refuse_folder(out, error) from error


def _take_places(fresh: Path, out: Path) -> None:
    made = sorted(str(file.relative_to(fresh)) for file in fresh.rglob("*") if file.is_file())
    old = _read_list(out)
    # Listed first: should this be cut short, the next board still knows what to put away.
    write_atomically(out / LIST_FILE, "\n".join(sorted({*made, *old})).encode())
    for path in made:
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        (fresh / path).replace(out / path)
    for path in old - set(made):
        (out / path).unlink(missing_ok=True)
        with suppress(OSError):  # Not empty: something else lies there.
            if (out / path).parent != out:
                (out / path).parent.rmdir()
    write_atomically(out / LIST_FILE, "\n".join(made).encode())


def _read_list(out: Path) -> set[str]:
    try:
        lines = (out / LIST_FILE).read_text().splitlines()
    except (OSError, UnicodeDecodeError):
        return set()
    return {line for line in lines if is_safe_relative(line)}


def refuse_folder(out: Path, error: OSError) -> ConfigurationError:
    """Return the error for a folder that cannot be written."""
    return ConfigurationError(
        f"Expected argument `out` to be a folder to write to but got {out} ({error}); choose another."
    )
