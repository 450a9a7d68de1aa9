"""``report.md``: sections that can be pasted into a model card one by one."""

from collections.abc import Callable, Iterable, Sequence

from evaluation.contract.task import Kind
from train.report.attributes import LESION_TASK
from train.report.calibration import DEFINITIONS
from train.report.measuring import LEFT_EMPTY, LOWER_IS_BETTER, METRICS, MIN_GROUPS, MIN_GROUPS_OF_CLASS
from train.report.records import Difference, Line, Report
from train.report.table import Notes, header, show_number, show_score, table

KIND_TITLES = {
    Kind.SEGMENTATION: "Segmentation",
    Kind.CLASSIFICATION: "Classification",
    Kind.DETECTION: "Detection",
    Kind.REGRESSION: "Landmarks",
}


def show_report(report: Report) -> str:
    """Return the report as Markdown."""
    sections: tuple[Callable[[Report, Notes], list[str]], ...] = (
        _targets,
        _tasks,
        _lesions,
        _sources,
        _means,
        _differences,
        _calibration,
        _subgroups,
        _method,
    )
    lines = [f"# Scores on the {report.part} part"]
    for section in sections:
        notes = Notes()
        lines += ["", *section(report, notes), *notes.lines()]
    return "\n".join(lines) + "\n"


def _targets(report: Report, notes: Notes) -> list[str]:
    answers = {True: ", met", False: ", **NOT MET**", None: ""}
    found: dict[tuple[str, str, str], dict[str, str]] = {}
    for target in report.targets:
        bound = f"{'≤' if target.sense == 'at most' else '≥'} {show_number(target.metric, target.bound)}"
        what = ", ".join(filter(None, (target.what, header(target.metric))))
        cell = show_score(target.metric, target.score, notes) + answers[target.met]
        found.setdefault((target.task_id, what, bound), {})[target.row] = cell
    rows = [(*key, *(cells[row] for row in report.rows)) for key, cells in found.items()]
    lines = table(("task", "what", "target", *report.rows), rows)
    return ["## Targets", "", *lines, "", "Judged by the value before it is rounded."]


def _tasks(report: Report, notes: Notes) -> list[str]:
    lines = ["## Tasks"]
    for kind, title in KIND_TITLES.items():
        own = [line for line in report.lines if line.by == "all" and line.kind is kind]
        if own:
            lines += ["", f"### {title}", "", *_full_table(own, notes)]
    return lines


def _full_table(lines: Sequence[Line], notes: Notes) -> list[str]:
    """Return every metric of the lines, the primary one with its interval."""
    metrics = list(dict.fromkeys(name for line in lines for name in line.scores))
    head = ("task", "model", "images", "groups", "failed", *map(header, metrics))
    return table(head, [(*_who(line), *_cells(line, metrics, notes)) for line in lines])


def _who(line: Line) -> tuple[str, ...]:
    return line.task_id, line.row, str(line.n_images), str(line.n_groups), str(line.n_failed)


def _cells(line: Line, metrics: Iterable[str], notes: Notes) -> Iterable[str]:
    for name in metrics:
        yield show_score(name, line.scores.get(name), notes, interval=name == line.primary)


def _lesions(report: Report, notes: Notes) -> list[str]:
    own = [line for line in report.lines if line.by == "reference"]
    title = ["## Lesions and normals", ""]
    if not own:
        return [*title, f"No case of {LESION_TASK} in this part."]
    return [*title, *_primary_table(own, notes)]


def _sources(report: Report, notes: Notes) -> list[str]:
    own = [line for line in report.lines if line.by == "source"]
    title = ["## Sources", ""]
    if not own:
        return [*title, "Every task has one source."]
    return [*title, f"Of {LESION_TASK} lesions only.", "", *_primary_table(own, notes)]


def _subgroups(report: Report, notes: Notes) -> list[str]:
    lines = [
        "## Subgroups",
        "",
        f"Of {LESION_TASK} lesions only; the thirds are of its lesions in this part.",
    ]
    known = ("all", "reference", "source")
    for by in dict.fromkeys(line.by for line in report.lines if line.by not in known):
        own = [line for line in report.lines if line.by == by]
        lines += ["", f"### By {by}", "", *_primary_table(own, notes)]
    return lines


def _primary_table(lines: Sequence[Line], notes: Notes) -> list[str]:
    """Return the primary metric of every slice, a column for each row that has any of them."""
    models = list(dict.fromkeys(line.row for line in lines))
    found: dict[tuple[str, ...], dict[str, str]] = {}
    for line in lines:
        key = (line.task_id, line.group, str(line.n_images), str(line.n_groups), header(line.primary))
        cell = show_score(line.primary, line.scores[line.primary], notes)
        if line.n_failed and line.scores[line.primary].value is not None:
            cell += f", {line.n_failed} failed"
        found.setdefault(key, {})[line.row] = cell
    head = ("task", "group", "images", "groups", "metric", *models)
    return table(head, [(*key, *(cells.get(model, "") for model in models)) for key, cells in found.items()])


def _means(report: Report, notes: Notes) -> list[str]:
    lines = ["## Means over the tasks of a kind"]
    for protocol in dict.fromkeys(mean.protocol for mean in report.means):
        own = [mean for mean in report.means if mean.protocol == protocol]
        columns = [
            (kind, name)
            for kind, names in METRICS.items()
            for name in names
            if any(mean.kind is kind and name in mean.scores for mean in own)
        ]
        found = {(mean.row, mean.kind): mean for mean in own}
        rows = [
            (row, *(show_score(name, found[row, kind].scores[name], notes) for kind, name in columns))
            for row in dict.fromkeys(mean.row for mean in own)
        ]
        counts = {mean.kind: len(mean.tasks) for mean in own}
        over = ", ".join(f"{n} {KIND_TITLES[kind].lower()}" for kind, n in counts.items())
        head = ("model", *(header(name) for _, name in columns))
        lines += ["", f"### {protocol}", "", f"Tasks: {over}.", "", *table(head, rows)]
    return lines


def _differences(report: Report, notes: Notes) -> list[str]:
    title = ["## Paired differences", ""]
    if not report.differences:
        return [*title, "One row alone has nothing to be compared with."]
    pairs = list(dict.fromkeys(_pair(difference) for difference in report.differences))
    found: dict[tuple[str, str, str], dict[str, str]] = {}
    for difference in report.differences:
        metric = difference.metric
        sense = " (lower is better)" if metric in LOWER_IS_BETTER else ""
        key = (difference.task_id, difference.group or "all", header(metric) + sense)
        cell = show_score(metric, difference.score, notes) + _verdict(difference)
        found.setdefault(key, {})[_pair(difference)] = cell
    rows = [(*key, *(cells.get(pair, "") for pair in pairs)) for key, cells in found.items()]
    lines = table(("task", "cases", "metric", *pairs), rows)
    return [*title, *lines, "", "On the same resamples; better or worse where the interval leaves out 0."]


def _pair(difference: Difference) -> str:
    return f"{difference.row} − {difference.baseline}"


def _verdict(difference: Difference) -> str:
    if difference.favours is None:
        return ""
    return ", better" if difference.favours == difference.row else ", worse"


def _calibration(report: Report, notes: Notes) -> list[str]:
    head = ("task", "model", "images", "failed", "ECE", "Brier")
    rows = [
        (
            line.task_id,
            line.row,
            str(line.n_images),
            str(line.n_failed),
            show_score("ece", line.ece, notes),
            show_score("brier", line.brier, notes),
        )
        for line in report.calibration
    ]
    return ["## Calibration", "", *table(head, rows), "", *(f"- {text}" for text in DEFINITIONS)]


def _method(report: Report, _: Notes) -> list[str]:
    lines = [
        "## How these numbers were made",
        "",
        f"- 95 % percentile intervals from {report.n_resamples} resamples of groups (patients, "
        f"near-duplicates, videos; the image where its source tells no more), seed {report.seed}.",
        f"- Sources and subgroups of fewer than {MIN_GROUPS} groups, or {MIN_GROUPS_OF_CLASS} of a class, "
        "have no interval.",
        f"- {header(LEFT_EMPTY)}: of the cases whose reference mask is empty, those whose prediction is too.",
    ]
    for folder in report.folders:
        lines += [f"- {folder.protocol}, strict mode, manifest {folder.manifest_sha256[:12]}:"]
        lines += [f"  - {rule}" for rule in folder.rules]
    if report.provenance.code_revision:
        lines.append(f"- Code revision {report.provenance.code_revision}.")
    return lines
