"""The docker engine against a recorded command line: its failures are never the submission's."""

import io
import json
import os
import shutil
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from evaluation.contract.errors import ConfigurationError, EngineError
from evaluation.runner.docker import ContainerEngine, parse_time
from evaluation.runner.draft import RunOptions
from evaluation.runner.engines import EngineName, choose_engine, open_engine, open_installed
from evaluation.runner.local import LocalEngine
from evaluation.runner.outcome import Outcome
from evaluation.runner.owner import describe_owner
from evaluation.runner.record import RunFile
from evaluation.runner.run import run_submission
from evaluation.runner.submission import CommandSubmission, ImageFileSubmission, ImageSubmission
from tests.runner.scenes import IMAGE_PATH, SMALL, make_scene

IMAGE = json.dumps([{"Id": "sha256:abc", "RepoDigests": ["r@sha256:def"], "Config": {"Volumes": None}}])
DOWN = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"
EXITED = {
    "Status": "exited",
    "ExitCode": 0,
    "Pid": 0,
    "OOMKilled": False,
    "Error": "",
    "StartedAt": "2026-01-01T00:00:00.25Z",
    "FinishedAt": "2026-01-01T00:00:01.5Z",
}
Rule = tuple[list[str], int, str, str]


@dataclass
class FakeDocker:
    """An engine program in a folder of its own."""

    folder: Path

    @property
    def engine(self) -> ContainerEngine:
        """Return the engine that calls it."""
        return ContainerEngine("docker", str(self.folder / "docker"))

    def answer(self, *rules: Rule) -> None:
        """Set the answers; rules of a healthy engine follow these."""
        healthy: list[Rule] = [
            (["version"], 0, "28.0\n", ""),
            (["image", "inspect"], 0, IMAGE, ""),
            (["create"], 0, "warning: no swap limit\nc0ffee\n", ""),
            (["start"], 0, "hello\n", ""),
            (["container", "inspect"], 0, json.dumps(EXITED), ""),
        ]
        (self.folder / "rules.json").write_text(json.dumps([*rules, *healthy]))

    @property
    def calls(self) -> list[list[str]]:
        """Return every command line so far."""
        return [json.loads(line) for line in (self.folder / "calls.jsonl").read_text().splitlines()]

    def run(self, reference: str = "image") -> RunFile:
        """Run an image on it."""
        scene = make_scene(self.folder / "scene")
        return run_submission(
            self.engine,
            ImageSubmission(reference),
            scene.challenge,
            scene.out,
            RunOptions(limits=SMALL, gpus="none"),
            name="fake",
            check=lambda _: [],
        ).record


@pytest.fixture
def docker(tmp_path: Path) -> FakeDocker:
    shutil.copy(Path(__file__).with_name("fake_engine.py"), tmp_path / "fake_engine.py")
    program = tmp_path / "docker"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -S {tmp_path}/fake_engine.py "$@"\n')
    program.chmod(0o755)
    fake = FakeDocker(tmp_path)
    fake.answer()
    return fake


def test_run_is_resolved_first_and_removed_last(docker: FakeDocker) -> None:
    record = docker.run()
    assert record.outcome == Outcome.OK
    assert (record.image_digest, record.image.repo_digests) == ("sha256:abc", ("r@sha256:def",))
    assert record.runtime_s == pytest.approx(1.25)
    assert record.engine.version == "28.0"
    words = [call[0] for call in docker.calls if call[0] != "container"]
    assert words == ["version", "ps", "volume", "image", "create", "start", "rm"]
    assert docker.calls[-1] == ["rm", "--force", "--volumes", "c0ffee"]
    assert next(call for call in docker.calls if call[0] == "create")[-1] == "sha256:abc"


@pytest.mark.parametrize(
    "rule",
    [
        (["create"], 1, "", "Error response from daemon: no space left on device"),
        (["start"], 1, "", DOWN),
        (["container", "inspect"], 1, "", DOWN),
        (["container", "inspect"], 0, json.dumps(EXITED | {"Status": "running", "Pid": 1}), ""),
        (["container", "inspect"], 0, json.dumps(EXITED | {"Status": "dead", "Error": "driver failed"}), ""),
    ],
)
def test_engine_that_fails_is_to_blame_itself(docker: FakeDocker, rule: Rule) -> None:
    created = json.dumps(EXITED | {"Status": "created", "ExitCode": 0, "Error": "no shim"})
    extra: list[Rule] = [(["container", "inspect"], 0, created, "")] if rule[0] == ["start"] else []
    docker.answer(rule, *extra)
    record = docker.run()
    assert (record.outcome, record.fault) == (Outcome.ENGINE_ERROR, "infrastructure"), record.sentence
    if rule[0] != ["create"]:
        assert docker.calls[-1][0] == "rm"


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("Error response from daemon: manifest for x:y not found: manifest unknown", "submission"),
        ("Error response from daemon: pull access denied for x, repository does not exist", "submission"),
        (
            "Error response from daemon: Get https://registry/v2/: net/http: TLS handshake timeout",
            "infrastructure",
        ),
    ],
)
def test_image_that_cannot_be_pulled_is_missing(docker: FakeDocker, words: str, fault: str) -> None:
    docker.answer((["image", "inspect"], 1, "[]", "No such image"), (["pull"], 1, "", words))
    record = docker.run()
    assert (record.outcome, record.fault, record.passes) == (Outcome.IMAGE_MISSING, fault, ())
    assert words in record.sentence


def test_tag_that_nobody_had_does_not_stay_with_a_loaded_image(docker: FakeDocker) -> None:
    index = json.dumps([{"RepoTags": ["team/b:1"]}]).encode()
    with tarfile.open(docker.folder / "a.tar", "w") as archive:
        header = tarfile.TarInfo("manifest.json")
        header.size = len(index)
        archive.addfile(header, io.BytesIO(index))
    by_id = ["image", "inspect", "--format={{.Id}}"]
    docker.answer(
        ([*by_id, "team/b:1"], 1, "", "No such image"),
        ([*by_id, "sha256:abc"], 0, "sha256:abc\n", ""),
        (["load"], 0, "Loaded image ID: sha256:abc\n", ""),
    )
    assert docker.engine.resolve(ImageFileSubmission(docker.folder / "a.tar")).digest == "sha256:abc"
    loaded = next(number for number, call in enumerate(docker.calls) if call[0] == "load")
    changes = [call for call in docker.calls[loaded:] if call[0] == "tag" or call[:2] == ["image", "rm"]]
    assert changes == [["tag", "sha256:abc", "ultrasound-bench:abc"], ["image", "rm", "team/b:1"]]


def test_program_of_the_image_that_is_not_there_is_the_submissions_fault(docker: FakeDocker) -> None:
    error = 'exec: "predict": executable file not found in $PATH: unknown'
    state = EXITED | {"Status": "created", "ExitCode": 127, "Error": error}
    docker.answer((["start"], 127, "", "Error"), (["container", "inspect"], 0, json.dumps(state), ""))
    record = docker.run()
    assert (record.outcome, record.fault) == (Outcome.CRASHED, "submission")
    assert error in record.sentence


@pytest.mark.parametrize(
    ("told", "outcome"), [("kill\n", Outcome.KILLED_FROM_OUTSIDE), ("", Outcome.CRASHED)]
)
def test_kill_that_somebody_ordered_is_told_from_one_that_nobody_did(
    docker: FakeDocker, told: str, outcome: Outcome
) -> None:
    killed = json.dumps(EXITED | {"ExitCode": 137})
    docker.answer((["container", "inspect"], 0, killed, ""), (["events"], 0, told, ""))
    assert docker.run().outcome == outcome


def test_orphans_are_those_whose_owner_is_gone(docker: FakeDocker) -> None:
    mine = describe_owner()
    dead = mine.rpartition(":")[0] + ":1"
    listed = f"aa {mine} run1\nbb {dead} run2\ncc elsewhere:1:1 run3\n"
    docker.answer((["ps"], 0, listed, ""), (["volume", "ls"], 0, f"v1 {dead}\nv2 {mine}\n", ""))
    assert docker.engine.remove_orphans(everything=False) == ["run2"]
    removed = [call[-1] for call in docker.calls if call[0] == "rm" or call[:2] == ["volume", "rm"]]
    assert removed == ["bb", "v1"]
    assert docker.engine.remove_orphans(everything=True) == ["run1", "run2", "run3"]


def test_foreign_containers_with_our_labels_stop_nobody(docker: FakeDocker) -> None:
    docker.answer((["ps"], 0, "aa me\nbb \ncc two words run\n", ""), (["volume", "ls"], 0, "v1 \nv2\n", ""))
    assert docker.engine.remove_orphans(everything=False) == []


@pytest.mark.skipif(os.getuid() != 0, reason="only root runs submissions as somebody else")
@pytest.mark.parametrize(
    "name", ["scene/input/" + IMAGE_PATH, "scene/manifest.json", "scene/input/segmentation"]
)
def test_input_that_the_submission_could_not_read_is_refused(docker: FakeDocker, name: str) -> None:
    make_scene(docker.folder / "scene")
    (docker.folder / name).chmod(0o700)
    with pytest.raises(ConfigurationError, match=f"{name}: the submission runs as an unprivileged user"):
        docker.run()


def test_engine_that_is_not_installed_is_named_with_its_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_: None)
    for name in (EngineName.DOCKER, EngineName.PODMAN, EngineName.APPTAINER):
        with pytest.raises(EngineError, match=rf"{name.value} is not installed: install"):
            open_engine(name)
    with pytest.raises(EngineError, match="no container engine is installed"):
        choose_engine(None, ImageSubmission("a"))
    assert [engine.name for engine in open_installed()] == ["local"]


def test_engine_fits_what_is_submitted(tmp_path: Path) -> None:
    assert isinstance(choose_engine(None, CommandSubmission(("true",))), LocalEngine)
    with pytest.raises(ConfigurationError, match="--engine docker cannot run a command"):
        choose_engine(EngineName.DOCKER, CommandSubmission(("true",)))
    with pytest.raises(ConfigurationError, match="--engine local cannot run an image"):
        choose_engine(EngineName.LOCAL, ImageFileSubmission(tmp_path / "a.tar"))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-01-01T00:00:00Z", 1767225600.0),
        ("2026-01-01T00:00:00.123456789Z", 1767225600.123456),
        ("2026-01-01T00:00:00.5Z", 1767225600.5),
        ("2026-01-01T02:00:00.25+02:00", 1767225600.25),
        ("2025-12-31T19:00:00-05:00", 1767225600.0),
    ],
)
def test_times_of_engines_are_read(text: str, seconds: float) -> None:
    assert parse_time(text) == pytest.approx(seconds, abs=1e-6)
