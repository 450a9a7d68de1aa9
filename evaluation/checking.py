"""What is wrong with a submission's files, all of it at once, without any reference."""

import contextlib
import itertools
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from evaluation.contract.case import Case
from evaluation.contract.manifest import Manifest
from evaluation.contract.problem import Code, Problem
from evaluation.contract.task import Kind, Task
from evaluation.cores import usable_cores
from evaluation.masks import read_strict_mask
from evaluation.parallel import run_jobs
from evaluation.protocols.entries import show_name
from evaluation.protocols.registry import SCORES
from evaluation.protocols.validity import find_fault
from evaluation.scoring import read_predictions

_MAX_ENTRIES = 200_000
"""Files and folders that are looked through for unexpected ones."""


@dataclass(frozen=True, slots=True)
class _MaskCheck:
    folder: Path
    protocol: str
    task: Task
    case: Case


def check_submission(
    manifest: Manifest,
    folder: Path,
    *,
    n_processes: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> list[Problem]:
    """Return every problem of a submission's folder; none means that strict scoring will fail no case.

    Args:
        manifest: read without references.
        folder: the submission's output folder.
        n_processes: None for one a core.
        progress: called with the number of masks checked.

    Raises:
        ConfigurationError: the folder does not exist.
        HarnessError: a checking process was killed.
    """
    submission = read_predictions(manifest, folder)
    problems = list(submission.problems)
    blamed = {problem.case_id for problem in problems if problem.severity == "error"}
    jobs = []
    for case in manifest.cases:
        task = manifest.tasks[case.task_id]
        if task.kind is Kind.SEGMENTATION:
            jobs.append(_MaskCheck(folder, manifest.protocol, task, case))
        elif case.case_id not in blamed:
            fault = find_fault(task, case, submission.predictions.get(case.case_id))
            problems += [fault] if fault else []
    found = run_jobs(_check_mask, jobs, n_processes=n_processes or usable_cores(), progress=progress)
    problems += [problem for problem in found if problem]
    problems += _find_unexpected(manifest, folder)
    return problems


def _check_mask(job: _MaskCheck) -> Problem | None:
    mask = read_strict_mask(job.protocol, job.folder, job.case, job.case.size_hw)
    if isinstance(mask, Problem):
        return mask
    largest = int(mask.max())
    if SCORES[job.protocol].READS_GREY or largest < job.task.num_classes:
        return None
    message = (
        f"`{job.case.output_path}` holds the value {largest}, "
        f"which is no class of 0 to {job.task.num_classes - 1}"
    )
    return Problem(code=Code.WRONG_CLASS, severity="warning", case_id=job.case.case_id, message=message)


def _find_unexpected(manifest: Manifest, folder: Path) -> Iterator[Problem]:
    """Name files that nothing reads: the usual sign of masks written to a wrong place."""
    expected = {case.output_path for case in manifest.cases if case.output_path}
    extra: list[str] = []
    for path in _walk(folder):
        if path not in expected and not path.endswith(".json"):
            extra.append(path)
    if extra:
        shown = ", ".join(f"`{show_name(path)}`" for path in sorted(extra)[:3])
        message = f"{len(extra)} file(s) that nothing reads, such as {shown}"
        yield Problem(code=Code.UNEXPECTED_FILE, severity="warning", message=message)


def _walk(folder: Path) -> Iterator[str]:
    """Yield all that is no folder, relative to `folder`; without recursion, for folders may nest deeply."""
    waiting = [""]
    n_entries = 0
    while waiting and n_entries < _MAX_ENTRIES:
        inside = waiting.pop()
        with contextlib.suppress(OSError), os.scandir(folder / inside) as entries:
            for entry in itertools.islice(entries, _MAX_ENTRIES - n_entries):
                n_entries += 1
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(f"{inside}{entry.name}/")
                else:
                    yield f"{inside}{entry.name}"
