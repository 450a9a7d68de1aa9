"""A field is read only when every table of cases is its result's own and fits the others."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evaluation.contract.errors import ConfigurationError
from leaderboard.field import read_field, select_cases
from leaderboard.samples import Term, list_task_terms, sample_scores
from tests.leaderboard.field_scenes import (
    make_answers,
    make_case_table,
    make_scored,
    make_synthetic_field,
    write_scored,
)


def _table(skill: float = 1.0, seed: int = 0) -> pd.DataFrame:
    return make_case_table(make_answers(np.random.default_rng(seed), 12, skill=skill))


def _write(folder: Path, name: str, table: pd.DataFrame) -> Path:
    return write_scored(folder, make_scored(name, table), table)


def test_a_field_gives_the_scores_of_its_results_whatever_the_order_of_files(tmp_path: Path) -> None:
    paths = [_write(tmp_path, name, _table(seed=k)) for k, name in enumerate(("b", "a"))]
    field = read_field(paths)
    assert field.names == ("a", "b")
    found = sample_scores(field, [Term("summary", "perf")], n_resamples=5)
    for team, values in zip(field.teams, found.values, strict=True):
        assert values[0] == pytest.approx(team.result.summary["perf"].value, abs=1e-12)
    again = sample_scores(read_field(paths[::-1]), [Term("summary", "perf")], n_resamples=5)
    assert np.array_equal(found.samples, again.samples)


def test_a_centre_called_na_stays_a_centre(tmp_path: Path) -> None:
    table = _table().assign(center="NA")
    assert set(read_field([_write(tmp_path, "a", table)]).teams[0].cases["center"]) == {"NA"}


def test_a_table_that_is_not_the_results_own_is_refused(tmp_path: Path) -> None:
    path = _write(tmp_path, "a", _table())
    (path.parent / "cases.csv").write_bytes((path.parent / "cases.csv").read_bytes() + b"\n")
    with pytest.raises(ConfigurationError, match="score it again, or put both files back"):
        read_field([path])


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    path = _write(tmp_path, "a", _table())
    (path.parent / "cases.csv").unlink()
    with pytest.raises(ConfigurationError, match=r"keep result\.json and cases\.csv together"):
        read_field([path])


def test_a_score_that_the_cases_do_not_give_is_refused(tmp_path: Path) -> None:
    path = _write(tmp_path, "a", _table())
    content = json.loads(path.read_text())
    content["tasks"][0]["scores"]["dsc"]["value"] += 1e-6
    path.write_text(json.dumps(content))
    with pytest.raises(ConfigurationError, match="Expected `dsc` of segmentation/Breast to be"):
        read_field([path])


def test_references_that_differ_between_tables_are_refused(tmp_path: Path) -> None:
    other = _table(seed=1)
    other.loc[other["case_id"] == "classification/Liver|0003.png", "label"] = 0.0
    with pytest.raises(ConfigurationError, match=r"`label` of 'classification/Liver\|0003.png' to be 1.0"):
        read_field([_write(tmp_path, "a", _table()), _write(tmp_path, "b", other)])


def test_tables_of_other_cases_are_refused(tmp_path: Path) -> None:
    other = _table(seed=1)
    other["case_id"] = other["case_id"].str.replace("0003", "9999")
    with pytest.raises(ConfigurationError, match="in one of them only"):
        read_field([_write(tmp_path, "a", _table()), _write(tmp_path, "b", other)])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"case_id\nx\n", "lacks the columns"),
        (b'a,b\n1,2\n"', "not a table of cases"),
        (b"\xff\xfe\x00", "not a table of cases"),
        (b"", "not a table of cases"),
    ],
)
def test_a_broken_table_is_named_even_when_its_hash_fits(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = _write(tmp_path, "a", _table())
    (path.parent / "cases.csv").write_bytes(content)
    result = json.loads(path.read_text())
    result["cases_sha256"] = hashlib.sha256(content).hexdigest()
    path.write_text(json.dumps(result))
    with pytest.raises(ConfigurationError, match=message):
        read_field([path])


def test_all_teams_are_resampled_by_the_same_cases() -> None:
    field = make_synthetic_field({"a": 1.0, "b": 1.0})
    twin = make_synthetic_field({"a": 1.0}).teams[0]
    assert twin.cases.equals(field.teams[0].cases)
    terms = list_task_terms(field)
    found = sample_scores(field, terms, n_resamples=50)
    alone = sample_scores(make_synthetic_field({"a": 1.0}), terms, n_resamples=50)
    assert np.allclose(found.samples[:, 0], alone.samples[:, 0], atol=1e-12)
    assert not np.allclose(found.samples[:, 0], found.samples[:, 1])


def test_some_of_the_cases_make_a_field_of_their_own() -> None:
    field = make_synthetic_field({"a": 1.0})
    breast = select_cases(field, field.teams[0].cases["task_id"] == "segmentation/Breast")
    assert list(breast.tasks) == ["segmentation/Breast"]
    found = sample_scores(breast, [Term("summary", "mean_dsc"), Term("summary", "cls")], n_resamples=0)
    assert found.values[0, 0] == pytest.approx(breast.teams[0].cases["dsc"].mean())
    assert np.isnan(found.values[0, 1])
