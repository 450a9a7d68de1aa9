"""Whatever a submission's folder holds, it gets a score or a list of problems, soon, and nothing is written.

The folders are a flawless submission with one to three mutations each, drawn from a seed: folder 17 is the
same folder on every machine.
"""

import contextlib
import math
import os
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import numpy as np
import pytest

from evaluation.contract.result import Result
from evaluation.result_files import write_result
from tests.security.mutations import mutate
from tests.security.scenes import DIAGONAL_PX, Scene, build, take_snapshot

N_FOLDERS = 160
"""Folders a protocol in `make test`."""

N_FOLDERS_SLOW = 2_500
"""Folders a protocol in `make test-all`: 5,000 in all."""

LIMIT_S = 5

PROTOCOLS = ("uusic25", "fmc_uia")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
CHANGES = (
    "os.remove",
    "os.rename",
    "os.mkdir",
    "os.rmdir",
    "os.symlink",
    "os.link",
    "os.truncate",
    "os.chmod",
)


class Hung(BaseException):
    """The watchdog barked; no `except Exception` of the code under test can swallow it."""


class Ledger:
    """What this process writes while it watches, by Python's audit events (which cannot be unhooked)."""

    def __init__(self) -> None:
        self.watching = False
        self.writes: list[str] = []
        sys.addaudithook(self._note)

    def _note(self, event: str, arguments: tuple[object, ...]) -> None:
        if not self.watching:
            return
        is_write = event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING
        if is_write or event in CHANGES:
            self.writes.append(f"{event} {arguments[0]!r}")


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    return Ledger()


@contextmanager
def watchdog() -> Iterator[None]:
    def bark(number: int, frame: FrameType | None) -> None:
        raise Hung(f"more than {LIMIT_S} s")

    previous = signal.signal(signal.SIGALRM, bark)
    signal.setitimer(signal.ITIMER_REAL, LIMIT_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_mutated_folder_gives_a_score_or_problems(
    protocol: str, tmp_path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    fuzz(protocol, N_FOLDERS, tmp_path, ledger, monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_thousands_of_mutated_folders_give_scores_or_problems(
    protocol: str, tmp_path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    fuzz(protocol, N_FOLDERS_SLOW, tmp_path, ledger, monkeypatch)


def test_watchdog_stops_code_that_swallows_exceptions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "LIMIT_S", 0.05)
    with pytest.raises(Hung):
        sleep_through_everything()


def sleep_through_everything() -> None:
    with watchdog(), contextlib.suppress(Exception):
        time.sleep(10)


def test_ledger_notices_writes_and_nothing_else(tmp_path: Path, ledger: Ledger) -> None:
    file = tmp_path / "file"
    ledger.writes.clear()
    ledger.watching = True
    file.write_text("")
    file.read_text()
    file.rename(tmp_path / "other")
    ledger.watching = False
    assert [line.split()[0] for line in ledger.writes] == ["open", "os.rename"]


def fuzz(
    protocol: str, n_folders: int, tmp_path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without git on the path no revision is looked up, which is half of a small folder's time.
    monkeypatch.setenv("PATH", "")
    failures: list[str] = []
    n_spoiled = n_flawless = 0
    for number in range(n_folders):
        scene = build(protocol, tmp_path / str(number))
        (scene.root / "outside").mkdir()
        (scene.root / "outside" / "classification.json").write_text("{}")
        rng = np.random.default_rng([PROTOCOLS.index(protocol), number])
        done = [mutate(scene.submission, rng) for _ in range(rng.integers(1, 4))]
        try:
            n_failed = judge(scene, ledger)
        except (Exception, Hung) as error:  # noqa: BLE001 - every kind of failure is reported with its folder
            where = traceback.extract_tb(error.__traceback__)[-1]
            failures.append(f"{protocol} folder {number} ({'; '.join(done)}): {error!r} at {where}")
            n_failed = 0
        shutil.rmtree(scene.root)
        n_spoiled += n_failed > 0
        n_flawless += n_failed == 0
    assert not failures, "\n".join([f"{len(failures)} of {n_folders}", *failures[:20]])
    # A fuzzer that spoils nothing, or everything, tests little.
    assert n_spoiled > n_folders // 2
    assert n_flawless > n_folders // 50


def judge(scene: Scene, ledger: Ledger) -> int:
    """Check and score one folder in both modes; return how many cases failed in strict mode."""
    before = take_snapshot(scene.root)
    ledger.writes.clear()
    ledger.watching = True
    try:
        with watchdog():
            problems = scene.check()
        with watchdog():
            strict = scene.score("strict")
        with watchdog():
            official = scene.score("official")
    finally:
        ledger.watching = False
    assert ledger.writes == []
    assert take_snapshot(scene.root) == before
    for scored in (strict, official):
        check_values(scored.result)
        write_result(scored, scene.root / "out" / "result.json")
    assert set(take_snapshot(scene.root)) - set(before) == {
        str(scene.root / name) for name in ("out", "out/result.json", "out/cases.csv")
    }
    has_error = any(problem.severity == "error" for problem in problems)
    assert has_error == (strict.result.n_failed > 0), "check and strict scoring disagree"
    assert strict.result.n_failed == 0 or strict.result.n_problems > 0
    return strict.result.n_failed


def check_values(result: Result) -> None:
    of_tasks = [task.scores for task in result.tasks]
    of_groups = [group.scores for group in result.groups]
    for name, score in (
        item for scores in (*of_tasks, *of_groups, result.summary) for item in scores.items()
    ):
        if score.value is None:
            assert score.reason, name
            continue
        low, high = find_range(name, result.mode)
        assert math.isfinite(score.value), name
        assert low - 1e-12 <= score.value <= high + 1e-12, (name, score.value)
        assert score.interval is None


def find_range(name: str, mode: str) -> tuple[float, float]:
    if name.startswith("mre_px") and mode == "official":
        return 0.0, 1e150
    if name.startswith(("hd_px", "mre_px")):
        return 0.0, DIAGONAL_PX
    return (-1.0 if name == "mcc" else 0.0), 1.0
