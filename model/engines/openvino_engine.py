"""OpenVINO on the CPU."""

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import openvino as ov  # type: ignore[import-untyped] # ships no type hints
from numpy.typing import NDArray

from evaluation.contract.errors import ConfigurationError
from evaluation.contract.task import Kind
from model.engines.maps import Maps
from model.graphs import AGAIN, BACKBONE, head_name

Precision = Literal["f32", "bf16"]


class OpenVinoEngine:
    """The graphs of `model.export` in OpenVINO; the backbone has a stream of one thread for each caller."""

    def __init__(
        self, folder: Path, heads: Mapping[int, Kind], *, batch: int, n_threads: int, precision: Precision
    ) -> None:
        """Compile the backbone and the heads that will be asked; the folder is not needed afterwards.

        Args:
            folder: the graphs.
            heads: the kinds of the heads that will be asked, by number.
            batch: images that `encode` is given at most.
            n_threads: that call at once.
            precision: of the arithmetic; bf16 becomes f32 on a CPU that has no instructions for it.

        Raises:
            ConfigurationError: a graph is damaged.
        """
        core = ov.Core()
        has_bf16 = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        used = precision if has_bf16 else "f32"
        self.name = f"openvino-cpu-{used}"
        self._kinds, self._batch = heads, batch
        properties = {
            "INFERENCE_PRECISION_HINT": used,
            # Pinned, every run on a machine would crowd the same first cores, the caller's thread included.
            "ENABLE_CPU_PINNING": False,
        }

        def compile_graph(name: str, rows: int, n_streams: int) -> ov.CompiledModel:
            try:
                model = core.read_model(folder / name)
            except RuntimeError as error:
                raise ConfigurationError(f"{folder / name}: no graph that can be read; {AGAIN}") from error
            # Fixed sizes are faster than sizes that may change.
            model.reshape([rows, *list(model.input().partial_shape)[1:]])
            streams = {"NUM_STREAMS": n_streams, "INFERENCE_NUM_THREADS": n_streams}
            return core.compile_model(model, "CPU", properties | streams)

        self._backbone = compile_graph(BACKBONE, batch, n_threads)
        # One stream each: a head takes a tenth of the backbone's time, and every stream is a thread.
        self._heads = {head: compile_graph(head_name(head), 1, 1) for head in heads}
        self._local = threading.local()
        # OpenVINO's bindings deadlock when two threads are the first to hand them an array at once.
        size = self._backbone.input(0).shape
        self.encode(np.zeros(tuple(size), dtype=np.float32))

    def encode(self, batch: NDArray[np.float32]) -> Maps:
        """Return the stem's and the decoder's maps of (B, 1, S, S) images."""
        padding = [(0, self._batch - len(batch))] + [(0, 0)] * 3
        request = self._request(None)
        request.infer({0: np.pad(batch, padding)}, share_inputs=True)
        stem, dense = (request.get_output_tensor(i).data[: len(batch)].copy() for i in (0, 1))
        return Maps(stem, dense)

    def answer(self, head: int, features: Maps, rows: Sequence[int]) -> NDArray[np.float32]:
        """Return what a head says of some images of the batch."""
        request = self._request(head)
        maps = features.read_by(self._kinds[head])
        answers = []
        for row in rows:
            request.infer({0: maps[row : row + 1]}, share_inputs=True)
            answers.append(request.get_output_tensor(0).data.copy())
        return np.concatenate(answers).astype(np.float32)

    def _request(self, head: int | None) -> ov.InferRequest:
        """Return the calling thread's own request for a head or, with None, for the backbone."""
        if not hasattr(self._local, "requests"):
            self._local.requests = {}
        if head not in self._local.requests:
            compiled = self._backbone if head is None else self._heads[head]
            self._local.requests[head] = compiled.create_infer_request()
        return self._local.requests[head]
