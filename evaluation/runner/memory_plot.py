"""The memory of one run as a picture: ``memory.svg``.

Written by hand: importing matplotlib alone takes longer than a run may cost beyond the engine.
"""

import math
from collections.abc import Sequence
from pathlib import Path

from evaluation.files.atomic import write_atomically
from evaluation.runner.memory import MemorySample

_WIDTH, _HEIGHT = 720, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 20, 40, 45
_N_TICKS = 5
# Two colours that stay apart for colour-blind readers and in grey.
_LINES = (("host", "#0072b2"), ("GPU", "#d55e00"))


def write_memory_plot(series: Sequence[MemorySample], title: str, file: Path) -> None:
    """Draw host and GPU memory in MiB over seconds; a gap where a sample could not be read.

    Args:
        series: the samples, in the order of time; none gives empty axes.
        title: printed above the picture.
        file: where the SVG goes.

    Raises:
        OSError: the file cannot be written.
    """
    times = [row.t_s for row in series]
    values = [v for row in series for v in (row.host_mib, row.gpu_mib) if v is not None]
    start_s = times[0] if times else 0.0
    span_s = _round_up((times[-1] - start_s) if times else 0.0)
    top_mib = _round_up(max(values, default=0.0))
    host = [(row.t_s - start_s, row.host_mib) for row in series]
    gpu = [(row.t_s - start_s, row.gpu_mib) for row in series]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif"'
        ' font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="{_LEFT}" y="22" font-size="14">{_escape(title)}</text>',
        *_draw_axes(span_s, top_mib),
    ]
    for (name, colour), points, x in zip(_LINES, (host, gpu), (_WIDTH - 130, _WIDTH - 65), strict=True):
        parts.append(f'<text x="{x}" y="22" fill="{colour}">{name}</text>')
        parts += [
            f'<polyline fill="none" stroke="{colour}" stroke-width="1.5" points="{run}"/>'
            for run in _draw_runs(points, span_s, top_mib)
        ]
    write_atomically(file, ("\n".join([*parts, "</svg>"]) + "\n").encode("utf-8", "replace"))


def _draw_axes(span_s: float, top_mib: float) -> list[str]:
    right, floor = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    parts = []
    for k in range(_N_TICKS + 1):
        x, y = _place(k * span_s / _N_TICKS, k * top_mib / _N_TICKS, span_s, top_mib)
        parts += [
            f'<line x1="{_LEFT}" y1="{y}" x2="{right}" y2="{y}" stroke="#ddd"/>',
            f'<text x="{_LEFT - 6}" y="{y + 4}" text-anchor="end">{k * top_mib / _N_TICKS:g}</text>',
            f'<text x="{x}" y="{floor + 18}" text-anchor="middle">{k * span_s / _N_TICKS:g}</text>',
        ]
    parts.append(f'<text x="{(_LEFT + right) / 2}" y="{_HEIGHT - 8}" text-anchor="middle">seconds</text>')
    parts.append(f'<text x="{_LEFT}" y="{_TOP - 6}" text-anchor="end">MiB</text>')
    return parts


def _draw_runs(points: Sequence[tuple[float, float | None]], span_s: float, top_mib: float) -> list[str]:
    runs: list[list[str]] = [[]]
    for t_s, mib in points:
        if mib is None:
            runs.append([])
        else:
            runs[-1].append("{},{}".format(*_place(t_s, mib, span_s, top_mib)))
    return [" ".join(run) for run in runs if run]


def _place(t_s: float, mib: float, span_s: float, top_mib: float) -> tuple[float, float]:
    x = _LEFT + t_s / span_s * (_WIDTH - _LEFT - _RIGHT)
    y = _HEIGHT - _BOTTOM - mib / top_mib * (_HEIGHT - _TOP - _BOTTOM)
    return round(x, 1), round(y, 1)


def _round_up(value: float) -> float:
    """Return the next of 1, 2, 5, 10, 20, 50, …, so that ticks have short labels; 1 for nothing."""
    if value <= 0:
        return 1.0
    power: float = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1.0, 2.0, 5.0, 10.0) if step * power >= value)


def _escape(text: str) -> str:
    # Whoever submits chooses the name in the title.
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
