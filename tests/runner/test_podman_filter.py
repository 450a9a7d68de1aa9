"""The filter of system calls that podman is given."""

from pathlib import Path

from evaluation.files.json_text import dump_json
from evaluation.runner.podman_filter import narrow_filter, write_filter

DEFAULT = {
    "defaultAction": "SCMP_ACT_ERRNO",
    "defaultErrnoRet": 38,
    "syscalls": [
        {"names": ["clone", "clone3", "mount", "read", "unshare"], "action": "SCMP_ACT_ALLOW"},
        {"names": ["setns"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}},
    ],
}


def test_name_spaces_and_mounts_are_taken_out_and_the_rest_stays() -> None:
    allowed = [rule for rule in narrow_filter(DEFAULT)["syscalls"] if rule["action"] == "SCMP_ACT_ALLOW"]
    assert [rule["names"] for rule in allowed] == [["read"], ["clone"]]
    assert allowed[1]["args"][0]["value"] == 0x7E020000
    assert narrow_filter(DEFAULT)["defaultAction"] == "SCMP_ACT_ERRNO"


def test_clone3_does_not_exist_so_programs_use_clone() -> None:
    last = narrow_filter(DEFAULT)["syscalls"][-1]
    assert (last["names"], last["action"], last["errnoRet"]) == (["clone3"], "SCMP_ACT_ERRNO", 38)


def test_podman_is_given_the_file_where_it_has_a_profile(tmp_path: Path) -> None:
    (tmp_path / "default.json").write_bytes(dump_json(DEFAULT))
    assert write_filter(tmp_path / "default.json", tmp_path) == [
        f"--security-opt=seccomp={tmp_path}/seccomp.json"
    ]
    assert write_filter(tmp_path / "absent.json", tmp_path) == []
