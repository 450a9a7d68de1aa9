"""ROC curves with bands, and reliability diagrams."""

from collections.abc import Sequence

from evaluation.metrics.calibration import N_BINS
from leaderboard.cells import format_number
from leaderboard.report.curves import GRID, N_BAND_RESAMPLES, TaskCurves
from leaderboard.report.figures.forest import describe_estimate
from leaderboard.report.records import Entrant, MetricData
from leaderboard.report.svg import WIDTH, Canvas, Figure, Scale, make_figure

_SIDE = 300.0
_LEFT, _TOP = 44.0, 26.0


def draw_roc(entrants: Sequence[Entrant], curves: TaskCurves, auc: MetricData, *, slug: str) -> Figure:
    """Draw every team's ROC curve; the picked team's with its pointwise 95 % band and its AUC."""
    canvas, x, y = _open_square("false positive rate", "true positive rate")
    canvas.line(x(0), y(0), x(1), y(1), "diagonal")
    rows: list[tuple[str, ...]] = []
    for entrant, curve, found in zip(entrants, curves.roc, auc.estimates, strict=True):
        said = describe_estimate(found, 3)
        if curve is None:
            rows.append((entrant.name, said, *("—",) * 5))
            continue
        edge = [(x(a), y(b)) for a, b in zip(GRID, curve.high, strict=True)]
        back = [(x(a), y(b)) for a, b in zip(GRID[::-1], curve.low[::-1], strict=True)]
        canvas.polyline([*edge, *back], "band", entrant.index, closed=True)
        line = [(x(0), y(0)), *((x(a), y(b)) for a, b in zip(GRID, curve.rate, strict=True))]
        canvas.polyline(line, "curve", entrant.index)
        canvas.text(x(1) - 8, y(0) - 10, f"{entrant.name}  AUC {said}", "only value-end", entrant.index)
        rows.append((entrant.name, said, *(f"{curve.rate[k]:.3f}" for k in (5, 10, 15, 25, 35))))
    what = "class 1" if curves.num_classes == 2 else "each class against the rest, averaged"
    return make_figure(
        canvas,
        name=f"roc-{slug}",
        title="ROC",
        description=(
            f"ROC curves of {curves.task_id} ({what}); band of the highlighted team: pointwise 95 % over "
            f"{N_BAND_RESAMPLES} resamples."
        ),
        headers=("Submission", "AUC", *(f"TPR at FPR {GRID[k]:.1f}" for k in (5, 10, 15, 25, 35))),
        rows=rows,
    )


def draw_calibration(entrants: Sequence[Entrant], curves: TaskCurves, *, slug: str) -> Figure:
    """Draw accuracy over confidence; a dot's area is its bin's share of the cases."""
    canvas, x, y = _open_square("probability of the predicted class", "share that is right")
    canvas.line(x(0), y(0), x(1), y(1), "diagonal")
    rows: list[tuple[str, ...]] = []
    for entrant, found in zip(entrants, curves.calibration, strict=True):
        if found is None:
            rows.append((entrant.name, "—", "—", "—"))
            continue
        bins = found.reliability
        points = [(x(a), y(b)) for a, b in zip(bins.confidence, bins.accuracy, strict=True)]
        canvas.polyline(points, "curve", entrant.index)
        total = bins.counts.sum()
        for (px, py), n in zip(points, bins.counts, strict=True):
            canvas.circle(
                px, py, 1.5 + 7 * (n / total) ** 0.5, "only bubble", entrant.index, note=f"{n} cases"
            )
        text = f"{entrant.name}  ECE {bins.error:.3f}"
        canvas.text(x(1) - 8, y(0) - 10, text, "only value-end", entrant.index)
        listed = "; ".join(
            f"{a:.2f}: {b:.2f} of {n}"
            for a, b, n in zip(bins.confidence, bins.accuracy, bins.counts, strict=True)
        )
        rows.append((entrant.name, format_number(bins.error, 3), str(found.n_left_out), listed))
    return make_figure(
        canvas,
        name=f"calibration-{slug}",
        title="Calibration",
        description=(
            f"How often the predicted class of {curves.task_id} is right, by its probability in {N_BINS} "
            "bins; ECE is the expected calibration error. Failed cases are left out."
        ),
        headers=("Submission", "ECE", "Left out", "Confidence: right of cases"),
        rows=rows,
    )


def _open_square(x_label: str, y_label: str) -> tuple[Canvas, Scale, Scale]:
    canvas = Canvas(_TOP + _SIDE + 40)
    x = Scale(low=0, high=1, start=_LEFT, end=WIDTH - 12)
    y = Scale(low=0, high=1, start=_TOP + _SIDE, end=_TOP)
    canvas.x_axis(x, top=_TOP, bottom=_TOP + _SIDE, label=x_label)
    canvas.y_axis(y, left=_LEFT, right=WIDTH - 12, label=y_label)
    return canvas, x, y
