"""A configuration says what is wrong with it and where."""

from pathlib import Path

import pytest

from evaluation.contract.errors import ConfigurationError, UserError
from train.unified.config import TrainConfig, read_config

FOLDERS = "train: [{folder: a}]\nvalidation: [{folder: b}]\n"
CONFIGS = Path(__file__).parents[3] / "train" / "configs"


def read(tmp_path: Path, text: str) -> TrainConfig:
    """Read a configuration of this text."""
    file = tmp_path / "tiny.yaml"
    file.write_text(text)
    return read_config(file)


def test_what_is_not_told_has_the_papers_or_our_value(tmp_path: Path) -> None:
    config = read(tmp_path, FOLDERS + "steps: 5")
    assert (config.steps, config.input_size, config.rates.pretrained) == (5, 256, 1e-4)
    assert config.train[0].folder == Path("a")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (FOLDERS, "steps: Field required"),
        (FOLDERS + "steps: 0", "steps: Input should be greater than"),
        (FOLDERS + "steps: 5\nbatchsize: 4", "batchsize: Extra inputs"),
        (FOLDERS + "steps: 5\npreset: huge", "preset: Input should be"),
        (FOLDERS + "steps: 5\nrates: {heads: fast}", "rates.heads: Input should be"),
        (FOLDERS + "steps: 5\nrates: {heads: 0}", "rates.heads: Input should be greater"),
        (FOLDERS + "steps: 5\nweights: {busi: -1}", "weights.busi: Input should be greater"),
        (FOLDERS + "steps: 5\naugment: {zoom: [0, 1]}", "augment.zoom.0: Input should be greater"),
        (FOLDERS + "steps: 5\ninput_size: 100", "input_size: Input should be a multiple of 32"),
        (FOLDERS + "steps: 5\ninput_size: 128", "`small_size` 192 is larger than `input_size` 128"),
        ("steps: 5", "train: Field required"),
        ("", "the whole: Input should be"),
        ("steps: [", "it is not YAML"),
    ],
)
def test_fault_is_named_with_its_file_and_place(tmp_path: Path, text: str, place: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(tmp_path, text)
    assert str(caught.value).startswith(str(tmp_path / "tiny.yaml"))
    assert place in str(caught.value)


def test_absent_file_is_the_users_fault(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"absent\.yaml: cannot be read"):
        read_config(tmp_path / "absent.yaml")


@pytest.mark.parametrize("file", sorted(CONFIGS.glob("*.yaml")), ids=lambda file: str(file.stem))
def test_configurations_that_are_shipped_can_be_read(file: Path) -> None:
    assert read_config(file).steps > 0
