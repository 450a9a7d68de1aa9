"""Chooses and starts the engine that runs a network here."""

import importlib.util
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from evaluation.contract.errors import ConfigurationError, DeviceError
from evaluation.contract.task import Kind
from evaluation.cores import usable_cores
from model.engines.engine import Engine, Precision
from model.graphs import check_graphs, graphs_folder
from model.header import NetworkHeader

Device = Literal["auto", "cpu", "cuda"]
Say = Callable[[str], None]

MAX_WORKERS = 8
"""More would outgrow the memory that a container is given before they are any faster."""

BATCH: Mapping[str, int] = {"cpu": 4, "cuda": 32}
"""Images that are encoded at once."""

PRECISION: Precision = "mixed"
"""Of OpenVINO, where the CPU has the instructions: in bf16 throughout, scores drop by more than 0.002."""


@dataclass(frozen=True)
class EngineOptions:
    """How the network is run."""

    device: Literal["cpu", "cuda"]
    n_workers: int
    """Batches that are worked on at once, each by a thread that calls the engine."""
    batch: int
    """Images that are encoded at once, at most."""
    is_compiled: bool = False
    """On a GPU: let torch.compile make the network faster."""


def choose_options(device: Device, *, is_compiled: bool = False) -> EngineOptions:
    """Return what suits this machine; ``auto`` is a GPU where torch is installed and one is visible."""
    if device == "auto":
        has_gpu = any(Path("/dev").glob("nvidia[0-9]*")) and importlib.util.find_spec("torch") is not None
        device = "cuda" if has_gpu else "cpu"
    n_workers = min(usable_cores(), MAX_WORKERS)
    return EngineOptions(device, n_workers, BATCH[device], is_compiled)


def open_engine(
    weights: Path, header: NetworkHeader, heads: Collection[int], options: EngineOptions, say: Say
) -> Engine:
    """Return torch on a GPU, OpenVINO on the CPU.

    OpenVINO reads the graphs beside the weights; where there are none, they are made for this run.

    Args:
        weights: a network's.
        header: of the weights.
        heads: the numbers of the heads that will be asked.
        options: where and how to run.
        say: takes one line for the person who runs this.

    Raises:
        ConfigurationError: the graphs beside the weights are of other weights, or there are none and torch,
            which makes them, is not installed.
        DeviceError: ``cuda`` is asked for and not there.
    """
    if options.device == "cuda":
        return _open_torch(weights, options)
    kinds = {head: header.heads[head].kind for head in sorted(heads)}
    folder = graphs_folder(weights)
    if folder.exists():
        check_graphs(folder, weights, len(header.heads))
        return _open_openvino(folder, kinds, options)
    with tempfile.TemporaryDirectory() as made:
        say(f"no {folder.name} beside the weights: made for this run; `python -m model.export` keeps them")
        _export(weights, Path(made))
        return _open_openvino(Path(made), kinds, options)


def _open_torch(weights: Path, options: EngineOptions) -> Engine:
    if importlib.util.find_spec("torch") is None:
        raise DeviceError("Expected torch to be installed for `--device cuda`; the CPU's image has none")
    from model.checkpoint import load_network
    from model.engines.torch_engine import TorchEngine

    return TorchEngine(load_network(weights)[0], device="cuda", is_compiled=options.is_compiled)


def _open_openvino(folder: Path, kinds: Mapping[int, Kind], options: EngineOptions) -> Engine:
    # Imported here: a GPU's run spares itself its start.
    from model.engines.openvino_engine import OpenVinoEngine

    return OpenVinoEngine(
        folder, kinds, batch=options.batch, n_threads=options.n_workers, precision=PRECISION
    )


def _export(weights: Path, folder: Path) -> None:
    """Make the graphs in a process of its own, whose memory is free again when OpenVINO starts."""
    if importlib.util.find_spec("torch") is None:
        raise ConfigurationError(
            f"Expected {graphs_folder(weights)} to exist; make it where torch is installed"
        )
    words = [sys.executable, "-m", "model.export", "--weights", str(weights.resolve()), "--out", str(folder)]
    root = Path(__file__).parents[2]
    # Every word is the project's own, and no shell reads them.
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=root)  # noqa: S603
    if done.returncode != 0:
        raise ConfigurationError(f"{weights}: its graphs cannot be made: {done.stderr.strip()[-500:]}")
