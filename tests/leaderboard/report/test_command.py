"""`python -m leaderboard build` writes the whole report."""

import re
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from leaderboard.__main__ import app
from leaderboard.analysis import Analysis, analyse_field
from leaderboard.field import Field
from leaderboard.scheme import Scheme
from tests.leaderboard.field_scenes import make_answers, make_case_table, make_scored, write_scored

RUNNER = CliRunner()
QUICK = ["--resamples", "10", "--scheme", "uusic25"]


def write_results(folder: Path) -> list[str]:
    """Write two teams' results in both modes; one was watched while it ran."""
    rng = np.random.default_rng(0)
    files = []
    for name, time_s in (("Alder", 20.0), ("=Birch/..", 10.0)):
        table = make_case_table(make_answers(rng, 12, skill=1.0))
        for mode in ("strict", "official"):
            result = make_scored(name, table, time_s=time_s).model_copy(update={"mode": mode})
            place = folder / f"{mode}-{time_s:g}"
            place.mkdir(parents=True)
            written = write_scored(place, result.model_copy(update={"submission": "x"}), table)
            written.write_text(written.read_text().replace('"submission":"x"', f'"submission":"{name}"'))
            files.append(str(written))
    (Path(files[0]).parent / "memory.csv").write_text(
        "t_s,gpu_mib,host_mib\n0,,100\n1,,300\n", encoding="utf-8"
    )
    return files


def test_build_writes_the_page_its_figures_its_tables_and_its_results(tmp_path: Path) -> None:
    out = tmp_path / "board"
    done = RUNNER.invoke(app, ["build", *write_results(tmp_path), "--out", str(out), *QUICK])
    assert done.exit_code == 0, done.output
    page = (out / "index.html").read_text(encoding="utf-8")
    assert 'data-view="official/uusic25"' in page
    links = re.findall(r'<a href="([^"#]+)"', page)
    assert {"leaderboard.md", "leaderboard.csv", "leaderboard.tex"} < set(links)
    assert len([link for link in links if link.startswith("results/")]) == 4
    assert all((out / link).is_file() for link in links)
    figures = {file.stem for file in (out / "figures").glob("*.svg")}
    assert figures == {file.stem for file in (out / "figures").glob("*.png")}
    assert {"ranks-strict-uusic25", "cost-time-official", "memory-host-strict"} <= figures


def test_rankings_that_are_asked_for_are_analysed_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = []

    def watch(field: Field, scheme: Scheme, *, n_resamples: int, seed: int) -> Analysis:
        again.append(field.teams[0].result.mode)
        return analyse_field(field, scheme, n_resamples=n_resamples, seed=seed)

    monkeypatch.setattr("leaderboard.report.data.analyse_field", watch)
    done = RUNNER.invoke(app, ["build", *write_results(tmp_path), "--out", str(tmp_path / "board"), *QUICK])
    assert done.exit_code == 0, done.output
    assert again == ["official"]


def test_without_a_table_of_cases_there_is_no_page_and_the_reason_is_told(tmp_path: Path) -> None:
    files = write_results(tmp_path)
    (Path(files[0]).parent / "cases.csv").unlink()
    done = RUNNER.invoke(app, ["build", *files, "--out", str(tmp_path / "board")])
    assert done.exit_code == 0
    assert "No index.html" in done.stderr
    assert not (tmp_path / "board" / "index.html").exists()
    assert (tmp_path / "board" / "leaderboard.csv").is_file()


def test_a_folder_of_images_that_is_none_is_refused(tmp_path: Path) -> None:
    arguments = ["--out", str(tmp_path / "board"), "--images", str(tmp_path / "none"), *QUICK]
    done = RUNNER.invoke(app, ["build", *write_results(tmp_path)[:1], *arguments])
    assert done.exit_code == 2
    assert "Expected argument `images` to be a folder" in done.stderr


@pytest.mark.parametrize("key", ["manifest_sha256", "reference_sha256"])
def test_modes_of_two_test_sets_are_refused(tmp_path: Path, key: str) -> None:
    files = write_results(tmp_path)
    for file in files[1::2]:
        text = Path(file).read_text(encoding="utf-8")
        Path(file).write_text(re.sub(rf'"{key}":"..', f'"{key}":"00', text), encoding="utf-8")
    done = RUNNER.invoke(app, ["build", *files, "--out", str(tmp_path / "board"), *QUICK])
    assert done.exit_code == 2
    assert f"both modes to have one `{key}`" in done.stderr
