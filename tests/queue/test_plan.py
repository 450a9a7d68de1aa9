"""What submissions.yaml may hold, and what is said when it holds something else."""

from pathlib import Path

import pytest
import yaml

from evaluation.contract.errors import ConfigurationError
from evaluation.queue.plan import EntryOptions, read_plan
from evaluation.runner.limits import Limits, Profile
from evaluation.runner.submission import ImageSubmission

PLAN = {"protocol": "fmc_uia", "input": "in", "submissions": [{"name": "a", "image": "team/a:1"}]}


def write(folder: Path, **changes: object) -> Path:
    file = folder / "submissions.yaml"
    file.write_text(yaml.safe_dump(PLAN | changes))
    return file


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    plan = read_plan(write(tmp_path, reference="refs"))
    assert (plan.input, plan.reference, plan.images) == (tmp_path / "in", tmp_path / "refs", None)


def test_defaults_hold_where_a_submission_says_nothing(tmp_path: Path) -> None:
    entries = [{"name": "a", "image": "a"}, {"name": "b", "image": "b", "memory": "2g"}]
    plan = read_plan(write(tmp_path, submissions=entries, defaults={"memory": "512m", "repeat": 3}))
    first, second = (entry.make_run_options() for entry in plan.submissions)
    assert (first.limits.memory_bytes, second.limits.memory_bytes) == (2**29, 2**31)
    assert (first.n_repeats, second.n_repeats) == (3, 3)
    assert plan.submissions[0].make_submission() == ImageSubmission("a")


def test_what_is_not_given_is_the_runners_default() -> None:
    options = EntryOptions().make_run_options()
    assert (options.limits, options.profile, options.gpus) == (Limits(), Profile.SAFE, None)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"protocol": "other"}, "protocol"),
        ({"submissions": []}, "at least 1"),
        ({"submissions": "a"}, "submissions"),
        ({"submissions": [{"name": "../a", "image": "a"}]}, "submissions.0.name"),
        (
            {"submissions": [{"name": "A", "image": "a"}, {"name": "a", "image": "b"}]},
            "names are used twice: a",
        ),
        ({"submissions": [{"name": "queue.json", "image": "a"}]}, "the queue's own files have: queue.json"),
        ({"submissions": [{"name": "board", "image": "a"}]}, "the queue's own files have: board"),
        ({"submissions": [{"name": "a"}]}, "exactly one of"),
        ({"submissions": [{"name": "a", "image_tar": "no.tar"}]}, "no such file"),
        ({"submissions": [{"name": "a", "image": "a", "memory": "much"}]}, "such as 512m"),
        ({"submissions": [{"name": "a", "image": "a", "gpu": "all"}]}, "submissions.0.gpu"),
        ({"submissions": [{"name": "a", "image": "a", "pids": 1}]}, "pids"),
        ({"time_limit": 5}, "time_limit"),
    ],
)
def test_a_wrong_file_is_refused_by_name(tmp_path: Path, changes: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigurationError, match="problem") as caught:
        read_plan(write(tmp_path, **changes))
    assert words in str(caught.value)


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    entries = [{"name": "a"}, {"name": "b", "image": "x", "command": "y"}]
    with pytest.raises(ConfigurationError, match="2 problem"):
        read_plan(write(tmp_path, submissions=entries))


@pytest.mark.parametrize("text", ["- a\n", "a: [", "!!python/object:os.system {}"])
def test_what_is_no_mapping_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "submissions.yaml"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=r"mapping|not YAML"):
        read_plan(file)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_plan(tmp_path / "no.yaml")
