"""When a run is made again, and what a killed harness leaves."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from evaluation.contract.errors import ConfigurationError, DeviceError
from evaluation.runner.content import hash_tree
from evaluation.runner.draft import RunOptions
from evaluation.runner.folder import RunFolder, read_run_file, remove_tree
from evaluation.runner.local import LocalEngine
from evaluation.runner.outcome import Outcome
from evaluation.runner.owner import RUN_VARIABLE, describe_owner, is_gone
from evaluation.runner.run import run_submission
from evaluation.running import score_run, verify_run
from evaluation.scoring import ScoringOptions
from tests.runner.scenes import ANSWER, IMAGE_PATH, SMALL, Scene, make_scene


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return make_scene(tmp_path)


def test_same_run_is_not_made_twice(scene: Scene) -> None:
    first = scene.run(ANSWER)
    before = (scene.out / "run.json").read_bytes()
    second = scene.run(ANSWER)
    assert (first.is_resumed, second.is_resumed) == (False, True)
    assert (scene.out / "run.json").read_bytes() == before


def test_run_that_lies_there_takes_a_new_name_and_its_old_score_no_longer_counts(scene: Scene) -> None:
    scene.run(ANSWER)
    score_run(scene.out, scene.reference, ScoringOptions(mode="strict", n_resamples=0, seed=0))
    assert read_run_file(scene.out).scoring is not None
    assert scene.run(ANSWER, name=None).record == read_run_file(scene.out)  # no name asked for, none changed
    assert read_run_file(scene.out).scoring is not None
    renamed = scene.run(ANSWER, name="other")
    assert renamed.is_resumed
    assert renamed.record == read_run_file(scene.out)
    assert (renamed.record.submission, renamed.record.scoring) == ("other", None)
    assert "bootstrap" not in renamed.record.seeds
    assert not (scene.out / "result.json").exists()
    assert verify_run(scene.out, None) == []


def test_runs_folder_and_input_do_not_overlap(scene: Scene) -> None:
    input_dir = scene.challenge.input_dir
    with pytest.raises(ConfigurationError, match="lies in the input"):
        scene.run(ANSWER, out=input_dir / "run")
    assert not (input_dir / "run").exists()
    moved = scene.folder / "a" / "predictions" / "input"
    shutil.copytree(input_dir, moved)
    with pytest.raises(ConfigurationError, match="where the run's predictions go"):
        run_submission(
            LocalEngine(),
            scene.submit(ANSWER),
            replace(scene.challenge, input_dir=moved),
            scene.folder / "a",
            RunOptions(limits=SMALL, gpus="none"),
            name="a",
            check=lambda _: [],
        )
    assert hash_tree(moved) == hash_tree(input_dir)


def test_failure_of_the_submission_stands_but_one_of_the_infrastructure_is_tried_again(scene: Scene) -> None:
    assert not scene.run("raise SystemExit(1)").is_resumed
    assert scene.run("raise SystemExit(1)").is_resumed
    killed = "import os; os.kill(os.getpid(), 9)"
    assert scene.run(killed).record.fault == "infrastructure"
    assert not scene.run(killed).is_resumed


def test_changed_program_input_limit_or_prediction_is_run_again(scene: Scene) -> None:
    scene.run(ANSWER)
    assert not scene.run(ANSWER + "# another version\n").is_resumed
    assert scene.run(ANSWER + "# another version\n").is_resumed
    assert not scene.run(
        ANSWER + "# another version\n", limits=SMALL.model_copy(update={"pids": 65})
    ).is_resumed
    image = scene.folder / "input" / IMAGE_PATH
    scene.run(ANSWER)
    image.write_bytes(image.read_bytes() + b"\0")
    assert not scene.run(ANSWER).is_resumed
    (scene.out / "predictions" / "classification.json").write_text("{}")
    assert not scene.run(ANSWER).is_resumed
    assert not scene.run(ANSWER, is_forced=True).is_resumed


def test_image_behind_a_linked_folder_counts(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "input").mkdir()
    (tmp_path / "data" / "a.png").write_text("1")
    (tmp_path / "input" / "linked").symlink_to(tmp_path / "data")
    (tmp_path / "data" / "back").symlink_to(tmp_path / "data")
    (tmp_path / "data" / "around").symlink_to(tmp_path / "input")
    before = hash_tree(tmp_path / "input")
    (tmp_path / "data" / "a.png").write_text("2")
    assert (before.n_files, hash_tree(tmp_path / "input").n_files) == (1, 1)
    assert hash_tree(tmp_path / "input").sha256 != before.sha256


def test_copied_input_under_another_path_is_the_same_run(scene: Scene, tmp_path: Path) -> None:
    scene.run(ANSWER)
    shutil.move(tmp_path / "input", tmp_path / "moved")
    moved = Scene(
        scene.folder,
        type(scene.challenge)(scene.challenge.manifest, tmp_path / "moved", scene.challenge.input_json),
        scene.reference,
    )
    assert moved.run(ANSWER).is_resumed


def test_new_run_replaces_all_of_the_old_one(scene: Scene) -> None:
    scene.run(ANSWER)
    (scene.out / "result.json").write_text("{}")
    assert scene.run("raise SystemExit(3)").record.outcome == Outcome.CRASHED
    assert not (scene.out / "result.json").exists()
    assert list((scene.out / "predictions").iterdir()) == []


def test_folder_in_use_is_refused(scene: Scene) -> None:
    with RunFolder(scene.out), pytest.raises(ConfigurationError, match="another run is at work"):
        scene.run(ANSWER)


def test_full_disk_is_told_before_anything_starts(scene: Scene) -> None:
    with pytest.raises(DeviceError, match="make room or lower --output-limit"):
        scene.run(ANSWER, limits=SMALL.model_copy(update={"output_bytes": 2**50}))
    assert not (scene.out / "run.json").exists()


@pytest.mark.parametrize("n_repeats", [3])
def test_repeats_give_a_median_and_tell_whether_outputs_agree(scene: Scene, n_repeats: int) -> None:
    record = scene.run(ANSWER, n_repeats=n_repeats, has_warmup=True).record
    assert [entry.kind for entry in record.passes] == ["warmup"] + ["counted"] * n_repeats
    assert record.repeat_runtimes_s == tuple(entry.timings.runtime_s for entry in record.passes[1:])
    times = sorted(entry.timings.runtime_s for entry in record.passes[1:])
    assert record.runtime is not None
    assert (record.runtime_s, record.runtime.low, record.runtime.high) == (times[1], times[0], times[2])
    assert record.runtime.level == pytest.approx(0.75)
    assert record.is_repeatable is True
    noisy = ANSWER + "open(output + '/note.txt', 'w').write(str(os.getpid()))"
    assert scene.run(noisy, n_repeats=2).record.is_repeatable is False


def test_repeat_that_fails_is_the_outcome(scene: Scene) -> None:
    flag = scene.folder / "seen"
    body = (
        f"import os\nif os.path.exists({str(flag)!r}): raise SystemExit(5)\nopen({str(flag)!r}, 'w')\n"
        + ANSWER
    )
    record = scene.run(body, n_repeats=3).record
    assert (record.outcome, record.exit_code, len(record.passes)) == (Outcome.CRASHED, 5, 2)


def _is_running(mark: str) -> bool:
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and mark.encode() in (folder / "cmdline").read_bytes():
                return True
        except OSError:
            continue
    return False


def _start_harness(scene: Scene, body: str) -> subprocess.Popen[bytes]:
    script = scene.write_script(body, "long.py")
    command = f"{sys.executable} -S {script} {{input}} {{output}}"
    words = ["run", "--protocol", "uusic25", "--input", scene.folder / "input", "--out", scene.out]
    words += [
        "--manifest",
        scene.folder / "manifest.json",
        "--command",
        command,
        "--gpus",
        "none",
        "--memory",
        "256m",
    ]
    return subprocess.Popen(
        [sys.executable, "-m", "evaluation", *map(str, words)], cwd=Path(__file__).parents[2]
    )


def test_killed_harness_leaves_no_process_and_no_half_result(scene: Scene) -> None:
    started = scene.folder / "started"
    harness = _start_harness(scene, ANSWER + f"open({str(started)!r}, 'w')\nimport time; time.sleep(600)")
    until = time.monotonic() + 120
    while not started.exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert started.exists()
    harness.kill()
    harness.wait()
    mark = str(scene.folder / "long.py")
    until = time.monotonic() + 20
    while _is_running(mark) and time.monotonic() < until:
        time.sleep(0.05)
    assert not _is_running(mark)
    assert not (scene.out / "run.json").exists()
    assert list(scene.out.glob(".attempt-*"))
    assert scene.run(ANSWER).record.outcome == Outcome.OK
    assert list(scene.out.glob(".attempt-*")) == []


def test_interrupted_commit_is_no_result(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.run(ANSWER)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(RunFolder, "write", die)
    with pytest.raises(KeyboardInterrupt):
        scene.run(ANSWER, is_forced=True)
    monkeypatch.undo()
    assert not (scene.out / "run.json").exists()
    assert not scene.run(ANSWER).is_resumed


def test_orphan_of_a_dead_owner_is_ended_and_one_of_a_living_owner_is_not(scene: Scene) -> None:
    dead = describe_owner().rpartition(":")[0] + ":1"
    sleeper = [sys.executable, "-S", "-c", "import time; time.sleep(600)"]
    orphan = subprocess.Popen(sleeper, env={RUN_VARIABLE: f"a {dead}"}, start_new_session=True)
    other = subprocess.Popen(sleeper, env={RUN_VARIABLE: f"b {describe_owner()}"}, start_new_session=True)
    try:
        scene.run(ANSWER)
        assert orphan.wait(timeout=10) == -signal.SIGKILL
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_owner_is_told_dead_from_alive_and_from_unknown() -> None:
    mine = describe_owner()
    assert is_gone(mine) is False
    place, pid, _ = mine.split(":")
    assert is_gone(f"{place}:{pid}:1") is True
    assert is_gone(f"{place}:99999999:1") is True
    assert is_gone(f"another-machine:{pid}:1") is None


def test_folder_without_rights_and_of_any_depth_is_removed(tmp_path: Path) -> None:
    place = tmp_path / "deep"
    place.mkdir()
    here = os.open(place, os.O_RDONLY)
    for _ in range(2000):
        os.mkdir("d" * 50, dir_fd=here)
        below = os.open("d" * 50, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    (place / "locked").mkdir(mode=0o000)
    remove_tree(place)
    assert not place.exists()


def test_record_of_another_version_is_not_resumed(scene: Scene) -> None:
    scene.run(ANSWER)
    file = scene.out / "run.json"
    record = json.loads(file.read_text())
    file.write_text(json.dumps(record | {"key": "0" * 64}))
    assert not scene.run(ANSWER).is_resumed
    file.write_text(json.dumps(record | {"format_version": 2}))
    assert not scene.run(ANSWER).is_resumed
