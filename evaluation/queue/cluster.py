"""Where jobs go: a cluster of this host, one that is running already, or one that Slurm is asked for.

Every worker that offers the resource ``slot`` runs one submission at a time; scoring has a process of its own
beside the queue (resource ``score``). A worker of this host ends with the queue, even if that is killed.
"""

import importlib.util
import math
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dask
from distributed import Client, LocalCluster, Nanny

from evaluation.contract.errors import ConfigurationError, EngineError
from evaluation.cores import usable_cores
from evaluation.files.yaml_text import parse_yaml
from evaluation.runner.gpu import GpuProbe, open_gpus

SLOT = "slot"
SCORE = "score"
_CONNECT_S = 30
_PRIVATE = "127.0.0.1:0"
"""Where Dask's own pages go: nowhere that another machine can see, on a port that nobody has."""
_SETTINGS = {
    "distributed.worker.daemon": False,
    "distributed.worker.memory.terminate": False,
    "distributed.worker.memory.pause": False,
    "distributed.scheduler.work-stealing": False,
    "distributed.logging": {"distributed": "error"},
    "distributed.admin.log-length": 1000,
}


@dataclass(frozen=True)
class Slot:
    """One place where one submission runs at a time."""

    worker: str
    """Its address."""
    cores: tuple[int, ...] | None = None
    gpu: str | None = None


class Cluster:
    """Workers, and what belongs to each."""

    def __init__(self, client: Client, shares: dict[str, tuple[tuple[int, ...] | None, str | None]]) -> None:
        self.client = client
        self._shares = shares

    def find_slots(self) -> list[Slot]:
        """Return the slots whose workers are there now."""
        slots = []
        for address, worker in self._find_workers().items():
            if worker["resources"].get(SLOT, 0) >= 1:
                slots.append(Slot(address, *self._shares.get(str(worker["name"]), (None, None))))
        return sorted(slots, key=lambda slot: slot.worker)

    def find_scorers(self) -> list[str]:
        """Return the addresses of the workers that score."""
        workers = self._find_workers().items()
        return [address for address, worker in workers if worker["resources"].get(SCORE, 0) >= 1]

    def _find_workers(self) -> dict[str, Any]:
        workers: dict[str, Any] = self.client.scheduler_info(n_workers=-1)["workers"]
        return workers


@contextmanager
def open_cluster(scheduler: str, *, n_slots: int | None = None, cpus: float = 2.0) -> Iterator[Cluster]:
    """Open the workers of a queue and close what was opened here.

    Args:
        scheduler: ``local``, the address of a running one, or a YAML file with `SLURMCluster`'s arguments.
        n_slots: submissions at a time on this host; None: one a GPU, else as many as there are cores for.
        cpus: cores of one submission.

    Raises:
        ConfigurationError: no such file, or an argument that does not fit.
        EngineError: the scheduler does not answer, or the package for Slurm is not installed.
    """
    with ExitStack() as stack:
        stack.enter_context(dask.config.set(_SETTINGS))
        if scheduler == "local":
            yield _open_local(stack, n_slots, cpus)
            return
        if n_slots is not None:
            raise ConfigurationError("--slots belongs to --scheduler local; elsewhere each worker is a slot")
        client = _connect(stack, scheduler) if "://" in scheduler else _open_slurm(stack, Path(scheduler))
        _start_workers(stack, client, {"score": SCORE})
        yield Cluster(client, {})


def _open_local(stack: ExitStack, n_slots: int | None, cpus: float) -> Cluster:
    shares = _share_out(n_slots, cpus)
    cluster = stack.enter_context(
        LocalCluster(n_workers=0, dashboard_address=_PRIVATE, host="127.0.0.1", silence_logs=50)
    )
    client = stack.enter_context(Client(cluster))
    _start_workers(stack, client, {**dict.fromkeys(shares, SLOT), "score": SCORE})
    return Cluster(client, shares)


def _share_out(n_slots: int | None, cpus: float) -> dict[str, tuple[tuple[int, ...] | None, str | None]]:
    """Return cores and GPU of each slot: nobody's timing is disturbed by a neighbour on the same core."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    gpus: list[str] = []
    opened = open_gpus("all")
    if isinstance(opened, GpuProbe):
        gpus = [device.uuid for device in opened.devices]
        opened.close()
    fitting = max(1, usable_cores() // math.ceil(cpus))
    count = n_slots or (min(len(gpus), fitting) if gpus else fitting)
    if gpus and count > len(gpus):
        raise ConfigurationError(
            f"Expected argument `slots` to be at most {len(gpus)}, one a GPU, but got {count}"
        )
    each = len(cores) // count
    return {
        f"slot-{k}": (tuple(cores[k * each : (k + 1) * each]) or None, gpus[k] if gpus else None)
        for k in range(count)
    }


def _connect(stack: ExitStack, address: str) -> Client:
    try:
        client: Client = stack.enter_context(Client(address, timeout=_CONNECT_S))
    except (OSError, TimeoutError) as error:
        text = (
            f"{address}: no scheduler answers; start one with `dask scheduler` and workers as in the README"
        )
        raise EngineError(text) from error
    return client


def _open_slurm(stack: ExitStack, file: Path) -> Client:
    arguments = read_slurm(file)
    if importlib.util.find_spec("dask_jobqueue") is None:
        raise EngineError("Slurm needs the package dask-jobqueue: pip install dask-jobqueue")
    from dask_jobqueue.slurm import SLURMCluster

    n_jobs = arguments.pop("n_jobs", 1)
    cluster = stack.enter_context(SLURMCluster(**complete_slurm(arguments)))
    cluster.scale(jobs=n_jobs)
    client: Client = stack.enter_context(Client(cluster))
    return client


def read_slurm(file: Path) -> dict[str, Any]:
    """Read the arguments of `dask_jobqueue.SLURMCluster`, and `n_jobs` beside them.

    Raises:
        ConfigurationError: no such file, or no mapping in it.
    """
    try:
        content = parse_yaml(file.read_bytes())
    except OSError as error:
        text = f"Expected argument `scheduler` to be local, tcp://HOST:PORT or a YAML file but got {file}"
        raise ConfigurationError(text) from error
    except ValueError as error:
        raise ConfigurationError(f"{file}: {error}") from error
    if not isinstance(content, dict):
        raise ConfigurationError(f"{file}: Expected a mapping with SLURMCluster's arguments, such as queue")
    return content


def complete_slurm(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments with one worker a job, one token a worker: a job's GPU is nobody else's.

    Raises:
        ConfigurationError: several workers a job are asked for.
    """
    if arguments.get("processes", 1) != 1:
        raise ConfigurationError(
            f"Expected `processes` to be 1 but got {arguments['processes']}: the submissions of one job would"
            " share its GPU and disturb each other's timing; ask for more jobs with `n_jobs`"
        )
    extra = [*arguments.get("worker_extra_args", []), "--resources", f"{SLOT}=1", "--nthreads", "1"]
    scheduler = {"dashboard_address": ":0"} | arguments.get("scheduler_options", {})
    return arguments | {"processes": 1, "worker_extra_args": extra, "scheduler_options": scheduler}


def _start_workers(stack: ExitStack, client: Client, resources: dict[str, str]) -> None:
    """Start workers of this host, by name, each with one token of its resource."""
    address = client.scheduler_info(n_workers=0)["address"]

    async def start() -> list[Nanny]:
        nannies = [
            Nanny(
                address,
                nthreads=1,
                name=name,
                resources={resource: 1},
                memory_limit=0,
                dashboard_address=_PRIVATE,
                silence_logs=50,
                death_timeout=_CONNECT_S,
            )
            for name, resource in resources.items()
        ]
        for nanny in nannies:
            await nanny
        return nannies

    async def stop(nannies: Sequence[Nanny]) -> None:
        for nanny in nannies:
            await nanny.close()

    nannies = client.sync(start)
    stack.callback(lambda: client.sync(stop, nannies))
