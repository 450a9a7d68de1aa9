"""A board: the entries of one field in their order, with the rules that put them there.

Promises: the order depends on scores and names only, never on the order of the files.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from evaluation.contract.result import Bootstrap, Result
from leaderboard.cells import clean_text, format_gib, format_number
from leaderboard.metric import PERF, list_metrics
from leaderboard.performance import Performance, compute_performance
from leaderboard.ranking import compute_efficiency, compute_final, rank_descending
from leaderboard.rules import ranking_rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One submission on the board."""

    rank: int | None
    """1 is best, ties share the smaller rank; None where the entry is listed but not ranked."""
    result: Result
    perf: float | None
    """UUSIC25: (Seg + Cls)/2. FMC_UIA: P itself."""
    p: float | None
    """Accuracy rescaled over the field, in [0, 1]."""
    eff: float | None
    """Efficiency in [0, 1]; None without a run record."""
    final: float | None
    """0.7 P + 0.3 Eff; None where either is."""
    unranked_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A ranked field: best first, then the unranked entries by accuracy."""

    protocol: str
    mode: str
    manifest_sha256: str
    reference_sha256: str
    entries: tuple[Entry, ...]
    rules: tuple[str, ...]
    """How cases were scored and entries ranked, in sentences."""
    notes: tuple[str, ...]
    """What is particular to this field, in sentences."""
    bootstraps: tuple[tuple[Bootstrap | None, tuple[str, ...]], ...]
    """Each setting of the intervals with the submissions scored by it."""


def build_board(results: Sequence[Result]) -> Board:
    """Rank comparable results by 0.7 P + 0.3 Eff.

    P and Eff are rescaled over the ranked entries alone, those that have an accuracy and a run record, so
    that nobody who is not ranked moves a rank.

    Args:
        results: at least one; comparable, as `load_results` gives them.
    """
    ordered = sorted(results, key=lambda result: clean_text(result.submission))
    everyone = compute_performance(ordered)
    fit = [p is not None and r.run is not None for r, p in zip(ordered, everyone.p, strict=True)]
    field = [result for result, is_fit in zip(ordered, fit, strict=True) if is_fit]
    performance = compute_performance(field) if field else everyone
    first = ordered[0]
    entries = [
        *_rank_entries(field, performance),
        *_list_entries([r for r, is_fit in zip(ordered, fit, strict=True) if not is_fit], ordered, everyone),
    ]
    return Board(
        protocol=first.protocol,
        mode=first.mode,
        manifest_sha256=first.manifest_sha256,
        reference_sha256=first.reference_sha256,
        entries=tuple(sorted(entries, key=_board_order)),
        rules=first.rules + ranking_rules(first.protocol),
        notes=(*performance.notes, *_note_run_terms(field), *_note_entries(entries), *_note_rules(ordered)),
        bootstraps=_group_bootstraps(ordered),
    )


def _rank_entries(field: Sequence[Result], performance: Performance) -> list[Entry]:
    """Rank the entries that have both an accuracy and a run record."""
    if not field:
        return []
    runs = [result.run for result in field if result.run is not None]
    eff = compute_efficiency(
        time_s=[run.runtime_s for run in runs], peak_gpu=[run.peak_gpu_mib for run in runs]
    )
    p = [value for value in performance.p if value is not None]
    final = compute_final(performance=p, efficiency=eff)
    rows = zip(field, p, eff.tolist(), final.tolist(), rank_descending(final).tolist(), strict=True)
    return [
        Entry(
            rank=rank, result=result, perf=_perf(result, p), p=p, eff=eff, final=final, unranked_reason=None
        )
        for result, p, eff, final, rank in rows
    ]


def _list_entries(left: Sequence[Result], ordered: Sequence[Result], everyone: Performance) -> list[Entry]:
    """List the others by an accuracy rescaled over everybody, which moves no rank."""
    found = {id(r): (p, why) for r, p, why in zip(ordered, everyone.p, everyone.reasons, strict=True)}
    entries = []
    for result in left:
        p, reason = found[id(result)]
        no_run = "it has no run record; score it with --run to have it ranked" if result.run is None else None
        why_not = "; ".join(text for text in (reason, no_run) if text)
        entries.append(
            Entry(
                rank=None,
                result=result,
                perf=_perf(result, p),
                p=p,
                eff=None,
                final=None,
                unranked_reason=why_not,
            )
        )
    return entries


def _perf(result: Result, p: float | None) -> float | None:
    return result.summary[PERF.key].value if result.protocol == "uusic25" else p


def _board_order(entry: Entry) -> tuple[bool, int, bool, float, str]:
    """Ranked by rank, then unranked by falling accuracy, then those without one; equals by name."""
    ranked = entry.rank is not None
    accuracy = 0.0 if ranked or entry.p is None else entry.p
    return not ranked, entry.rank or 0, entry.p is None, -accuracy, clean_text(entry.result.submission)


def _note_run_terms(results: Sequence[Result]) -> list[str]:
    runs = [result.run for result in results if result.run is not None]
    notes = []
    if len({run.runtime_s for run in runs}) == 1:
        runtime = format_number(runs[0].runtime_s, 2)
        notes.append(f"Every runtime is {runtime} s: that term of Eff is 1 for all.")
    if len({run.peak_gpu_mib for run in runs}) == 1:
        peak = format_gib(runs[0].peak_gpu_mib)
        notes.append(f"Every GPU peak is {peak} GiB: that term of Eff is 1 for all.")
    return notes


def _note_entries(entries: Sequence[Entry]) -> list[str]:
    notes = [
        f"{clean_text(entry.result.submission)} is not ranked: {entry.unranked_reason}."
        for entry in entries
        if entry.unranked_reason
    ]
    undefined: dict[tuple[str, str], list[str]] = {}
    for entry in entries:
        for metric in list_metrics(entry.result.protocol):
            score = entry.result.summary[metric.key]
            if score.value is None or (score.interval is None and score.reason):
                what = "is undefined" if score.value is None else "is to be read with care"
                key = (f"{metric.label} {what}", str(score.reason))
                undefined.setdefault(key, []).append(clean_text(entry.result.submission))
    for (what, reason), names in undefined.items():
        notes.append(f"{what} for {', '.join(names)}: {reason}.")
    return notes


def _note_rules(results: Sequence[Result]) -> list[str]:
    first = results[0]
    others = [clean_text(r.submission) for r in results if r.rules != first.rules]
    if not others:
        return []
    name = clean_text(first.submission)
    return [f"The scoring rules are those of {name}; {', '.join(others)} state other ones."]


def _group_bootstraps(results: Sequence[Result]) -> tuple[tuple[Bootstrap | None, tuple[str, ...]], ...]:
    groups: dict[Bootstrap | None, list[str]] = {}
    for result in results:
        groups.setdefault(result.bootstrap, []).append(clean_text(result.submission))
    return tuple((setting, tuple(names)) for setting, names in groups.items())
