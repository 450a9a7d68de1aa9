"""GPU memory through the real pynvml, over a driver library built from C."""

import ctypes

import pynvml
import pytest

from evaluation.contract.errors import ConfigurationError, DeviceError
from evaluation.runner.gpu import GpuProbe, NoGpu, open_gpus
from tests.runner.conftest import GPU_IS_LOST, NO_PERMISSION, FakeDriver

OURS = frozenset({100, 101})


def open_probe(gpus: str = "all") -> GpuProbe:
    probe = open_gpus(gpus)
    assert isinstance(probe, GpuProbe)
    return probe


def test_a_run_without_gpu_asks_no_driver() -> None:
    assert open_gpus("none") == NoGpu("the run was given no GPU")


def test_a_driver_that_is_not_loaded_is_a_reason(driver: FakeDriver) -> None:
    opened = open_gpus("all")
    assert isinstance(opened, NoGpu)
    assert "Driver Not Loaded" in opened.reason


def test_a_device_that_is_named_is_never_silently_left_out(driver: FakeDriver) -> None:
    with pytest.raises(DeviceError, match="GPU 0 was asked for but the NVIDIA driver does not answer"):
        open_gpus("0")


def test_a_driver_without_devices_is_a_reason(driver: FakeDriver) -> None:
    driver.boot(0)
    assert open_gpus("all") == NoGpu("the NVIDIA driver has no GPU")


def test_devices_carry_name_uuid_and_driver(driver: FakeDriver) -> None:
    driver.boot(2)
    devices = open_probe().devices
    assert [device.uuid for device in devices] == ["GPU-00000000", "GPU-00000001"]
    assert {(device.name, device.driver, device.total_mib) for device in devices} == {
        ("Fake GPU", "999.10.01", 8192.0)
    }


@pytest.mark.parametrize("gpus", ["1", "GPU-00000001"])
def test_a_device_is_chosen_by_index_or_uuid(driver: FakeDriver, gpus: str) -> None:
    driver.boot(2)
    driver.start_process(100, 500, device=0)
    driver.start_process(100, 30, device=1)
    probe = open_probe(gpus)
    assert [device.index for device in probe.devices] == [1]
    assert probe.read(OURS).process_mib == 30


def test_an_unknown_device_is_refused_by_name(driver: FakeDriver) -> None:
    driver.boot(1)
    with pytest.raises(ConfigurationError, match=r"0 \(GPU-00000000\) but got '3'"):
        open_gpus("3")


def test_memory_is_summed_over_our_processes_and_devices_alone(driver: FakeDriver) -> None:
    driver.boot(2, used_mib=700)
    driver.start_process(100, 200, device=0)
    driver.start_process(101, 50, device=1)
    driver.start_process(999, 400, device=0)
    reading = open_probe().read(OURS)
    assert reading.process_mib == 250
    assert reading.device_mib == 1400
    assert reading.strangers == {999}


def test_a_process_in_both_lists_counts_once(driver: FakeDriver) -> None:
    driver.boot(1)
    driver.start_process(100, 200)
    driver.start_process(100, 220, draws=True)
    assert open_probe().read(OURS).process_mib == 220


def test_a_process_that_ends_while_it_is_listed_is_no_error(driver: FakeDriver) -> None:
    driver.boot(1)
    driver.start_process(100, 200)
    driver.start_process(101, 300)
    driver.end_last_process_while_listed()
    assert open_probe().read(OURS).process_mib == 200


def test_a_missing_right_leaves_the_devices_use(driver: FakeDriver) -> None:
    driver.boot(1, used_mib=700)
    probe = open_probe()
    driver.refuse_lists(NO_PERMISSION)
    reading = probe.read(OURS)
    assert reading.process_mib is None
    assert reading.device_mib == 700


def test_a_driver_too_old_to_list_processes_leaves_the_devices_use(
    driver: FakeDriver, nvml_library: ctypes.CDLL, monkeypatch: pytest.MonkeyPatch
) -> None:
    class OldDriver:
        def __getattr__(self, name: str) -> object:
            if name.endswith("RunningProcesses_v3"):
                raise AttributeError(name)
            return getattr(nvml_library, name)

    driver.boot(1, used_mib=700)
    monkeypatch.setattr(pynvml, "nvmlLib", OldDriver())
    reading = open_probe().read(OURS)
    assert (reading.process_mib, reading.device_mib) == (None, 700)


def test_memory_that_the_driver_does_not_tell_is_not_zero(driver: FakeDriver) -> None:
    driver.boot(1)
    driver.start_process(100, None)
    driver.start_process(100, 20, draws=True)
    driver.start_process(101, 40)
    assert open_probe().read(OURS).process_mib is None


def test_a_lost_gpu_is_a_reading_of_nothing(driver: FakeDriver) -> None:
    driver.boot(1)
    probe = open_probe()
    driver.refuse_lists(GPU_IS_LOST)
    driver.refuse_memory(GPU_IS_LOST)
    reading = probe.read(OURS)
    assert reading.process_mib is None
    assert reading.device_mib is None
    probe.close()
