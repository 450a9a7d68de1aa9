"""A plain second implementation of challengeR's three ranking methods, from its published definitions.

Source: github wiesenfa/challengeR (`aggregateThenRank`, `rankThenAggregate`, `testThenRank`, `rankNA2`) and
Wiesenfarth et al., Scientific Reports 2021. Loops and the standard library where ours uses matrices; NaN is a
missing value, larger is better.
"""

import math
import random
from collections.abc import Callable, Sequence

Row = Sequence[float]


def rank_min(values: Row) -> list[float]:
    """Rank larger as better; ties share the smallest rank, missing values get the largest rank plus 1."""
    present = [value for value in values if not math.isnan(value)]
    ranks = [1.0 + sum(other > value for other in present) for value in values]
    last = max((r for r, value in zip(ranks, values, strict=True) if not math.isnan(value)), default=0.0)
    return [last + 1 if math.isnan(value) else r for r, value in zip(ranks, values, strict=True)]


def aggregate_then_rank(table: Sequence[Row]) -> list[float]:
    """Rank the teams (rows) by the mean over their cases, missing ones left out (`na.rm`)."""
    present = [[value for value in row if not math.isnan(value)] for row in table]
    return rank_min([round(sum(row) / len(row), 9) for row in present])


def rank_then_aggregate(table: Sequence[Row]) -> list[float]:
    """Rank the teams case by case, average each team's ranks, and rank the averages."""
    by_case = [rank_min(column) for column in zip(*table, strict=True)]
    means = [sum(ranks) / len(ranks) for ranks in zip(*by_case, strict=True)]
    return rank_min([-round(mean, 9) for mean in means])


def signed_ranks(first: Row, second: Row) -> list[float]:
    """Return Wilcoxon's signed ranks of first over second: average ranks of sizes, zeros dropped."""
    differences = [round(a - b, 12) for a, b in zip(first, second, strict=True)]
    kept = [d for d in differences if d != 0]
    ranked = []
    for d in kept:
        below = sum(abs(other) < abs(d) for other in kept)
        level = sum(abs(other) == abs(d) for other in kept)
        ranked.append(math.copysign(below + (level + 1) / 2, d))
    return ranked


def exact_p(contributions: Row) -> float:
    """Return the one-sided p of the sum under all 2^n sign flips."""
    sums = {0.0: 1}
    for c in contributions:
        spread: dict[float, int] = {}
        for total, count in sums.items():
            for flipped in (total + abs(c), total - abs(c)):
                spread[flipped] = spread.get(flipped, 0) + count
        sums = spread
    observed = sum(contributions)
    return sum(count for total, count in sums.items() if total >= observed - 1e-9) / sum(sums.values())


def adjust_holm(p: Row) -> list[float]:
    """Adjust as R's `p.adjust(method="holm")`."""
    order = sorted(range(len(p)), key=lambda i: p[i])
    adjusted, largest = [0.0] * len(p), 0.0
    for step, i in enumerate(order):
        largest = max(largest, min(1.0, (len(p) - step) * p[i]))
        adjusted[i] = largest
    return adjusted


def rank_by_tests(
    table: Sequence[Row], p_of_pair: Callable[[Row, Row], float], alpha: float = 0.05
) -> list[float]:
    """Count each team's significant one-sided wins over all others and rank the counts."""
    pairs = [(i, j) for i in range(len(table)) for j in range(len(table)) if i != j]
    adjusted = adjust_holm([p_of_pair(table[i], table[j]) for i, j in pairs])
    wins = [
        float(sum(p <= alpha for (winner, _), p in zip(pairs, adjusted, strict=True) if winner == i))
        for i in range(len(table))
    ]
    return rank_min(wins)


def consensus(ranks_by_task: Sequence[Row]) -> list[float]:
    """Rank the mean of the tasks' ranks."""
    means = [sum(ranks) / len(ranks) for ranks in zip(*ranks_by_task, strict=True)]
    return rank_min([-round(mean, 9) for mean in means])


def seeded(seed: int) -> random.Random:
    """Return a generator of test fields."""
    return random.Random(seed)  # noqa: S311 - test data, no secret


def draw_table(
    rng: random.Random, n_teams: int, n_cases: int, *, missing: float, grid: int
) -> list[list[float]]:
    """Draw scores on a coarse grid, so that ties are common, some of them missing."""
    return [
        [math.nan if rng.random() < missing else rng.randrange(grid + 1) / grid for _ in range(n_cases)]
        for _ in range(n_teams)
    ]
