"""The figures of one mode that stay the same under every scheme."""

from dataclasses import dataclass

from leaderboard.report.data import ModeData
from leaderboard.report.figures.boxes import draw_boxes, draw_podium
from leaderboard.report.figures.cost import draw_cost, draw_memory
from leaderboard.report.figures.curves import draw_calibration, draw_roc
from leaderboard.report.figures.forest import draw_forest
from leaderboard.report.figures.gap import draw_gap
from leaderboard.report.figures.radar import MIN_AXES, draw_radar
from leaderboard.report.profile import MAX_GAPS, name_accuracy
from leaderboard.report.records import TaskData
from leaderboard.report.svg import Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskView:
    """One task's figures."""

    title: str
    subtitle: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeView:
    """What does not depend on the scheme."""

    mode: str
    data: ModeData
    tasks: tuple[TaskView, ...]
    profile: tuple[Figure, ...]
    """Strengths by organ or task."""
    costs: tuple[Figure, ...]
    gaps: tuple[Figure, ...]

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Every figure, in the page's order."""
        of_tasks = [figure for task in self.tasks for figure in task.figures]
        return (*of_tasks, *self.profile, *self.costs, *self.gaps)


def view_mode(mode: ModeData) -> ModeView:
    """Draw what one mode shows under every scheme."""
    profile = []
    if len(mode.axes) >= MIN_AXES:
        profile.append(draw_radar(mode.entrants, mode.axes, name=f"strengths-{mode.mode}"))
    return ModeView(
        mode=mode.mode,
        data=mode,
        tasks=tuple(_view_task(mode, task) for task in mode.tasks),
        profile=tuple(profile),
        costs=_draw_costs(mode),
        gaps=tuple(
            draw_gap(mode.entrants, group.gaps, name=f"gap-{mode.mode}-{place}")
            for place, group in enumerate(mode.gaps[:MAX_GAPS], start=1)
        ),
    )


def _view_task(mode: ModeData, task: TaskData) -> TaskView:
    figures = [draw_forest(mode.entrants, task, metric) for metric in task.metrics]
    for metric in task.metrics[:1]:
        if metric.cases is not None:
            figures.append(draw_boxes(mode.entrants, task, metric))
            if len(mode.entrants) > 1:
                figures.append(draw_podium(mode.entrants, task, metric))
    for curves in mode.curves:
        if curves.task_id == task.task_id:
            if any(curve is not None for curve in curves.roc):
                figures.append(draw_roc(mode.entrants, curves, task.metrics[0], slug=task.slug))
            if any(found is not None for found in curves.calibration):
                figures.append(draw_calibration(mode.entrants, curves, slug=task.slug))
    return TaskView(
        title=task.task_id,
        subtitle=f"{task.kind.value.lower()}, {task.n_cases:,} cases",
        figures=tuple(figures),
    )


def _draw_costs(mode: ModeData) -> tuple[Figure, ...]:
    figures = []
    label = name_accuracy(mode.board.protocol)
    if mode.costs:
        figures.append(draw_cost(mode.costs, against="time", label=label, name=f"cost-time-{mode.mode}"))
        if any(point.peak_gpu_mib > 0 for point in mode.costs):
            name = f"cost-memory-{mode.mode}"
            figures.append(draw_cost(mode.costs, against="memory", label=label, name=name))
    for gpu, name in ((True, "gpu"), (False, "host")):
        series = {
            team: one
            for team, one in mode.memory.items()
            if any(value is not None for value in (one.gpu_mib if gpu else one.host_mib))
        }
        if series:
            figures.append(draw_memory(mode.entrants, series, gpu=gpu, name=f"memory-{name}-{mode.mode}"))
    return tuple(figures)
