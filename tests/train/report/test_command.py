"""The command, its files and its tables."""

import json
import re
import shutil
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from evaluation.contract.result import Interval, Score
from evaluation.contract.task import Kind
from tests.protocols.folders import write_mask
from tests.train.report.scene import SIDES, square
from train.report.command import EXAMPLES, parse_pairs, report
from train.report.records import Line, Report
from train.report.table import Notes, header, show_number, show_score
from train.report.targets import TARGETS, check_targets

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
app.command(epilog=EXAMPLES)(report)
RUN = CliRunner()


def call(split: Path, out: Path, *more: str) -> Result:
    arguments = ["--split", str(split), "--out", str(out), "--jobs", "1", "--bootstrap", "20", *more]
    return RUN.invoke(app, arguments)


def test_command_writes_both_files(split: Path, row: Path, tmp_path: Path) -> None:
    done = call(split, tmp_path / "out", "--row", f"first={row}", "--row", f"second={row}")
    assert done.exit_code == 0, done.output
    made = Report.model_validate_json((tmp_path / "out" / "report.json").read_bytes())
    assert (made.part, made.rows, made.n_resamples) == ("val", ("first", "second"), 20)
    assert {(d.row, d.baseline) for d in made.differences} == {("second", "first")}
    text = (tmp_path / "out" / "report.md").read_text()
    assert "| breast_lesion | lesions | 4 | 3 | DSC | 0.667" in text
    assert "| breast_lesion | empty masks (normals) | 2 | 2 | share left empty | 0.500" in text
    assert re.search(r"\b(nan|none|inf)\b", text.lower()) is None


def test_table_of_differences_says_better_and_worse(split: Path, row: Path, tmp_path: Path) -> None:
    thin = tmp_path / "thin"
    shutil.copytree(row, thin)
    for folder, width in ((row, None), (thin, 1)):
        for name, side in SIDES.items():
            write_mask(
                folder / "fmc_uia" / "Segmentation" / "Two" / "masks" / f"{name}.png", square(side, width)
            )
    more = (
        "--row",
        f"full={row}",
        "--row",
        f"thin={thin}",
        "--compare",
        "full,thin",
        "--compare",
        "thin,full",
    )
    assert call(split, tmp_path / "out", *more).exit_code == 0
    text = (tmp_path / "out" / "report.md").read_text()
    # 1 minus 2 / (side + 1), for sides 4, 8, 10 and 6.
    mean = 1 - (2 / 5 + 2 / 9 + 2 / 11 + 2 / 7) / 4
    line = next(line for line in text.splitlines() if line.startswith("| breast_lesion | lesions | DSC |"))
    assert re.search(rf"\| {mean:.3f} \[.*\], better \| -{mean:.3f} \[.*\], worse \|", line)


def test_cell_counts_failed_cases(split: Path, row: Path, tmp_path: Path) -> None:
    assert call(split, tmp_path / "out", "--row", f"a={row}").exit_code == 0
    text = (tmp_path / "out" / "report.md").read_text()
    assert re.search(r"\| breast_lesion \| bus_bra \| 2 \| 1 \| DSC \| 0.500 \(\d\), 1 failed \|", text)
    assert re.search(r"\| breast_lesion \| busi \| 2 \| 2 \| DSC \| 0.833 \(\d\) \|", text)


def test_files_name_no_folder_of_the_machine(split: Path, row: Path, tmp_path: Path) -> None:
    assert call(split, tmp_path / "out", "--row", f"a={row}").exit_code == 0
    for file in (tmp_path / "out").iterdir():
        assert str(tmp_path) not in file.read_text()


def test_json_holds_no_nan(split: Path, row: Path, tmp_path: Path) -> None:
    (row / "fmc_uia" / "classification_predictions.json").unlink()
    assert call(split, tmp_path / "out", "--row", f"a={row}").exit_code == 0

    def refuse(text: str) -> None:
        pytest.fail(f"{text} in report.json")

    json.loads((tmp_path / "out" / "report.json").read_text(), parse_constant=refuse)


def test_same_call_writes_the_same_markdown(split: Path, row: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert call(split, tmp_path / name, "--row", f"a={row}").exit_code == 0
    assert (tmp_path / "one" / "report.md").read_bytes() == (tmp_path / "two" / "report.md").read_bytes()


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("{row}", "NAME=DIR"),
        ("={row}", "NAME=DIR"),
        ("a|b={row}", "NAME=DIR"),
        ("a={row}/absent", "a to be a folder"),
    ],
)
def test_row_that_cannot_be_used_is_refused(
    split: Path, row: Path, tmp_path: Path, option: str, message: str
) -> None:
    done = call(split, tmp_path / "out", "--row", option.format(row=row))
    assert done.exit_code == 2
    assert message in done.output


def test_repeated_name_is_refused(split: Path, row: Path, tmp_path: Path) -> None:
    done = call(split, tmp_path / "out", "--row", f"a={row}", "--row", f"a={row}")
    assert (done.exit_code, "a twice" in done.output) == (2, True)


@pytest.mark.parametrize("text", ["a", "a,a", "a,c", "c,a"])
def test_pair_of_unknown_rows_is_refused(split: Path, row: Path, tmp_path: Path, text: str) -> None:
    done = call(split, tmp_path / "out", "--row", f"a={row}", "--row", f"b={row}", "--compare", text)
    assert (done.exit_code, "two of a, b" in done.output) == (2, True)


def test_out_that_is_a_file_is_refused(split: Path, row: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    done = call(split, tmp_path / "out", "--row", f"a={row}")
    assert (done.exit_code, "cannot be written" in done.output) == (2, True)


def test_pairs_are_neighbours_unless_told() -> None:
    assert parse_pairs(None, ["a", "b", "c"]) == [("b", "a"), ("c", "b")]
    assert parse_pairs(["c,a"], ["a", "b", "c"]) == [("c", "a")]
    assert parse_pairs(None, ["a"]) == []


def test_help_shows_two_worked_examples() -> None:
    done = RUN.invoke(app, ["--help"])
    assert done.exit_code == 0
    assert done.output.count("python -m train report --") == 2


def make_line(task_id: str, metric: str, value: float | None, group: str = "") -> Line:
    reason = "no reason" if value is None else None
    score = Score(value=value, status="undefined" if value is None else "ok", reason=reason)
    return Line(
        protocol="fmc_uia",
        task_id=task_id,
        kind=Kind.SEGMENTATION,
        by="reference" if group else "all",
        group=group,
        row="a",
        n_images=1,
        n_groups=1,
        n_failed=0,
        primary=metric,
        scores={metric: score},
    )


@pytest.mark.parametrize(
    ("task_id", "metric", "value", "met"),
    [
        ("fetal_head", "dsc", 0.970, True),
        ("fetal_head", "dsc", 0.9699, False),
        ("fetal_head_landmarks", "mre_px", 12.0, True),
        ("fetal_head_landmarks", "mre_px", 12.1, False),
        ("organ_type_cls", "accuracy", 0.98, True),
        ("breast_2cls", "auc", None, None),
    ],
)
def test_target_is_judged_by_the_unrounded_value(
    task_id: str, metric: str, value: float | None, met: bool | None
) -> None:
    checks = check_targets([make_line(task_id, metric, value)], ["a"])
    assert [check.met for check in checks if check.task_id == task_id] == [met]


def test_target_of_lesions_is_not_met_by_the_whole_task() -> None:
    checks = check_targets([make_line("breast_lesion", "dsc", 0.99)], ["a"])
    assert all(check.met is None for check in checks)
    checks = check_targets([make_line("breast_lesion", "dsc", 0.99, "lesions")], ["a"])
    assert [check.what for check in checks if check.met] == ["lesions"]


def test_every_target_has_a_line_for_every_row() -> None:
    assert len(check_targets([], ["a", "b"])) == 2 * len(TARGETS)


def test_cell_shows_value_interval_and_mark() -> None:
    notes = Notes()
    ends = Interval(low=0.81, high=0.8765, level=0.95, method="percentile", n_resamples=9, n_undefined=0)
    assert show_score("dsc", Score(value=0.84249, interval=ends), notes) == "0.842 [0.810, 0.876]"
    assert show_score("hd_px", Score(value=12.34, interval=ends), notes, interval=False) == "12.3"
    assert show_score("auc", Score(value=None, status="undefined", reason="why"), notes) == "— (1)"
    assert show_score("auc", Score(value=0.5, reason="why"), notes) == "0.500 (1)"
    assert notes.lines() == ["", "(1) why  "]
    assert show_score("auc", None, notes) == ""


def test_rounded_nothing_has_no_sign() -> None:
    assert (show_number("dsc", -0.0001), show_number("mre_px", -0.04)) == ("0.000", "0.0")
    assert show_number("dsc", -0.0006) == "-0.001"


def test_class_columns_are_told_apart() -> None:
    assert header("dsc_class_2") == "DSC of class 2"
