"""False alarms of the gate: pairs of equally good synthetic models, and how often it stops the second one.

``python -m tests.leaderboard.simulate_gate`` prints the README's table. No drop is allowed here
(``--max-drop 0``), so that the test alone is measured: with a margin fewer pairs are stopped.
"""

import sys
from dataclasses import dataclass

from leaderboard.gate.comparison import FAILING, compare_scores
from tests.leaderboard.gate_scenes import Model, draw_pair

N_PAIRS = 200
N_DAMAGED = 50


@dataclass(frozen=True)
class Scenario:
    """Two kinds of models on test sets of one size."""

    name: str
    baseline: Model
    candidate: Model
    n_cases: int
    """Of each of the six tasks; two belong to one patient."""
    damaged: bool = False


SCENARIOS = (
    Scenario("models of one kind, 200 cases a task", Model(), Model(), 200),
    Scenario("candidate errs half as widely, sharper probabilities", Model(), Model(0.5, 3.0), 200),
    Scenario("candidate errs twice as widely, flatter probabilities", Model(0.5), Model(1.0, 0.3), 200),
    Scenario("models of one kind, 12 cases a task", Model(), Model(), 12),
    Scenario("a damaged mask head, 200 cases", Model(), Model(damaged=("fetal_head",)), 200, damaged=True),
    Scenario("a damaged class head, 200 cases", Model(), Model(damaged=("breast_2cls",)), 200, damaged=True),
)


def count_alarms(scenario: Scenario, n_pairs: int) -> int:
    """Return how many of so many pairs the gate stops when no drop is allowed; pair k has seed k."""
    alarms = 0
    for seed in range(n_pairs):
        pair = draw_pair(seed, scenario.baseline, scenario.candidate, scenario.n_cases)
        rows = compare_scores(pair, max_drop=0.0, n_resamples=0, seed=seed)
        alarms += any(row.verdict in FAILING for row in rows)
    return alarms


def main() -> None:
    """Print one line a scenario."""
    sys.stdout.write("| pairs of synthetic models | pairs | stopped | must be |\n")
    sys.stdout.write("|---|---|---|---|\n")
    for scenario in SCENARIOS:
        n_pairs = N_DAMAGED if scenario.damaged else N_PAIRS
        alarms = count_alarms(scenario, n_pairs)
        promise = "all" if scenario.damaged else "at most 10"
        sys.stdout.write(f"| {scenario.name} | {n_pairs} | {alarms} | {promise} |\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
