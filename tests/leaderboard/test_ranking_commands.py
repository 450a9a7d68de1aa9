"""`build --scheme`, `place` and `published` as a user runs them."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from leaderboard.__main__ import app
from tests.leaderboard.field_scenes import make_synthetic_field, write_scored
from tests.leaderboard.result_scenes import write_result
from tests.leaderboard.test_place import make_placeable


@pytest.fixture
def results(tmp_path: Path) -> list[str]:
    field = make_synthetic_field({"a": 2.0, "b": 0.0}, times_s={"b": 5.0})
    return [str(write_scored(tmp_path, team.result, team.cases)) for team in field.teams]


def test_build_adds_a_ranking_for_each_scheme(results: list[str], tmp_path: Path) -> None:
    out = tmp_path / "board"
    options = ["--scheme", "uusic25", "--scheme", "rank-then-aggregate", "--resamples", "20"]
    done = CliRunner().invoke(app, ["build", *results, "--out", str(out), *options])
    assert done.exit_code == 0, done.output
    assert "Rank sets" in done.output
    for name in ("uusic25", "rank-then-aggregate"):
        content = json.loads((out / f"ranking-{name}.json").read_text())
        assert [line["name"] for line in content["standings"]] == ["a", "b"]
        assert "descriptive" in (out / f"ranking-{name}.md").read_text()
    assert "| a | 1 | 1 |" in (out / "schemes.md").read_text()


def test_build_prints_the_rankings_as_json(results: list[str], tmp_path: Path) -> None:
    options = ["--out", str(tmp_path / "board"), "--scheme", "uusic25", "--resamples", "20", "--json"]
    done = CliRunner().invoke(app, ["build", *results, *options])
    (ranking,) = json.loads(done.stdout)["rankings"]
    assert ranking["uncertainty"]["n_resamples"] == 20


@pytest.mark.parametrize("scheme", ["nope", "fmc_uia"])
def test_a_scheme_that_cannot_rank_exits_2_and_writes_nothing(
    results: list[str], tmp_path: Path, scheme: str
) -> None:
    done = CliRunner().invoke(app, ["build", *results, "--out", str(tmp_path / "board"), "--scheme", scheme])
    assert done.exit_code == 2
    assert "scheme" in done.stderr
    assert not (tmp_path / "board").exists()


def test_one_scheme_twice_exits_2(results: list[str], tmp_path: Path) -> None:
    options = ["--out", str(tmp_path / "board"), "--scheme", "uusic25", "--scheme", "uusic25"]
    done = CliRunner().invoke(app, ["build", *results, *options])
    assert done.exit_code == 2
    assert "different names" in done.stderr


def test_place_prints_both_places_and_the_sentence(tmp_path: Path) -> None:
    path = str(write_result(tmp_path, make_placeable(0.55)))
    done = CliRunner().invoke(app, ["place", path])
    assert done.exit_code == 0, done.output
    assert "Final" in done.output
    assert "of 16" in done.output
    assert "only when the test set is the same" in done.output
    content = json.loads(CliRunner().invoke(app, ["place", path, "--json"]).stdout)
    assert content["perf"]["value"] == 0.55


def test_place_refuses_what_cannot_be_compared_with_exit_2(results: list[str]) -> None:
    done = CliRunner().invoke(app, ["place", results[0]])
    assert done.exit_code == 2
    assert "organ thyroid" in done.stderr


def test_published_lists_prints_and_refuses() -> None:
    assert "echovlm" in CliRunner().invoke(app, ["published"]).stdout.split()
    done = CliRunner().invoke(app, ["published", "echovlm"])
    assert "20.39" in done.stdout
    assert "20.42" in done.stdout
    content = json.loads(CliRunner().invoke(app, ["published", "umind-vl", "--json"]).stdout)
    assert content["unit"].startswith("mixed")
    assert CliRunner().invoke(app, ["published", "nope"]).exit_code == 2
