"""A run's network as weights with a header, and back."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Literal

from evaluation.contract.errors import ConfigurationError
from evaluation.contract.task import Kind
from evaluation.provenance import find_revision
from model.checkpoint import load_network, save_network
from model.header import LearnedHead, NetworkHeader, TrainingData
from model.network.unified import HeadKey, UnifiedNetwork
from train.unified.batches import GREY_MEAN, GREY_STD
from train.unified.config import TrainConfig
from train.unified.labelled import LabelledFolder
from train.unified.mask_rules import MaskRule
from train.unified.policy import allows_flip

Stage = Literal[1, 2]


def write_weights(
    file: Path,
    network: UnifiedNetwork,
    config: TrainConfig,
    folders: list[LabelledFolder],
    *,
    stage: Stage,
    stage_by_head: dict[HeadKey, int] | None = None,
    mask_rules: Mapping[HeadKey, MaskRule] | None = None,
) -> None:
    """Write a network that a stage has trained.

    Args:
        file: ends in ``.safetensors``.
        network: Stage I's (shared trunks) or Stage II's (own trunks and adapters).
        config: of the stage.
        folders: what it was trained on.
        stage: 1 or 2.
        stage_by_head: of the heads that are another stage's.
        mask_rules: of the segmentation heads that have one.
    """
    organs = {task.task_id: task.organ for folder in folders for task in folder.manifest.tasks.values()}
    heads = tuple(
        LearnedHead(
            **key.model_dump(),
            organ=organs.get(key.task_id),
            label_names=config.label_names.get(key.task_id, ()),
            # A mirrored picture's points come in another order, which averaging maps would mix up.
            flip_allowed=allows_flip(key) and key.kind is not Kind.REGRESSION,
            **asdict((mask_rules or {}).get(key, MaskRule())),
            stage=(stage_by_head or {}).get(key, stage),
        )
        for key in network.keys
    )
    header = NetworkHeader(
        preset=config.preset,
        stage=stage,
        input_size=config.input_size,
        grey_mean=GREY_MEAN,
        grey_std=GREY_STD,
        shared=stage == 1,
        adapted=stage == 2,
        heads=heads,
        data=tuple(data for folder in folders if (data := _describe(folder, config)).n_pictures),
        code_revision=find_revision() or "unknown",
    )
    save_network(file, network, header)


def read_stage(file: Path, stage: Stage) -> UnifiedNetwork:
    """Read the network of Stage I or II.

    Raises:
        ConfigurationError: no weights, or of the other stage.
    """
    network, header = load_network(file)
    if header.stage != stage:
        raise ConfigurationError(f"{file}: expected weights of Stage {stage} but got Stage {header.stage}")
    return network


def _describe(folder: LabelledFolder, config: TrainConfig) -> TrainingData:
    manifest = folder.manifest
    pictures = {case.image_file: folder.data_set or case.center or "" for case in manifest.cases}
    return TrainingData(
        name=folder.data_set or "/".join(folder.folder.parts[-2:]),
        manifest_sha256=manifest.sha256,
        n_pictures=sum(config.weights.get(data_set) != 0 for data_set in pictures.values()),
    )
