"""Podman's filter of system calls, made as narrow as docker's for a container without capabilities.

Podman's own lets any program make name spaces and, as root of a user name space, mounts: no limit is crossed
by that, but far more of the kernel can be reached.

Source: containers-common, seccomp.json; moby, profiles/seccomp/default_linux.go.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_DENIED = frozenset(
    (
        *("clone", "clone3", "setns", "unshare"),
        *("fsconfig", "fsmount", "fsopen", "fspick", "mount", "mount_setattr", "move_mount", "open_tree"),
        *("pivot_root", "umount", "umount2"),
        *("add_key", "keyctl", "request_key"),
    )
)
_NAME_SPACE_FLAGS = 0x7E020000
"""All CLONE_NEW* flags of clone(2). A filter cannot see clone3's, so programs must fall back to clone."""
_NO_SUCH_CALL = 38
_REPLACED = (
    {
        "names": ["clone"],
        "action": "SCMP_ACT_ALLOW",
        "args": [{"index": 0, "value": _NAME_SPACE_FLAGS, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}],
    },
    {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": _NO_SUCH_CALL},
)


def narrow_filter(profile: Mapping[str, Any]) -> dict[str, Any]:
    """Return a profile without name spaces, mounts and keys; what is not named is denied already.

    Args:
        profile: a seccomp profile whose default action denies.
    """
    rules = [
        {**rule, "names": [name for name in rule["names"] if name not in _DENIED]}
        for rule in profile["syscalls"]
    ]
    return {**profile, "syscalls": [*(rule for rule in rules if rule["names"]), *_REPLACED]}


def write_filter(default: Path, folder: Path) -> list[str]:
    """Write the narrowed filter and return the words that name it; none where podman has no profile."""
    try:
        profile = json.loads(default.read_bytes())
    except OSError:
        return []
    file = folder / "seccomp.json"
    file.write_text(json.dumps(narrow_filter(profile)), encoding="utf-8")
    return [f"--security-opt=seccomp={file}"]
