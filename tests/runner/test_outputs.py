"""What a submission leaves in its output folder: all of it is counted, none of it harms who looks."""

import itertools
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from evaluation.runner.outcome import Outcome
from evaluation.runner.outputs import MAX_DEPTH, list_files, make_tame, measure_folder, read_times
from tests.runner.scenes import Scene, make_scene

NOBODY = 65534


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a folder that belongs to a user without privileges, and be that user."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "output")
        folder.mkdir()
        if os.getuid() != 0:
            yield folder
            return
        Path(place).chmod(0o755)
        os.chown(folder, NOBODY, NOBODY)
        os.seteuid(NOBODY)
        try:
            yield folder
        finally:
            os.seteuid(0)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return make_scene(tmp_path)


def write(file: Path, n_bytes: int = 10) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(bytes(n_bytes))
    return file


def test_folder_without_rights_is_hidden_until_it_is_tamed(folder: Path) -> None:
    file = write(folder / "closed" / "file")
    write(folder / "open").chmod(0)
    file.parent.chmod(0)
    assert measure_folder(folder, max_entries=10).n_hidden == 1
    times = read_times(folder, max_entries=10)
    make_tame(folder, max_entries=10)
    assert measure_folder(folder, max_entries=10).n_hidden == 0
    listed = list_files(folder, started_s=0.0, max_entries=10, times=times)
    assert [item.path for item in listed] == ["closed/file", "open"]
    assert all(item.sha256 for item in listed)


def test_change_of_rights_moves_no_time(folder: Path) -> None:
    file = write(folder / "file")
    file.chmod(0o600)
    times = read_times(folder, max_entries=10)
    written_s = file.stat().st_ctime
    make_tame(folder, max_entries=10)
    assert file.stat().st_ctime > written_s
    (listed,) = list_files(folder, started_s=written_s - 1, max_entries=10, times=times)
    assert listed.t_s == 1.0


def test_what_lies_too_deep_is_hidden_and_not_missed(folder: Path) -> None:
    deepest = folder.joinpath(*["d"] * MAX_DEPTH)
    write(deepest / "file")
    assert measure_folder(folder, max_entries=100).n_hidden == 0
    write(deepest / "d" / "file")
    volume = measure_folder(folder, max_entries=100)
    assert (volume.n_hidden, volume.n_entries) == (1, MAX_DEPTH + 2)


def test_output_that_is_hidden_is_beyond_the_limit(scene: Scene) -> None:
    body = "import os, sys\nos.chdir(sys.argv[2])\nfor _ in range(60): os.mkdir('d'); os.chdir('d')\n"
    record = scene.judge(body)
    assert record.outcome == Outcome.OUTPUT_LIMIT
    assert "hid what it wrote" in record.sentence


def test_nothing_beyond_a_limit_is_hashed(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str) -> str:
        raise AssertionError(f"{path} is hashed")

    monkeypatch.setattr("evaluation.runner.outputs._hash", refuse)
    body = "import sys\nfor k in range(9): open(f'{sys.argv[2]}/{k}', 'wb').truncate(2**22)\n"
    record = scene.judge(body)
    assert (record.outcome, record.outputs, record.n_problems) == (Outcome.OUTPUT_LIMIT, (), 0)
    assert not list((scene.out / "predictions").iterdir())


def test_costly_looks_put_off_no_limit(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = itertools.count()
    monkeypatch.setattr(time, "thread_time", lambda: float(next(seconds)))
    late = "import time\ntime.sleep(1)\nfor k in range(9): open(f'{sys.argv[2]}/{k}', 'wb').truncate(2**22)\n"
    record = scene.judge("import time; time.sleep(60)", time_limit_s=1)
    assert (record.outcome, record.runtime_s < 10) == (Outcome.TIMEOUT, True)
    record = scene.judge(f"import sys\n{late}time.sleep(60)")
    assert (record.outcome, record.runtime_s < 10) == (Outcome.OUTPUT_LIMIT, True)
