"""What a submission prints: kept up to a limit, its head and its tail, harmless to read.

Promises: reading never stops, so a submission is never held up by its own log; memory is at most half the
limit; what is kept holds neither escape sequences nor control characters.
"""

import re
import threading
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_READ_BYTES = 2**18
_LAST_LINES = 200
_LAST_BYTES = 2**17
_MAX_LINE = 2000

# CSI, OSC and the other strings (ended by BEL or ESC \), then two-character sequences.
_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]?"
)
# Controls except tab and newline, and the marks that turn the direction of text around.
_CONTROLS = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)


@dataclass(frozen=True)
class KeptLog:
    """What was kept."""

    n_bytes: int
    """Printed in all."""
    n_left_out: int
    """Of these, between head and tail."""
    last_lines: tuple[str, ...]
    """At most the last 200, each of at most 2,000 characters."""


class LogKeeper:
    """Reads a stream to its end in a thread of its own."""

    def __init__(self, stream: IO[bytes], file: Path, *, limit_bytes: int) -> None:
        """Start reading.

        Args:
            stream: the submission's output.
            file: where the log goes, complete once `finish` returns.
            limit_bytes: of a longer log the first and the last half are kept.
        """
        self._stream = stream
        self._file = file
        self._half = limit_bytes // 2
        self._head = bytearray()
        self._tail: deque[bytes] = deque()
        self._tail_bytes = 0
        self._n_bytes = 0
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while True:
            try:
                chunk = self._stream.read1(_READ_BYTES)  # type: ignore[attr-defined] # a buffered pipe
            except (OSError, ValueError):
                return
            if not chunk:
                return
            self._keep(chunk)

    def _keep(self, chunk: bytes) -> None:
        self._n_bytes += len(chunk)
        room = self._half - len(self._head)
        if room > 0:
            self._head += chunk[:room]
            chunk = chunk[room:]
        if not chunk:
            return
        self._tail.append(chunk)
        self._tail_bytes += len(chunk)
        while self._tail_bytes - len(self._tail[0]) >= self._half:
            self._tail_bytes -= len(self._tail.popleft())

    def finish(self, timeout_s: float = 10.0) -> KeptLog:
        """Wait for the end of the stream, write the file and return what a record needs.

        A process out of reach may hold the stream open: after `timeout_s` what has come is what there is.

        Raises:
            OSError: the file cannot be written.
        """
        self._thread.join(timeout_s)
        head = bytes(self._head)
        tail = b"".join(list(self._tail))[-self._half :]
        n_left_out = self._n_bytes - len(head) - len(tail)
        text = clean_text((head + tail if n_left_out == 0 else head).decode(errors="replace"))
        if n_left_out:
            ending = clean_text(tail.decode(errors="replace"))
            text = f"{text}\n[… {n_left_out:,} bytes left out …]\n{ending}"
        self._file.write_text(text, encoding="utf-8")
        lines = text[-_LAST_BYTES * 4 :].splitlines()[-_LAST_LINES:]
        return KeptLog(self._n_bytes, n_left_out, tuple(line[:_MAX_LINE] for line in lines))


def clean_text(text: str) -> str:
    """Return text that cannot drive a terminal or turn its direction; a carriage return ends a line."""
    text = _ESCAPES.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROLS.sub("", text)
