"""How much GPU memory a submission holds, asked of NVIDIA's management library from the host.

Promises: without a library, a driver or a GPU there is a reason instead of a probe; a reading never raises
because a process ended or a right is missing. Memory is counted by the submission's processes (their CUDA
contexts included); where the driver does not show them, the device's use minus its use before the start
stands in and is marked as such.

Source: NVML API reference, nvmlDeviceGetComputeRunningProcesses and nvmlDeviceGetMemoryInfo.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from evaluation.contract.errors import ConfigurationError, DeviceError
from evaluation.contract.record import Record

_MIB = 2**20


class GpuDevice(Record):
    """A GPU as its driver names it."""

    index: int
    name: str
    uuid: str
    driver: str
    """Version of the driver."""
    total_mib: float


@dataclass(frozen=True)
class NoGpu:
    """Why GPU memory is not measured."""

    reason: str


@dataclass(frozen=True)
class GpuReading:
    """One look at the devices."""

    process_mib: float | None
    """Held by the submission's processes; None when the driver does not show processes or their memory."""
    device_mib: float | None
    """Held on the devices by anybody; None when that cannot be read either."""
    strangers: frozenset[int]
    """Processes on the devices that are not the submission's."""


class GpuProbe:
    """The devices that a submission may use."""

    def __init__(self, library: Any, handles: Sequence[Any], devices: Sequence[GpuDevice]) -> None:  # noqa: ANN401
        self._library = library  # pynvml has no type hints
        self._handles = handles
        self.devices = tuple(devices)

    def read(self, pids: frozenset[int]) -> GpuReading:
        """Look once.

        Args:
            pids: the submission's processes, as the host numbers them; read them before this call, so that a
                process that ends in between is counted once more rather than missed.
        """
        held: dict[tuple[int, int], float | None] = {}
        shown = True
        for device, handle in zip(self.devices, self._handles, strict=True):
            shown = self._add_processes(handle, device.index, held) and shown
        ours = [mib for (_, pid), mib in held.items() if pid in pids]
        known = [mib for mib in ours if mib is not None]
        return GpuReading(
            process_mib=sum(known) if shown and len(known) == len(ours) else None,
            device_mib=self._read_devices(),
            strangers=frozenset(pid for _, pid in held) - pids,
        )

    def close(self) -> None:
        """Let go of the library."""
        try:
            self._library.nvmlShutdown()
        except self._library.NVMLError:
            return

    def _add_processes(self, handle: Any, index: int, held: dict[tuple[int, int], float | None]) -> bool:  # noqa: ANN401
        library = self._library
        try:
            for call in (
                library.nvmlDeviceGetComputeRunningProcesses,
                library.nvmlDeviceGetGraphicsRunningProcesses,
            ):
                for process in call(handle):
                    used = process.usedGpuMemory
                    # A process that computes and draws is in both lists.
                    before = held.get((index, process.pid), 0.0)
                    unknown = used is None or before is None
                    held[index, process.pid] = None if unknown else max(before, used / _MIB)
        except (library.NVMLError, library.NVMLLibraryMismatchError):  # a driver before 510 has no such call
            return False
        return True

    def _read_devices(self) -> float | None:
        try:
            return float(sum(self._library.nvmlDeviceGetMemoryInfo(h).used for h in self._handles)) / _MIB
        except self._library.NVMLError:
            return None


def open_gpus(gpus: str) -> GpuProbe | NoGpu:
    """Open the devices that a submission may use.

    Args:
        gpus: ``all``, ``none``, or indices or UUIDs separated by commas.

    Raises:
        ConfigurationError: a device that is named is not there although the driver is.
        DeviceError: devices are named and none can be had; without them the submission would be at fault.
    """
    if gpus == "none":
        return NoGpu("the run was given no GPU")
    opened = _open_driver(gpus)
    if isinstance(opened, NoGpu) and gpus != "all":
        raise DeviceError(f"GPU {gpus} was asked for but {opened.reason}")
    return opened


def _open_driver(gpus: str) -> GpuProbe | NoGpu:
    try:
        import pynvml
    except ModuleNotFoundError:
        return NoGpu("the package nvidia-ml-py is not installed")
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        return NoGpu(f"the NVIDIA driver does not answer: {error}")
    try:
        probe = _open(pynvml, gpus)
    except (pynvml.NVMLError, ConfigurationError) as error:
        pynvml.nvmlShutdown()
        if isinstance(error, ConfigurationError):
            raise
        return NoGpu(f"the NVIDIA driver does not answer: {error}")
    if not probe.devices:
        probe.close()
        return NoGpu("the NVIDIA driver has no GPU")
    return probe


def _open(library: Any, gpus: str) -> GpuProbe:  # noqa: ANN401 # pynvml has no type hints
    handles = [library.nvmlDeviceGetHandleByIndex(i) for i in range(library.nvmlDeviceGetCount())]
    driver = str(library.nvmlSystemGetDriverVersion())
    devices = [
        GpuDevice(
            index=index,
            name=str(library.nvmlDeviceGetName(handle)),
            uuid=str(library.nvmlDeviceGetUUID(handle)),
            driver=driver,
            total_mib=library.nvmlDeviceGetMemoryInfo(handle).total / _MIB,
        )
        for index, handle in enumerate(handles)
    ]
    if gpus == "all":
        return GpuProbe(library, handles, devices)
    chosen = [_find(name.strip(), devices) for name in gpus.split(",")]
    return GpuProbe(library, [handles[i] for i in chosen], [devices[i] for i in chosen])


def _find(name: str, devices: Sequence[GpuDevice]) -> int:
    for device in devices:
        if name in (str(device.index), device.uuid):
            return device.index
    there = ", ".join(f"{device.index} ({device.uuid})" for device in devices) or "none"
    raise ConfigurationError(f"Expected argument `gpus` to name devices among {there} but got {name!r}")


GpuBasis = Literal["process", "device", "none"]
