"""A field: the results that are ranked together, each with the table of its cases and its plan of scores.

Promises: every number that a ranking or an interval uses is computed from the cases by the protocol's own
plan (`evaluation.protocols`), never re-implemented here; a result whose scores are not those of its cases is
refused; all teams have the same cases in the same order, so one row of weights resamples all of them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from evaluation.contract.case import SUBGROUP_PREFIX
from evaluation.contract.errors import ConfigurationError
from evaluation.contract.manifest import Manifest
from evaluation.contract.result import Result, Score
from evaluation.contract.task import Task
from evaluation.estimates import Estimator
from evaluation.protocols.case_table import find_units
from evaluation.protocols.plan import Entry, ScorePlan
from evaluation.protocols.registry import SCORES
from evaluation.statistics.resampling import ResamplingUnits
from leaderboard.case_files import SHARED_COLUMNS, read_cases
from leaderboard.cells import clean_text
from leaderboard.result_files import load_results

SCORE_TOLERANCE = 1e-9
"""How far a stored score may be from the one that the cases give: the order of summing moves last bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """One result of a field."""

    name: str
    """The submission's name without unprintable characters; unique in its field."""
    result: Result
    cases: pd.DataFrame
    """One row a case, see `evaluation.protocols.case_table`, in the order of the case ids."""
    plan: ScorePlan
    """Every score as a statistic over the rows of `cases`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """Comparable results with their cases."""

    teams: tuple[Team, ...]
    """At least one, in the order of the names."""
    units: ResamplingUnits
    """What a resample draws: patients where known, else images; over the rows of every team's `cases`."""

    @property
    def names(self) -> tuple[str, ...]:
        """The teams' names in order."""
        return tuple(team.name for team in self.teams)

    @property
    def protocol(self) -> str:
        """The protocol of all results."""
        return self.teams[0].result.protocol

    @property
    def tasks(self) -> dict[str, Task]:
        """The tasks that have a case, by id, in the manifest's order."""
        present = set(self.teams[0].cases["task_id"])
        return {name: task for name, task in list_tasks(self.teams[0].result).items() if name in present}


def read_field(paths: Sequence[Path]) -> Field:
    """Read result files that can be ranked together, each with the `cases.csv` beside it.

    Args:
        paths: `result.json` files, at least one, in any order.

    Raises:
        ConfigurationError: what `load_results` refuses; a table of cases is missing, is not the one that its
            result was written with, differs from another one's in cases or references, or does not give the
            scores that its result states. The message lists every problem found.
    """
    teams = read_teams(paths)
    return Field(teams=tuple(sorted(teams, key=lambda team: team.name)), units=find_units(teams[0].cases))


def read_teams(paths: Sequence[Path], *, distinct_names: bool = True) -> tuple[Team, ...]:
    """Read result files as `read_field` does, in the order of the paths.

    Args:
        paths: `result.json` files, at least one.
        distinct_names: refuse two results of one name, as a ranking must and two versions of one model need
            not.

    Raises:
        ConfigurationError: as `read_field`.
    """
    results = load_results(paths, distinct_names=distinct_names)
    tables, problems = [], []
    for path, result in zip(paths, results, strict=True):
        try:
            tables.append(read_cases(path, result))
        except ConfigurationError as error:
            problems.append(str(error))
    if not problems:
        problems += _check_alike(paths, tables)
    if problems:
        raise _refuse(problems)
    teams = tuple(_make_team(result, table) for result, table in zip(results, tables, strict=True))
    problems = [
        f"{path}: {text}" for path, team in zip(paths, teams, strict=True) for text in _check_scores(team)
    ]
    if problems:
        raise _refuse(problems)
    return teams


def make_field(results: Sequence[Result], tables: Sequence[pd.DataFrame]) -> Field:
    """Plan the scores of comparable results.

    Args:
        results: at least one, comparable, with different names.
        tables: the cases of each, the same cases in all; any order.

    Raises:
        ConfigurationError: a table lacks what the protocol's plan needs.
    """
    teams = [_make_team(result, table) for result, table in zip(results, tables, strict=True)]
    teams.sort(key=lambda team: team.name)
    return Field(teams=tuple(teams), units=find_units(teams[0].cases))


def _make_team(result: Result, table: pd.DataFrame) -> Team:
    cases = table.sort_values("case_id", kind="stable", ignore_index=True)
    return Team(
        name=clean_text(result.submission), result=result, cases=cases, plan=plan_cases(result, cases)
    )


def select_cases(field: Field, chosen: pd.Series) -> Field:
    """Keep some of the cases and plan the scores anew: a centre, a subgroup, all tasks but one.

    Args:
        field: the whole field.
        chosen: bool, one a row of every team's `cases`; at least one is true.
    """
    rows = chosen.to_numpy(dtype=bool)
    return make_field([team.result for team in field.teams], [team.cases[rows] for team in field.teams])


def select_teams(field: Field, names: Sequence[str]) -> Field:
    """Keep some of the teams, at least one; plans and units stay as they are."""
    kept = set(names)
    return Field(teams=tuple(team for team in field.teams if team.name in kept), units=field.units)


def list_tasks(result: Result) -> dict[str, Task]:
    """List a result's tasks as a manifest would, in its order."""
    return {
        task.task_id: Task(
            task_id=task.task_id, kind=task.kind, num_classes=task.num_classes, organ=task.organ
        )
        for task in result.tasks
    }


def plan_cases(result: Result, cases: pd.DataFrame) -> ScorePlan:
    """Plan the scores of some or all cases of a result; tasks without a case are left out.

    Raises:
        ConfigurationError: the table lacks what the protocol's plan needs.
    """
    present = set(cases["task_id"])
    tasks = {name: task for name, task in list_tasks(result).items() if name in present}
    manifest = Manifest(protocol=result.protocol, tasks=tasks, cases=())
    try:
        return SCORES[result.protocol].plan_scores(cases, manifest, result.mode)
    except (KeyError, ValueError, ConfigurationError) as error:
        raise ConfigurationError(
            f"{clean_text(result.submission)}: its table of cases does not hold what the protocol needs "
            f"({type(error).__name__}: {error}); score it again."
        ) from error


def _check_alike(paths: Sequence[Path], tables: Sequence[pd.DataFrame]) -> list[str]:
    """Find tables whose cases or references are not those of the first one."""
    problems = []
    first = _shared_part(tables[0])
    for path, table in zip(paths[1:], tables[1:], strict=True):
        other = _shared_part(table)
        if not other.index.equals(first.index):
            missing = next(iter(first.index.symmetric_difference(other.index)))
            problems.append(
                f"{path}: Expected the cases of {paths[0]} but {missing!r} is in one of them only."
            )
        elif list(other.columns) != list(first.columns):
            problems.append(f"{path}: Expected the subgroups of {paths[0]} but got other ones.")
        elif not other.equals(first):
            differs = (other != first) & ~(other.isna() & first.isna())
            column = str(differs.any(axis=0).idxmax())
            case = str(differs[column].idxmax())
            expected, got = (str(part.at[case, column]) for part in (first, other))
            problems.append(
                f"{path}: Expected `{column}` of {case!r} to be {expected} as beside {paths[0]} "
                f"but got {got}."
            )
    return problems


def _shared_part(table: pd.DataFrame) -> pd.DataFrame:
    subgroups = [name for name in table.columns if name.startswith(SUBGROUP_PREFIX)]
    return table.reindex(columns=["case_id", *SHARED_COLUMNS, *subgroups]).set_index("case_id").sort_index()


def _check_scores(team: Team) -> list[str]:
    """Find stored scores that the table of cases does not give."""
    try:
        estimator = Estimator(_list_entries(team.plan), find_units(team.cases), n_resamples=0, seed=0)
    except (KeyError, ValueError, ConfigurationError) as error:
        return [f"the table of cases cannot be evaluated ({type(error).__name__}: {error}); score it again."]
    problems = []
    for name, stored, entry in _pair_scores(team):
        found = None if entry is None else estimator.value(entry)
        if (found is None) != (stored.value is None) or (
            found is not None and stored.value is not None and not _close(found, stored.value)
        ):
            problems.append(
                f"Expected {name} to be {found} by its cases but got {stored.value}; score it again."
            )
    return problems[:3]


def _pair_scores(team: Team) -> Iterator[tuple[str, Score, Entry | None]]:
    for task in team.result.tasks:
        entries = team.plan.tasks.get(task.task_id)
        if entries is not None:
            for name, score in task.scores.items():
                yield f"`{name}` of {task.task_id}", score, entries.get(name)
    for name, score in team.result.summary.items():
        yield f"`{name}` of the summary", score, team.plan.summary.get(name)


def _list_entries(plan: ScorePlan) -> list[Entry]:
    return [*(entry for entries in plan.tasks.values() for entry in entries.values()), *plan.summary.values()]


def _close(found: float, stored: float) -> bool:
    return bool(np.isclose(found, stored, rtol=SCORE_TOLERANCE, atol=SCORE_TOLERANCE))


def _refuse(problems: Sequence[str]) -> ConfigurationError:
    lines = "\n".join(f"- {clean_text(problem)}" for problem in problems)
    return ConfigurationError(f"The results cannot be compared:\n{lines}")
