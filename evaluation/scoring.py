"""The main loop: a labelled manifest and a submission's folder in, a result and its table of cases out.

Promises: the loop goes over the manifest, so a missing prediction cannot vanish; the order of the cases
changes no score; nothing a submission holds ends the run.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from evaluation.contract.case import Case, MaskReference, PointsReference
from evaluation.contract.errors import ConfigurationError, ManifestError
from evaluation.contract.manifest import Manifest
from evaluation.contract.prediction import Submission
from evaluation.contract.problem import Code, Problem
from evaluation.contract.result import Bootstrap, GroupResult, Mode, Result, RunRecord, Score, TaskResult
from evaluation.cores import usable_cores
from evaluation.estimates import Estimator, IntervalMethod
from evaluation.masks import MaskJob, score_mask
from evaluation.parallel import run_jobs
from evaluation.protocols.case_table import CaseScore, find_units, make_table, table_to_csv
from evaluation.protocols.fmc_uia.predictions import read_predictions as read_fmc_uia
from evaluation.protocols.plan import Entry, GroupPlan, ScorePlan
from evaluation.protocols.registry import SCORES
from evaluation.protocols.uusic25.predictions import read_predictions as read_uusic25
from evaluation.provenance import describe_run

MAX_LISTED_PROBLEMS = 1000

Progress = Callable[[Literal["masks", "resamples"], int, int], None]
"""Called with what is counted, how many are done and how many there are."""


@dataclass(frozen=True)
class ScoringOptions:
    """How to score."""

    mode: Mode = "strict"
    n_resamples: int = 1000
    """0 gives no intervals."""
    seed: int = 0
    interval: IntervalMethod = "percentile"
    n_processes: int | None = None
    """None: one a core."""


@dataclass(frozen=True)
class Scored:
    """What scoring gives."""

    result: Result
    cases: pd.DataFrame
    """One row a case; see `evaluation.protocols.case_table`."""


def read_predictions(manifest: Manifest, folder: Path) -> Submission:
    """Read a submission's folder in the manifest's own format.

    Raises:
        ConfigurationError: the folder does not exist.
    """
    if not folder.is_dir():
        raise ConfigurationError(f"{folder}: expected the folder of a submission's predictions")
    return (
        read_uusic25(manifest, folder) if manifest.protocol == "uusic25" else read_fmc_uia(manifest, folder)
    )


def score_submission(
    manifest: Manifest,
    folder: Path,
    options: ScoringOptions,
    *,
    name: str,
    run: RunRecord | None = None,
    progress: Progress | None = None,
) -> Scored:
    """Score one submission.

    Args:
        manifest: read with references.
        folder: the submission's output folder.
        options: mode and resampling.
        name: how the submission is called in the result.
        run: what running it cost.
        progress: told how far the work is.

    Raises:
        ManifestError: references that cannot be used, all of them listed.
        ConfigurationError: the folder does not exist, or the run was made on another manifest.
        HarnessError: a scoring process was killed.
    """
    if run is not None and run.asked_sha256 not in (None, manifest.asked_sha256):
        raise ConfigurationError(
            f"the run was made on another manifest (asked_sha256 {str(run.asked_sha256)[:12]}…, expected "
            f"{manifest.asked_sha256[:12]}…); score it with the references of the cases that it was run on"
        )
    submission = read_predictions(manifest, folder)
    cases = [case for case in manifest.cases if SCORES[manifest.protocol].is_scored(case, options.mode)]
    if not cases:
        raise ManifestError("the manifest holds no case with a reference")
    rows, problems, reference_sha256 = _score_cases(manifest, cases, submission, options, progress)
    table = make_table(rows)
    plan = SCORES[manifest.protocol].plan_scores(table, manifest, options.mode)
    estimator = Estimator(
        _entries(plan),
        find_units(table),
        n_resamples=options.n_resamples,
        seed=options.seed,
        interval=options.interval,
        progress=None if progress is None else lambda done: progress("resamples", done, options.n_resamples),
    )
    result = Result(
        submission=name,
        protocol=manifest.protocol,
        mode=options.mode,
        manifest_sha256=manifest.sha256,
        reference_sha256=reference_sha256,
        n_cases=len(cases),
        n_failed=int((table["status"] != "ok").sum()),
        tasks=tuple(_report_tasks(manifest, table, plan, estimator)),
        cases_sha256=hashlib.sha256(table_to_csv(table)).hexdigest(),
        groups=tuple(_report_group(group, table, estimator) for group in plan.groups),
        summary={name: estimator.score(entry) for name, entry in plan.summary.items()},
        run=run,
        bootstrap=_describe_bootstrap(cases, options),
        rules=SCORES[manifest.protocol].RULES[options.mode],
        notes=_notes(manifest, cases),
        problems=tuple(problems[:MAX_LISTED_PROBLEMS]),
        n_problems=len(problems),
        provenance=describe_run(),
    )
    return Scored(result=result, cases=table)


def _score_cases(
    manifest: Manifest,
    cases: Sequence[Case],
    submission: Submission,
    options: ScoringOptions,
    progress: Progress | None,
) -> tuple[list[CaseScore], list[Problem], str]:
    """Return one score a case in the order of `cases`, all problems, and the hash of the reference masks."""
    _refuse_unknown_sizes(cases, options.mode)
    jobs = [
        MaskJob(manifest.protocol, options.mode, manifest.tasks[case.task_id], case, submission.folder)
        for case in cases
        if isinstance(case.reference, MaskReference)
    ]
    outcomes = run_jobs(
        score_mask,
        jobs,
        n_processes=options.n_processes or usable_cores(),
        progress=None if progress is None else lambda done: progress("masks", done, len(jobs)),
    )
    broken = [outcome.reference_problem for outcome in outcomes if outcome.reference_problem]
    if broken:
        raise ManifestError("\n  ".join([f"{len(broken)} reference(s) cannot be used:", *broken[:20]]))
    mask_scores = {
        job.case.case_id: outcome.score for job, outcome in zip(jobs, outcomes, strict=True) if outcome.score
    }
    problems = [*submission.problems, *(outcome.problem for outcome in outcomes if outcome.problem)]
    errors = {p.case_id: p for p in reversed(submission.problems) if p.case_id and p.severity == "error"}
    rows = []
    for case in cases:
        row = mask_scores.get(case.case_id)
        if row is None:
            row = SCORES[manifest.protocol].score_prediction(
                manifest.tasks[case.task_id],
                case,
                submission.predictions.get(case.case_id),
                options.mode,
                errors.get(case.case_id),
            )
            problems += _new_problem(row, errors)
        rows.append(row)
    digests = sorted(
        f"{job.case.case_id} {outcome.reference_sha256}" for job, outcome in zip(jobs, outcomes, strict=True)
    )
    return rows, problems, hashlib.sha256("\n".join(digests).encode()).hexdigest()


def _refuse_unknown_sizes(cases: Sequence[Case], mode: Mode) -> None:
    """The strict error of a failed point is the image diagonal, so somebody must know it."""
    if mode == "official":
        return
    unknown = [c.case_id for c in cases if isinstance(c.reference, PointsReference) and c.size_hw is None]
    if unknown:
        shown = "\n  ".join(unknown[:20])
        raise ManifestError(
            f"{len(unknown)} case(s) of points without an image size; put the images below the reference "
            f"folder or give the columns image_width and image_height:\n  {shown}"
        )


def _new_problem(row: CaseScore, known: dict[str, Problem]) -> Iterable[Problem]:
    if row.status != "ok" and row.case.case_id not in known:
        yield Problem(
            code=row.fault or Code.MALFORMED, case_id=row.case.case_id, message=row.reason or "unusable"
        )


def _entries(plan: ScorePlan) -> list[Entry]:
    of_tasks = [entry for entries in plan.tasks.values() for entry in entries.values()]
    of_groups = [entry for group in plan.groups for entry in group.entries.values()]
    return [*of_tasks, *of_groups, *plan.summary.values()]


def _report_tasks(
    manifest: Manifest, table: pd.DataFrame, plan: ScorePlan, estimator: Estimator
) -> Iterable[TaskResult]:
    for task_id, entries in plan.tasks.items():
        task = manifest.tasks[task_id]
        status = table.loc[table["task_id"] == task_id, "status"]
        yield TaskResult(
            task_id=task_id,
            kind=task.kind,
            num_classes=task.num_classes,
            organ=task.organ,
            n_cases=len(status),
            n_failed=int((status != "ok").sum()),
            scores={name: estimator.score(entry) for name, entry in entries.items()},
        )


def _report_group(group: GroupPlan, table: pd.DataFrame, estimator: Estimator) -> GroupResult:
    scores: dict[str, Score] = {name: estimator.score(entry) for name, entry in group.entries.items()}
    return GroupResult(
        by=group.by,
        name=group.name,
        kind=group.kind,
        tasks=group.tasks,
        n_cases=len(group.cases),
        n_failed=int((table["status"].iloc[group.cases] != "ok").sum()),
        scores=scores,
    )


def _describe_bootstrap(cases: Sequence[Case], options: ScoringOptions) -> Bootstrap | None:
    if options.n_resamples == 0:
        return None
    by_patient = any(case.patient_id for case in cases)
    return Bootstrap(
        n_resamples=options.n_resamples,
        seed=options.seed,
        unit="patient" if by_patient else "case",
        method=options.interval,
    )


def _notes(manifest: Manifest, cases: Sequence[Case]) -> tuple[str, ...]:
    notes = list(manifest.notes)
    left_out = len(manifest.cases) - len(cases)
    if left_out:
        notes.append(f"{left_out} case(s) of the manifest have no reference and are not scored")
    unknown = sum(case.patient_id is None for case in cases)
    if 0 < unknown < len(cases):
        notes.append(f"{unknown} case(s) have no patient_id; each of their images is resampled by itself")
    return tuple(notes)
