"""The picture of a run's memory."""

from pathlib import Path
from xml.etree import ElementTree

from evaluation.runner.memory import MemorySample
from evaluation.runner.memory_plot import write_memory_plot

SVG = "{http://www.w3.org/2000/svg}"


def draw(tmp_path: Path, *rows: MemorySample, title: str = "memory") -> ElementTree.Element:
    write_memory_plot(rows, title, tmp_path / "memory.svg")
    return ElementTree.fromstring((tmp_path / "memory.svg").read_bytes())  # noqa: S314 # our own file


def test_each_sample_is_drawn_at_its_time_and_height(tmp_path: Path) -> None:
    svg = draw(tmp_path, MemorySample(3.0, 0.0, 50.0), MemorySample(4.0, None, 100.0))
    host, gpu = svg.findall(f"{SVG}polyline")
    assert host.get("points") == "70.0,147.5 700.0,40.0"
    assert gpu.get("points") == "70.0,255.0"


def test_a_sample_that_could_not_be_read_leaves_a_gap(tmp_path: Path) -> None:
    rows = [MemorySample(float(i), None, None if i == 2 else 10.0) for i in range(5)]
    assert len(draw(tmp_path, *rows).findall(f"{SVG}polyline")) == 2


def test_no_samples_give_empty_axes(tmp_path: Path) -> None:
    svg = draw(tmp_path)
    assert svg.findall(f"{SVG}polyline") == []
    assert "seconds" in [text.text for text in svg.findall(f"{SVG}text")]


def test_a_name_cannot_bring_markup_into_the_picture(tmp_path: Path) -> None:
    title = "<script>alert(1)</script>\x1b[2J & more"
    svg = draw(tmp_path, MemorySample(0.0, 1.0, 1.0), title=title)
    assert svg.findall(f".//{SVG}script") == []
    heading = svg.find(f"{SVG}text")
    assert heading is not None
    assert heading.text == title.replace("\x1b", "\ufffd")
