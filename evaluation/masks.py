"""Scoring masks, many at a time: the expensive part of a result, spread over processes.

Promises: a submission's mask is read through `evaluation.files.untrusted`; whatever it holds, its case gets
an outcome; a damaged reference is the organiser's problem and is reported as such.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from evaluation.contract.case import Case, MaskReference
from evaluation.contract.problem import Code, Problem
from evaluation.contract.result import Mode
from evaluation.contract.task import Task
from evaluation.files.images import MAX_PIXELS, WrongSizeError, decode_mask
from evaluation.files.untrusted import UnusableFileError, read_untrusted
from evaluation.protocols.case_table import CaseScore
from evaluation.protocols.registry import SCORES


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
    if job.mode == "strict" and not rules.READS_GREY and int(mask_ref.max()) >= job.task.num_classes:
        text = (
            f"{job.case.case_id}: reference mask {reference.file} holds the value {int(mask_ref.max())}, "
            f"which is no class of 0 to {job.task.num_classes - 1}; write class indices"
        )
        return MaskOutcome(None, reference_problem=text)
    digest = hashlib.sha256(content).hexdigest()
    size_hw = (mask_ref.shape[0], mask_ref.shape[1])
    mask_pred = (
        read_strict_mask(job.protocol, job.folder, job.case, size_hw)
        if job.mode == "strict"
        else _read_officially(job, size_hw)
    )
    if isinstance(mask_pred, Problem):
        return MaskOutcome(_score_fault(job, size_hw, mask_pred), mask_pred, reference_sha256=digest)
    values = rules.measure_mask(
        mask_ref=mask_ref, mask_pred=mask_pred, num_classes=job.task.num_classes, mode=job.mode
    )
    return MaskOutcome(CaseScore(job.task, job.case, "ok", values=values), reference_sha256=digest)


def read_strict_mask(
    protocol: str, folder: Path, case: Case, size_hw: tuple[int, int] | None
) -> NDArray[np.integer] | Problem:
    """Read a predicted mask by the strict rules, which checking and scoring share.

    Args:
        protocol: whose rules.
        folder: the submission's output folder.
        case: a segmentation case.
        size_hw: the size that the mask must have; None when nobody knows.

    Returns:
        (h, w) integers, or what is wrong with the file.
    """
    # Four bytes a pixel: no compressor makes an honest mask larger than its raw pixels.
    limit_bytes = 2**28 if size_hw is None else 2**20 + 4 * size_hw[0] * size_hw[1]
    # What a palette shows, not its indices: otherwise a copy of the reference file could score 0.
    grey = SCORES[protocol].READS_GREY
    return _read_mask(folder, case, limit_bytes, expected_hw=size_hw, flatten_palette=grey)


def _read_mask(
    folder: Path,
    case: Case,
    limit_bytes: int,
    *,
    expected_hw: tuple[int, int] | None,
    flatten_colour: bool = False,
    flatten_palette: bool = False,
) -> NDArray[np.integer] | Problem:
    try:
        content = read_untrusted(folder, str(case.output_path), limit_bytes=limit_bytes)
        return decode_mask(
            content,
            expected_hw=expected_hw,
            flatten_colour=flatten_colour,
            flatten_palette=flatten_palette,
        )
    except UnusableFileError as error:
        return Problem(code=error.code, case_id=case.case_id, message=str(error))
    except ValueError as error:
        code = Code.WRONG_SIZE if isinstance(error, WrongSizeError) else Code.UNREADABLE
        return Problem(code=code, case_id=case.case_id, message=f"`{case.output_path}`: {error}")


def _read_officially(job: MaskJob, size_hw: tuple[int, int]) -> NDArray[np.integer] | Problem:
    rules = SCORES[job.protocol]
    mask = _read_mask(
        job.folder,
        job.case,
        4 * MAX_PIXELS,
        expected_hw=None if rules.RESIZES_OFFICIALLY else size_hw,
        flatten_colour=rules.READS_GREY,
    )
    if isinstance(mask, Problem) or mask.shape == size_hw:
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
