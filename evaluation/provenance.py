"""Where a number comes from: code, Python and package versions."""

import platform
import shutil
import subprocess
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from evaluation.contract.result import Provenance

_PACKAGES = ("numpy", "scipy", "pandas", "opencv-python-headless", "pillow", "pydantic")


def describe_run() -> Provenance:
    """Return the provenance of a result made now."""
    return Provenance(
        created_utc=datetime.now(UTC).isoformat(timespec="seconds"),
        code_revision=find_revision(),
        python=platform.python_version(),
        packages={name: text for name in _PACKAGES if (text := _find_version(name))},
    )


@cache
def find_revision() -> str | None:
    """Return the checkout's commit, with ``-dirty`` when files differ from it; None outside a checkout.

    Asked once a process: code that was loaded does not change with the checkout.
    """
    git = shutil.which("git")
    if git is None:
        return None
    command = [git, "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--abbrev=40"]
    try:
        # The command is fixed; only git's own place comes from the environment.
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None


@cache
def _find_version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
