"""``predict_log.json``: what a run has to say for itself, beside its predictions."""

from pathlib import Path
from typing import Literal

from evaluation.contract.record import Record
from evaluation.files.atomic import write_atomically
from evaluation.files.json_text import dump_json
from model.batch import BatchPredictor
from model.graphs import hash_file
from model.predictor import Done

FILE = "predict_log.json"


class PredictLog(Record):
    """A run. Holds no time, so that equal runs write equal bytes."""

    format_version: Literal[1] = 1
    weights: str
    """File name."""
    weights_sha256: str
    engine: str
    """With device and precision; ``floor`` where no network ran."""
    n_views: int
    """Of each image that the network sees; more than 1 with test-time augmentation."""
    n_cases: int
    n_written: int
    problems: tuple[str, ...]
    """Tasks that were not learned, and images and answers that could not be used."""
    skipped: tuple[str, ...]
    """Cases without a prediction."""


def write_log(output: Path, weights: Path, predictor: BatchPredictor, done: Done) -> None:
    """Write the log into the folder of predictions.

    Raises:
        OSError: it cannot be written, or the weights have gone.
    """
    network = predictor.network
    log = PredictLog(
        weights=weights.name,
        weights_sha256=hash_file(weights),
        engine=network.engine.name if network else "floor",
        n_views=len(network.views) if network else 0,
        n_cases=len(predictor.manifest.cases),
        n_written=done.n_written,
        problems=tuple(done.problems),
        skipped=tuple(done.skipped),
    )
    write_atomically(output / FILE, dump_json(log.model_dump(mode="json"), indent=1))
