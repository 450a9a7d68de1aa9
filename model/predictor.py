"""The loop over a manifest: each image once, every case that asks about it, one bad case at a time.

A few workers each take a batch of images from the files to the written masks. So decoding, network and
writing overlap without queues between them, and little more than a batch a worker is in memory.
"""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import cv2

from evaluation.contract.case import Case
from evaluation.contract.errors import UserError
from evaluation.contract.prediction import BoxPrediction, ClassPrediction, Prediction
from model.batch import Batch, BatchPredictor, Writer
from model.plan import ImageJob


@dataclass
class Done:
    """What a run came to."""

    n_written: int = 0
    """Cases that have a prediction."""
    n_readable: int = 0
    """Images that could be read."""
    problems: list[str] = field(default_factory=list)
    """Tasks that were not learned, and images and answers that could not be used."""
    skipped: list[str] = field(default_factory=list)
    """Cases without a prediction."""
    seconds: dict[str, float] = field(default_factory=dict)
    """Spent on decode, network and write, summed over the workers."""


def predict_all(
    predictor: BatchPredictor,
    *,
    n_workers: int,
    batch_size: int,
    should_stop: Callable[[], bool],
    say: Callable[[str], None],
) -> Done:
    """Predict batch by batch until done or stopped; what goes wrong is said and costs its own case only.

    Args:
        predictor: predicts a batch.
        n_workers: batches that are worked on at once.
        batch_size: images in one.
        should_stop: asked before a batch is begun.
        say: takes one line for the person who runs the container.
    """
    done = Done()
    _report(done, Batch(problems=list(predictor.plan.warnings.values())), say)
    # The workers share the cores between them; OpenCV's own threads would only be in their way.
    cv2.setNumThreads(1)
    pending: deque[Future[Batch]] = deque()
    with ThreadPoolExecutor(n_workers) as pool:
        for jobs in _cut(predictor.plan.jobs, batch_size):
            if should_stop():
                break
            pending.append(pool.submit(predictor.predict, jobs))
            if len(pending) > n_workers:
                _collect(done, pending.popleft().result(), predictor.writer, say)
        while pending:
            _collect(done, pending.popleft().result(), predictor.writer, say)
    return done


def _cut(jobs: Sequence[ImageJob], size: int) -> list[Sequence[ImageJob]]:
    return [jobs[start : start + size] for start in range(0, len(jobs), size)]


def _collect(done: Done, batch: Batch, writer: Writer, say: Callable[[str], None]) -> None:
    """Add a batch, in the manifest's order whichever worker was first."""
    done.n_written += batch.n_masks
    done.n_readable += batch.n_readable
    for what, seconds in batch.seconds.items():
        done.seconds[what] = done.seconds.get(what, 0) + seconds
    for case, prediction in batch.predictions:
        try:
            _add(writer, case, prediction)
            done.n_written += 1
        except UserError as error:
            batch.skipped.append(f"case {case.case_id}: skipped: {error}")
    _report(done, batch, say)


def _report(done: Done, batch: Batch, say: Callable[[str], None]) -> None:
    for line in (*batch.problems, *batch.skipped):
        say(line)
    done.problems += batch.problems
    done.skipped += batch.skipped


def _add(writer: Writer, case: Case, prediction: Prediction) -> None:
    match prediction:
        case ClassPrediction():
            writer.add_class(case, prediction)
        case BoxPrediction():
            writer.add_box(case, prediction)  # type: ignore[union-attr] # only its challenge asks for boxes
        case _:
            writer.add_points(case, prediction)  # type: ignore[union-attr] # and for points
