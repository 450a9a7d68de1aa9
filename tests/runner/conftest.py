"""A driver library built from C, so that the real pynvml runs without a GPU."""

import ctypes
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pynvml
import pytest

MIB = 2**20
NO_PERMISSION = 4
GPU_IS_LOST = 15
NOT_AVAILABLE = 2**64 - 1


class FakeDriver:
    """The scene behind the library's answers."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library

    def boot(self, n_devices: int, used_mib: int = 0) -> None:
        """Load the driver, with so much memory in use on each device."""
        self._library.fake_driver(n_devices)
        for index in range(n_devices):
            self.set_used(index, used_mib)

    def set_used(self, device: int, mib: int) -> None:
        """Set the memory in use on a device, by whomever."""
        self._library.fake_used(device, ctypes.c_ulonglong(mib * MIB))

    def start_process(self, pid: int, mib: int | None, *, device: int = 0, draws: bool = False) -> None:
        """Let a process appear; a memory of None is one that the driver does not tell."""
        used = NOT_AVAILABLE if mib is None else mib * MIB
        self._library.fake_process(device, int(draws), pid, ctypes.c_ulonglong(used))

    def end_processes(self) -> None:
        """Let every process end."""
        self._library.fake_processes_end()

    def end_last_process_while_listed(self) -> None:
        """Let the last process end between the driver's count and its list."""
        self._library.fake_vanish()

    def refuse_lists(self, code: int) -> None:
        """Answer every listing of processes with an error."""
        self._library.fake_list_code(code)

    def refuse_memory(self, code: int) -> None:
        """Answer every question for a device's memory with an error."""
        self._library.fake_memory_code(code)


@pytest.fixture(scope="session")
def nvml_library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler to build the stand-in for NVIDIA's driver library")
    name = "libnvidia-ml.so.1"
    file = tmp_path_factory.mktemp("nvml") / name
    source = Path(__file__).with_name("fake_nvml.c")
    flags = ["-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", f"-Wl,-soname,{name}"]
    subprocess.run([compiler, *flags, "-o", str(file), str(source)], check=True)
    # A library that is loaded already answers to its name: pynvml's own CDLL finds this one.
    return ctypes.CDLL(str(file))


@pytest.fixture
def driver(nvml_library: ctypes.CDLL, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDriver]:
    monkeypatch.setattr(pynvml, "nvmlLib", None)
    monkeypatch.setattr(pynvml, "_nvmlGetFunctionPointer_cache", {})
    nvml_library.fake_reset()
    yield FakeDriver(nvml_library)
    nvml_library.fake_reset()
