"""What figures with a row a team share: names at the left, a height a row."""

from collections.abc import Sequence

from leaderboard.report.records import Entrant
from leaderboard.report.svg import LABEL_WIDTH, WIDTH, Canvas, shorten

ROW = 20.0
"""Height of a row in px."""
TOP = 10.0
"""Room above the first row in px."""
VALUE_WIDTH = 46.0
"""Room for a number at the right in px."""
LEFT = float(LABEL_WIDTH)
RIGHT = WIDTH - VALUE_WIDTH - 8


def start_rows(entrants: Sequence[Entrant], *, below: float = 20, above: float = TOP) -> Canvas:
    """Open a canvas with the names of all teams at the left and `below` px under the last row."""
    canvas = Canvas(above + ROW * len(entrants) + below)
    for place, entrant in enumerate(entrants):
        y = row_middle(place, above) + 3.8
        canvas.text(LEFT - 10, y, shorten(entrant.name), "name-end", entrant.index, note=entrant.name)
    return canvas


def row_middle(place: int, above: float = TOP) -> float:
    """Return the middle of a row in px, counted from 0."""
    return above + ROW * (place + 0.5)


def rows_bottom(n: int, above: float = TOP) -> float:
    """Return where the last row ends."""
    return above + ROW * n
