"""Small broken submissions on a real engine: each ends in its class, and nothing of it is left."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from evaluation.runner.docker import ContainerEngine
from evaluation.runner.draft import RunOptions
from evaluation.runner.limits import Limits, Profile
from evaluation.runner.outcome import Outcome
from evaluation.runner.owner import OWNER_LABEL, describe_owner
from evaluation.runner.record import RunFile
from evaluation.runner.run import run_submission
from evaluation.runner.submission import ImageFileSubmission, ImageSubmission, Submission
from evaluation.running import make_check
from tests.container.engines import build_image, call, require
from tests.runner.scenes import ANSWER, SMALL, Scene, make_scene

pytestmark = pytest.mark.container

# The same script as on the local engine, which gets its places as arguments.
HEAD = "import sys\nsys.argv[1:] = ['/input', '/output']\n"
FORKS = "import os, time\nwhile True:\n  try:\n    os.fork()\n  except OSError:\n    time.sleep(0.01)\n"
HOG = "x = []\nwhile True: x.append(bytearray(2**24))\n"
CHILD_HOG = (
    f"import subprocess, sys\nsys.exit(subprocess.run([sys.executable, '-c', {HOG!r}]).returncode and 3)\n"
)
FULL = "import time\ntry: open('/tmp/x', 'wb').write(bytes(2**24))\nexcept OSError: time.sleep(1); raise\n"
TOUCHES = """
import os, socket, sys
def tries(what, do):
    try:
        do()
    except OSError as error:
        print(what, type(error).__name__)
    else:
        print(what, "WORKED")
tries("root", lambda: open("/root_file", "w"))
tries("input", lambda: open("/input/new", "w"))
tries("manifest", lambda: open("/input_json", "a"))
tries("network", lambda: socket.create_connection(("1.1.1.1", 53), timeout=3))
tries("setuid", lambda: os.setuid(0))
tries("chown", lambda: os.chown("/output", 0, 0))
tries("mount", lambda: os.mkdir("/mnt/x"))
for place in (os.environ["HOME"], "/tmp", "/myhome", "/dev/shm"):
    open(place + "/file", "w").write("x")
print("references", any("truth" in name or "reference" in name for name in os.listdir("/")))
print("user", os.getuid())
"""


@dataclass
class Bench:
    """An engine, a challenge, and what was there before."""

    engine: ContainerEngine
    scene: Scene
    elapsed_s: float = 0.0
    """Of the last run, the image's building left out."""

    def run(self, submission: Submission, options: RunOptions) -> RunFile:
        """Run a submission."""
        begin = time.monotonic()
        record = run_submission(
            self.engine,
            submission,
            self.scene.challenge,
            self.scene.out,
            options,
            name="hostile",
            check=make_check(self.scene.challenge.manifest),
        ).record
        self.elapsed_s = time.monotonic() - begin
        return record

    def judge(
        self, script: str, limits: Limits = SMALL, *, profile: Profile = Profile.SAFE, lines: str = ""
    ) -> RunFile:
        """Build a script into an image, run it, and remove the image."""
        tag = build_image(
            self.engine.name,
            self.scene.folder / "image",
            HEAD + script,
            f"bench-test:{os.getpid()}",
            lines=lines,
        )
        try:
            return self.run(ImageSubmission(tag), RunOptions(limits=limits, gpus="none", profile=profile))
        finally:
            call(self.engine.name, "image", "rm", "--force", tag)


@pytest.fixture(params=["docker", pytest.param("podman", marks=pytest.mark.slow)])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    require(request.param)
    engine = ContainerEngine(request.param)
    yield Bench(engine, make_scene(tmp_path))
    left = call(
        engine.name, "ps", "--all", "--quiet", f"--filter=label={OWNER_LABEL}={describe_owner()}"
    ).stdout
    assert left == ""


def test_complete_answer_is_ok_and_its_time_is_the_engines(bench: Bench) -> None:
    record = bench.judge(ANSWER + "import time; time.sleep(1)\n")
    assert (record.outcome, record.fault) == (Outcome.OK, "none"), record
    assert 1.0 <= record.runtime_s < 3.0
    timings = record.passes[0].timings
    assert timings.until_first_output_s is not None
    assert 0 < timings.until_first_output_s < record.runtime_s
    assert record.passes[0].memory.host_basis.startswith("cgroup")
    assert 1 < record.passes[0].memory.peak_host_mib < 100
    assert record.is_isolated


@pytest.mark.parametrize(
    ("script", "outcome", "limits"),
    [
        ("raise SystemExit(4)", Outcome.CRASHED, SMALL),
        ("import os; os.kill(os.getpid(), 11)", Outcome.CRASHED, SMALL),
        ("import os; os.kill(os.getpid(), 9)", Outcome.CRASHED, SMALL),
        ("pass", Outcome.MISSING_OUTPUT, SMALL),
        (ANSWER + "os.remove(output + '/classification.json')", Outcome.PARTIAL_OUTPUT, SMALL),
        (HOG, Outcome.OUT_OF_MEMORY, SMALL),
        (CHILD_HOG, Outcome.OUT_OF_MEMORY, SMALL),
        (FORKS, Outcome.TOO_MANY_PROCESSES, SMALL.model_copy(update={"time_limit_s": 3})),
        (FULL, Outcome.OUT_OF_DISK, SMALL),
        ("open('/output/x', 'wb').write(bytes(2**25))", Outcome.OUTPUT_LIMIT, SMALL),
        ("import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(99)", Outcome.TIMEOUT,
         SMALL.model_copy(update={"time_limit_s": 2})),
    ],
    ids=["exit", "segfault", "kills-itself", "nothing", "partial", "hog", "child-hog", "forks", "tmp", "disk",
         "stuck"],
)  # fmt: skip
def test_each_failure_has_its_name(bench: Bench, script: str, outcome: Outcome, limits: Limits) -> None:
    record = bench.judge(script, limits)
    assert (record.outcome, record.fault) == (outcome, "submission"), record.sentence
    assert bench.elapsed_s < limits.time_limit_s + 10


def test_nothing_but_output_and_tmpfs_can_be_touched(bench: Bench) -> None:
    record = bench.judge(TOUCHES + ANSWER)
    assert record.log is not None
    lines = dict(line.split(" ", 1) for line in record.log.last_lines)
    assert record.outcome == Outcome.OK, record.log.last_lines
    assert "WORKED" not in lines.values(), lines
    assert lines.keys() >= {"root", "input", "manifest", "network", "setuid", "chown", "mount"}
    assert lines["references"] == "False"
    assert lines["user"] == str(os.getuid() or 10001)


def test_official_profile_has_root_and_a_writable_root_but_no_network(bench: Bench) -> None:
    script = "import os, socket\nopen('/root_file', 'w').write('x')\nprint(os.getuid())\n"
    script += "try: socket.create_connection(('1.1.1.1', 53), timeout=3)\nexcept OSError: print('offline')\n"
    record = bench.judge(script + ANSWER, profile=Profile.OFFICIAL)
    assert record.outcome == Outcome.OK, record.sentence
    assert record.profile == "official"
    assert record.log is not None
    assert record.log.last_lines == ("0", "offline")
    assert any("official profile" in note for note in record.notes)


def test_volume_of_an_image_is_no_way_to_the_disk(bench: Bench) -> None:
    script = "try: open('/data/x', 'w')\nexcept OSError: print('refused')\n"
    record = bench.judge(script + ANSWER, lines="VOLUME /data\n")
    assert record.log is not None
    assert record.log.last_lines == ("refused",)


def test_program_that_cannot_be_started_is_the_submissions_fault(bench: Bench) -> None:
    record = bench.judge(
        ANSWER, lines="RUN mv /usr/bin/python3.11 /usr/bin/hidden || true\nENV PATH=/nowhere"
    )
    assert (record.outcome, record.fault) == (Outcome.CRASHED, "submission"), record.sentence
    assert record.log is not None
    assert "not be started" in record.sentence or any("python" in line for line in record.log.last_lines)


def test_image_that_nobody_has_is_missing(bench: Bench) -> None:
    options = RunOptions(limits=SMALL, gpus="none")
    record = bench.run(ImageSubmission("localhost/absent-image:none"), options)
    assert record.outcome == Outcome.IMAGE_MISSING


def test_saved_image_runs_by_the_same_digest_and_takes_no_tag(bench: Bench) -> None:
    name = bench.engine.name
    tag = build_image(name, bench.scene.folder / "image", HEAD + ANSWER, f"bench-test-saved:{os.getpid()}")
    other = build_image(
        name, bench.scene.folder / "other", "print('other')", f"bench-test-other:{os.getpid()}"
    )
    file = bench.scene.folder / "image.tar"
    assert call(name, "save", "--output", str(file), tag).returncode == 0
    digest = call(name, "image", "inspect", "--format={{.Id}}", tag).stdout.strip()
    other_id = call(name, "image", "inspect", "--format={{.Id}}", other).stdout.strip()
    try:
        # The file's tag now belongs to another image here, and must stay with it.
        call(name, "tag", other, tag)
        record = bench.run(ImageFileSubmission(file), RunOptions(limits=SMALL, gpus="none"))
        assert record.outcome == Outcome.OK, record.sentence
        assert record.image_digest == f"sha256:{digest.removeprefix('sha256:')}"
        assert call(name, "image", "inspect", "--format={{.Id}}", tag).stdout.strip() == other_id
    finally:
        call(name, "image", "rm", "--force", digest, tag, other)
