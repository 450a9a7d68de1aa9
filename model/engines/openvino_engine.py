"""OpenVINO on the CPU."""

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import openvino as ov  # type: ignore[import-untyped] # ships no type hints
from numpy.typing import NDArray

from evaluation.contract.errors import ConfigurationError
from evaluation.contract.task import Kind
from model.engines.engine import Precision
from model.engines.maps import Maps
from model.graphs import AGAIN, DECODER, STEM, head_name


class OpenVinoEngine:
    """The graphs of `model.export` in OpenVINO; stem and decoder have a stream of one thread a caller."""

    def __init__(
        self, folder: Path, heads: Mapping[int, Kind], *, batch: int, n_threads: int, precision: Precision
    ) -> None:
        """Compile stem, decoder and the heads that will be asked; the folder is not needed afterwards.

        Args:
            folder: the graphs.
            heads: the kinds of the heads that will be asked, by number.
            batch: images that `encode` is given at most.
            n_threads: that call at once.
            precision: of the arithmetic; ``mixed`` is f32 in the stem and bf16 after it. All is f32 on a CPU
                that has no instructions for bf16.

        Raises:
            ConfigurationError: a graph is damaged.
        """
        core = ov.Core()
        has_bf16 = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        used = precision if has_bf16 else "f32"
        self.name = f"openvino-cpu-{used}"
        self._kinds, self._batch = heads, batch
        first, rest = {"f32": ("f32", "f32"), "mixed": ("f32", "bf16"), "bf16": ("bf16", "bf16")}[used]

        def compile_graph(name: str, rows: int, n_streams: int, hint: str) -> ov.CompiledModel:
            try:
                model = core.read_model(folder / name)
            except RuntimeError as error:
                raise ConfigurationError(f"{folder / name}: no graph that can be read; {AGAIN}") from error
            # Fixed sizes are faster than sizes that may change.
            model.reshape({port: [rows, *list(port.partial_shape)[1:]] for port in model.inputs})
            properties = {
                "INFERENCE_PRECISION_HINT": hint,
                # Pinned, all runs on a machine would crowd the same first cores, callers included.
                "ENABLE_CPU_PINNING": False,
                "NUM_STREAMS": n_streams,
                "INFERENCE_NUM_THREADS": n_streams,
            }
            return core.compile_model(model, "CPU", properties)

        self._graphs = {
            STEM: compile_graph(STEM, batch, n_threads, first),
            DECODER: compile_graph(DECODER, batch, n_threads, rest),
        }
        # One stream each: a head takes a tenth of the rest's time, and every stream is a thread.
        self._graphs |= {head_name(head): compile_graph(head_name(head), 1, 1, rest) for head in heads}
        self._local = threading.local()
        # OpenVINO's bindings deadlock when two threads are the first to hand them an array at once.
        self.encode(np.zeros(tuple(self._graphs[STEM].input(0).shape), dtype=np.float32))

    def encode(self, batch: NDArray[np.float32]) -> Maps:
        """Return the stem's and the decoder's maps of (B, 1, S, S) images."""
        padding = [(0, self._batch - len(batch))] + [(0, 0)] * 3
        stem, decoder = self._request(STEM), self._request(DECODER)
        stem.infer({0: np.pad(batch, padding)}, share_inputs=True)
        maps = [tensor.data for tensor in stem.output_tensors]
        decoder.infer(dict(enumerate(maps)), share_inputs=True)
        dense = decoder.get_output_tensor(0).data
        return Maps(maps[-1][: len(batch)].copy(), dense[: len(batch)].copy())

    def answer(self, head: int, features: Maps, rows: Sequence[int]) -> NDArray[np.float32]:
        """Return what a head says of some images of the batch."""
        request = self._request(head_name(head))
        maps = features.read_by(self._kinds[head])
        answers = []
        for row in rows:
            request.infer({0: maps[row : row + 1]}, share_inputs=True)
            answers.append(request.get_output_tensor(0).data.copy())
        return np.concatenate(answers).astype(np.float32)

    def _request(self, graph: str) -> ov.InferRequest:
        """Return the calling thread's own request for a graph."""
        if not hasattr(self._local, "requests"):
            self._local.requests = {}
        if graph not in self._local.requests:
            self._local.requests[graph] = self._graphs[graph].create_infer_request()
        return self._local.requests[graph]
