"""The command line: exit codes, no traceback for a user's mistake, and what is printed and written."""

import json
import re
from pathlib import Path

import pytest

from evaluation import commands as cli
from evaluation.contract.errors import HarnessError
from tests.protocols.folders import disc, uusic25_entry, write_csv, write_json, write_mask

MASK_PATH = "segmentation/Kidney/masks/1.png"
CLASS_PATH = "classification/Liver/imgs/1.png"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Write a challenge in both layouts with valid predictions in `out` and `fmc_out`."""
    write_mask(tmp_path / "references" / MASK_PATH, disc() * 255)
    write_mask(tmp_path / "out" / MASK_PATH, disc(radius=7) * 255)
    entries = [
        uusic25_entry(
            MASK_PATH.replace("mask", "img"), "segmentation", "Kidney", mask_path_relative=MASK_PATH
        ),
        uusic25_entry(CLASS_PATH, "classification", "Liver", class_label_index=1),
    ]
    write_json(tmp_path / "truth.json", entries)
    blank = {"mask_path_relative": None, "class_label_index": None}
    write_json(tmp_path / "input" / "manifest.json", [entry | blank for entry in entries])
    answer = {CLASS_PATH: {"probability": [0.2, 0.8], "prediction": 1}}
    write_json(tmp_path / "out" / "classification.json", answer)
    row = {"task_id": "s", "task_name": "segmentation", "num_classes": 3, "image_path": "../images/1.png"}
    write_csv(tmp_path / "fmc", [row | {"mask_path": "../masks/1.png"}])
    write_mask(tmp_path / "fmc" / "masks" / "1.png", disc() * 2)
    write_mask(tmp_path / "fmc_out" / "masks" / "1.png", disc() * 2)
    return tmp_path


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> "Runner":
    """Return a function that runs ``python -m evaluation`` with some arguments."""
    return Runner(monkeypatch, capfd)


class Runner:
    """Runs the command line in this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capfd = capfd

    def __call__(self, *arguments: object) -> tuple[int, str]:
        """Return the exit code and everything printed."""
        self._monkeypatch.setattr("sys.argv", ["evaluation", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        printed = self._capfd.readouterr()
        assert "Traceback" not in printed.out + printed.err
        return int(ended.value.code or 0), printed.out + printed.err


def score_arguments(folder: Path, *more: object) -> list[object]:
    """Return the arguments that score the UUSIC25 submission without intervals."""
    given = ["score", "--protocol", "uusic25", "--reference", folder / "truth.json"]
    given += ["--images", folder / "references", "--predictions", folder / "out"]
    return [*given, "--out", folder / "scored" / "result.json", "--bootstrap", 0, "--jobs", 1, *more]


def test_score_prints_a_table_and_writes_both_files(folder: Path, run: Runner) -> None:
    code, text = run(*score_arguments(folder))
    assert code == 0
    assert "segmentation/Kidney" in text
    assert "2 cases, 0 failed" in text
    written = json.loads((folder / "scored" / "result.json").read_text(encoding="utf-8"))
    assert written["submission"] == "out"
    assert written["mode"] == "strict"
    assert (folder / "scored" / "cases.csv").read_text(encoding="utf-8").count("\n") == 3


def test_bootstrap_of_zero_gives_no_intervals_and_the_default_gives_them(folder: Path, run: Runner) -> None:
    run(*score_arguments(folder))
    written = json.loads((folder / "scored" / "result.json").read_text(encoding="utf-8"))
    assert written["bootstrap"] is None
    assert written["tasks"][0]["scores"]["dsc"]["interval"] is None
    code, text = run(*score_arguments(folder, "--bootstrap", 25, "--seed", 3, "--interval", "bca"))
    written = json.loads((folder / "scored" / "result.json").read_text(encoding="utf-8"))
    assert code == 0
    assert "95 % bca intervals from 25 resamples of cases, seed 3" in re.sub(r"\s+", " ", text)
    assert written["tasks"][0]["scores"]["dsc"]["interval"]["n_resamples"] == 25


def test_options_reach_the_result(folder: Path, run: Runner) -> None:
    record = write_json(folder / "run.json", {"runtime_s": 12, "peak_gpu_mib": 345.5})
    code, _ = run(*score_arguments(folder, "--mode", "official", "--run", record, "--name", "mine"))
    written = json.loads((folder / "scored" / "result.json").read_text(encoding="utf-8"))
    assert code == 0
    assert (written["mode"], written["submission"]) == ("official", "mine")
    assert (written["run"]["runtime_s"], written["run"]["peak_gpu_mib"]) == (12.0, 345.5)


def test_masks_lie_beside_the_reference_when_no_folder_is_named(folder: Path, run: Runner) -> None:
    arguments = [str(given) for given in score_arguments(folder)]
    at = arguments.index("--images")
    (folder / "truth.json").rename(folder / "references" / "truth.json")
    arguments[arguments.index("--reference") + 1] = str(folder / "references" / "truth.json")
    code, text = run(*arguments[:at], *arguments[at + 2 :])
    assert (code, "0 failed" in text) == (0, True)


def test_fmc_uia_is_scored_too_and_class_columns_stay_out_of_the_table(folder: Path, run: Runner) -> None:
    given = ["--reference", folder / "fmc", "--predictions", folder / "fmc_out", "--bootstrap", 0]
    code, text = run("score", "--protocol", "fmc_uia", *given, "--out", folder / "r.json")
    assert code == 0
    assert "dsc 1.0000" in text
    assert "dsc_class_2" not in text
    assert "dsc_class_2" in (folder / "r.json").read_text(encoding="utf-8")


def test_problems_are_printed_after_the_table(folder: Path, run: Runner) -> None:
    (folder / "out" / MASK_PATH).unlink()
    code, text = run(*score_arguments(folder))
    assert code == 0
    assert "2 cases, 1 failed, 1 problem(s)" in text
    assert f"error [missing] segmentation/Kidney|{MASK_PATH.replace('mask', 'img')}" in text


@pytest.mark.parametrize(
    ("option", "value", "reason"),
    [
        ("--reference", "absent.json", "cannot be read"),
        ("--predictions", "absent", "expected the folder of a submission's predictions"),
        ("--run", "absent.json", "cannot be read"),
        ("--run", "truth.json", "record: "),
        ("--images", "absent", "is missing"),
        ("--out", "truth.json/result.json", "cannot be written"),
        ("--protocol", "brats", "brats"),
        ("--mode", "lenient", "lenient"),
        ("--bootstrap", "-1", "greater than or equal to 0"),
    ],
)
def test_users_mistake_ends_with_2_and_a_sentence(
    folder: Path, run: Runner, monkeypatch: pytest.MonkeyPatch, option: str, value: str, reason: str
) -> None:
    monkeypatch.chdir(folder)
    code, text = run(*score_arguments(folder), option, value)
    assert code == 2
    assert reason in text


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (
            ["score", "--reference", "fmc", "--images", "fmc", "--out", "r.json"],
            "--images belongs to uusic25",
        ),
        (["check", "--input", "fmc", "--manifest", "truth.json"], "--manifest belongs to uusic25"),
        (["check", "--input", "absent"], "absent: no such folder"),
    ],
)
def test_options_of_the_other_challenge_are_refused(
    folder: Path, run: Runner, monkeypatch: pytest.MonkeyPatch, arguments: list[str], reason: str
) -> None:
    monkeypatch.chdir(folder)
    code, text = run(*arguments, "--protocol", "fmc_uia", "--predictions", "fmc_out")
    assert code == 2
    assert reason in text


def check_arguments(folder: Path, *more: object) -> list[object]:
    """Return the arguments that check the UUSIC25 submission."""
    given = ["check", "--protocol", "uusic25", "--input", folder / "input", "--predictions", folder / "out"]
    return [*given, *more]


def test_check_of_a_valid_submission_ends_with_0(folder: Path, run: Runner) -> None:
    code, text = run(*check_arguments(folder))
    assert (code, "2 cases, 0 error(s), 0 warning(s)" in text) == (0, True)
    code, text = run(
        "check", "--protocol", "fmc_uia", "--input", folder / "fmc", "--predictions", folder / "fmc_out"
    )
    assert (code, "1 cases, 0 error(s)" in text) == (0, True)


def test_warnings_alone_end_with_0(folder: Path, run: Runner) -> None:
    (folder / "out" / "notes.txt").write_text("x")
    code, text = run(*check_arguments(folder))
    assert code == 0
    assert "warning [unexpected_file] 1 file(s) that nothing reads, such as `notes.txt`" in text


def test_check_lists_every_problem_and_ends_with_2(folder: Path, run: Runner) -> None:
    write_mask(folder / "out" / MASK_PATH, disc(3, 3))
    write_json(folder / "out" / "classification.json", {})
    code, text = run(*check_arguments(folder))
    assert code == 2
    assert "error [wrong_size]" in text
    assert "error [missing] classification/Liver" in text
    assert "2 cases, 2 error(s), 0 warning(s)" in text


def test_check_prints_problems_as_json(folder: Path, run: Runner) -> None:
    write_json(folder / "out" / "classification.json", {})
    code, text = run(*check_arguments(folder, "--json"))
    assert code == 2
    (problem,) = json.loads(text)
    assert problem["code"] == "missing"
    assert problem["case_id"] == f"classification/Liver|{CLASS_PATH}"


def test_more_problems_than_fit_the_screen_are_counted(folder: Path, run: Runner) -> None:
    entries = [uusic25_entry(f"c/imgs/{i}.png", "classification", "Liver") for i in range(60)]
    write_json(folder / "input" / "manifest.json", entries)
    code, text = run(*check_arguments(folder))
    assert code == 2
    assert text.count("error [missing]") == 50
    assert "… and 12 more" in text  # with a file and an entry that nothing asks for


def test_check_without_a_manifest_asks_for_one(folder: Path, run: Runner) -> None:
    (folder / "input" / "manifest.json").unlink()
    code, text = run(*check_arguments(folder))
    assert (code, "name it with --manifest FILE" in text) == (2, True)


def test_machinerys_fault_ends_with_3(folder: Path, run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise HarnessError("a scoring process was killed")

    monkeypatch.setattr(cli, "score_submission", fail)
    code, text = run(*score_arguments(folder))
    assert (code, text.strip()) == (3, "harness error: a scoring process was killed")


@pytest.mark.parametrize("record", ["result", "run", "problem"])
def test_schema_is_printed_as_json(run: Runner, record: str) -> None:
    code, text = run("schema", record)
    assert code == 0
    assert json.loads(text)["type"] == "object"


@pytest.mark.parametrize(
    "command", [[], ["check"], ["score"], ["schema"], ["calibrate"], ["queue"], ["rehearse"]]
)
def test_help_of_every_command_has_two_examples(run: Runner, command: list[str]) -> None:
    code, text = run(*command, "--help")
    assert code == 0
    if command:
        assert text.count(f"python -m evaluation {command[0]}") == 2
