"""A folder gets a whole new board or keeps the one it has."""

from pathlib import Path

import pytest

from evaluation.contract.errors import ConfigurationError
from leaderboard.staging import LIST_FILE, stage_board


def write(out: Path, *names: str, text: str = "new") -> None:
    """Write a board of some files."""
    with stage_board(out) as fresh:
        for name in names:
            (fresh / name).parent.mkdir(parents=True, exist_ok=True)
            (fresh / name).write_text(text)


def files_of(out: Path) -> set[str]:
    """Return what lies in a folder."""
    return {str(file.relative_to(out)) for file in out.rglob("*") if file.is_file()}


def test_what_the_new_board_has_not_goes_and_what_nobody_wrote_stays(tmp_path: Path) -> None:
    write(tmp_path, "index.html", "results/1.json", "results/2.json", "figures/a.svg", text="old")
    (tmp_path / "results/mine.json").write_text("mine")
    write(tmp_path, "index.html", "results/1.json")
    assert files_of(tmp_path) == {LIST_FILE, "index.html", "results/1.json", "results/mine.json"}
    assert (tmp_path / "index.html").read_text() == "new"
    assert not (tmp_path / "figures").exists()


def test_board_that_fails_leaves_the_old_one_whole(tmp_path: Path) -> None:
    write(tmp_path, "index.html", "leaderboard.md", text="old")
    with pytest.raises(FileExistsError):
        write(tmp_path, "leaderboard.md", "leaderboard.md/below", text="half")
    assert files_of(tmp_path) == {LIST_FILE, "index.html", "leaderboard.md"}
    assert (tmp_path / "leaderboard.md").read_text() == "old"


def test_list_that_names_files_elsewhere_removes_nothing(tmp_path: Path) -> None:
    out, mine = tmp_path / "out", tmp_path / "mine"
    mine.write_text("x")
    write(out, "index.html")
    (out / LIST_FILE).write_text(f"../mine\n{mine}\n")
    write(out, "index.html")
    assert mine.exists()


def test_place_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("x")
    with pytest.raises(ConfigurationError, match="`out`"):
        write(tmp_path / "out", "index.html")
