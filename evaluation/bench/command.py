"""``python -m evaluation bench``: run every comparison and report."""

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

from rich.progress import Progress
from rich.table import Table

from evaluation.bench.clinical import find_clinical, measure_memory, measure_scoring
from evaluation.bench.masks import measure_masks
from evaluation.bench.pairs import make_pairs
from evaluation.bench.resampling import measure_resampling
from evaluation.contract.bench import BenchReport, Ratio
from evaluation.provenance import find_revision
from evaluation.terminal import console, errors, show_table


def run_bench(clinical_dir: Path | None, *, job: str | None = None) -> BenchReport:
    """Measure all ratios; those of a clinical set only when one is given; `job` is only recorded.

    Raises:
        ConfigurationError: the clinical set is incomplete.
        HarnessError: scoring failed.
    """
    clinical = None if clinical_dir is None else find_clinical(clinical_dir)
    load_before = os.getloadavg()[0]
    ratios: list[Ratio] = []
    figures: dict[str, float] = {}
    with Progress(console=errors, transient=True, disable=not errors.is_terminal) as bar:
        row = bar.add_task("mask metrics", total=200)
        ratios += measure_masks(make_pairs(), lambda done: bar.update(row, completed=done))
        row = bar.add_task("bootstrap", total=2)
        ratios += measure_resampling(lambda done: bar.update(row, completed=done))
        row = bar.add_task("memory", total=2)
        figures |= measure_memory(lambda done: bar.update(row, completed=done))
        if clinical is not None:
            row = bar.add_task("clinical set", total=3)
            ratios += measure_scoring(clinical, lambda done: bar.update(row, completed=done))
            figures["seconds to score the clinical set (at most 20)"] = ratios[-1].baseline_s
    return BenchReport(
        created_utc=datetime.now(UTC).isoformat(timespec="seconds"),
        code_revision=find_revision(),
        cpus=os.cpu_count() or 1,
        load_before=load_before,
        ratios=tuple(ratios),
        figures=figures,
        host_name=platform.node() or None,
        job=job,
    )


def show_bench(report: BenchReport) -> None:
    """Print a report as a table."""
    table = Table(title=f"{report.cpus} CPUs, load {report.load_before:.2f} before; medians side by side")
    for column in ("A / B", "on", "n", "A", "B", "ratio", "promised", ""):
        table.add_column(column, justify="left" if column in ("A / B", "on") else "right")
    for r in report.ratios:
        sign = "≤" if r.at_most else "≥"
        promised = "" if r.required is None else f"{sign} {r.required:g}"
        verdict = "" if r.required is None else ("yes" if r.holds else "NO")
        times = (f"{1e3 * r.baseline_s:.2f} ms", f"{1e3 * r.ours_s:.2f} ms")
        table.add_row(r.name, r.group, str(r.n), *times, f"{r.ratio:.1f}", promised, verdict)
    show_table(table)
    for name, value in report.figures.items():
        console.print(f"{name}: {value:.1f}")
