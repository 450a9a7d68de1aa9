"""Progress bars, silent when the error stream is not a terminal."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import Progress, track

T = TypeVar("T")


def track_items(items: Sequence[T], what: str) -> Iterable[T]:
    """Hand out items below a bar."""
    return track(items, what, console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True)


@contextmanager
def share_bar(what: str) -> Iterator[Callable[[float], None]]:
    """Give a function that takes the share done, 0 to 1."""
    with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True) as bar:
        row = bar.add_task(what, total=1.0)
        yield lambda share: bar.update(row, completed=share)
