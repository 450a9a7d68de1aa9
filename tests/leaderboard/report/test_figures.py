"""Figures of scenes whose picture is known."""

from pathlib import Path

import pytest

from evaluation.contract.errors import ConfigurationError
from leaderboard.report.figures.cost import CostPoint, find_front
from leaderboard.report.memory import MAX_POINTS, read_memory
from leaderboard.report.records import Entrant
from leaderboard.report.svg import Canvas, Scale, fit_scale, make_ticks, shorten


def make_points(*pairs: tuple[float, float]) -> list[CostPoint]:
    """Make teams of (accuracy, seconds)."""
    return [
        CostPoint(entrant=Entrant(i, str(i)), accuracy=a, time_s=t, peak_gpu_mib=0.0)
        for i, (a, t) in enumerate(pairs)
    ]


def test_the_front_holds_whom_nobody_beats_cheapest_first() -> None:
    points = make_points((0.9, 30), (0.8, 10), (0.7, 20), (0.9, 40), (0.8, 10))
    assert find_front(points, [p.time_s for p in points]) == [1, 4, 0]


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 1, [0, 0.25, 0.5, 0.75, 1]),
        (0.61, 0.79, [0.65, 0.7, 0.75]),
        (3, 3, [3]),
        (0, 9000, [0, 2500, 5000, 7500]),
    ],
)
def test_ticks_are_round_and_within_the_ends(low: float, high: float, ticks: list[float]) -> None:
    assert make_ticks(low, high) == pytest.approx(ticks)


def test_a_scale_maps_its_ends_and_keeps_strays_inside() -> None:
    scale = Scale(low=0, high=10, start=100, end=0)
    assert [scale(v) for v in (0, 10, 5, -3, 99)] == [100, 0, 50, 100, 0]
    assert fit_scale([], start=0, end=1) == Scale(low=0, high=1, start=0, end=1)
    one = fit_scale([2.0], start=0, end=1)
    assert one.low < 2.0 < one.high


def test_text_of_a_canvas_is_escaped() -> None:
    canvas = Canvas(10)
    canvas.text(0, 0, "<b>&'\"", note="</title><script>")
    svg = str(canvas.render(name="x", title="<i>", description="</svg>"))
    assert "<b>" not in svg
    assert "<script>" not in svg
    assert svg.count("</svg>") == 1


def test_a_long_name_is_cut() -> None:
    assert shorten("a" * 40) == "a" * 12 + "…"
    assert shorten("short") == "short"


def test_a_long_memory_series_keeps_its_peak(tmp_path: Path) -> None:
    lines = [f"{k / 10},{9999 if k == 777 else 5}," for k in range(5000)]
    (tmp_path / "memory.csv").write_text("\n".join(["t_s,gpu_mib,host_mib", *lines]), encoding="utf-8")
    series = read_memory(tmp_path / "result.json")
    assert series is not None
    assert len(series.t_s) <= MAX_POINTS
    assert max(v for v in series.gpu_mib if v is not None) == 9999
    assert set(series.host_mib) == {None}


@pytest.mark.parametrize(
    "text", ["t_s,gpu_mib\n1,2\n", "t_s,gpu_mib,host_mib\nx,1,1\n", "t_s,gpu_mib,host_mib\n1,nan,1\n"]
)
def test_a_file_that_is_no_memory_series_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "memory.csv").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"memory\.csv: Expected lines of t_s,gpu_mib,host_mib"):
        read_memory(tmp_path / "result.json")
