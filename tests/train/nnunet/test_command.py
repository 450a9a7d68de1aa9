"""The commands refuse what cannot be meant, and say how they are used."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from tests.train.nnunet.prepared import write_prepared_fmc_uia
from train.nnunet import command

RUN = CliRunner()
APP = typer.Typer(rich_markup_mode=None)
APP.command(name="nnunet", epilog=command.NNUNET_EXAMPLES)(command.nnunet)
APP.command(name="nnunet-predict", epilog=command.PREDICT_EXAMPLES)(command.nnunet_predict)
APP.command(name="select-tasks", epilog=command.SELECT_EXAMPLES)(command.select_tasks_command)


def arguments(folder: Path, *extra: str) -> list[str]:
    place = str(folder)
    given = ["nnunet", "--task", "halves", "--train", place, "--val", place, "--predict", place]
    return [*given, "--out", f"{place}/out", *extra]


@pytest.mark.parametrize("name", ["nnunet", "nnunet-predict", "select-tasks"])
def test_help_shows_two_examples(name: str) -> None:
    shown = RUN.invoke(APP, [name, "--help"])
    assert shown.exit_code == 0
    assert shown.output.count(f"python -m train {name} ") == 2


@pytest.mark.parametrize("budgets", [(), ("--budget-cpu-s", "5", "--budget-wall-s", "5")])
def test_exactly_one_budget_is_needed(tmp_path: Path, budgets: tuple[str, ...]) -> None:
    refused = RUN.invoke(APP, arguments(write_prepared_fmc_uia(tmp_path), *budgets))
    assert refused.exit_code == 2
    assert "both or neither" in refused.output
    assert not (tmp_path / "out").exists()


def test_training_on_what_validates_is_refused_before_anything_is_trained(tmp_path: Path) -> None:
    refused = RUN.invoke(APP, arguments(write_prepared_fmc_uia(tmp_path), "--budget-cpu-s", "5"))
    assert refused.exit_code == 2
    assert "other images" in refused.output


def test_predicting_with_an_unfinished_specialist_is_refused(tmp_path: Path) -> None:
    folder = write_prepared_fmc_uia(tmp_path / "f")
    given = ["nnunet-predict", "--specialist", str(tmp_path), "--predict", str(folder)]
    refused = RUN.invoke(APP, [*given, "--out", str(tmp_path / "out")])
    assert refused.exit_code == 2
    assert "finished run" in refused.output


def test_selected_tasks_are_counted(tmp_path: Path) -> None:
    folder = write_prepared_fmc_uia(tmp_path / "f")
    given = ["select-tasks", "--folder", str(folder), "--task", "halves", "--out", str(tmp_path / "out")]
    done = RUN.invoke(APP, given)
    assert done.exit_code == 0
    assert "3 rows of 1 task(s)" in done.output
