"""How much NSD hangs on its tolerance: UUSIC25's masks scored at 0.5 to 5 pixels.

Promises: the loop goes over the manifest; a missing or invalid mask counts 0 at every tolerance, as in strict
mode; at 1 pixel the means are those of a strict result.

Source: the question is that of UUSIC25's supplement (arXiv 2512.17279, eTables 1 to 4).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from evaluation.contract.case import Case, MaskReference
from evaluation.contract.errors import ConfigurationError, ManifestError
from evaluation.contract.manifest import Manifest
from evaluation.contract.problem import Problem
from evaluation.contract.record import Record
from evaluation.contract.result import Score
from evaluation.contract.task import Task
from evaluation.cores import usable_cores
from evaluation.estimates import Estimator
from evaluation.files.images import decode_mask
from evaluation.masks import read_strict_mask
from evaluation.metrics.surface_dice import surface_dice_inner_boundary
from evaluation.parallel import run_jobs
from evaluation.protocols.case_table import CaseScore, find_units, make_table
from evaluation.protocols.measures import mean_measure, positions_of
from evaluation.protocols.plan import Entry, Mean

TOLERANCES_PX = (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0)


class OrganTolerance(Record):
    """One organ's NSD at every tolerance."""

    organ: str
    """``mean`` for the plain mean over organs."""
    n_cases: int
    nsd: tuple[Score, ...]
    """One a tolerance."""


class ToleranceReport(Record):
    """One submission's NSD by tolerance."""

    format_version: Literal[1] = 1
    submission: str
    protocol: str
    manifest_sha256: str
    tolerances_px: tuple[float, ...]
    organs: tuple[OrganTolerance, ...]
    """In the order of their names, the mean last."""


@dataclass(frozen=True, slots=True)
class _Job:
    protocol: str
    task: Task
    case: Case
    folder: Path


def measure_tolerance(
    manifest: Manifest,
    folder: Path,
    *,
    name: str,
    n_resamples: int = 1000,
    seed: int = 0,
    n_processes: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ToleranceReport:
    """Score every predicted mask at every tolerance, strict mode.

    Args:
        manifest: of UUSIC25, read with references.
        folder: the submission's output folder.
        name: how the submission is called in the report.
        n_resamples: 0 gives no intervals; cases or patients are drawn as in scoring.
        seed: of the resamples.
        n_processes: None is one a core.
        progress: called with how many masks are done and how many there are.

    Raises:
        ConfigurationError: another protocol (NSD is UUSIC25's) or no folder.
        ManifestError: no segmentation case, or references that cannot be read.
        HarnessError: a scoring process was killed.
    """
    if manifest.protocol != "uusic25":
        raise ConfigurationError(
            f"Expected a manifest of uusic25, whose metric NSD is, but got {manifest.protocol}."
        )
    if not folder.is_dir():
        raise ConfigurationError(f"{folder}: expected the folder of a submission's predictions")
    jobs = [
        _Job(manifest.protocol, manifest.tasks[case.task_id], case, folder)
        for case in manifest.cases
        if isinstance(case.reference, MaskReference)
    ]
    if not jobs:
        raise ManifestError("the manifest holds no segmentation case with a reference")
    scores = run_jobs(
        _score_job,
        jobs,
        n_processes=n_processes or usable_cores(),
        progress=None if progress is None else lambda done: progress(done, len(jobs)),
    )
    broken = [score for score in scores if isinstance(score, str)]
    if broken:
        shown = "\n  ".join(broken[:20])
        raise ManifestError(f"{len(broken)} reference(s) cannot be used:\n  {shown}")
    rows = [score for score in scores if isinstance(score, CaseScore)]
    return ToleranceReport(
        submission=name,
        protocol=manifest.protocol,
        manifest_sha256=manifest.sha256,
        tolerances_px=TOLERANCES_PX,
        organs=tuple(_summarise(rows, n_resamples=n_resamples, seed=seed)),
    )


def _score_job(job: _Job) -> CaseScore | str:
    """Return a case's NSD by tolerance, or what is wrong with its reference."""
    reference = job.case.reference
    if not isinstance(reference, MaskReference):
        return f"{job.case.case_id}: no reference mask"
    try:
        mask_ref = decode_mask(reference.file.read_bytes(), expected_hw=job.case.size_hw, flatten_colour=True)
    except (OSError, ValueError) as error:
        return f"{job.case.case_id}: reference mask {reference.file}: {error}"
    size_hw = (mask_ref.shape[0], mask_ref.shape[1])
    mask_pred = read_strict_mask(job.protocol, job.folder, job.case, size_hw)
    if isinstance(mask_pred, Problem):
        worst = {_column(tolerance): 0.0 for tolerance in TOLERANCES_PX}
        return CaseScore(job.task, job.case, "failed", values=worst)
    values = {
        _column(tolerance): surface_dice_inner_boundary(
            mask_ref=mask_ref, mask_pred=mask_pred, tolerance_px=tolerance
        )
        for tolerance in TOLERANCES_PX
    }
    return CaseScore(job.task, job.case, "ok", values=values)


def _column(tolerance_px: float) -> str:
    return f"nsd_{tolerance_px:g}px"


def _summarise(rows: Sequence[CaseScore], *, n_resamples: int, seed: int) -> list[OrganTolerance]:
    table = make_table(rows)
    entries: dict[str, list[Entry]] = {}
    counts: dict[str, int] = {}
    for organ in sorted(table["organ"].unique()):
        positions = positions_of(table["organ"] == organ)
        counts[organ] = len(positions)
        entries[organ] = [mean_measure(table, positions, _column(t)) for t in TOLERANCES_PX]
    counts["mean"] = len(table)
    entries["mean"] = [Mean(tuple(of_organs)) for of_organs in zip(*entries.values(), strict=True)]
    flat = [entry for of_organ in entries.values() for entry in of_organ]
    estimator = Estimator(flat, find_units(table), n_resamples=n_resamples, seed=seed)
    return [
        OrganTolerance(organ=organ, n_cases=counts[organ], nsd=tuple(map(estimator.score, of_organ)))
        for organ, of_organ in entries.items()
    ]
