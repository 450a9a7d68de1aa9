"""The rehearsal of images: locked in, each variant's broken rule is named, and no other."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evaluation.commands import app
from evaluation.rehearsal.verdict import Rule
from tests.container.engines import BASE, call, require
from tests.queue.scenes import make_answers
from tests.rehearsal.variants import COMMAND_VARIANTS, IMAGE_VARIANTS, make_program

pytestmark = pytest.mark.container

DOCKERFILE = f"""
FROM {BASE}
COPY answers /answers
COPY program.py /program.py
ENTRYPOINT ["python3", "/program.py", "/answers", "/output"]
"""


@pytest.fixture(scope="session")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    require("docker")
    return make_answers(tmp_path_factory.mktemp("answers") / "a", seed=1)


@pytest.fixture
def folder(tmp_path: Path, answers: Path) -> Path:
    shutil.copytree(answers, tmp_path / "answers")
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    return tmp_path


@pytest.fixture
def name() -> Iterator[str]:
    yield "ultrasound-bench-rehearsal-test"
    call("docker", "image", "rm", "-f", "ultrasound-bench-rehearsal-test")


def rehearse(folder: Path, name: str, program: str, *words: str) -> tuple[int, list[str], dict[str, str]]:
    (folder / "program.py").write_text(program)
    built = call("docker", "build", "-q", "-t", name, str(folder))
    assert built.returncode == 0, built.stderr
    arguments = ["rehearse", "--protocol", "uusic25", "--gpus", "none", "--image", name, "--json", *words]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code in (0, 1), done.output
    verdicts = {v["rule"]: v["finding"] for v in json.loads(done.stdout)["verdicts"]}
    return done.exit_code, [rule for rule, finding in verdicts.items() if finding == "broken"], verdicts


def test_a_good_image_keeps_every_rule(folder: Path, name: str) -> None:
    status, broken, verdicts = rehearse(folder, name, make_program())
    assert (status, broken) == (0, [])
    assert set(verdicts.values()) == {"kept"}


@pytest.mark.parametrize(
    "rule", [*IMAGE_VARIANTS, Rule.FINISHES, Rule.COMPLETE, Rule.VALID, Rule.DETERMINISTIC]
)
def test_the_broken_rule_of_an_image_is_named(folder: Path, name: str, rule: Rule) -> None:
    fault = (IMAGE_VARIANTS | COMMAND_VARIANTS)[rule]
    words = ["--time-limit", "2"] if rule is Rule.FINISHES else []
    status, broken, _ = rehearse(folder, name, make_program(fault), *words)
    assert (status, broken) == (1, [rule.value])
