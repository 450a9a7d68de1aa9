"""How real processes end on the local engine, and what is left of them: nothing."""

import os
import platform
import time
from pathlib import Path

import pytest

from evaluation.runner.outcome import Outcome
from tests.runner.scenes import ANSWER, Scene, make_scene


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return make_scene(tmp_path)


def test_complete_answer_is_ok_and_everything_is_recorded(scene: Scene) -> None:
    record = scene.run(ANSWER + "print('done')\n", job="CI 12").record
    assert (record.host_name, record.job) == (platform.node(), "CI 12")
    assert (record.outcome, record.fault, record.exit_code) == (Outcome.OK, "none", 0)
    assert record.is_isolated is False
    assert record.input.n_cases == 2
    assert [file.path for file in record.outputs] == [
        "classification.json",
        "segmentation/Kidney/masks/1.png",
    ]
    assert record.log is not None
    assert record.log.last_lines == ("done",)
    assert (scene.out / "log.txt").read_text() == "done\n"
    assert (scene.out / "memory.csv").read_text().startswith("t_s,gpu_mib,host_mib\n")
    assert record.passes[0].memory.host_basis == "process_tree"
    left = {path.name for path in scene.out.iterdir()}
    assert left == {".lock", "predictions", "log.txt", "memory.csv", "memory.svg", "run.json"}


@pytest.mark.parametrize(
    ("body", "outcome", "words"),
    [
        ("raise SystemExit(7)", Outcome.CRASHED, "exit status 7"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", Outcome.CRASHED, "signal SIGSEGV"),
        ("pass", Outcome.MISSING_OUTPUT, "wrote nothing"),
        ("import sys; open(sys.argv[2] + '/note.txt', 'w')", Outcome.MISSING_OUTPUT, "none of the files"),
        (ANSWER + "os.remove(output + '/classification.json')", Outcome.PARTIAL_OUTPUT, "1 of 2 cases"),
        (ANSWER + f"open(output + '/{'segmentation/Kidney/masks/1.png'}', 'w').write('x')",
         Outcome.INVALID_OUTPUT, "1 of its answers"),
        ("import sys; open(sys.argv[2] + '/big', 'wb').write(bytes(2**25))", Outcome.OUTPUT_LIMIT, "16 MiB"),
        ("import time; x = bytearray(2**29); time.sleep(50)", Outcome.OUT_OF_MEMORY, "256 MiB"),
    ],
)  # fmt: skip
def test_each_failure_has_its_name_and_blames_the_submission(
    scene: Scene, body: str, outcome: Outcome, words: str
) -> None:
    record = scene.judge(body)
    assert (record.outcome, record.fault) == (outcome, "submission")
    assert words in record.sentence


def test_many_small_files_are_stopped_and_not_kept(scene: Scene) -> None:
    body = (
        "import sys, time\nfor k in range(10**6): open(f'{sys.argv[2]}/{k}', 'w').close(), time.sleep(1e-4)"
    )
    record = scene.judge(body)
    assert record.outcome == Outcome.OUTPUT_LIMIT
    assert list((scene.out / "predictions").iterdir()) == []


def test_several_small_files_that_are_too_much_together_are_stopped(scene: Scene) -> None:
    body = "import sys, time\nfor k in range(90): open(f'{sys.argv[2]}/{k}', 'wb').write(bytes(2**20))\n"
    assert scene.judge(body + "time.sleep(50)").outcome == Outcome.OUTPUT_LIMIT


@pytest.mark.parametrize("first", ["", "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"])
def test_time_limit_ends_who_obeys_and_who_does_not(scene: Scene, first: str) -> None:
    begin = time.monotonic()
    record = scene.judge(first + "import time\nwhile True: time.sleep(1)", time_limit_s=1)
    assert record.outcome == Outcome.TIMEOUT
    assert 1 <= record.runtime_s < 8
    assert time.monotonic() - begin < 11


def test_what_is_written_on_sigterm_is_kept(scene: Scene) -> None:
    body = "import signal, sys, time\ndef stop(*_):\n" + "".join(
        f"  {line}\n" for line in ANSWER.splitlines()
    )
    record = scene.judge(body + "  sys.exit(0)\nsignal.signal(15, stop)\ntime.sleep(50)", time_limit_s=1)
    assert record.outcome == Outcome.TIMEOUT
    assert len(record.outputs) == 2


def test_too_many_processes_are_ended(scene: Scene) -> None:
    body = "import os, time\nfor _ in range(40):\n  if os.fork() == 0: break\ntime.sleep(50)"
    record = scene.judge(body, pids=16)
    assert record.outcome == Outcome.TOO_MANY_PROCESSES
    assert "16 processes" in record.sentence


def test_kill_from_outside_is_an_infrastructure_fault(scene: Scene) -> None:
    record = scene.judge("import os; os.kill(os.getpid(), 9)")
    assert (record.outcome, record.fault, record.signal) == (
        Outcome.KILLED_FROM_OUTSIDE,
        "infrastructure",
        "SIGKILL",
    )
    record = scene.judge("import os; os.kill(os.getppid(), 9)")
    assert (record.outcome, record.fault) == (Outcome.KILLED_FROM_OUTSIDE, "infrastructure")


def test_program_that_is_not_there_is_the_submissions_fault(scene: Scene) -> None:
    from evaluation.runner.draft import RunOptions
    from evaluation.runner.local import LocalEngine
    from evaluation.runner.run import run_submission
    from evaluation.runner.submission import CommandSubmission
    from tests.runner.scenes import SMALL

    finished = run_submission(
        LocalEngine(),
        CommandSubmission(("absent-program", "{input}")),
        scene.challenge,
        scene.out,
        RunOptions(limits=SMALL, gpus="none"),
        name="absent",
        check=lambda _: [],
    )
    assert finished.record.outcome == Outcome.CRASHED
    assert "absent-program: No such file or directory" in finished.record.sentence


DAEMON = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        open(sys.argv[2] + "/../daemon", "w").write(str(os.getpid()))
        time.sleep(600)
    os._exit(0)
os.wait()
while not os.path.exists(sys.argv[2] + "/../daemon"): time.sleep(0.01)
shared = open(sys.argv[2] + "/../daemon").read()
open(os.environ["TMPDIR"] + "/../../../daemon_pid", "w").write(shared)
"""


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_daemon_is_ended_with_the_run_and_noted(scene: Scene) -> None:
    record = scene.run(ANSWER + DAEMON).record
    pid = int((scene.out / "daemon_pid").read_text())
    assert record.outcome == Outcome.OK
    assert record.passes[0].n_left_processes == 1
    assert any("background process" in note for note in record.notes)
    assert not is_alive(pid)


def test_link_in_the_place_of_the_output_leads_nowhere(scene: Scene) -> None:
    treasure = scene.folder / "treasure"
    treasure.mkdir()
    (treasure / "classification.json").write_text("secret")
    (treasure / "classification.json").chmod(0o600)
    body = f"import os, sys\nos.rmdir(sys.argv[2])\nos.symlink({str(treasure)!r}, sys.argv[2])"
    assert scene.judge(body).outcome == Outcome.MISSING_OUTPUT
    assert (treasure / "classification.json").stat().st_mode & 0o777 == 0o600
    assert list((scene.out / "predictions").iterdir()) == []


def test_submission_sees_no_secret_of_the_caller_and_a_home_that_goes(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    record = scene.run(ANSWER + "print(sorted(os.environ)); print(os.environ['HOME'])").record
    assert record.log is not None
    names, home = record.log.last_lines
    assert "SECRET_TOKEN" not in names
    assert home != os.path.expanduser("~")  # noqa: PTH111 # compared as text
    assert not Path(home).exists()
