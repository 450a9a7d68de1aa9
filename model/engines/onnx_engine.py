"""ONNX Runtime on the CPU."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnxruntime as ort  # type: ignore[import-untyped] # ships no type hints
from numpy.typing import NDArray

from evaluation.contract.task import Kind
from model.engines.maps import Maps
from model.graphs import DECODER, STEM, head_name


class OnnxEngine:
    """The graphs of `model.export` in ONNX Runtime; each call runs on the thread that makes it."""

    name = "onnxruntime-cpu-f32"

    def __init__(self, folder: Path, heads: Mapping[int, Kind]) -> None:
        """Read stem, decoder and the heads that will be asked, whose kinds are given by number."""
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1

        def read_graph(name: str) -> ort.InferenceSession:
            return ort.InferenceSession(folder / name, options, providers=["CPUExecutionProvider"])

        self._kinds = heads
        self._stem, self._decoder = read_graph(STEM), read_graph(DECODER)
        self._heads = {head: read_graph(head_name(head)) for head in heads}

    def encode(self, batch: NDArray[np.float32]) -> Maps:
        """Return the stem's and the decoder's maps of (B, 1, S, S) images."""
        maps = self._stem.run(None, {"image": batch})
        names = (port.name for port in self._decoder.get_inputs())
        (dense,) = self._decoder.run(None, dict(zip(names, maps, strict=True)))
        return Maps(maps[-1], dense)

    def answer(self, head: int, features: Maps, rows: Sequence[int]) -> NDArray[np.float32]:
        """Return what a head says of some images of the batch."""
        read = features.read_by(self._kinds[head])[list(rows)]
        return np.asarray(self._heads[head].run(None, {"features": read})[0], dtype=np.float32)
