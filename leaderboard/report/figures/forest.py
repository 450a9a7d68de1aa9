"""Forest plot: a metric of a task with its interval, a row a team."""

from collections.abc import Sequence

from leaderboard.cells import format_number
from leaderboard.report.figures.rows import LEFT, RIGHT, TOP, row_middle, rows_bottom, start_rows
from leaderboard.report.records import Entrant, Estimate, MetricData, TaskData
from leaderboard.report.svg import WIDTH, Figure, fit_scale, make_figure


def draw_forest(entrants: Sequence[Entrant], task: TaskData, metric: MetricData) -> Figure:
    """Draw every team's score of a task with its interval, in the order given; null is a dash."""
    ends = [v for e in metric.estimates for v in (e.value, e.low, e.high) if v is not None]
    scale = fit_scale(ends, start=LEFT, end=RIGHT)
    canvas = start_rows(entrants)
    bottom = rows_bottom(len(entrants))
    canvas.x_axis(scale, top=TOP, bottom=bottom)
    decimals = count_decimals(metric)
    for place, (entrant, found) in enumerate(zip(entrants, metric.estimates, strict=True)):
        y = row_middle(place)
        if found.low is not None and found.high is not None:
            canvas.line(scale(found.low), y, scale(found.high), y, "ci", entrant.index)
        if found.value is not None:
            note = f"{entrant.name}: {describe_estimate(found, decimals)}"
            canvas.circle(scale(found.value), y, 4, "dot", entrant.index, note=note)
        canvas.text(WIDTH - 4, y + 3.8, format_number(found.value, decimals), "value-end", entrant.index)
    good = "higher is better" if metric.higher_is_better else "lower is better"
    return make_figure(
        canvas,
        name=f"forest-{task.slug}-{metric.key.replace('_', '-')}",
        title=f"{metric.label}",
        description=f"{metric.label} of {task.task_id}, {task.n_cases} cases, with intervals; {good}.",
        headers=("Submission", metric.label, "Low", "High"),
        rows=[
            (e.name, *(format_number(v, decimals) for v in (found.value, found.low, found.high)))
            for e, found in zip(entrants, metric.estimates, strict=True)
        ],
    )


def count_decimals(metric: MetricData) -> int:
    """Return how many decimals a metric is printed with: pixels have one."""
    return 1 if metric.key.endswith("_px") else 3


def describe_estimate(found: Estimate, decimals: int) -> str:
    """Say a score with its interval, or why there is none."""
    if found.value is None:
        return f"none ({found.reason})"
    text = format_number(found.value, decimals)
    if found.low is None or found.high is None:
        return text
    return f"{text} ({format_number(found.low, decimals)} to {format_number(found.high, decimals)})"
