"""Independent pieces of work, spread over processes."""

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import forkserver
from typing import TypeVar

from evaluation.contract.errors import HarnessError

Job = TypeVar("Job")
Outcome = TypeVar("Outcome")

_CHUNK = 16
_WORTH_A_POOL = 200


def start_server(module: str) -> None:
    """Start the process that others are forked from, so that it imports while this one goes on.

    Args:
        module: what the work needs.
    """
    multiprocessing.get_context("forkserver").set_forkserver_preload([module])
    forkserver.ensure_running()


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


def _use_one_thread() -> None:
    import cv2

    cv2.setNumThreads(1)


def _run(work: Callable[[Job], Outcome], jobs: Sequence[Job], n_processes: int) -> Iterator[Outcome]:
    if n_processes <= 1 or len(jobs) < _WORTH_A_POOL:
        yield from map(work, jobs)
        return
    # Forked from a clean server: a fork of this process would inherit its threads' locks.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([work.__module__])  # without effect on a server that already runs
    try:
        with ProcessPoolExecutor(n_processes, context, initializer=_use_one_thread) as pool:
            yield from pool.map(work, jobs, chunksize=_CHUNK)
    except BrokenProcessPool as error:
        raise HarnessError("a scoring process was killed; is there enough memory? Try --jobs 1") from error
