"""The loop of a queue: free slots to waiting submissions, collect what ended, try again what deserves it.

Promises: a slot runs one submission at a time; only faults of the infrastructure are tried again, a limited
number of times; a lost worker costs the run it had, nothing else; no submission's fault stops the queue.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from distributed import CancelledError, Future
from distributed.client import FutureCancelledError
from distributed.scheduler import KilledWorker

from evaluation.contract.errors import ConfigurationError, HarnessError, UserError
from evaluation.queue.board import Row, State
from evaluation.queue.cluster import SCORE, SLOT, Cluster, Slot
from evaluation.queue.jobs import TOPIC, RunJob, run_one, score_one
from evaluation.queue.plan import QueuePlan
from evaluation.queue.reports import RunReport, ScoreReport
from evaluation.runner.folder import read_run_file

_PERIOD_S = 0.2

Show = Callable[[Sequence[Row]], None]
"""Called with every row a few times a second."""


@dataclass
class _Flight:
    """A job that a worker has."""

    row: Row
    future: "Future[Any]"
    worker: str


class Queue:
    """One queue at work."""

    def __init__(self, plan: QueuePlan, out: Path, cluster: Cluster, *, n_retries: int) -> None:
        self.rows = [Row(e.name, out / e.name, gpu=_find_gpu(out / e.name)) for e in plan.submissions]
        self._plan = plan
        self._entries = {entry.name: entry for entry in plan.submissions}
        self._cluster = cluster
        self._n_retries = n_retries
        self._flights: list[_Flight] = []

    def run(self, show: Show) -> None:
        """Work until every submission is done or given up."""
        client = self._cluster.client
        client.subscribe_topic(TOPIC, self._hear)
        try:
            while any(row.state not in (State.DONE, State.FAILED) for row in self.rows):
                self.step()
                show(self.rows)
                time.sleep(_PERIOD_S)
        finally:
            client.unsubscribe_topic(TOPIC)
        show(self.rows)

    def step(self) -> None:
        """Collect what ended and start what can be started."""
        slots, scorers = self._cluster.find_slots(), self._cluster.find_scorers()
        there = {*scorers, *(slot.worker for slot in slots)}
        for flight in list(self._flights):
            if flight.future.done():
                self._flights.remove(flight)
                self._collect(flight)
            elif flight.worker not in there:
                self._flights.remove(flight)
                flight.future.cancel()
                self._try_again(flight.row, f"the worker {flight.worker} was lost")
        self._say_what_is_missing(slots)
        busy = {flight.worker for flight in self._flights}
        self._start(State.WAITING, [slot for slot in slots if slot.worker not in busy], self._start_run)
        free = [Slot(worker) for worker in scorers if worker not in busy]
        self._start(State.TO_SCORE, free, self._start_score)

    def _say_what_is_missing(self, slots: Sequence[Slot]) -> None:
        for row in self.rows:
            if row.state is State.WAITING and not row.faults:
                row.words = "" if slots else "no worker offers a slot"

    def _start(self, state: State, free: Sequence[Slot], start: Callable[[Row, Slot], None]) -> None:
        gpus = {slot.gpu for slot in self._cluster.find_slots()}
        for slot in free:
            ready = [row for row in self.rows if row.state is state]
            # A GPU is part of a run's key: a run that lies there already goes back to the GPU that made it.
            mine = [row for row in ready if row.gpu in (None, slot.gpu) or row.gpu not in gpus]
            if mine:
                mine[0].n_attempts += 1
                start(mine[0], slot)

    def _start_run(self, row: Row, slot: Slot) -> None:
        row.state, row.words = State.RUNNING, f"on {slot.worker}"
        job = RunJob(self._plan, self._entries[row.name], row.out, slot.cores, slot.gpu)
        self._submit(row, slot, SLOT, run_one, job)

    def _start_score(self, row: Row, slot: Slot) -> None:
        row.state, row.words = State.SCORING, ""
        self._submit(row, slot, SCORE, score_one, self._plan, row.out)

    def _submit(
        self, row: Row, slot: Slot, resource: str, work: Callable[..., object], *arguments: object
    ) -> None:
        key = f"{resource}-{row.name}-{time.monotonic_ns()}"
        future = self._cluster.client.submit(
            work, *arguments, key=key, workers=[slot.worker], resources={resource: 1}, pure=False, retries=0
        )
        self._flights.append(_Flight(row, future, slot.worker))

    def _collect(self, flight: _Flight) -> None:
        row = flight.row
        try:
            error = flight.future.exception()
        except (CancelledError, FutureCancelledError) as cancelled:
            error = cancelled
        match error:
            case None:
                self._take(row, flight.future.result())
            case UserError():
                row.state, row.words = State.FAILED, str(error)
            case HarnessError() | OSError() | KilledWorker() | CancelledError() | FutureCancelledError():
                self._try_again(row, f"{type(error).__name__}: {error}")
            case _:
                # Output that breaks the harness itself costs this submission's place, not everybody's.
                row.state, row.words = (
                    State.FAILED,
                    f"a fault of the harness: {type(error).__name__}: {error}",
                )

    def _take(self, row: Row, report: RunReport | ScoreReport) -> None:
        if isinstance(report, ScoreReport):
            row.score, row.state, row.words = report, State.DONE, ""
            return
        if report.fault == "infrastructure":
            row.run = report
            self._try_again(row, f"{report.outcome}: {report.sentence}")
            return
        row.run, row.words = report, ""
        is_scored = self._plan.reference is not None and report.has_predictions
        row.state = State.TO_SCORE if is_scored else State.DONE

    def _try_again(self, row: Row, reason: str) -> None:
        row.faults.append(reason)
        row.n_faults += 1
        row.words = reason
        if row.n_faults > self._n_retries:
            row.state = State.FAILED
        else:
            row.state = State.TO_SCORE if row.state is State.SCORING else State.WAITING

    def _hear(self, event: tuple[float, dict[str, str]]) -> None:
        _, message = event
        for row in self.rows:
            if row.name == message["name"] and row.state is State.RUNNING:
                row.words = message["words"]


def _find_gpu(folder: Path) -> str | None:
    """Return the GPU of the run that lies in a folder; None without a run or without a GPU of its own."""
    try:
        gpus = read_run_file(folder).gpus
    except ConfigurationError:
        return None
    return None if gpus in ("all", "none") else gpus
