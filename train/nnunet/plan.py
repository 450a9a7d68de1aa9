"""nnU-Net's own planning and preprocessing, the 2D configuration only."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from train.nnunet.export import DATASET_ID

CONFIGURATION = "2d"


@dataclass(frozen=True)
class Planned:
    """What a trainer needs."""

    plans: dict[str, Any]
    """nnU-Net's plan, in its own format."""
    dataset_json: dict[str, Any]
    patch_hw: tuple[int, int]
    batch_size: int
    planned_batch_size: int
    """What nnU-Net chose, before it was overruled."""


def plan_and_preprocess(preprocessed: Path, *, n_processes: int, batch_size: int | None) -> Planned:
    """Measure, plan and preprocess the exported data set; call inside `nnunet_environment`.

    Args:
        preprocessed: the data set's folder of preprocessed data.
        n_processes: worker processes of nnU-Net.
        batch_size: overrules the plan's; None keeps it. nnU-Net plans for the memory of a GPU and 250,000
            iterations; a small CPU budget buys too few steps of such batches.
    """
    from nnunetv2.experiment_planning.plan_and_preprocess_api import (  # type: ignore[import-untyped] # no hints
        extract_fingerprint_dataset,
        plan_experiment_dataset,
    )
    from nnunetv2.utilities.plans_handling.plans_handler import (  # type: ignore[import-untyped] # no hints
        PlansManager,
    )

    extract_fingerprint_dataset(DATASET_ID, num_processes=n_processes, show_progress_bar=False)
    _, name = plan_experiment_dataset(DATASET_ID)
    file = preprocessed / f"{name}.json"
    plans = json.loads(file.read_bytes())
    settings = plans["configurations"][CONFIGURATION]
    planned_batch_size = int(settings["batch_size"])
    settings["batch_size"] = batch_size or planned_batch_size
    file.write_text(json.dumps(plans, indent=1), encoding="utf-8")
    preprocessor = PlansManager(plans).get_configuration(CONFIGURATION).preprocessor_class(verbose=False)
    preprocessor.show_progress_bar = False
    preprocessor.run(DATASET_ID, CONFIGURATION, name, num_processes=n_processes)
    height, width = settings["patch_size"]
    return Planned(
        plans=plans,
        dataset_json=json.loads((preprocessed / "dataset.json").read_bytes()),
        patch_hw=(height, width),
        batch_size=settings["batch_size"],
        planned_batch_size=planned_batch_size,
    )
