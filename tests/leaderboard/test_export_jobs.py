"""Jobs of Grand Challenge: their ZIP files joined into one submission, what is broken in them named."""

import tracemalloc
import zipfile
from pathlib import Path

import pytest

from evaluation.contract.errors import SubmissionError
from leaderboard.export.programs.grand_challenge import find_output, read_jobs, run, sum_runtimes
from leaderboard.export.programs.merging import PredictionFolder
from tests.leaderboard.export_scenes import (
    describe_job,
)


def make_zip(file: Path, **content: bytes) -> Path:
    """Write a ZIP file of some names."""
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in content.items():
            archive.writestr(name.replace("__", "/").replace("up", ".."), data)
    return file


def test_zip_file_that_leaves_the_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "merged"
    folder.mkdir()
    with pytest.raises(SubmissionError, match=r"job a: `\.\./x` leaves"):
        PredictionFolder(folder).add_zip(make_zip(tmp_path / "a.zip", up__x=b"1"), job="a")
    assert not (tmp_path / "x").exists()


def test_two_jobs_may_not_answer_one_image(tmp_path: Path) -> None:
    folder = PredictionFolder(tmp_path / "merged")
    folder.add_zip(make_zip(tmp_path / "a.zip", mask=b"1"), job="a")
    with pytest.raises(SubmissionError, match="job b: `mask` was also written"):
        folder.add_zip(make_zip(tmp_path / "b.zip", mask=b"1"), job="b")


def test_json_files_that_cannot_be_joined_are_named(tmp_path: Path) -> None:
    name = "c.json"
    for first, second in ((b"{", b"{}"), (b"[]", b"{}"), (b'{"a": 1}', b'{"a": 2}')):
        folder = PredictionFolder(tmp_path / f"merged-{first.hex()}")
        folder.add_zip(make_zip(tmp_path / "a.zip", **{name: first}), job="a")
        with pytest.raises(SubmissionError, match=r"job b: `c\.json`"):
            folder.add_zip(make_zip(tmp_path / "b.zip", **{name: second}), job="b")


def test_broken_and_oversized_zip_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"no zip")
    with pytest.raises(SubmissionError, match="cannot be unpacked"):
        PredictionFolder(tmp_path).add_zip(broken, job="a")
    for limit in ("MAX_BYTES", "MAX_FILE_BYTES"):
        with monkeypatch.context() as patch:
            patch.setattr(f"leaderboard.export.programs.merging.{limit}", 10)
            with pytest.raises(SubmissionError, match="more than"):
                PredictionFolder(tmp_path / "m").add_zip(
                    make_zip(tmp_path / "big.zip", mask=b"1" * 11), job="a"
                )


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_unpack_more_than_they_say_are_refused(tmp_path: Path, method: int) -> None:
    file = tmp_path / "bomb.zip"
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr("mask", b"1")
    with pytest.raises(SubmissionError, match="job a: `mask` must be stored or deflated"):
        PredictionFolder(tmp_path / "m").add_zip(file, job="a")


def test_content_larger_than_its_zip_file_says_takes_no_memory(tmp_path: Path) -> None:
    n_bytes = 64 * 2**20
    file = tmp_path / "bomb.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mask", bytes(n_bytes))
    content = file.read_bytes()
    file.write_bytes(content.replace(n_bytes.to_bytes(4, "little"), (10).to_bytes(4, "little")))
    tracemalloc.start()
    try:
        with pytest.raises(SubmissionError, match="cannot be unpacked"):
            PredictionFolder(tmp_path / "m").add_zip(file, job="a")
        assert tracemalloc.get_traced_memory()[1] < n_bytes / 4
    finally:
        tracemalloc.stop()


def test_damaged_content_of_a_zip_file_names_the_job(tmp_path: Path) -> None:
    file = tmp_path / "damaged.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mask", bytes(range(256)) * 20)
    content = bytearray(file.read_bytes())
    content[40:60] = b"\xff" * 20
    file.write_bytes(content)
    with pytest.raises(SubmissionError, match=r"job a: .*cannot be unpacked"):
        PredictionFolder(tmp_path / "m").add_zip(file, job="a")


def test_file_name_in_a_zip_file_that_is_no_text_names_the_job(tmp_path: Path) -> None:
    file = make_zip(tmp_path / "name.zip", é=b"1")
    file.write_bytes(file.read_bytes().replace("é".encode(), b"\xff\xfe"))
    with pytest.raises(SubmissionError, match=r"job a: .*cannot be unpacked"):
        PredictionFolder(tmp_path / "m").add_zip(file, job="a")


def test_failed_job_leaves_its_images_unanswered_and_a_succeeded_one_must_answer(tmp_path: Path) -> None:
    failed = describe_job("a") | {"status": "Failed", "outputs": []}
    assert find_output(tmp_path, failed) is None
    with pytest.raises(SubmissionError, match="job b: no output `predictions`"):
        find_output(tmp_path, describe_job("b"))
    file = tmp_path / "c" / "output" / "predictions.zip"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"")
    # Files from before sockets call them interfaces.
    assert find_output(tmp_path, describe_job("c", key="interface")) == file
    outside = describe_job("c")
    outside["outputs"][0]["socket"]["relative_path"] = "../../x"
    with pytest.raises(SubmissionError, match="no output"):
        find_output(tmp_path, outside)


@pytest.mark.parametrize("text", ["", "{}", "[1]", "[{}]", '[{"pk": "a"}, {"pk": "a"}]', '[{"pk": "../a"}]'])
def test_predictions_json_that_lists_no_jobs_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "predictions.json"
    file.write_text(text)
    with pytest.raises(SubmissionError, match=r"predictions\.json"):
        read_jobs(file)


def test_missing_predictions_json_ends_without_metrics(tmp_path: Path) -> None:
    with pytest.raises(SubmissionError, match="cannot be read"):
        run(tmp_path, tmp_path / "output", tmp_path)
    assert not (tmp_path / "output").exists()


def test_runtime_is_null_where_a_job_does_not_tell() -> None:
    assert sum_runtimes([describe_job("a"), describe_job("b")]) == 3.0
    assert sum_runtimes([describe_job("a"), describe_job("b") | {"completed_at": None}]) is None
