"""The bench compares codes that give the same numbers, and its verdicts can fail."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from evaluation.bench import command
from evaluation.bench.clinical import (
    find_clinical,
    measure_memory,
    measure_scoring,
    read_everything,
    write_small_set,
)
from evaluation.bench.masks import measure_masks, our_surfaces, plain_hausdorff, plain_nsd, plain_surfaces
from evaluation.bench.pairs import HEIGHT, WIDTH, make_pairs
from evaluation.bench.ratio import summarise
from evaluation.bench.resampling import measure_resampling
from evaluation.contract.bench import BenchReport, Ratio
from evaluation.contract.errors import ConfigurationError
from evaluation.metrics.hausdorff import hausdorff_set_px
from evaluation.metrics.surface_dice import surface_dice_inner_boundary

# SciPy's old names inside surface-distance
pytestmark = pytest.mark.filterwarnings("ignore:Please import:DeprecationWarning")


def ignore(_: int) -> None:
    """Take progress and do nothing."""


def test_pairs_reach_from_small_lesions_to_half_the_frame() -> None:
    pairs = make_pairs(14)
    areas = [pair.mask_ref.mean() for pair in pairs]
    assert areas == sorted(areas)
    assert areas[0] < 0.01
    assert 0.35 < areas[-1] < 0.6
    assert all(pair.mask_ref.shape == pair.mask_pred.shape == (HEIGHT, WIDTH) for pair in pairs)


def test_both_sides_of_a_mask_comparison_give_the_same_number() -> None:
    for pair in make_pairs(7):
        ref, pred = pair.mask_ref, pair.mask_pred
        nsd = surface_dice_inner_boundary(mask_ref=ref, mask_pred=pred)
        assert nsd == pytest.approx(plain_nsd(ref, pred), abs=1e-9)
        assert hausdorff_set_px(mask_ref=ref, mask_pred=pred) == plain_hausdorff(ref, pred)
        # surface-distance places its surface between pixels: alike, not equal
        assert our_surfaces(ref, pred)[0] == pytest.approx(plain_surfaces(ref, pred)[0], abs=2.0)


def test_masks_are_timed_overall_and_by_third() -> None:
    ratios = list(measure_masks(make_pairs(3), ignore))
    assert [ratio.group for ratio in ratios[:4]] == ["all", "small", "medium", "large"]
    assert [ratio.n for ratio in ratios[:4]] == [3, 1, 1, 1]
    assert all(ratio.ours_s > 0 and ratio.baseline_s > 0 for ratio in ratios)


def test_bootstrap_is_timed_with_and_without_drawing() -> None:
    ratios = list(measure_resampling(ignore, n_cases=60, n_resamples=4, n_repeats=1))
    assert [ratio.group for ratio in ratios] == ["drawing included", "weights given"] * 2


def test_a_broken_promise_is_told() -> None:
    slow = summarise("x", "all", [1.0, 1.0], [0.5, 0.5], 3.0)
    assert slow.ratio == 2.0
    assert not slow.holds
    assert slow.model_copy(update={"required": 2.0}).holds
    assert not slow.model_copy(update={"required": 1.5, "at_most": True}).holds


def test_scoring_is_timed_beside_reading_the_same_masks(tmp_path: Path) -> None:
    write_small_set(tmp_path, 8)
    clinical = find_clinical(tmp_path)
    (ratio,) = measure_scoring(clinical, ignore, n_repeats=1)
    assert ratio.at_most
    assert ratio.required == 1.5
    assert read_everything(clinical) == 4 * 2 * 96 * 128


def test_an_incomplete_clinical_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"ground_truth\.json, references, predictions"):
        find_clinical(tmp_path)


def test_memory_is_measured_in_a_process_of_its_own() -> None:
    figures = measure_memory(ignore, sizes=(10, 20))
    assert len(figures) == 3
    assert 20 < figures["peak MiB of scoring 10 cases"] < 2000


def test_command_exits_1_when_a_promise_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    from evaluation.commands import app

    ratio = Ratio(name="x", group="all", n=1, baseline_s=1.0, ours_s=1.0, ratio=1.0, required=2.0)
    report = BenchReport(
        created_utc="", code_revision=None, cpus=2, load_before=0.0, ratios=(ratio,), figures={"seconds": 1.0}
    )
    monkeypatch.setattr(command, "run_bench", lambda clinical, job=None: report)
    shown = CliRunner().invoke(app, ["bench"])
    assert shown.exit_code == 1
    monkeypatch.setattr(
        command, "run_bench", lambda clinical, job=None: report.model_copy(update={"ratios": ()})
    )
    printed = CliRunner().invoke(app, ["bench", "--json"])
    assert printed.exit_code == 0
    assert BenchReport.model_validate_json(printed.stdout).figures == {"seconds": 1.0}
