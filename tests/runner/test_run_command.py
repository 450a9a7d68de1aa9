"""`run`, `verify` and `clean` as a person or a script meets them."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from evaluation import commands as cli
from tests.runner.scenes import ANSWER, Scene, make_scene

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return make_scene(tmp_path)


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    def run(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["evaluation", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        printed = capfd.readouterr()
        assert "Traceback" not in printed.out + printed.err
        return int(ended.value.code or 0), " ".join(printed.out.split()), printed.err

    return run


def words_for(scene: Scene, body: str, *more: object) -> list[object]:
    script = scene.write_script(body)
    words: list[object] = ["run", "--protocol", "uusic25", "--input", scene.folder / "input"]
    words += [
        "--manifest",
        scene.folder / "manifest.json",
        "--out",
        scene.out,
        "--memory",
        "256m",
        "--gpus",
        "none",
    ]
    return [*words, "--command", f"{sys.executable} -S {script} {{input}} {{output}}", *more]


def test_run_scores_prints_and_verifies(scene: Scene, call: Run) -> None:
    reference = ["--score", scene.folder / "truth.json", "--score-images", scene.folder / "references"]
    code, text, _ = call(*words_for(scene, ANSWER, *reference, "--bootstrap", 20, "--name", "mine"))
    assert code == 0, text
    assert "answered all 2 cases" in text
    assert "not isolated" in text
    assert "2 cases, 0 failed" in text
    result = json.loads((scene.out / "result.json").read_text())
    assert (result["submission"], result["run"]["outcome"]) == ("mine", "ok")
    code, text, _ = call(*words_for(scene, ANSWER))
    assert (code, "the same run lay there already" in text) == (0, True)
    assert call("verify", scene.out)[0] == 0
    (scene.out / "predictions" / "classification.json").write_text("{}")
    code, text, _ = call("verify", scene.out, "--json")
    assert code == 1
    assert "predictions/classification.json: was changed after the run" in json.loads(text)


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ("print('\\x1b[31mlast words'); raise SystemExit(3)", 1, "exit status 3"),
        ("import os; os.kill(os.getpid(), 9)", 3, "it can be tried again"),
    ],
)
def test_exit_status_tells_who_is_at_fault(scene: Scene, call: Run, body: str, code: int, words: str) -> None:
    ended, text, _ = call(*words_for(scene, body))
    assert (ended, words in text) == (code, True)
    assert "\x1b" not in text
    ended, text, _ = call(*words_for(scene, body, "--json", "--force"))
    assert ended == code
    assert json.loads(text)["exit_code"] == (3 if code == 1 else 137)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (["--image", "a"], "exactly one of --image, --image-tar and --command"),
        (["--engine", "docker"], "--engine docker cannot run a command"),
        (["--memory", "much"], "Expected a size such as 512m"),
        (["--cpus", "4096"], "core(s) to give"),
        (["--memory", "1k"], "limit `memory_bytes`: Input should be greater than or equal to 4194304"),
        (["--time-limit", "inf"], "limit `time_limit_s`"),
        (["--remove-image"], "a command has no image to remove"),
        (["--score", "input/truth.json"], "lies in the input folder"),
    ],
)
def test_options_that_do_not_fit_are_refused_before_anything_runs(
    scene: Scene, call: Run, monkeypatch: pytest.MonkeyPatch, more: list[str], reason: str
) -> None:
    monkeypatch.chdir(scene.folder)
    code, _, said = call(*words_for(scene, ANSWER, *more))
    assert (code, reason in said) == (2, True), said
    assert not scene.out.exists()


def test_missing_image_that_was_to_be_removed_is_the_submissions_fault(
    scene: Scene, call: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker = scene.folder / "docker"
    docker.write_text(
        "#!/bin/sh\ncase $1 in version|info) echo 8;; image|pull) echo manifest unknown >&2; exit 1;; esac\n"
    )
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", str(scene.folder), prepend=":")
    words = words_for(scene, ANSWER)
    words = [*words[: words.index("--command")], "--image", "absent", "--remove-image"]
    code, text, _ = call(*words)
    assert (code, "image_missing" in text) == (1, True), text


def test_clean_says_what_it_removed(call: Run) -> None:
    assert json.loads(call("clean", "--engine", "local", "--json")[1]) == {"local": []}
    code, text, _ = call("clean", "--engine", "local")
    assert (code, text) == (0, "removed 0 left-over run(s): local looked at")


@pytest.mark.parametrize("command", ["run", "clean", "verify"])
def test_help_has_two_examples(call: Run, command: str) -> None:
    assert call(command, "--help")[1].count("python -m evaluation") >= 2
