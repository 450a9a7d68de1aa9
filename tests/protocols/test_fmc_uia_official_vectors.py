"""Official mode against what the organisers' own evaluator returned, to 1e-9."""

import json
from pathlib import Path
from typing import Any

import pytest

from evaluation.protocols.fmc_uia.layout import read_manifest
from evaluation.scoring import ScoringOptions, score_submission
from tests.protocols.folders import FMC_FILES, write_csv, write_json

VECTORS = Path(__file__).parents[1] / "data" / "evaluator_vectors.json"
NAMES = {
    "AUC": "auc",
    "Accuracy": "accuracy",
    "F1_macro": "f1_macro",
    "F1_weighted": "f1_weighted",
    "MCC": "mcc",
    "IoU": "iou",
    "MRE": "mre_px",
}


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, Any]]:
    folder = json.loads(VECTORS.read_text())["fmc_uia_folder"]
    root, out = tmp_path_factory.mktemp("reference"), tmp_path_factory.mktemp("predictions")
    write_csv(root, folder["csv_rows"])
    for kind, name in FMC_FILES.items():
        write_json(out / name, folder[f"{kind}_predictions"])
    options = ScoringOptions(mode="official", n_resamples=0)
    result = score_submission(read_manifest(root, labelled=True), out, options, name="vectors").result
    return {task.task_id: task for task in result.tasks}, folder["expected"]


def test_every_value_equals_the_official_evaluators(scored: tuple[dict[str, Any], dict[str, Any]]) -> None:
    tasks, expected = scored
    compared = 0
    for by_task in expected.values():
        for task_id, values in by_task.items():
            for official_name, name in NAMES.items():
                if official_name in values:
                    score = tasks[task_id].scores[name]
                    assert score.value == pytest.approx(values[official_name], abs=1e-9), (task_id, name)
                    compared += 1
    assert compared == 10 * 5 + 1 + 2


def test_number_of_scored_rows_equals_the_official_evaluators(
    scored: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    tasks, expected = scored
    for by_task in expected.values():
        for task_id, values in by_task.items():
            assert tasks[task_id].n_cases - tasks[task_id].n_failed == values["num_samples"], task_id
