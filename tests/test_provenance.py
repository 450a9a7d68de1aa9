"""Where a result says that its numbers come from."""

import re
import shutil
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

import pytest

from evaluation import provenance


def test_record_names_time_python_and_packages() -> None:
    record = provenance.describe_run()
    created = datetime.fromisoformat(record.created_utc)
    assert abs((datetime.now(UTC) - created).total_seconds()) < 60
    assert record.packages["numpy"] == version("numpy")
    assert re.fullmatch(r"3\.\d+\.\d+\S*", record.python)


def test_revision_is_a_commit_or_nothing() -> None:
    revision = provenance.find_revision()
    assert revision is None or re.fullmatch(r"[0-9a-f]{40}(-dirty)?", revision)


@pytest.fixture
def no_memory() -> None:
    """Forget the revision that this process has found."""
    provenance.find_revision.cache_clear()


@pytest.mark.usefixtures("no_memory")
def test_revision_is_none_without_git(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert provenance.find_revision() is None
    provenance.find_revision.cache_clear()


@pytest.mark.usefixtures("no_memory")
def test_revision_is_none_where_git_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(*_: object, **__: object) -> None:
        raise subprocess.TimeoutExpired("git", 20)

    monkeypatch.setattr(shutil, "which", lambda _: "git")
    monkeypatch.setattr(subprocess, "run", hang)
    assert provenance.find_revision() is None
    provenance.find_revision.cache_clear()


def test_package_that_is_not_installed_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(name: str) -> str:
        if name == "scipy":
            raise PackageNotFoundError(name)
        return "1.0"

    monkeypatch.setattr(provenance, "version", find)
    provenance._find_version.cache_clear()
    assert set(provenance.describe_run().packages) == {
        "numpy",
        "pandas",
        "opencv-python-headless",
        "pillow",
        "pydantic",
    }
    provenance._find_version.cache_clear()
