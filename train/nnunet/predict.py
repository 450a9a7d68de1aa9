"""A trained nnU-Net's masks, written in the challenge's own format."""

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from nnunetv2.inference.predict_from_raw_data import (  # type: ignore[import-untyped] # no type hints
    nnUNetPredictor,
)
from numpy.typing import NDArray

from evaluation.contract.case import Case
from evaluation.contract.errors import UserError
from evaluation.contract.manifest import Manifest
from evaluation.protocols.fmc_uia.predictions import PredictionWriter as FmcUiaWriter
from evaluation.protocols.uusic25 import layout as uusic25
from evaluation.protocols.uusic25.predictions import PredictionWriter as Uusic25Writer
from model.decode import draw_mask
from model.pictures import squash
from train.nnunet.export import load_image
from train.nnunet.trainer import FOLD

_LOG = logging.getLogger(__name__)

Watch = Callable[[Sequence[Case]], Iterable[Case]]

_SPACING = (999, 1, 1)
"""What nnU-Net's reader of natural images says of every PNG."""


@dataclass(frozen=True)
class Predicted:
    """What a prediction came to."""

    n_images: int
    n_failed: int
    """Images that could not be read or are not of the size that the manifest gives; they have no mask."""
    total_s: float
    """Wall clock, from loading the model to the last mask."""
    network_s: float
    """Wall clock of the network alone."""


class _TimedPredictor(nnUNetPredictor):  # type: ignore[misc] # the stock class has no type hints
    """The stock predictor that adds up how long its network takes."""

    network_s = 0.0

    def predict_logits_from_preprocessed_data(self, data: torch.Tensor) -> torch.Tensor:
        began = time.perf_counter()
        logits: torch.Tensor = super().predict_logits_from_preprocessed_data(data)
        self.network_s += time.perf_counter() - began
        return logits


def predict_task(
    model: Path,
    asked: Manifest,
    out: Path,
    *,
    side_px: int | None,
    tta: bool,
    device: str,
    watch: Watch = list,
) -> Predicted:
    """Write one mask a case below `out`, at the image's own size.

    Args:
        model: nnU-Net's model folder, made by this program: its checkpoint is a pickle, so a folder from
            elsewhere could run any code.
        asked: one segmentation task.
        out: the submission's folder.
        side_px: what the model's images were squashed to; None for full resolution.
        tta: average over mirrored images (nnU-Net's default; four times slower, so not for comparing times).
        device: ``cpu`` or ``cuda``.
        watch: hands out the cases, for a progress bar.

    Returns:
        Counts and times; a case that cannot be predicted costs itself only.
    """
    began = time.perf_counter()
    predictor = _TimedPredictor(use_mirroring=tta, device=torch.device(device), allow_tqdm=False)
    predictor.initialize_from_trained_model_folder(str(model), (FOLD,))
    writer_type = Uusic25Writer if asked.protocol == uusic25.PROTOCOL else FmcUiaWriter
    n_failed = 0
    with writer_type(asked, out) as writer:
        for case in watch(asked.cases):
            try:
                image = load_image(case.image_file)
                probabilities = _predict(predictor, image if side_px is None else squash(image, side_px))
                writer.add_mask(case, draw_mask(probabilities, (image.shape[0], image.shape[1])))
            except UserError as error:
                n_failed += 1
                _LOG.warning("no mask of %s", error)
    return Predicted(
        n_images=len(asked.cases),
        n_failed=n_failed,
        total_s=time.perf_counter() - began,
        network_s=predictor.network_s,
    )


def _predict(predictor: Any, image: NDArray[np.uint8]) -> NDArray[np.float32]:  # noqa: ANN401 # nnU-Net has no hints
    volume = image[None, None].astype(np.float32)
    _, probabilities = predictor.predict_single_npy_array(
        volume, {"spacing": _SPACING}, save_or_return_probabilities=True
    )
    return np.asarray(probabilities[:, 0], np.float32)
