"""Dots and boxes: every case's score of a task, a row a team; and who is best on how many cases."""

from collections.abc import Sequence

import numpy as np

from leaderboard.ranking import rank_with_missing
from leaderboard.report.figures.forest import count_decimals
from leaderboard.report.figures.rows import LEFT, RIGHT, TOP, row_middle, rows_bottom, start_rows
from leaderboard.report.records import Entrant, FloatArray, MetricData, TaskData
from leaderboard.report.svg import WIDTH, Figure, fit_scale, make_figure

_GOLDEN = 0.6180339887498949
_SPREAD = 7.0
"""How far dots stray from the middle of their row, in px."""
_PLACES = 3


def draw_boxes(entrants: Sequence[Entrant], task: TaskData, metric: MetricData) -> Figure:
    """Draw every case as a dot, quartiles as a box and the median as a stroke; cases without a value lack."""
    cases = [values[~np.isnan(values)] for values in metric.cases or ()]
    scale = fit_scale(
        [v for values in cases if len(values) for v in (values.min(), values.max())], start=LEFT, end=RIGHT
    )
    canvas = start_rows(entrants)
    canvas.x_axis(scale, top=TOP, bottom=rows_bottom(len(entrants)))
    decimals = count_decimals(metric)
    rows: list[tuple[str, ...]] = []
    for place, (entrant, values) in enumerate(zip(entrants, cases, strict=True)):
        y = row_middle(place)
        # The golden ratio's multiples spread evenly, and a case keeps its height in every row.
        offsets = (np.arange(len(values)) * _GOLDEN % 1 - 0.5) * 2 * _SPREAD
        canvas.dots([(scale(v), y + d) for v, d in zip(values, offsets, strict=True)], "cloud", entrant.index)
        if not len(values):
            rows.append((entrant.name, "0", *("—",) * 5))
            continue
        cuts = np.quantile(values, [0, 0.25, 0.5, 0.75, 1])
        box = (scale(cuts[1]), y - 4.5, scale(cuts[3]) - scale(cuts[1]), 9)
        canvas.rect(*box, "box", entrant.index, note=f"{entrant.name}: median {cuts[2]:.{decimals}f}")
        canvas.line(scale(cuts[2]), y - 6.5, scale(cuts[2]), y + 6.5, "median", entrant.index)
        canvas.text(WIDTH - 4, y + 3.8, f"{cuts[2]:.{decimals}f}", "value-end", entrant.index)
        rows.append((entrant.name, str(len(values)), *(f"{end:.{decimals}f}" for end in cuts)))
    return make_figure(
        canvas,
        name=f"cases-{task.slug}-{metric.key.replace('_', '-')}",
        title=f"{metric.label}, case by case",
        description=(
            f"{metric.label} of every case of {task.task_id}; box: quartiles, stroke and number: median."
        ),
        headers=("Submission", "Cases", "Smallest", "First quartile", "Median", "Third quartile", "Largest"),
        rows=rows,
    )


def draw_podium(entrants: Sequence[Entrant], task: TaskData, metric: MetricData) -> Figure:
    """Draw on which share of the cases a team is first, second, third and below; ties share the better."""
    values: FloatArray = np.stack(metric.cases or ()).T
    ranks = rank_with_missing(values, higher_is_better=metric.higher_is_better)
    shares = [[float((ranks[:, i] == k).mean()) for k in range(1, _PLACES + 1)] for i in range(len(entrants))]
    above = TOP + 16
    canvas = start_rows(entrants, above=above, below=28)
    width = RIGHT - LEFT
    for k, (word, offset) in enumerate((("first", 0), ("second", 42), ("third", 100), ("below", 147))):
        x = LEFT + offset
        canvas.rect(x, TOP - 3, 9, 9, f"bar{(k + 1) % 4}")
        canvas.text(x + 13, TOP + 5, word, "label")
    for place, (entrant, share) in enumerate(zip(entrants, shares, strict=True)):
        y, x = row_middle(place, above), LEFT
        for k, part in enumerate((*share, max(0.0, 1 - sum(share)))):
            if part > 0:
                canvas.rect(x, y - 5.5, width * part, 11, f"bar{(k + 1) % 4}", entrant.index)
            x += width * part
        canvas.text(WIDTH - 4, y + 3.8, f"{100 * share[0]:.0f} %", "value-end", entrant.index)
    canvas.text(LEFT + width / 2, rows_bottom(len(entrants), above) + 18, "share of cases", "axis-mid")
    return make_figure(
        canvas,
        name=f"podium-{task.slug}-{metric.key.replace('_', '-')}",
        title=f"Places by {metric.label}, case by case",
        description=f"Share of the {task.n_cases} cases of {task.task_id} on which a team takes each place.",
        headers=("Submission", "First", "Second", "Third", "Below"),
        rows=[
            (e.name, *(f"{100 * part:.1f} %" for part in (*share, max(0.0, 1 - sum(share)))))
            for e, share in zip(entrants, shares, strict=True)
        ],
    )
