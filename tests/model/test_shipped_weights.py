"""The weights that the repository ships."""

from pathlib import Path

import pytest

from evaluation.contract.manifest import Manifest
from evaluation.protocols.fmc_uia import layout as fmc_uia
from evaluation.protocols.uusic25 import layout as uusic25
from model.floor_file import load_floor
from sample_data.seeds import TRAINING_SEEDS

ROOT = Path(__file__).parents[2]
WEIGHTS = ROOT / "model" / "weights" / "floor.safetensors"


def read_sample(protocol: str) -> Manifest:
    """Read the committed sample as a participant gets it."""
    folder = ROOT / "sample_data" / protocol
    if protocol == fmc_uia.PROTOCOL:
        return fmc_uia.read_manifest(folder / "input")
    return uusic25.read_manifest(folder / "manifest.json", images_dir=folder / "images")


def test_weights_are_small() -> None:
    assert WEIGHTS.stat().st_size < 300_000


@pytest.mark.parametrize("protocol", [uusic25.PROTOCOL, fmc_uia.PROTOCOL])
def test_every_task_of_the_sample_was_learned(protocol: str) -> None:
    model, _ = load_floor(WEIGHTS)
    tasks = read_sample(protocol).tasks
    assert len(tasks) == {"uusic25": 10, "fmc_uia": 27}[protocol]
    assert [name for name, task in tasks.items() if not model.knows(protocol, task)] == []


def test_weights_were_learned_from_training_seeds_alone() -> None:
    _, header = load_floor(WEIGHTS)
    assert {source.protocol for source in header.sources} == {"uusic25", "fmc_uia"}
    for source in header.sources:
        assert source.generator is not None
        assert source.generator["seed"] in TRAINING_SEEDS


def test_model_card_names_the_seeds_and_sizes() -> None:
    card = (WEIGHTS.parent / "README.md").read_text()
    _, header = load_floor(WEIGHTS)
    for source in header.sources:
        assert source.generator is not None
        command = "--layout {layout} --cases {cases} --size {size} --seed {seed} "
        assert command.format(**source.generator) in card
