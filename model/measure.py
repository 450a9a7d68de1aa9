"""Compares the CPU engines on a folder of images: ``python -m model.measure``.

Each engine runs in a process of its own, one thread, the same batches; what it says is compared with torch.
"""

import argparse
import resource
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evaluation.contract.errors import ConfigurationError, UserError
from evaluation.contract.task import Kind
from model.engines.engine import Engine, Precision
from model.engines.opening import BATCH
from model.graphs import check_graphs, graphs_folder
from model.header import NetworkHeader, read_network_header
from model.pictures import normalise, read_picture
from model.views import as_numbers

EXAMPLES = """examples:
  python -m model.measure --weights model/weights/lite.safetensors --images DIR
  python -m model.measure --weights lite.safetensors --images DIR --count 50"""


@dataclass(frozen=True)
class Measured:
    """What one engine did."""

    name: str
    images_per_cpu_s: float
    """Of the backbone alone; CPU seconds, so that other work on the machine counts less."""
    peak_mib: float
    answers: Mapping[int, NDArray[np.float64]]
    """By head, over all images."""


def _torch(weights: Path, _: Mapping[int, Kind]) -> Engine:
    import torch

    from model.checkpoint import load_network
    from model.engines.torch_engine import TorchEngine

    torch.set_num_threads(1)
    return TorchEngine(load_network(weights)[0], device="cpu")


def _onnx(weights: Path, heads: Mapping[int, Kind]) -> Engine:
    from model.engines.onnx_engine import OnnxEngine

    return OnnxEngine(graphs_folder(weights), heads)


def _openvino(precision: Precision, weights: Path, heads: Mapping[int, Kind]) -> Engine:
    from model.engines.openvino_engine import OpenVinoEngine

    return OpenVinoEngine(graphs_folder(weights), heads, batch=BATCH["cpu"], n_threads=1, precision=precision)


ENGINES: Sequence[Callable[[Path, Mapping[int, Kind]], Engine]] = (
    _torch,
    _onnx,
    partial(_openvino, "f32"),
    partial(_openvino, "mixed"),
    partial(_openvino, "bf16"),
)


def measure(start: int, weights: Path, files: Sequence[Path]) -> Measured:
    """Run the engine `ENGINES[start]` on images; a network's first head of each kind and size answers."""
    header = read_network_header(weights)
    heads = _choose_heads(header)
    engine = ENGINES[start](weights, heads)
    size = BATCH["cpu"]
    grey = np.stack([read_picture(file, header.input_size).grey for file in files])
    batches = [
        normalise(grey[first : first + size], mean=header.grey_mean, std=header.grey_std)
        for first in range(0, len(grey), size)
    ]
    engine.encode(batches[0])
    begun = time.process_time()
    features = [engine.encode(batch) for batch in batches]
    seconds = time.process_time() - begun
    answers = {
        head: np.concatenate(
            [
                as_numbers(kind, engine.answer(head, feature, range(len(batch))))
                for batch, feature in zip(batches, features, strict=True)
            ]
        )
        for head, kind in heads.items()
    }
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Measured(engine.name, len(grey) / seconds, peak_mib, answers)


def _choose_heads(header: NetworkHeader) -> dict[int, Kind]:
    chosen: dict[tuple[Kind, int], int] = {}
    for index, head in enumerate(header.heads):
        chosen.setdefault((head.kind, head.num_classes), index)
    return {index: kind for (kind, _), index in chosen.items()}


def describe(measured: Measured, yardstick: Measured, heads: Mapping[int, Kind]) -> str:
    """Return a row of a Markdown table."""
    masks = [head for head, kind in heads.items() if kind is Kind.SEGMENTATION]
    classes = [head for head, kind in heads.items() if kind is Kind.CLASSIFICATION]
    dice = [_mean_dice(measured.answers[head], yardstick.answers[head]) for head in masks]
    differences = [float(np.abs(measured.answers[head] - yardstick.answers[head]).max()) for head in classes]
    agreement = f"{min(dice, default=1):.4f} | {max(differences, default=0):.4f}"
    return f"| {measured.name} | {measured.images_per_cpu_s:.0f} | {measured.peak_mib:.0f} | {agreement} |"


def _mean_dice(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Return the mean over images of the Dice coefficient of all foreground at the network's size."""
    a, b = first.argmax(axis=1) > 0, second.argmax(axis=1) > 0
    both, sizes = (a & b).sum(axis=(1, 2)), a.sum(axis=(1, 2)) + b.sum(axis=(1, 2))
    return float(np.where(sizes > 0, 2 * both / np.maximum(sizes, 1), 1.0).mean())


def main() -> int:
    """Return the exit code: 0 done, 2 the user can put it right."""
    shape = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLES, formatter_class=shape)
    parser.add_argument("--weights", type=Path, required=True, help="a network's .safetensors file")
    parser.add_argument("--images", type=Path, required=True, help="a folder of PNG or JPEG images")
    parser.add_argument("--count", type=int, default=100, help="images to use")
    options = parser.parse_args()
    try:
        header = read_network_header(options.weights)
        check_graphs(graphs_folder(options.weights), options.weights, len(header.heads))
        files = sorted(f for f in options.images.rglob("*") if f.suffix in (".png", ".jpg", ".jpeg", ".bmp"))
        if not files or options.count < 1:
            raise ConfigurationError(f"Expected `--images` to hold images but {options.images} holds none")
        chosen = files[:: max(1, len(files) // options.count)][: options.count]
        sys.stdout.write(
            "| engine | images a CPU second | peak MiB | least mask Dice | largest difference |\n"
        )
        sys.stdout.write("|---|---|---|---|---|\n")
        rows: list[Measured] = []
        for number in range(len(ENGINES)):
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
                rows.append(pool.submit(measure, number, options.weights, chosen).result())
            sys.stdout.write(describe(rows[-1], rows[0], _choose_heads(header)) + "\n")
            sys.stdout.flush()
    except (UserError, OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
