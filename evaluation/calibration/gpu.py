"""The GPU workload: half-precision convolutions, where torch and a CUDA device are there."""

import importlib.util
import statistics
import time

from evaluation.calibration.record import GpuCalibration

_N_CONVOLUTIONS = 200


def measure_gpu(n_repeats: int) -> GpuCalibration | None:
    """Return the speed of the first CUDA device; None without torch or without a device."""
    if importlib.util.find_spec("torch") is None:
        return None
    import torch

    if not torch.cuda.is_available():
        return None
    run_gpu_unit("cuda", torch.float16)
    seconds = tuple(run_gpu_unit("cuda", torch.float16) for _ in range(n_repeats))
    return GpuCalibration(
        name=torch.cuda.get_device_name(0), unit_s=statistics.median(seconds), repeats_s=seconds
    )


def run_gpu_unit(device: str, dtype: object, n_convolutions: int = _N_CONVOLUTIONS) -> float:
    """Return the seconds that one unit takes on a device.

    Args:
        device: as torch names it; ``cpu`` serves the tests.
        dtype: a torch floating-point type.
        n_convolutions: how much work.
    """
    import torch

    if not isinstance(dtype, torch.dtype):
        raise TypeError(f"Expected argument `dtype` to be a torch.dtype but got {dtype!r}")
    generator = torch.Generator().manual_seed(1)
    maps = torch.randn(8, 64, 96, 96, generator=generator).to(device, dtype)
    weights = (torch.randn(64, 64, 3, 3, generator=generator) / 24).to(device, dtype)
    start = time.perf_counter()
    with torch.inference_mode():
        for _ in range(n_convolutions):
            maps = torch.relu(torch.nn.functional.conv2d(maps, weights, padding=1))
    float(maps.sum())  # waits until the device has done the work
    return time.perf_counter() - start
