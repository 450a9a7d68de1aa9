"""A stage learns, watches itself, and goes on where it stopped as if it had not."""

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from evaluation.contract.errors import ConfigurationError
from model.header import NothingToSee
from model.network.heads import ClassificationHead
from model.network.unified import Preset, UnifiedNetwork
from tests.train.unified.scenes import (
    CLASS,
    KEYS,
    MASK,
    SIDE,
    is_same,
    make_cache,
    make_network,
    make_parts,
    read_picture,
    tiny_config,
)
from train.unified.cache import Cache
from train.unified.config import TrainConfig
from train.unified.ranks import pick_device
from train.unified.setup import make_specialists
from train.unified.stage import STATE_FILE, Parts, Watcher, rate_factor, run_stage
from train.unified.state import RunState

LITE = tiny_config(preset=Preset.LITE)
QUICK = tiny_config(preset=Preset.MH_MTL, frozen_blocks=16)


def stop_at(step: int) -> Watcher:
    """Return a watcher that stops a run after a step, and not at once when it goes on."""
    seen: list[int] = []
    return Watcher(lambda: seen[-1] == step, lambda now, _: seen.append(now))


def end_of(config: TrainConfig, out: Path, watcher: Watcher | None = None) -> tuple[UnifiedNetwork, RunState]:
    """Run or go on with a stage."""
    network = make_network(config)
    return network, run_stage(network, make_parts(), config, out, watcher or Watcher())


def everything_in(out: Path) -> dict[str, object]:
    """Return all that a state file holds but the CPU time, which differs from run to run."""
    told: dict[str, dict[str, object]] = torch.load(out / STATE_FILE, weights_only=True)
    history = told["state"].pop("history")
    assert isinstance(history, list)
    told["state"].pop("cpu_s")
    rows = [{name: value for name, value in row.items() if name != "cpu_s"} for row in history]
    return told | {"history": rows}


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of a run that nothing stopped."""
    out = tmp_path_factory.mktemp("uninterrupted")
    end_of(LITE, out)
    return out


def test_run_stopped_in_the_middle_of_an_epoch_ends_bit_identical(
    uninterrupted: Path, tmp_path: Path
) -> None:
    _, state = end_of(LITE, tmp_path, stop_at(2))
    assert (state.step, len(state.history)) == (2, 0)
    end_of(LITE, tmp_path, stop_at(4))
    older = shutil.copy(tmp_path / STATE_FILE, tmp_path / "older.pt")
    end_of(LITE, tmp_path)
    assert is_same(everything_in(tmp_path), everything_in(uninterrupted))
    # Killed between two saves: steps 5 and 6 are done again.
    shutil.copy(older, tmp_path / STATE_FILE)
    end_of(LITE, tmp_path)
    assert is_same(everything_in(tmp_path), everything_in(uninterrupted))


def test_another_seed_ends_elsewhere(uninterrupted: Path, tmp_path: Path) -> None:
    end_of(LITE.model_copy(update={"seed": 2}), tmp_path)
    assert not is_same(everything_in(tmp_path), everything_in(uninterrupted))


def test_log_has_a_row_an_epoch_and_the_pictures_can_be_opened(uninterrupted: Path) -> None:
    with (uninterrupted / "log.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["step"] for row in rows] == ["3.0", "6.0"]
    assert {f"{key.task_id}#{key.num_classes}" for key in KEYS} < rows[0].keys()
    assert float(rows[1]["cpu_s"]) > float(rows[0]["cpu_s"]) > 0
    assert read_picture(uninterrupted / "curves.png").std() > 0
    assert read_picture(uninterrupted / "overlays.png").shape == (20 + 4 * SIDE, len(KEYS) * SIDE, 3)


def test_finished_run_is_not_gone_on_with(uninterrupted: Path, tmp_path: Path) -> None:
    shutil.copy(uninterrupted / STATE_FILE, tmp_path)
    steps: list[int] = []
    _, state = end_of(LITE, tmp_path, Watcher(on_step=lambda step, _: steps.append(step)))
    assert (state.step, steps) == (6, [])


def test_what_matters_to_shipping_alone_may_change_in_a_run(uninterrupted: Path, tmp_path: Path) -> None:
    shutil.copy(uninterrupted / STATE_FILE, tmp_path)
    nothing = {"lesion": NothingToSee(task_id="size", class_index=1)}
    config = LITE.model_copy(update={"label_names": {"size": ("s", "l")}, "nothing_to_see": nothing})
    assert end_of(config, tmp_path)[1].step == 6


def test_state_of_another_configuration_is_refused(uninterrupted: Path, tmp_path: Path) -> None:
    shutil.copy(uninterrupted / STATE_FILE, tmp_path)
    with pytest.raises(ConfigurationError, match="was begun with another configuration"):
        end_of(LITE.model_copy(update={"clip_norm": 2.0}), tmp_path)


def test_state_that_knows_no_losses_and_no_newer_field_is_gone_on_with(tmp_path: Path) -> None:
    end_of(QUICK, tmp_path, stop_at(3))
    told = torch.load(tmp_path / STATE_FILE, weights_only=True)
    del told["state"]["losses"]
    told["config"] = told["config"].replace('"label_names":{},', "")
    assert "label_names" not in told["config"]
    torch.save(told, tmp_path / STATE_FILE)
    _, state = end_of(QUICK, tmp_path, stop_at(4))
    assert (state.step, len(state.losses)) == (4, 1)


def test_file_that_is_no_state_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / STATE_FILE).write_bytes(b"no state")
    with pytest.raises(ConfigurationError, match=r"state\.pt: cannot be read as a run's state"):
        end_of(QUICK, tmp_path)


def test_run_without_a_better_score_ends_when_its_patience_does(tmp_path: Path) -> None:
    still = {"pretrained": 1e-15, "heads": 1e-15, "new": 1e-15}
    config = QUICK.model_copy(update={"steps": 30, "epoch_steps": 1, "patience": 2})
    config = TrainConfig.model_validate(config.model_dump() | {"rates": still})
    _, state = end_of(config, tmp_path)
    assert state.best_epoch < 30 - 2
    assert len(state.history) == state.best_epoch + 2 == state.step


def test_loss_that_is_not_a_number_ends_the_run_and_saves_nothing(tmp_path: Path) -> None:
    network = make_network(QUICK)
    with torch.no_grad():
        next(network.heads[0].parameters()).fill_(float("nan"))
    with pytest.raises(
        ConfigurationError, match=r"step 0 \(data set [ab]\): expected a finite loss but got nan"
    ):
        run_stage(network, make_parts(), QUICK, tmp_path, Watcher())
    assert not list(tmp_path.iterdir())


def without_labels() -> Cache:
    """Return pictures that nobody labelled."""
    cache = make_cache(2)
    pictures = tuple(picture.__class__(0, "a", "p", (8, 8), {}) for picture in cache.pictures)
    return Cache(cache.images, cache.masks, pictures)


@pytest.mark.parametrize(("part", "name"), [(0, "train"), (1, "validation")])
def test_part_without_any_label_of_the_network_is_refused_at_once(
    tmp_path: Path, part: int, name: str
) -> None:
    caches = [make_cache(2), make_cache(4)]
    caches[part] = without_labels()
    with pytest.raises(ConfigurationError, match=f"Expected `{name}` to have labels"):
        run_stage(make_network(), Parts(*caches), QUICK, tmp_path, Watcher())


def test_picture_without_a_label_of_the_network_is_never_shown(tmp_path: Path) -> None:
    cache = make_cache(8)
    for picture in cache.pictures[2:]:
        del picture.labels[MASK]
    network = make_network(QUICK, keys=(MASK,))
    one_by_one = QUICK.model_copy(update={"batch_size": 1, "steps": 4})
    assert run_stage(network, Parts(cache, make_cache(2)), one_by_one, tmp_path, Watcher()).step == 4


def test_pictures_grow_when_the_small_share_is_over(tmp_path: Path) -> None:
    config = tiny_config(preset=Preset.MH_MTL, input_size=96, small_share=0.5)
    network, sides = make_network(config), []

    def note(module: nn.Module, images: tuple[Tensor]) -> None:
        if module.training and torch.is_grad_enabled():
            sides.append(images[0].shape[-1])

    network.backbone.register_forward_pre_hook(note)
    run_stage(network, make_parts(), config, tmp_path, Watcher())
    assert sides == [64] * 3 + [96] * 3


def test_network_computes_in_bfloat16_and_learns_in_float32(tmp_path: Path) -> None:
    network, types = make_network(QUICK), set()
    last = network.heads[0].get_submodule("last")
    last.register_forward_hook(lambda _module, _given, said: types.add(said.dtype))
    run_stage(network, make_parts(), QUICK, tmp_path, Watcher())
    assert types == {torch.bfloat16}
    assert {weight.dtype for weight in network.parameters()} == {torch.float32}


def test_stage_two_changes_every_head_and_not_a_bit_of_the_backbone(tmp_path: Path) -> None:
    network = make_specialists(QUICK, make_network())
    before = {name: weight.clone() for name, weight in network.state_dict().items()}
    run_stage(network, make_parts(), QUICK, tmp_path, Watcher())
    after = network.state_dict()
    assert {name for name in after if name.startswith("backbone.")} > {
        "backbone.stem.entry.norm.running_mean",
        "backbone.stem.entry.norm.num_batches_tracked",
    }
    for name, weight in after.items():
        assert torch.equal(weight, before[name]) == name.startswith("backbone."), name


def test_only_classification_gets_an_adapter() -> None:
    network = make_specialists(QUICK, make_network())
    adapted = [isinstance(h, ClassificationHead) and h.adapter is not None for h in network.heads]
    assert adapted == [True, True, False, False, False]


def test_specialists_answer_like_the_generalist_before_they_learn() -> None:
    generalist = make_network().eval()
    network = make_specialists(QUICK, generalist).eval()
    images = torch.from_numpy(np.random.default_rng(0).normal(size=(2, 1, SIDE, SIDE)).astype(np.float32))
    with torch.no_grad():
        for index in range(len(KEYS)):
            said, expected = (of.answer(index, of.encode(images)) for of in (network, generalist))
            assert torch.equal(said, expected)


def test_specialists_of_another_preset_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="preset `lite`"):
        make_specialists(LITE, make_network())


def test_rates_rise_in_a_line_and_fall_along_half_a_cosine_to_a_hundredth() -> None:
    config = tiny_config(steps=110, warmup_steps=10)
    factors = [rate_factor(step, config) for step in range(111)]
    assert factors[:10] == pytest.approx(np.arange(1, 11) / 10)
    assert factors[10] == pytest.approx(1)
    assert factors[60] == pytest.approx(0.505)
    assert factors[110] == pytest.approx(0.01)
    assert (np.diff(factors[10:]) < 0).all()


def test_run_of_one_step_more_than_its_warm_up_has_a_rate() -> None:
    assert rate_factor(2, tiny_config(steps=2, warmup_steps=2)) == 1


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU, which is picked instead")
def test_cpu_is_picked_where_there_is_no_gpu() -> None:
    assert pick_device() == torch.device("cpu")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this machine")
def test_run_on_a_gpu_learns_there_and_goes_on_there(tmp_path: Path) -> None:
    network, _ = end_of(QUICK, tmp_path, stop_at(2))
    assert pick_device().type == "cuda"
    assert {weight.device.type for weight in network.parameters()} == {"cuda"}
    _, state = end_of(QUICK, tmp_path)
    assert state.step == 6
    assert {weight.device.type for weight in state.average.values()} == {"cuda"}


def test_a_class_alone_is_not_scored_and_does_not_stop_the_run(tmp_path: Path) -> None:
    held_out = make_cache(2)  # Both pictures have class 0 of `size`.
    config = QUICK.model_copy(update={"steps": 1})
    state = run_stage(make_network(), Parts(make_cache(4), held_out), config, tmp_path, Watcher())
    names = state.history[0].keys()
    assert f"{CLASS.task_id}#2" not in names
    assert f"{MASK.task_id}#2" in names
