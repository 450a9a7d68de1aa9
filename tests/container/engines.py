"""Container engines that answer, and small images built on them."""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

BASE = "python:3.11-slim-bookworm"
_BUILD_S = 900


def call(engine: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run an engine's command; its failure is the caller's to judge."""
    return subprocess.run([engine, *words], capture_output=True, text=True, timeout=_BUILD_S, check=False)


@cache
def find_failed_start(engine: str) -> str | None:
    """Bring docker up with the script that CONTAINER_ENGINE_SCRIPT names; return why that failed."""
    script = os.environ.get("CONTAINER_ENGINE_SCRIPT")
    if engine != "docker" or not script:
        return None
    done = subprocess.run(
        ["/bin/bash", script, BASE], capture_output=True, text=True, timeout=_BUILD_S, check=False
    )
    return None if done.returncode == 0 else f"{script}: {done.stderr[-2000:]}"


@cache
def find_reason_to_skip(engine: str) -> str | None:
    """Return why an engine cannot be tested here; None when it can."""
    if shutil.which(engine) is None:
        return f"{engine} is not installed"
    if call(engine, "info").returncode != 0:
        return f"no engine answers `{engine} info`"
    if call(engine, "image", "inspect", BASE).returncode != 0 and call(engine, "pull", BASE).returncode != 0:
        return f"{engine} has no image {BASE} and cannot pull it"
    return None


def require(engine: str) -> None:
    """Skip the test where the engine cannot be used; fail where it was asked for and does not start."""
    failure = find_failed_start(engine)
    if failure is not None:
        pytest.fail(failure)
    reason = find_reason_to_skip(engine)
    if reason is not None:
        pytest.skip(reason)


def build_image(engine: str, folder: Path, script: str, tag: str, *, lines: str = "") -> str:
    """Build an image that runs a Python script, and return its tag."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "submission.py").write_text(script, encoding="utf-8")
    entry = 'ENTRYPOINT ["python", "-S", "/submission.py"]'
    text = f"FROM {BASE}\nCOPY submission.py /submission.py\n{lines}\n{entry}\n"
    (folder / "Dockerfile").write_text(text, encoding="utf-8")
    done = call(engine, "build", "--quiet", "--network=host", "--tag", tag, str(folder))
    assert done.returncode == 0, done.stderr
    return tag
