"""The three commands from folders on disk to weights, and what they do when they are stopped."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import typer

from evaluation.contract.task import Kind
from model.checkpoint import load_network
from model.header import EmptyWhen
from model.network.unified import HeadKey
from tests.train.challenge_trees import write_fmc_uia, write_uusic25
from tests.train.unified.scenes import is_same, make_network, make_parts, tiny_config
from train.unified import command
from train.unified.command import WEIGHTS_FILE, ship, stage1, stage2, train
from train.unified.mask_rules import MaskRule
from train.unified.stage import STATE_FILE

ROOT = Path(__file__).parents[3]
SHORT = "steps: 2\nepoch_steps: 1\n"
LONG = "steps: 120\nepoch_steps: 45\npatience: 9\n"


def write_config(tmp_path: Path, lines: str) -> Path:
    """Write a tree of three pictures and a configuration that learns from them."""
    write_fmc_uia(tmp_path)
    folder = f"[{{folder: {tmp_path}/labelled, data_set: a}}]"
    file = tmp_path / "tiny.yaml"
    tiny = "preset: mh_mtl\ninput_size: 64\nsmall_size: 64\nbatch_size: 2\nwarmup_steps: 1\n"
    file.write_text(f"train: {folder}\nvalidation: {folder}\n{tiny}{lines}")
    return file


def test_stages_and_shipping_follow_on_one_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, cache = write_config(tmp_path, SHORT), tmp_path / "cache"
    before = signal.getsignal(signal.SIGINT)
    one, two, shipped = tmp_path / "one", tmp_path / "two", tmp_path / "shipped.safetensors"
    stage1(config=config, out=one, cache=cache)
    stage2(config=config, stage1=one, out=two, cache=cache)
    ship(config=config, stage1=one, stage2=[two], out=shipped, cache=cache)
    assert signal.getsignal(signal.SIGINT) is before, "handlers are put back"
    told = capsys.readouterr().out
    assert f"{one}: step 2, best epoch" in told
    for task_id in ("quarters", "halves", "kinds", "box", "ends"):
        assert f"{task_id} (" in told
    stages = [load_network(file)[1].stage for file in (one / WEIGHTS_FILE, two / WEIGHTS_FILE, shipped)]
    assert stages == [1, 2, 2]
    heads = load_network(shipped)[1].heads
    assert {head.stage for head in heads} <= {1, 2}
    # No validation picture has class 1 of `kinds`, so nothing says that Stage II is better.
    assert [head.stage for head in heads if head.task_id == "kinds"] == [1]


def test_generalist_alone_can_be_shipped(tmp_path: Path) -> None:
    config, cache, shipped = write_config(tmp_path, SHORT), tmp_path / "cache", tmp_path / "w.safetensors"
    stage1(config=config, out=tmp_path / "one", cache=cache)
    ship(config=config, stage1=tmp_path / "one", out=shipped, cache=cache)
    assert load_network(shipped)[1].stage == 1


def test_specialists_cannot_be_the_start_of_specialists(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, cache = write_config(tmp_path, "steps: 1\n"), tmp_path / "cache"
    stage1(config=config, out=tmp_path / "one", cache=cache)
    stage2(config=config, stage1=tmp_path / "one", out=tmp_path / "two", cache=cache)
    with pytest.raises(typer.Exit) as caught:
        stage2(config=config, stage1=tmp_path / "two", out=tmp_path / "three", cache=cache)
    assert caught.value.exit_code == 2
    assert "expected weights of Stage 1 but got Stage 2" in capsys.readouterr().err


def told_of(capsys: pytest.CaptureFixture[str], command: Callable[[], None]) -> str:
    """Return what a refused command says."""
    capsys.readouterr()
    with pytest.raises(typer.Exit) as caught:
        command()
    assert caught.value.exit_code == 2
    return capsys.readouterr().err


def test_runs_that_do_not_belong_together_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, cache = write_config(tmp_path, "steps: 1\n"), tmp_path / "cache"
    one, two, other, out = tmp_path / "one", tmp_path / "two", tmp_path / "other", tmp_path / "w.safetensors"
    stage1(config=config, out=one, cache=cache)
    stage2(config=config, stage1=one, out=two, cache=cache)
    config.write_text(config.read_text() + "seed: 2\n")
    stage1(config=config, out=other, cache=cache)

    def ship_as(first: Path, second: Path, file: Path = out) -> Callable[[], None]:
        return lambda: ship(config=config, stage1=first, stage2=[second], out=file, cache=cache)

    assert "backbones or heads differ" in told_of(capsys, ship_as(other, two))
    assert "expected weights of Stage 2 but got Stage 1" in told_of(capsys, ship_as(one, one))
    assert "to be a .safetensors file" in told_of(capsys, ship_as(one, two, tmp_path / "w.bin"))
    config.write_text(config.read_text().replace("input_size: 64", "input_size: 128"))
    assert "was trained as mh_mtl at 64×64" in told_of(capsys, ship_as(one, two))
    assert not out.exists()


def test_ship_heeds_what_the_configuration_says_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    config, cache, one = write_config(tmp_path, "steps: 1\n"), tmp_path / "cache", tmp_path / "one"
    stage1(config=config, out=one, cache=cache)
    begun = config.read_text()
    config.write_text(begun + "synthetic: [b]\n")
    refused = told_of(
        capsys, lambda: ship(config=config, stage1=one, out=tmp_path / "w.safetensors", cache=cache)
    )
    assert "`synthetic` to name data sets but got ['b']" in refused
    config.write_text(begun + "nothing_to_see:\n  quarters: {task_id: kinds, class_index: 9}\n")
    refused = told_of(
        capsys, lambda: ship(config=config, stage1=one, out=tmp_path / "w.safetensors", cache=cache)
    )
    assert "class 9 of kinds" in refused
    config.write_text(begun)
    gate = EmptyWhen(task_id="kinds", class_index=1, above=0.5)
    quarters = HeadKey(task_id="quarters", kind=Kind.SEGMENTATION, num_classes=2)
    rules = {quarters: MaskRule(min_peak=0.9, only_largest=True, empty_when=gate)}
    monkeypatch.setattr(command, "choose_mask_rules", lambda *_: rules)
    ship(config=config, stage1=one, out=tmp_path / "w.safetensors", cache=cache)
    heads = {head.task_id: head for head in load_network(tmp_path / "w.safetensors")[1].heads}
    told = heads["quarters"].min_peak, heads["quarters"].only_largest, heads["quarters"].empty_when
    assert told == (0.9, True, gate)
    assert (heads["halves"].min_peak, heads["halves"].empty_when) == (0, None)


def test_run_goes_on_from_the_weights_it_began_with_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, cache, one, two = (
        write_config(tmp_path, "steps: 1\n"),
        tmp_path / "cache",
        tmp_path / "one",
        "two",
    )
    stage1(config=config, out=one, cache=cache)
    stage2(config=config, stage1=one, out=tmp_path / two, cache=cache)
    stage2(config=config, stage1=one, out=tmp_path / two, cache=cache)
    shutil.rmtree(one)
    begun = config.read_text()
    config.write_text(begun + "seed: 2\n")
    stage1(config=config, out=one, cache=cache)
    config.write_text(begun)
    again = told_of(capsys, lambda: stage2(config=config, stage1=one, out=tmp_path / two, cache=cache))
    assert "was begun from other weights" in again
    a_file = told_of(capsys, lambda: stage2(config=config, stage1=one, out=config, cache=cache))
    assert "to be a folder but" in a_file
    config.write_text(begun + f"start: {one / WEIGHTS_FILE}\n")
    started = told_of(capsys, lambda: stage2(config=config, stage1=one, out=tmp_path / "three", cache=cache))
    assert "`start` is for Stage I" in started


def test_header_counts_the_pictures_that_were_learned_from(tmp_path: Path) -> None:
    config, cache, out = write_config(tmp_path, "steps: 1\n"), tmp_path / "cache", tmp_path / "one"
    write_uusic25(tmp_path / "other")
    text = config.read_text().replace(": [", f": [{{folder: {tmp_path}/other, data_set: b}}, ")
    config.write_text(text + "weights: {a: 1, b: 0}\n")
    stage1(config=config, out=out, cache=cache)
    named = [(data.name, data.n_pictures > 0) for data in load_network(out / WEIGHTS_FILE)[1].data]
    assert named == [("a", True)]


def test_fault_in_a_configuration_is_told_without_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit) as caught:
        stage1(config=write_config(tmp_path, "steps: none\n"), out=tmp_path / "one")
    assert caught.value.exit_code == 2
    assert "tiny.yaml: steps: Input should be a valid integer" in capsys.readouterr().err


def test_weight_of_zero_keeps_a_data_set_out_of_validation_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit):
        stage1(
            config=write_config(tmp_path, SHORT + "weights: {a: 0}\n"), out=tmp_path / "one", cache=tmp_path
        )
    assert "Expected `train` to have labels" in capsys.readouterr().err


@contextlib.contextmanager
def started(config: Path, out: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start a training in a process of its own; it is killed when it is left alone."""
    arguments = [
        "stage1",
        "--config",
        str(config),
        "--out",
        str(out),
        "--cache",
        str(config.parent / "cache"),
    ]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        [sys.executable, "-m", "train", *arguments], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for_change(file: Path, process: subprocess.Popen[bytes], timeout_s: float = 600) -> None:
    """Wait until a run has written a file, or written it anew."""
    before = file.stat().st_mtime_ns if file.is_file() else None
    end = time.monotonic() + timeout_s
    while not file.is_file() or file.stat().st_mtime_ns == before:
        assert process.poll() is None, "ended early"
        assert time.monotonic() < end
        time.sleep(0.02)


def end_of(out: Path) -> dict[str, Any]:
    """Return a finished run's state without CPU time."""
    told: dict[str, Any] = torch.load(out / STATE_FILE, weights_only=True)
    del told["state"]["cpu_s"]
    for row in told["state"]["history"]:
        del row["cpu_s"]
    return told


def test_asked_to_stop_in_a_step_the_run_saves_it_and_ends(tmp_path: Path) -> None:
    network, config = make_network(), tiny_config(preset="mh_mtl")

    def ask(*_: object) -> None:
        if torch.is_grad_enabled():
            os.kill(os.getpid(), signal.SIGTERM)

    network.backbone.register_forward_pre_hook(ask)
    assert train(network, make_parts(), config, tmp_path).step == 1
    assert torch.load(tmp_path / STATE_FILE, weights_only=True)["state"]["step"] == 1


@pytest.mark.slow
def test_run_that_was_asked_to_stop_and_then_killed_ends_like_one_that_was_left_alone(tmp_path: Path) -> None:
    config, alone, troubled = write_config(tmp_path, LONG), tmp_path / "alone", tmp_path / "troubled"
    with started(config, alone) as process:
        assert process.wait(600) == 0
    with started(config, troubled) as process:
        wait_for_change(troubled / "log.csv", process)
        process.terminate()
        assert process.wait(600) == 130
    assert 45 <= step_of(troubled) < 90
    with started(config, troubled) as process:
        wait_for_change(troubled / STATE_FILE, process)
        process.kill()
        assert process.wait(600) == -signal.SIGKILL
    assert step_of(troubled) == 100
    with started(config, troubled) as process:
        assert process.wait(600) == 0
    assert is_same(end_of(troubled), end_of(alone))
    assert (troubled / WEIGHTS_FILE).read_bytes() == (alone / WEIGHTS_FILE).read_bytes()


def step_of(out: Path) -> int:
    """Return how far a run has come by its last save."""
    return int(torch.load(out / STATE_FILE, weights_only=True)["state"]["step"])
