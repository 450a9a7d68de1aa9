"""A result is placed among the official teams only when it can be, and never without its caveats."""

import pytest

from evaluation.contract.errors import ConfigurationError
from evaluation.contract.result import Interval, Result, RunRecord, Score, TaskResult
from evaluation.contract.task import Kind
from leaderboard.place import N_CASES, place_result
from leaderboard.published.tables import load_score_sheet, load_table1
from tests.leaderboard.result_scenes import make_result, make_score

ORGANS = ("Breast", "Cardiac", "Fetal_Head", "Kidney", "Thyroid")
CLASSES = ("Appendix", "Breast", "Liver")


def _task(kind: Kind, name: str, organ: str, num_classes: int = 2) -> TaskResult:
    metrics = ("dsc", "nsd") if kind is Kind.SEGMENTATION else ("auc", "accuracy")
    return TaskResult(
        task_id=f"{kind}/{name}",
        kind=kind,
        num_classes=num_classes,
        organ=organ,
        n_cases=10,
        n_failed=0,
        scores={metric: make_score(0.5) for metric in metrics},
    )


def make_placeable(
    perf: float = 0.5, *, width: float = 0.05, time_s: float | None = 30.0, n_cases: int = N_CASES
) -> Result:
    tasks = [_task(Kind.SEGMENTATION, organ, organ) for organ in ORGANS]
    tasks += [_task(Kind.CLASSIFICATION, name, name) for name in CLASSES]
    tasks.append(_task(Kind.CLASSIFICATION, "Breast_luminal", "Breast", 4))
    rest = n_cases - 10 * (len(tasks) - 1)
    tasks[-1] = tasks[-1].model_copy(update={"n_cases": rest})
    interval = Interval(
        low=perf - width, high=perf + width, level=0.95, method="percentile", n_resamples=9, n_undefined=0
    )
    result = make_result("new", time_s=time_s)
    score = Score(value=perf, interval=interval)
    summary = {**result.summary, "perf": score, "seg": score, "cls": score}
    changes = {"tasks": tuple(tasks), "summary": summary, "n_cases": n_cases}
    return result.model_copy(update=changes)


def test_every_official_team_is_placed_at_its_own_rank() -> None:
    sheet, table1 = load_score_sheet(), load_table1()
    for row, cost in zip(sheet, table1, strict=True):
        result = make_placeable((row.seg + row.cls) / 2, time_s=cost.time_s)
        run = RunRecord(runtime_s=cost.time_s, peak_gpu_mib=cost.peak_gpu_gb * 1024)
        found = place_result(result.model_copy(update={"run": run}), sheet, table1)
        assert found.final is not None
        # Table 1's rounded memory moves a Final by up to 1.2e-4, which no two neighbours are close to.
        assert found.final.value == pytest.approx(row.final, abs=1.2e-4)
        assert found.final.rank in (row.final_rank, row.final_rank + 1)


def test_the_interval_of_places_is_that_of_perf() -> None:
    found = place_result(make_placeable(0.5, width=0.1), load_score_sheet(), load_table1())
    best, worst = (
        1 + sum((row.seg + row.cls) / 2 > edge for row in load_score_sheet()) for edge in (0.6, 0.4)
    )
    assert (found.perf.best_rank, found.perf.worst_rank) == (best, worst)
    assert (found.perf.best_rank, found.perf.worst_rank) == (1, 15)
    assert found.final is not None
    assert found.final.low is not None
    assert found.final.high is not None
    assert found.final.low < found.final.value < found.final.high


@pytest.mark.parametrize(
    ("n_cases", "has_final"), [(N_CASES, True), (2232, True), (2231, False), (120, False)]
)
def test_the_time_of_a_small_set_gives_no_final(n_cases: int, has_final: bool) -> None:
    found = place_result(make_placeable(n_cases=n_cases), load_score_sheet(), load_table1())
    assert (found.final is not None) == has_final
    assert any(f"{n_cases:,} cases, the teams' of 2,479" in note for note in found.notes) != has_final


def test_an_organ_under_two_names_is_refused() -> None:
    result = make_placeable()
    twice = result.model_copy(update={"tasks": (*result.tasks, _task(Kind.SEGMENTATION, "Heart", "Heart"))})
    with pytest.raises(ConfigurationError, match="cardiac once but tasks call it Cardiac, Heart"):
        place_result(twice, load_score_sheet(), load_table1())


def test_a_placement_says_that_it_compares_only_on_the_same_test_set() -> None:
    notes = " ".join(place_result(make_placeable(), load_score_sheet(), load_table1()).notes)
    assert "only when the test set is the same" in notes
    assert "Scored in strict mode" in notes


def test_without_a_run_record_the_place_is_that_of_accuracy_alone() -> None:
    found = place_result(make_placeable(0.59, time_s=None), load_score_sheet(), load_table1())
    assert found.final is None
    assert found.eff is None
    assert found.perf.rank == 1
    assert found.p > 1


def test_another_protocol_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="to be uusic25 but got fmc_uia"):
        place_result(make_result("x", protocol="fmc_uia"), load_score_sheet(), load_table1())


def test_missing_organs_tasks_and_metrics_are_all_named() -> None:
    result = make_placeable()
    kept = [t for t in result.tasks if t.organ != "Kidney" and t.task_id != "classification/Liver"]
    no_nsd = kept[0].model_copy(update={"scores": {"dsc": make_score(0.5)}})
    broken = result.model_copy(update={"tasks": (no_nsd, *kept[1:])})
    with pytest.raises(ConfigurationError) as caught:
        place_result(broken, load_score_sheet(), load_table1())
    for fault in ("organ kidney", "binary task liver", "`nsd` of segmentation/Breast"):
        assert fault in str(caught.value)


def test_an_organ_that_the_challenge_never_asked_is_refused() -> None:
    result = make_placeable()
    extra = _task(Kind.SEGMENTATION, "Spleen", "Spleen")
    with pytest.raises(ConfigurationError, match="segmentation/Spleen"):
        place_result(
            result.model_copy(update={"tasks": (*result.tasks, extra)}), load_score_sheet(), load_table1()
        )
