"""Which cases are drawn together, and the draws themselves as rows of counts.

Promise: the same seed gives the same rows, whatever the order of the cases, the number of resamples asked
for or the memory available; adding a task that shares no unit with the others leaves their rows as they were.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evaluation.contract.errors import ConfigurationError

IntArray = npt.NDArray[np.int64]
Float32Array = npt.NDArray[np.float32]
Float64Array = npt.NDArray[np.float64]

ROWS_PER_CHUNK = 64
"""Rows of weights held at once: 1.6 million entries at 25,000 units.

A constant, and not a number of entries divided by the number of units, because a matrix product may round a
row's last bit by its place in the matrix: so a task's interval is the same to the bit beside any other task.
"""

# small pieces keep draws and counters in the processor's cache: twice as fast as one large pass
_DRAWS_PER_PIECE = 1 << 16


@dataclass(frozen=True)
class ResamplingUnits:
    """What is drawn with replacement, and within which limits.

    Units are numbered block after block, so that a block is a range of columns in the weights.
    """

    unit_of_case: IntArray
    """(n_cases,): the unit of each case: its patient if known, else its image, else the case alone."""

    block_of_unit: IntArray
    """(n_units,), ascending: units are drawn within their block, so its size is the same in every draw."""

    task_ids_of_block: tuple[tuple[str, ...], ...]
    """The sorted task ids of each block: with the seed they name the block's random stream."""


def group_units(*, unit_keys: Sequence[str], task_ids: Sequence[str]) -> ResamplingUnits:
    """Find the units of a set of cases and the blocks of tasks that share units.

    Tasks that share a unit, directly or through other tasks, form one block: an image or a patient that
    occurs in several tasks is drawn for all of them at once, and the correlation between the tasks is kept.
    Tasks that share nothing are drawn apart, each with its own number of units.

    Args:
        unit_keys: the key of each case's unit; equal keys are one unit, across tasks too.
        task_ids: the task of each case, as many as `unit_keys`.

    Returns:
        The units; no units and no blocks if there are no cases.

    Raises:
        ConfigurationError: the two sequences differ in length.
    """
    if len(unit_keys) != len(task_ids):
        raise ConfigurationError(
            "Expected argument `task_ids` to be as long as `unit_keys` "
            f"but got {len(task_ids)} tasks for {len(unit_keys)} keys."
        )
    block_of_task = _connect_tasks(unit_keys, task_ids)
    block_names = sorted(set(block_of_task.values()))
    rank = {name: position for position, name in enumerate(block_names)}
    block_of_key = {key: rank[block_of_task[task]] for key, task in zip(unit_keys, task_ids, strict=True)}
    ordered = sorted(block_of_key, key=lambda key: (block_of_key[key], key))
    unit_of_key = {key: unit for unit, key in enumerate(ordered)}
    return ResamplingUnits(
        unit_of_case=np.array([unit_of_key[key] for key in unit_keys], dtype=np.int64),
        block_of_unit=np.array([block_of_key[key] for key in ordered], dtype=np.int64),
        task_ids_of_block=tuple(block_names),
    )


def draw_weights(units: ResamplingUnits, *, n_resamples: int, seed: int) -> Iterator[Float32Array]:
    """Draw resamples of the units as counts, a chunk of rows at a time.

    Every block keeps one random stream that runs through all chunks, so row b is the same row for any
    `n_resamples` above b and for any chunk size.

    Args:
        units: what to draw.
        n_resamples: the number of rows in all, 0 or more.
        seed: 0 or more.

    Yields:
        (b, n_units) float32, b at most ROWS_PER_CHUNK: how often each unit was drawn. Exact integers; each
        block's columns sum to the block's number of units.

    Raises:
        ConfigurationError: a negative number of resamples or a negative seed; at the first chunk.
    """
    for name, value in (("n_resamples", n_resamples), ("seed", seed)):
        if value < 0:
            raise ConfigurationError(f"Expected argument `{name}` to be 0 or more but got {value}.")
    sizes = np.bincount(units.block_of_unit, minlength=len(units.task_ids_of_block))
    ends = np.cumsum(sizes)
    streams = [_open_stream(seed, task_ids) for task_ids in units.task_ids_of_block]
    for start in range(0, n_resamples, ROWS_PER_CHUNK):
        rows = min(ROWS_PER_CHUNK, n_resamples - start)
        weights = np.empty((rows, len(units.block_of_unit)), dtype=np.float32)
        for stream, end, size in zip(streams, ends, sizes, strict=True):
            _draw_counts(stream, weights[:, end - size : end])
        yield weights


def _connect_tasks(unit_keys: Sequence[str], task_ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Map each task to the sorted ids of all tasks that it shares units with, itself included."""
    parent = {task: task for task in task_ids}

    def find_root(task: str) -> str:
        while parent[task] != task:
            parent[task] = parent[parent[task]]
            task = parent[task]
        return task

    first_task: dict[str, str] = {}
    for key, task in zip(unit_keys, task_ids, strict=True):
        parent[find_root(task)] = find_root(first_task.setdefault(key, task))
    members: dict[str, list[str]] = {}
    for task in sorted(parent):
        members.setdefault(find_root(task), []).append(task)
    return {task: tuple(members[find_root(task)]) for task in parent}


def _open_stream(seed: int, task_ids: tuple[str, ...]) -> np.random.Generator:
    """Return a block's random stream, named by its task ids (Python's own hash differs from run to run)."""
    digest = hashlib.sha256(json.dumps(task_ids).encode()).digest()
    return np.random.default_rng([seed, int.from_bytes(digest)])


def _draw_counts(stream: np.random.Generator, counts: Float32Array) -> None:
    """Fill each row of `counts` (b, size) with how often each of `size` units comes up in `size` draws."""
    n_rows, size = counts.shape
    piece = max(1, _DRAWS_PER_PIECE // size)
    for start in range(0, n_rows, piece):
        rows = min(piece, n_rows - start)
        # int64 draws use the stream word by word, so the rows do not depend on where the pieces end
        draws = stream.integers(size, size=(rows, size), dtype=np.int64)
        draws += np.arange(rows)[:, np.newaxis] * size
        counts[start : start + rows] = np.bincount(draws.ravel(), minlength=rows * size).reshape(rows, size)
