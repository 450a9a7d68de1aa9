"""nnU-Net's environment lasts as long as the block."""

import os
from pathlib import Path

import pytest

from train.nnunet.environment import nnunet_environment

NAMES = ("nnUNet_raw", "nnUNet_results", "nnUNet_n_proc_DA")


def read(*names: str) -> tuple[str | None, ...]:
    return tuple(os.environ.get(name) for name in names)


def test_variables_are_set_inside_and_put_back_even_after_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("nnUNet_raw", "before")
    for name in NAMES[1:]:
        monkeypatch.delenv(name, raising=False)

    def use() -> None:
        with nnunet_environment(tmp_path, n_augmenters=0):
            assert read(*NAMES) == (str(tmp_path / "raw"), str(tmp_path / "results"), "0")
            raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        use()
    assert read(*NAMES) == ("before", None, None)


def test_what_is_printed_inside_stays_off_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with nnunet_environment(tmp_path):
        print("noise")  # noqa: T201 # nnU-Net's habit is what is tested
    assert capsys.readouterr().out == ""
