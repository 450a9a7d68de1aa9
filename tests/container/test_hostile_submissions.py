"""Submissions that break or do harm, one image each: each ends in its class, and only its run notices.

After each the host is as it was, and the next submission in line, an honest one, is answered as ever.
"""

import json
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest

from evaluation.runner.docker import ContainerEngine
from evaluation.runner.draft import RunOptions
from evaluation.runner.folder import LOG_FILE, PREDICTIONS, remove_tree
from evaluation.runner.limits import Limits
from evaluation.runner.outcome import Outcome
from evaluation.runner.record import RunFile
from evaluation.runner.run import run_submission
from evaluation.runner.submission import ImageSubmission
from evaluation.running import make_check
from tests.container.engines import call, require
from tests.container.host_state import find_changes, read_state
from tests.runner.scenes import Scene, make_scene

pytestmark = pytest.mark.container

TIGHT = Limits(
    memory_bytes=2**28,
    cpus=1,
    pids=48,
    shm_bytes=2**25,
    tmp_bytes=2**25,
    time_limit_s=3,
    output_bytes=2**26,
    output_files=500,
    log_bytes=2**16,
)
HURRIED: Mapping[str, object] = {}
PATIENT: Mapping[str, object] = {"time_limit_s": 30}
"""For those that end by themselves: on a busy machine a start alone may take seconds."""
MAY_TAKE_S = 10.0
"""Beyond the time limit."""


@dataclass(frozen=True)
class Run:
    """A run that has ended, and where it lies."""

    record: RunFile
    out: Path
    elapsed_s: float

    @property
    def log(self) -> str:
        """Return the log that was kept."""
        return (self.out / LOG_FILE).read_text(encoding="utf-8")


@dataclass(frozen=True)
class Bench:
    """An engine, a challenge, and images that answer it."""

    engine: ContainerEngine
    scene: Scene
    base: str
    images: dict[str, str] = field(default_factory=dict)
    """By deed."""

    def run(self, deed: str, limits: Limits) -> Run:
        """Run a deed's image, built when it is first asked for."""
        if deed not in self.images:
            self.images[deed] = self._build(deed)
        out = self.scene.folder.parent / "runs" / deed
        begin = time.monotonic()
        finished = run_submission(
            self.engine,
            ImageSubmission(self.images[deed]),
            self.scene.challenge,
            out,
            RunOptions(limits=limits, gpus="none", is_forced=True),
            name=deed,
            check=make_check(self.scene.challenge.manifest),
        )
        return Run(finished.record, out, time.monotonic() - begin)

    def _build(self, deed: str) -> str:
        tag = f"localhost/bench-hostile-{deed.replace('_', '-')}:{os.getpid()}"
        folder = self.scene.folder.parent / "image"
        folder.mkdir(exist_ok=True)
        text = f"FROM {self.base}\nENV DEED={deed} SENTINEL={self.scene.folder}\n"
        (folder / "Dockerfile").write_text(text, encoding="utf-8")
        _build(self.engine.name, folder, tag)
        return tag


def _build(engine: str, folder: Path, tag: str) -> None:
    done = call(engine, "build", "--quiet", "--network=host", "--tag", tag, str(folder))
    assert done.returncode == 0, done.stderr


Line = Callable[[Literal["docker", "podman"]], tuple[Bench, Run]]
"""Returns an engine's bench, and the honest submission's run on the host as nobody has touched it."""


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    """Give each engine's bench, made when it is first asked for."""
    opened: dict[str, tuple[Bench, Run]] = {}

    def open_bench(engine: Literal["docker", "podman"]) -> tuple[Bench, Run]:
        if engine not in opened:
            require(engine)
            base = f"localhost/bench-hostile:{os.getpid()}"
            _build(engine, Path(__file__).parent / "hostile", base)
            folder = tmp_path_factory.mktemp("hostile")
            bench = Bench(ContainerEngine(engine), make_scene(folder / "host"), base)
            opened[engine] = bench, bench.run("answer", TIGHT.model_copy(update=PATIENT))
        return opened[engine]

    yield open_bench
    for bench, _ in opened.values():
        call(bench.engine.name, "image", "rm", "--force", *bench.images.values(), bench.base)
        remove_tree(bench.scene.folder.parent)


def find_refusals(run: Run) -> None:
    """Have every attempt be refused, and at least one be made."""
    assert "WORKED" not in run.log
    assert "refused" in run.log


def find_few_entries(run: Run) -> None:
    """Have nothing be kept of what nobody asked for."""
    assert not list((run.out / PREDICTIONS).iterdir())


def find_harmless_log(run: Run) -> None:
    """Have nothing in the log that a terminal obeys."""
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", run.log)
    assert "rank" in run.log, "what is harmless is kept"


def find_short_log(run: Run) -> None:
    """Have a gibibyte be read to its end and little of it be kept."""
    log = run.record.log
    assert log is not None
    assert log.n_bytes == 2**30 + len("the end\n")
    assert (run.out / LOG_FILE).stat().st_size < 2**16 + 200
    assert log.last_lines[-1] == "the end"


def find_nothing_late(run: Run) -> None:
    """Have nothing be written after the end."""
    assert not [file.path for file in run.record.outputs if "late" in file.path]


def find_plain_rights(run: Run) -> None:
    """Have no file of the output carry rights."""
    find_refusals(run)
    for path in (run.out / PREDICTIONS).rglob("*"):
        assert path.lstat().st_mode & 0o7777 == (0o755 if path.is_dir() else 0o644), path


def find_readable_answers(run: Run) -> None:
    """Have answers without rights be read all the same."""
    assert {file.path.rsplit("/")[-1] for file in run.record.outputs} == {"1.png", "classification.json"}
    assert all(file.sha256 for file in run.record.outputs)


def find_names_that_are_text(run: Run) -> None:
    """Have problems name files in characters that do no harm."""
    shown = json.dumps([problem.message for problem in run.record.problems], ensure_ascii=False)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", shown)


@dataclass(frozen=True)
class Case:
    """A deed, how it must end, and what else must hold."""

    deed: str
    outcome: Outcome
    limits: Mapping[str, object] = field(default_factory=lambda: PATIENT)
    holds: Callable[[Run], None] = lambda _: None


CASES = (
    # Taking more than is given.
    Case("fork_bomb", Outcome.TOO_MANY_PROCESSES, HURRIED),
    Case("memory_hog", Outcome.OUT_OF_MEMORY),
    Case("memory_hog_in_child", Outcome.OUT_OF_MEMORY),
    Case("memory_hog_in_files", Outcome.OUT_OF_MEMORY),
    Case("disk_filler", Outcome.OUTPUT_LIMIT, PATIENT, find_few_entries),
    Case("small_files", Outcome.OUTPUT_LIMIT, PATIENT, find_few_entries),
    Case("deep_folders", Outcome.OUTPUT_LIMIT, PATIENT, find_few_entries),
    Case("hides_in_depth", Outcome.OUTPUT_LIMIT, PATIENT, find_few_entries),
    Case("sparse_file", Outcome.OUTPUT_LIMIT),
    Case("sparse_files", Outcome.OUTPUT_LIMIT, PATIENT, find_few_entries),
    Case("fill_tmp", Outcome.OUT_OF_DISK),
    Case("fill_shared_memory", Outcome.OUT_OF_DISK),
    Case("infinite_loop", Outcome.TIMEOUT, HURRIED),
    Case("ignores_sigterm", Outcome.TIMEOUT, HURRIED),
    Case("stops_itself", Outcome.TIMEOUT, HURRIED),
    Case("log_flood", Outcome.OK, {"time_limit_s": 240}, find_short_log),
    Case("background_processes", Outcome.OK, PATIENT, find_nothing_late),
    # Wrong answers.
    Case("no_output", Outcome.MISSING_OUTPUT),
    Case("partial_output", Outcome.PARTIAL_OUTPUT),
    Case("wrong_size_masks", Outcome.INVALID_OUTPUT),
    Case("huge_png", Outcome.INVALID_OUTPUT),
    Case("nan_predictions", Outcome.INVALID_OUTPUT),
    Case("crash_half_way", Outcome.CRASHED),
    Case("pretends_engine_fault", Outcome.CRASHED),
    Case("pretends_kill", Outcome.CRASHED),
    Case("deletes_output", Outcome.MISSING_OUTPUT),
    Case("fake_scores", Outcome.OK, PATIENT, find_harmless_log),
    # Reaching for what is not given.
    Case("symlink_to_host", Outcome.INVALID_OUTPUT, PATIENT, find_refusals),
    Case("linked_folder", Outcome.INVALID_OUTPUT),
    Case("writes_input", Outcome.OK, PATIENT, find_refusals),
    Case("tries_network", Outcome.OK, PATIENT, find_refusals),
    Case("reads_references", Outcome.OK, PATIENT, find_refusals),
    Case("becomes_root", Outcome.OK, PATIENT, find_plain_rights),
    Case("reaches_engine", Outcome.OK, PATIENT, find_refusals),
    Case("unshares", Outcome.OK, PATIENT, find_refusals),
    Case("makes_user_name_space", Outcome.OK, PATIENT, find_refusals),
    Case("special_files", Outcome.INVALID_OUTPUT, PATIENT, find_refusals),
    Case("fifo_for_classes", Outcome.INVALID_OUTPUT),
    Case("hard_links", Outcome.OK, PATIENT, find_refusals),
    Case("no_rights", Outcome.OK, PATIENT, find_readable_answers),
    Case("strange_names", Outcome.OK, PATIENT, find_names_that_are_text),
)


RUNS = [
    *(pytest.param("docker", case, id=f"docker-{case.deed}") for case in CASES),
    *(
        pytest.param(
            "podman",
            case,
            marks=pytest.mark.slow,
            id=f"podman-{case.deed}",
        )
        for case in CASES
    ),
]


@pytest.mark.parametrize(("engine", "case"), RUNS)
def test_deed_ends_in_its_class_and_nobody_else_notices(
    line: Line, engine: Literal["docker", "podman"], case: Case
) -> None:
    bench, honest = line(engine)
    assert (honest.record.outcome, honest.record.fault) == (Outcome.OK, "none"), honest.record.sentence
    before = read_state(bench.engine.name, bench.scene.folder)
    limits = TIGHT.model_copy(update=case.limits)
    run = bench.run(case.deed, limits)
    fault = "none" if case.outcome is Outcome.OK else "submission"
    assert (run.record.outcome, run.record.fault) == (case.outcome, fault), (run.record.sentence, run.log)
    assert run.elapsed_s < limits.time_limit_s + MAY_TAKE_S
    case.holds(run)
    assert not list(run.out.glob(".attempt-*"))
    assert not find_changes(before, bench.engine.name, bench.scene.folder)
    following = bench.run("answer", TIGHT.model_copy(update=PATIENT)).record
    assert following.outcome == Outcome.OK, following.sentence
    assert following.outputs_sha256 == honest.record.outputs_sha256
