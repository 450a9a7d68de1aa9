"""The challenges that can be scored, and what each one's `scores` module offers."""

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.contract.case import Case
from evaluation.contract.manifest import Manifest
from evaluation.contract.prediction import Prediction
from evaluation.contract.problem import Code, Problem
from evaluation.contract.result import Mode
from evaluation.contract.task import Task
from evaluation.protocols.case_table import CaseScore, Status
from evaluation.protocols.fmc_uia import scores as fmc_uia
from evaluation.protocols.plan import ScorePlan
from evaluation.protocols.uusic25 import scores as uusic25


class Scores(Protocol):
    """What a protocol's `scores` module offers."""

    RULES: dict[Mode, tuple[str, ...]]
    """The declared rules, in sentences."""
    READS_GREY: bool
    """Colour and palette masks are converted to grey (references always, predictions in official mode)."""
    RESIZES_OFFICIALLY: bool
    """In official mode a mask of another size is resized instead of refused."""

    def measure_mask(
        self, *, mask_ref: NDArray[np.integer], mask_pred: NDArray[np.integer], num_classes: int, mode: Mode
    ) -> dict[str, float]:
        """Return the metrics of two (h, w) masks."""
        ...

    def worst_mask(self, *, size_hw: tuple[int, int], num_classes: int) -> dict[str, float]:
        """Return the metrics of a failed mask."""
        ...

    def official_status(self, code: Code) -> Status:
        """Return what becomes, in official mode, of a mask that cannot be used."""
        ...

    def score_prediction(
        self,
        task: Task,
        case: Case,
        prediction: Prediction | None,
        mode: Mode,
        problem: Problem | None = None,
    ) -> CaseScore:
        """Score a case of any other kind."""
        ...

    def is_scored(self, case: Case, mode: Mode) -> bool:
        """Whether the case has a reference to score against."""
        ...

    def plan_scores(self, table: pd.DataFrame, manifest: Manifest, mode: Mode) -> ScorePlan:
        """Plan every score of the result."""
        ...


SCORES: Mapping[str, Scores] = {"uusic25": uusic25, "fmc_uia": fmc_uia}
