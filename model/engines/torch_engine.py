"""Torch, on a GPU or, as the yardstick of the other engines, on the CPU."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from evaluation.contract.errors import DeviceError
from model.network.backbone import Features
from model.network.unified import UnifiedNetwork


class TorchEngine:
    """The network itself; half precision and channels last on a GPU, single precision on the CPU."""

    def __init__(self, network: UnifiedNetwork, *, device: str, is_compiled: bool = False) -> None:
        """Move the network to a device.

        Args:
            network: in evaluation mode.
            device: ``cpu`` or ``cuda``.
            is_compiled: let torch.compile make the backbone faster; takes a minute at the start.

        Raises:
            DeviceError: there is no such device.
        """
        if device == "cuda" and not torch.cuda.is_available():
            raise DeviceError("torch sees no CUDA device; run the container with --gpus all, or on the CPU")
        self.name = f"torch-{device}-{'f16' if device == 'cuda' else 'f32'}"
        self._device = torch.device(device)
        self._network = network.to(self._device)
        for parameter in self._network.parameters():
            if parameter.ndim == 4:
                parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
        self._encode = torch.compile(network.encode) if is_compiled else network.encode

    @torch.inference_mode()
    def encode(self, batch: NDArray[np.float32]) -> Features:
        """Return the features of (B, 1, S, S) images, on the device."""
        image = torch.from_numpy(batch).to(self._device, memory_format=torch.channels_last)
        with self._autocast():
            return self._encode(image)

    @torch.inference_mode()
    def answer(self, head: int, features: Features, rows: Sequence[int]) -> NDArray[np.float32]:
        """Return what a head says of some images of the batch."""
        some = Features(features.stem[list(rows)], features.dense[list(rows)])
        with self._autocast():
            answer = self._network.answer(head, some)
        return np.asarray(answer.float().cpu().numpy(), dtype=np.float32)

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self._device.type, torch.float16, enabled=self._device.type == "cuda")
