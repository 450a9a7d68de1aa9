"""A builder of small results, for boards whose ranks can be worked out by hand."""

from collections.abc import Mapping
from pathlib import Path

from evaluation.contract.result import (
    Bootstrap,
    Interval,
    Mode,
    Provenance,
    Result,
    RunRecord,
    Score,
    TaskResult,
)
from evaluation.contract.task import Kind

UUSIC25_SUMMARY = {
    "seg": 0.4,
    "cls": 0.6,
    "perf": 0.5,
    "mean_dsc": 0.854,
    "mean_nsd": 0.5,
    "mean_auc_binary": 0.766,
    "mean_acc_binary": 0.7,
    "mean_auc_subtype": 0.54,
}
FMC_UIA_SUMMARY = {
    "dsc": 0.8,
    "hd_px": 30.0,
    "accuracy": 0.9,
    "auc": 0.9,
    "f1_macro": 0.8,
    "f1_weighted": 0.85,
    "mcc": 0.7,
    "iou": 0.7,
    "mre_px": 20.0,
}
BOOTSTRAP = Bootstrap(n_resamples=1000, seed=0, unit="case", method="percentile")


def make_score(value: float | None) -> Score:
    """Make a score with an interval of ±0.01, or an undefined one."""
    if value is None:
        return Score(value=None, status="undefined", reason="one class only")
    interval = Interval(
        low=value - 0.01, high=value + 0.01, level=0.95, method="percentile", n_resamples=1000, n_undefined=0
    )
    return Score(value=value, interval=interval)


def make_result(
    submission: str = "a",
    *,
    protocol: str = "uusic25",
    mode: Mode = "strict",
    time_s: float | None = 10.0,
    peak_gpu_mib: float = 1024.0,
    rules: tuple[str, ...] = ("Both masks empty: DSC 1.",),
    bootstrap: Bootstrap | None = BOOTSTRAP,
    summary: Mapping[str, float | None] | None = None,
    n_failed: int = 0,
) -> Result:
    """Make a result; ``summary`` overrides single metrics, ``time_s=None`` leaves the run record out."""
    base = UUSIC25_SUMMARY if protocol == "uusic25" else FMC_UIA_SUMMARY
    given = dict(summary or {})
    if "perf" in given:
        given = {"seg": given["perf"], "cls": given["perf"], **given}
    scores = {key: make_score(value) for key, value in {**base, **given}.items()}
    task = TaskResult(
        task_id="t", kind=Kind.DETECTION, num_classes=1, n_cases=12, n_failed=n_failed, scores={}
    )
    if "seg" in scores and "perf" not in given:
        scores["perf"] = make_score(_mean(scores["seg"].value, scores["cls"].value))
    return Result(
        submission=submission,
        protocol=protocol,
        mode=mode,
        manifest_sha256="ab" * 32,
        reference_sha256="cd" * 32,
        cases_sha256="ef" * 32,
        n_cases=12,
        n_failed=n_failed,
        tasks=(task,),
        groups=(),
        summary=scores,
        run=None if time_s is None else RunRecord(runtime_s=time_s, peak_gpu_mib=peak_gpu_mib),
        bootstrap=bootstrap,
        rules=rules,
        provenance=Provenance(
            created_utc="2026-01-01T00:00:00Z", code_revision=None, python="3", packages={}
        ),
    )


def _mean(seg: float | None, cls: float | None) -> float | None:
    return None if seg is None or cls is None else (seg + cls) / 2


def write_result(folder: Path, result: Result, name: str | None = None) -> Path:
    """Write a result file named after its submission, or ``name``."""
    path = folder / f"{name or result.submission}.json"
    path.write_text(result.model_dump_json(), encoding="utf-8")
    return path
