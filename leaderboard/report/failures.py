"""Failed and left-out cases of each submission, by reason."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from leaderboard.cells import clean_text
from leaderboard.field import Field, Team

MAX_REASONS = 12
"""Reasons shown for one submission; the rest is counted."""
MAX_EXAMPLES = 3
_NUMBER = re.compile(r"\d+(\.\d+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureReason:
    """Cases that failed alike."""

    reason: str
    """As scoring gave it; of reasons that differ in numbers only, the first."""
    status: str
    n_cases: int
    tasks: tuple[str, ...]
    examples: tuple[str, ...]
    """Ids of the first cases."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureGroup:
    """What went wrong in one submission."""

    name: str
    n_cases: int
    n_failed: int
    reasons: tuple[FailureReason, ...]
    """Commonest first."""
    n_more: int
    """Cases of reasons that are not listed."""


def list_failures(field: Field, order: Sequence[str]) -> tuple[FailureGroup, ...]:
    """Group every team's cases that are not `ok` by their reason, in the order of names given."""
    teams = {team.name: team for team in field.teams}
    return tuple(_group(teams[name]) for name in order)


def _group(team: Team) -> FailureGroup:
    rows = team.cases.loc[team.cases["status"] != "ok", ["case_id", "task_id", "status", "reason"]]
    by_reason: dict[tuple[str, str], list[tuple[str, str, str]]] = {}
    for case_id, task_id, status, reason in rows.itertuples(index=False):
        text = clean_text(str(reason or "no reason given"))
        # One sentence a case would be a list of cases: sizes and numbers are what they differ in.
        key = (str(status), _NUMBER.sub("#", text))
        by_reason.setdefault(key, []).append((str(case_id), str(task_id), text))
    ordered = sorted(by_reason.items(), key=lambda item: (-len(item[1]), item[0]))
    reasons = tuple(
        FailureReason(
            reason=cases[0][2],
            status=status,
            n_cases=len(cases),
            tasks=tuple(dict.fromkeys(task for _, task, _ in cases)),
            examples=tuple(case for case, _, _ in cases[:MAX_EXAMPLES]),
        )
        for (status, _), cases in ordered[:MAX_REASONS]
    )
    return FailureGroup(
        name=team.name,
        n_cases=len(team.cases),
        n_failed=team.result.n_failed,
        reasons=reasons,
        n_more=sum(len(cases) for _, cases in ordered[MAX_REASONS:]),
    )
