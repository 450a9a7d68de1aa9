"""From a weights file to what answers: a network with the floor behind it, or the floor alone."""

from pathlib import Path

from evaluation.contract.manifest import Manifest
from model.batch import BatchPredictor, Network, Writer
from model.engines.opening import EngineOptions, Say, open_engine
from model.floor_file import HEADER_NAME as FLOOR_NAME
from model.floor_file import load_floor
from model.header import MAX_BYTES, read_network_header
from model.plan import make_plan
from model.tensor_file import header_names
from model.views import View

WEIGHTS = Path(__file__).parent / "weights"
FLOOR = WEIGHTS / "floor.safetensors"


def default_weights() -> Path:
    """Return the shipped network, or the floor in a checkout that ships none."""
    network = WEIGHTS / "lite.safetensors"
    return network if network.is_file() else FLOOR


def is_floor(weights: Path) -> bool:
    """Whether a weights file is a floor's.

    Raises:
        ConfigurationError: missing or not safetensors.
    """
    return FLOOR_NAME in header_names(weights, max_bytes=MAX_BYTES)


def load_predictor(
    weights: Path,
    manifest: Manifest,
    writer: Writer,
    options: EngineOptions,
    views: tuple[View, ...],
    say: Say,
) -> BatchPredictor:
    """Return what predicts a manifest.

    Args:
        weights: a network's, or a floor's, which then answers alone.
        manifest: what is asked.
        writer: takes the predictions.
        options: how the network is run.
        views: of each image.
        say: takes one line for the person who runs this.

    Raises:
        ConfigurationError: a file cannot be used.
        DeviceError: the device is not there.
    """
    if is_floor(weights):
        floor, _ = load_floor(weights)
        return BatchPredictor(manifest, make_plan(manifest, None, floor), None, floor, writer)
    floor, _ = load_floor(FLOOR)
    header = read_network_header(weights)
    plan = make_plan(manifest, header, floor)
    if not plan.heads:
        return BatchPredictor(manifest, plan, None, floor, writer)
    asked = {index for head in plan.heads.values() for index in header.find_asked(head)}
    engine = open_engine(weights, header, asked, options, say)
    return BatchPredictor(manifest, plan, Network(engine, header, views), floor, writer)
