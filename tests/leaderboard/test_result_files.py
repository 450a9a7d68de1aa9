"""Every refusal of result files fires, and all of them come at once."""

import json
import os
from pathlib import Path

import pytest

from evaluation.contract.errors import ConfigurationError
from leaderboard import record_files
from leaderboard.result_files import load_results
from tests.leaderboard.result_scenes import make_result, write_result


def test_results_come_back_as_written_in_the_given_order(tmp_path: Path) -> None:
    b, a = make_result("b"), make_result("a")
    assert load_results([write_result(tmp_path, b), write_result(tmp_path, a)]) == (b, a)


def test_no_file_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="at least one result file"):
        load_results([])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("mode", "official"),
        ("manifest_sha256", "ef" * 32),
        ("reference_sha256", "ef" * 32),
    ],
)
def test_a_file_that_differs_is_named_with_the_field_and_both_values(
    tmp_path: Path, field: str, value: str
) -> None:
    first = write_result(tmp_path, make_result("a"))
    expected = getattr(make_result("a"), field)
    other = write_result(tmp_path, make_result("b").model_copy(update={field: value}))
    with pytest.raises(ConfigurationError) as caught:
        load_results([first, other])
    message = str(caught.value)
    assert (
        f"{other}: Expected `{field}` to be {expected} as in {first} but got {value}; score both" in message
    )
    assert message.count("\n") == 1


def test_protocols_are_not_mixed(tmp_path: Path) -> None:
    paths = [
        write_result(tmp_path, make_result("a")),
        write_result(tmp_path, make_result("b", protocol="fmc_uia")),
    ]
    with pytest.raises(
        ConfigurationError, match=r"b\.json: Expected `protocol` to be uusic25 .* got fmc_uia"
    ):
        load_results(paths)


def test_a_repeated_name_is_refused_and_told_how_to_rename(tmp_path: Path) -> None:
    paths = [
        write_result(tmp_path, make_result("team x"), "one"),
        write_result(tmp_path, make_result("team\nx"), "two"),
    ]
    with pytest.raises(ConfigurationError, match=r"two\.json.*one\.json.*'team x'; .*change `submission`"):
        load_results(paths)


def test_a_file_given_twice_is_refused(tmp_path: Path) -> None:
    path = write_result(tmp_path, make_result("a"))
    with pytest.raises(ConfigurationError, match="give each file once"):
        load_results([path, path])


@pytest.mark.parametrize("name", ["", " \n\t", "\u200b", "x" * 256])
def test_a_name_that_cannot_be_shown_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match="visible characters"):
        load_results([write_result(tmp_path, make_result(name), "a")])


def test_an_unknown_protocol_is_refused(tmp_path: Path) -> None:
    result = make_result("a").model_copy(update={"protocol": "tn3k"})
    with pytest.raises(ConfigurationError, match="one of uusic25, fmc_uia but got 'tn3k'"):
        load_results([write_result(tmp_path, result)])


def test_another_format_version_is_refused(tmp_path: Path) -> None:
    result = make_result("a").model_copy(update={"format_version": 2})
    with pytest.raises(ConfigurationError, match="written by another version of this project"):
        load_results([write_result(tmp_path, result)])


def test_an_absent_metric_is_refused(tmp_path: Path) -> None:
    content = json.loads(make_result("a").model_dump_json())
    del content["summary"]["mean_dsc"]
    path = tmp_path / "a.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="`mean_dsc` but it is absent"):
        load_results([path])


@pytest.mark.parametrize(
    ("protocol", "key", "value"),
    [
        ("uusic25", "perf", 1.5),
        ("uusic25", "seg", -0.1),
        ("fmc_uia", "hd_px", -1.0),
        ("fmc_uia", "mcc", -1.1),
    ],
)
def test_a_value_outside_its_range_is_refused(tmp_path: Path, protocol: str, key: str, value: float) -> None:
    path = write_result(tmp_path, make_result("a", protocol=protocol, summary={key: value}))
    with pytest.raises(ConfigurationError, match=f"`{key}` to be in .* but got {value}"):
        load_results([path])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b"\x80\x04K\x01.",
        b"[" * 100_000,
        b'{"submission": "\\ud800"}',
        b'{"n_cases": NaN}',
    ],
)
def test_a_corrupt_file_is_refused_with_its_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.json"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"broken\.json: not a valid result"):
        load_results([path])


def test_nan_in_a_score_is_refused(tmp_path: Path) -> None:
    text = make_result("a").model_dump_json().replace('"value":0.854', '"value":NaN')
    assert "NaN" in text
    path = tmp_path / "a.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="finite number"):
        load_results([path])


def test_an_oversized_file_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_result(tmp_path, make_result("a"))
    monkeypatch.setattr(record_files, "MAX_BYTES", 100)
    with pytest.raises(ConfigurationError, match=r"a\.json: Expected at most 100 bytes"):
        load_results([path])


def test_folders_pipes_and_absent_files_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "absent.json"):
        with pytest.raises(ConfigurationError, match="no regular file"):
            load_results([path])


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_an_unreadable_file_is_refused(tmp_path: Path) -> None:
    path = write_result(tmp_path, make_result("a"))
    path.chmod(0)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_results([path])


def test_a_name_too_long_for_the_file_system_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_results([Path("x" * 5000)])


def test_all_problems_of_all_files_come_at_once(tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("{", encoding="utf-8")
    paths = [
        tmp_path / "absent.json",
        broken,
        write_result(tmp_path, make_result("a")),
        write_result(tmp_path, make_result("a", mode="official", summary={"mean_dsc": 2.0}), "again"),
    ]
    with pytest.raises(ConfigurationError) as caught:
        load_results(paths)
    message = str(caught.value)
    assert message.count("\n- ") == 5
    for part in ("no regular file", "not a valid result", "`mean_dsc`", "`mode`", "`submission`"):
        assert part in message


def test_control_characters_of_a_file_do_not_reach_the_message(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"\x1b[2Jkey\n- forged": 1}), encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_results([path])
    assert "\x1b" not in str(caught.value)
    assert str(caught.value).count("\n") == 1


def test_a_negative_mcc_and_a_large_distance_are_within_range(tmp_path: Path) -> None:
    result = make_result("a", protocol="fmc_uia", summary={"mcc": -0.5, "hd_px": 900.0, "mre_px": 0.0})
    assert load_results([write_result(tmp_path, result)]) == (result,)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_cases": 1}, "`n_cases` to be its tasks' 12 but got 1"),
        ({"n_failed": 3}, "`n_failed` to be its tasks' 0 but got 3"),
        ({"tasks": ()}, "`n_cases` to be its tasks' 0 but got 12"),
    ],
)
def test_a_result_that_contradicts_itself_is_refused(
    tmp_path: Path, change: dict[str, object], message: str
) -> None:
    path = write_result(tmp_path, make_result("a").model_copy(update=change))
    with pytest.raises(ConfigurationError, match=message):
        load_results([path])


def test_a_perf_that_is_not_the_mean_of_its_parts_is_refused(tmp_path: Path) -> None:
    content = json.loads(make_result("a").model_dump_json())
    content["summary"]["perf"]["value"] = 1.0
    path = tmp_path / "a.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"`perf` to be 0\.5 but got 1\.0"):
        load_results([path])


def test_a_key_given_twice_is_refused(tmp_path: Path) -> None:
    path = write_result(tmp_path, make_result("a"))
    path.write_text(path.read_text().replace('"seg":', '"seg":{"value":0.9,"status":"ok"},"seg":', 1))
    with pytest.raises(ConfigurationError, match="keys given twice with different values"):
        load_results([path])


@pytest.mark.parametrize("runtime", ["true", '"1"', "1e300", "-1"])
def test_a_runtime_that_is_no_ordinary_number_is_refused(tmp_path: Path, runtime: str) -> None:
    path = write_result(tmp_path, make_result("a", time_s=10.0))
    path.write_text(path.read_text().replace('"runtime_s":10.0', f'"runtime_s":{runtime}'))
    with pytest.raises(ConfigurationError, match="runtime_s"):
        load_results([path])
