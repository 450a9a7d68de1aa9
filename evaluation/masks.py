"""Scoring masks, many at a time: the expensive part of a result, spread over processes.

Promises: a submission's mask is read through `evaluation.files.untrusted`; whatever it holds, its case gets
an outcome; a damaged reference is the organiser's problem and is reported as such.
"""

import hashlib
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from evaluation.contract.case import Case, MaskReference
from evaluation.contract.errors import HarnessError
from evaluation.contract.problem import Code, Problem
from evaluation.contract.result import Mode
from evaluation.contract.task import Task
from evaluation.files.images import MAX_PIXELS, WrongSizeError, decode_mask
from evaluation.files.untrusted import UnusableFileError, read_untrusted
from evaluation.protocols.case_table import CaseScore
from evaluation.protocols.registry import SCORES

Job = TypeVar("Job")
Outcome = TypeVar("Outcome")

_CHUNK = 16
_WORTH_A_POOL = 200


@dataclass(frozen=True, slots=True)
class MaskJob:
    """One predicted mask to score."""

    protocol: str
    mode: Mode
    task: Task
    case: Case
    folder: Path
    """The submission's output folder."""


@dataclass(frozen=True, slots=True)
class MaskOutcome:
    """What became of a job."""

    score: CaseScore | None
    problem: Problem | None = None
    """What is wrong with the prediction."""
    reference_problem: str | None = None
    """What is wrong with the reference; the case then has no score."""
    reference_sha256: str = ""


def run_jobs(
    work: Callable[[Job], Outcome],
    jobs: Sequence[Job],
    *,
    n_processes: int,
    progress: Callable[[int], None] | None = None,
) -> list[Outcome]:
    """Do independent pieces of work, in the order given.

    Args:
        work: a function of a module, so that other processes can import it.
        jobs: what it is called with.
        n_processes: processes to spread over; few jobs stay in this one.
        progress: called after each job with the number finished.

    Raises:
        HarnessError: a process was killed.
    """
    outcomes = []
    for outcome in _run(work, jobs, n_processes):
        outcomes.append(outcome)
        if progress is not None:
            progress(len(outcomes))
    return outcomes


def _run(work: Callable[[Job], Outcome], jobs: Sequence[Job], n_processes: int) -> Iterator[Outcome]:
    if n_processes <= 1 or len(jobs) < _WORTH_A_POOL:
        yield from map(work, jobs)
        return
    # Forked from a clean server: a fork of this process would inherit its threads' locks.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["evaluation.masks"])
    try:
        with ProcessPoolExecutor(n_processes, context, initializer=cv2.setNumThreads, initargs=(1,)) as pool:
            yield from pool.map(work, jobs, chunksize=_CHUNK)
    except BrokenProcessPool as error:
        raise HarnessError("a scoring process was killed; is there enough memory? Try --jobs 1") from error


def score_mask(job: MaskJob) -> MaskOutcome:
    """Read both masks and measure them."""
    rules = SCORES[job.protocol]
    reference = job.case.reference
    if not isinstance(reference, MaskReference):
        return MaskOutcome(None, reference_problem=f"{job.case.case_id}: no reference mask")
    try:
        content = reference.file.read_bytes()
        mask_ref = decode_mask(
            content,
            expected_hw=job.case.size_hw if job.mode == "strict" else None,
            flatten_colour=rules.READS_GREY,
        )
    except (OSError, ValueError) as error:
        text = f"{job.case.case_id}: reference mask {reference.file}: {error}"
        return MaskOutcome(None, reference_problem=text)
    digest = hashlib.sha256(content).hexdigest()
    size_hw = (mask_ref.shape[0], mask_ref.shape[1])
    problem: Problem | None = None
    try:
        mask_pred = _read_prediction(job, size_hw)
    except UnusableFileError as error:
        problem = Problem(code=error.code, case_id=job.case.case_id, message=str(error))
    except ValueError as error:
        code = Code.WRONG_SIZE if isinstance(error, WrongSizeError) else Code.UNREADABLE
        message = f"`{job.case.output_path}`: {error}"
        problem = Problem(code=code, case_id=job.case.case_id, message=message)
    else:
        values = rules.measure_mask(
            mask_ref=mask_ref, mask_pred=mask_pred, num_classes=job.task.num_classes, mode=job.mode
        )
        return MaskOutcome(CaseScore(job.task, job.case, "ok", values=values), reference_sha256=digest)
    return MaskOutcome(_score_fault(job, size_hw, problem), problem, reference_sha256=digest)


def _read_prediction(job: MaskJob, size_hw: tuple[int, int]) -> NDArray[np.integer]:
    # Four bytes a pixel: no compressor makes an honest mask larger than its raw pixels.
    limit_bytes = 2**20 + 4 * size_hw[0] * size_hw[1]
    if job.mode == "strict":
        content = read_untrusted(job.folder, str(job.case.output_path), limit_bytes=limit_bytes)
        return decode_mask(content, expected_hw=size_hw)
    rules = SCORES[job.protocol]
    content = read_untrusted(job.folder, str(job.case.output_path), limit_bytes=4 * MAX_PIXELS)
    mask = decode_mask(
        content,
        expected_hw=None if rules.RESIZES_OFFICIALLY else size_hw,
        flatten_colour=rules.READS_GREY,
    )
    if mask.shape == size_hw:
        return mask
    # Pillow picks other pixels in 16-bit images; four bytes for each would be a waste on the usual ones.
    source = Image.fromarray(mask if mask.dtype == np.uint8 else mask.astype(np.int32))
    return np.asarray(source.resize(size_hw[::-1], Image.Resampling.NEAREST))


def _score_fault(job: MaskJob, size_hw: tuple[int, int], problem: Problem) -> CaseScore:
    rules = SCORES[job.protocol]
    status = "failed" if job.mode == "strict" else rules.official_status(problem.code)
    values = {}
    if status == "failed":
        values = rules.worst_mask(size_hw=size_hw, num_classes=job.task.num_classes)
    return CaseScore(job.task, job.case, status, problem.message, problem.code, values)
