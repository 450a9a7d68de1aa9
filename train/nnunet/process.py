"""Prediction in a fresh process, so that its time can be held against that of a whole ``inference.py``."""

import multiprocessing
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from evaluation.contract.case import Case
from evaluation.contract.errors import HarnessError
from evaluation.contract.manifest import Manifest
from train.nnunet.clock import cpu_seconds, wall_seconds
from train.nnunet.environment import nnunet_environment
from train.nnunet.record import PredictionRecord
from train.nnunet.terminal import track_items

if TYPE_CHECKING:
    from train.nnunet.predict import Predicted


@dataclass(frozen=True, kw_only=True)
class PredictOptions:
    """How to predict."""

    side_px: int | None
    """What the model's images were squashed to; None for full resolution."""
    tta: bool
    device: str
    threads: int


def predict_apart(model: Path, asked: Manifest, out: Path, options: PredictOptions) -> PredictionRecord:
    """Predict in a process of its own; see `train.nnunet.predict.predict_task`.

    Raises:
        HarnessError: the process was killed.
    """
    began_cpu_s, began_wall_s = cpu_seconds(), wall_seconds()
    try:
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            done = pool.submit(_predict, model, asked, out, options).result()
    except BrokenProcessPool as error:
        raise HarnessError("the process that predicts was killed; is there enough memory?") from error
    process_s = wall_seconds() - began_wall_s
    return PredictionRecord(
        n_images=done.n_images,
        n_failed=done.n_failed,
        tta=options.tta,
        threads=options.threads,
        process_s=process_s,
        process_cpu_s=cpu_seconds() - began_cpu_s,
        total_s=done.total_s,
        network_s=done.network_s,
        process_s_per_image=process_s / done.n_images,
        network_s_per_image=done.network_s / done.n_images,
    )


def _predict(model: Path, asked: Manifest, out: Path, options: PredictOptions) -> "Predicted":
    with nnunet_environment(model):
        import torch

        from train.nnunet.predict import predict_task

        torch.set_num_threads(options.threads)
        return predict_task(
            model,
            asked,
            out,
            side_px=options.side_px,
            tta=options.tta,
            device=options.device,
            watch=_watch,
        )


def _watch(cases: Sequence[Case]) -> Iterable[Case]:
    return track_items(cases, "Predicting")
