"""Significance map: which pairs of teams can be told apart."""

from collections.abc import Mapping

from leaderboard.report.figures.rows import LEFT, ROW, TOP, row_middle, start_rows
from leaderboard.report.records import Entrant
from leaderboard.report.svg import WIDTH, Figure, make_figure
from leaderboard.uncertainty import Uncertainty


def draw_significance(uncertainty: Uncertainty, indices: Mapping[str, int], *, name: str) -> Figure:
    """Draw a cell a pair: filled where the row's team is better beyond chance, pale where nobody can tell."""
    teams = uncertainty.teams
    above = TOP + 16
    canvas = start_rows([Entrant(indices[t.name], t.name) for t in teams], below=10, above=above)
    size = min((WIDTH - LEFT - 12) / max(len(teams), 1), ROW)
    alpha = 1 - uncertainty.level
    for column, other in enumerate(teams):
        canvas.text(LEFT + size * (column + 0.5), above - 6, str(other.rank), "tick-mid", indices[other.name])
    for place, team in enumerate(teams):
        for column, other in enumerate(teams):
            if place == column:
                continue
            p = uncertainty.p_adjusted[place][column]
            differs = p <= alpha
            kind = "cell" if not differs else "cell-better" if team.score > other.score else "cell-worse"
            verdict = _judge(differs, better=team.score > other.score)
            canvas.rect(
                *(LEFT + size * column + 0.75, row_middle(place, above) - size / 2 + 0.75),
                *(size - 1.5, size - 1.5),
                kind,
                indices[team.name],
                note=f"{team.name} {verdict} {other.name}: adjusted p {p:.3g}",
            )
    return make_figure(
        canvas,
        name=name,
        title="Who can be told apart",
        description=(
            f"A filled cell: the row's team is better than the column's (by rank) at a familywise level of "
            f"{100 * alpha:.0f} %, Holm-adjusted; outlined: worse; pale: they cannot be told apart."
        ),
        headers=("Submission", *(f"p against {team.name}" for team in teams)),
        rows=[
            (team.name, *("—" if i == j else f"{p:.3g}" for j, p in enumerate(uncertainty.p_adjusted[i])))
            for i, team in enumerate(teams)
        ],
    )


def _judge(differs: bool, *, better: bool) -> str:
    if not differs:
        return "cannot be told from"
    return "is better than" if better else "is worse than"
