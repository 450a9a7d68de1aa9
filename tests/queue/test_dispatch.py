"""The loop over workers that come and go, with a cluster that the test plays."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from evaluation.contract.errors import ConfigurationError, EngineError
from evaluation.queue.board import State, describe_row
from evaluation.queue.cluster import Cluster, Slot
from evaluation.queue.dispatch import Queue
from evaluation.queue.plan import Entry, QueuePlan
from evaluation.queue.reports import RunReport, ScoreReport
from evaluation.queue.terminal import make_table


@dataclass
class Job:
    """A future whose end the test decides."""

    worker: str
    resource: str
    name: str
    value: Any = None
    is_done: bool = False
    is_cancelled: bool = False

    def done(self) -> bool:
        return self.is_done

    def cancel(self) -> None:
        self.is_cancelled = True

    def exception(self) -> Exception | None:
        return self.value if isinstance(self.value, Exception) else None

    def result(self) -> Any:  # noqa: ANN401 # as Dask's
        if isinstance(self.value, Exception):
            raise self.value
        return self.value

    def end(self, value: object) -> None:
        self.value, self.is_done = value, True


@dataclass
class Workers:
    """A cluster and its client."""

    slots: list[str] = field(default_factory=lambda: ["w1", "w2"])
    scorers: list[str] = field(default_factory=lambda: ["s1"])
    jobs: list[Job] = field(default_factory=list)

    @property
    def client(self) -> "Workers":
        return self

    def find_slots(self) -> list[Slot]:
        return [Slot(name) for name in self.slots]

    def find_scorers(self) -> list[str]:
        return self.scorers

    def submit(
        self, work: Callable[..., object], *arguments: object, key: str, workers: list[str], **_: object
    ) -> Job:
        resource, name = key.split("-")[:2]
        self.jobs.append(Job(workers[0], resource, name))
        return self.jobs[-1]

    @property
    def running(self) -> list[Job]:
        return [job for job in self.jobs if not job.is_done and not job.is_cancelled]


def make_queue(workers: Workers, n: int = 3, n_retries: int = 1, *, is_scored: bool = True) -> Queue:
    entries = tuple(Entry(name=f"e{k}", image="x") for k in range(n))
    reference = Path("refs") if is_scored else None
    plan = QueuePlan.model_validate(
        {"protocol": "fmc_uia", "input": "in", "reference": reference, "submissions": entries}
    )
    return Queue(plan, Path("out"), cast(Cluster, workers), n_retries=n_retries)


def make_report(outcome: str = "ok", fault: str = "none", **changes: Any) -> RunReport:  # noqa: ANN401
    return RunReport(
        **{
            "outcome": outcome,
            "fault": fault,
            "sentence": "s",
            "runtime_s": 1.0,
            "peak_gpu_mib": 0.0,
            "has_predictions": True,
            "host": "h",
            "is_resumed": False,
            **changes,
        }
    )


def states(queue: Queue) -> list[State]:
    return [row.state for row in queue.rows]


def test_output_that_breaks_the_harness_costs_its_own_place_only() -> None:
    workers = Workers()
    queue = make_queue(workers, n=2, is_scored=False)
    queue.step()
    workers.jobs[0].end(RecursionError("too deep"))
    workers.jobs[1].end(make_report())
    queue.step()
    assert states(queue) == [State.FAILED, State.DONE]
    assert queue.rows[0].words == "a fault of the harness: RecursionError: too deep"


def test_queue_without_a_slot_says_what_it_waits_for() -> None:
    workers = Workers(slots=[])
    queue = make_queue(workers)
    queue.step()
    assert {row.words for row in queue.rows} == {"no worker offers a slot"}
    workers.slots.append("w1")
    queue.step()
    assert [row.words for row in queue.rows] == ["on w1", "", ""]


def test_a_slot_runs_one_submission_at_a_time() -> None:
    workers = Workers()
    queue = make_queue(workers, n=5)
    for _ in range(3):
        queue.step()
    assert [(job.worker, job.name) for job in workers.running] == [("w1", "e0"), ("w2", "e1")]
    workers.jobs[0].end(make_report())
    queue.step()
    assert [(job.worker, job.name, job.resource) for job in workers.running] == [
        ("w2", "e1", "slot"),
        ("w1", "e2", "slot"),
        ("s1", "e0", "score"),
    ]


def test_a_submission_is_done_once_it_is_scored() -> None:
    workers = Workers()
    queue = make_queue(workers, n=1)
    queue.step()
    workers.jobs[0].end(make_report())
    queue.step()
    assert states(queue) == [State.SCORING]
    workers.jobs[1].end(ScoreReport({"perf": 0.5}, is_resumed=False))
    queue.step()
    assert states(queue) == [State.DONE]
    entry = describe_row(queue.rows[0], "e0/result.json")
    assert (entry.ran_now, entry.scored_now, entry.summary) == (True, True, {"perf": 0.5})


def test_a_run_that_lies_there_goes_back_to_the_gpu_that_made_it() -> None:
    class Gpus(Workers):
        def find_slots(self) -> list[Slot]:
            return [Slot("w1", gpu="GPU-1"), Slot("w2", gpu="GPU-2")]

    workers = Gpus()
    queue = make_queue(workers)
    queue.rows[0].gpu, queue.rows[1].gpu = "GPU-2", "GPU-gone"
    queue.step()
    assert [(job.worker, job.name) for job in workers.running] == [("w1", "e1"), ("w2", "e0")]


def test_without_references_a_run_is_all() -> None:
    workers = Workers()
    queue = make_queue(workers, n=1, is_scored=False)
    queue.step()
    workers.jobs[0].end(make_report())
    queue.step()
    assert states(queue) == [State.DONE]


def test_a_submissions_own_fault_is_not_tried_again_but_scored() -> None:
    workers = Workers()
    queue = make_queue(workers, n=1)
    queue.step()
    workers.jobs[0].end(make_report("crashed", "submission"))
    queue.step()
    assert [job.resource for job in workers.jobs] == ["slot", "score"]


def test_what_was_never_started_is_not_scored() -> None:
    workers = Workers()
    queue = make_queue(workers, n=1)
    queue.step()
    workers.jobs[0].end(make_report("image_missing", "submission", has_predictions=False))
    queue.step()
    assert states(queue) == [State.DONE]


@pytest.mark.parametrize(
    "end", [make_report("engine_error", "infrastructure"), EngineError("the daemon is away"), OSError("disk")]
)
def test_an_infrastructure_fault_is_tried_again_a_limited_number_of_times(end: object) -> None:
    workers = Workers()
    queue = make_queue(workers, n=1, n_retries=1)
    for _ in range(2):
        queue.step()
        workers.running[0].end(end)
    queue.step()
    assert len(workers.jobs) == 2
    assert states(queue) == [State.FAILED]
    assert len(queue.rows[0].faults) == 2


def test_a_refused_submission_is_given_up_at_once_and_the_others_go_on() -> None:
    workers = Workers()
    queue = make_queue(workers)
    queue.step()
    workers.jobs[0].end(ConfigurationError("the folder is in use"))
    queue.step()
    assert states(queue) == [State.FAILED, State.RUNNING, State.RUNNING]
    assert queue.rows[0].words == "the folder is in use"


def test_a_lost_worker_costs_only_the_run_it_had() -> None:
    workers = Workers()
    queue = make_queue(workers)
    queue.step()
    workers.slots = ["w2"]
    queue.step()
    assert workers.jobs[0].is_cancelled
    assert states(queue) == [State.WAITING, State.RUNNING, State.WAITING]
    assert "w1 was lost" in queue.rows[0].faults[0]
    workers.slots = ["w2", "w3"]
    queue.step()
    assert [(job.worker, job.name) for job in workers.running] == [("w2", "e1"), ("w3", "e0")]


def test_a_lost_scorer_costs_only_the_scoring_it_had() -> None:
    workers = Workers()
    queue = make_queue(workers, n=1)
    queue.step()
    workers.jobs[0].end(make_report())
    queue.step()
    workers.scorers = ["s2"]
    queue.step()
    assert [(job.worker, job.resource) for job in workers.running] == [("s2", "score")]


def test_what_a_worker_tells_is_shown_of_running_submissions_only() -> None:
    workers = Workers()
    queue = make_queue(workers)
    queue.step()
    for name in ("e0", "e2"):
        queue._hear((0.0, {"name": name, "words": "run 1 of 1, 3 s"}))
    assert [row.words for row in queue.rows] == ["run 1 of 1, 3 s", "on w2", ""]
    assert make_table(queue.rows).row_count == 3
