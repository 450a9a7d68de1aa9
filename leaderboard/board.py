"""A board: the entries of one field in their order, with the rules that put them there.

Promises: the order depends on scores and names only, never on the order of the files.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evaluation.contract.result import Bootstrap, Result
from leaderboard.cells import clean_text, format_gib, format_number
from leaderboard.metric import PERF, list_metrics
from leaderboard.performance import compute_performance
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

    P is rescaled over every entry that has an accuracy, Eff over every entry with a run record.

    Args:
        results: at least one; comparable, as `load_results` gives them.
    """
    ordered = sorted(results, key=lambda result: clean_text(result.submission))
    performance = compute_performance(ordered)
    efficiencies = _compute_efficiencies(ordered)
    first = ordered[0]
    entries = _order_entries(ordered, performance.p, efficiencies, performance.reasons)
    return Board(
        protocol=first.protocol,
        mode=first.mode,
        manifest_sha256=first.manifest_sha256,
        reference_sha256=first.reference_sha256,
        entries=entries,
        rules=first.rules + ranking_rules(first.protocol),
        notes=(*performance.notes, *_note_run_terms(ordered), *_note_entries(entries), *_note_rules(ordered)),
        bootstraps=_group_bootstraps(ordered),
    )


def _compute_efficiencies(results: Sequence[Result]) -> list[float | None]:
    runs = [result.run for result in results if result.run is not None]
    values = iter(
        compute_efficiency(
            time_s=[run.runtime_s for run in runs], peak_gpu=[run.peak_gpu_mib for run in runs]
        ).tolist()
    )
    return [None if result.run is None else next(values) for result in results]


def _order_entries(
    results: Sequence[Result],
    p: Sequence[float | None],
    efficiencies: Sequence[float | None],
    reasons: Sequence[str | None],
) -> tuple[Entry, ...]:
    both = [(a, b) for a, b in zip(p, efficiencies, strict=True) if a is not None and b is not None]
    finals = compute_final(performance=[a for a, _ in both], efficiency=[b for _, b in both])
    placed: Iterator[tuple[float, int]] = iter(
        zip(finals.tolist(), rank_descending(finals).tolist(), strict=True)
    )
    entries = []
    for result, accuracy, eff, reason in zip(results, p, efficiencies, reasons, strict=True):
        final, rank = (None, None) if accuracy is None or eff is None else next(placed)
        perf = result.summary[PERF.key].value if result.protocol == "uusic25" else accuracy
        no_run = None if eff is not None else "it has no run record; score it with --run to have it ranked"
        why_not = "; ".join(text for text in (reason, no_run) if text)
        entries.append(
            Entry(
                rank=rank,
                result=result,
                perf=perf,
                p=accuracy,
                eff=eff,
                final=final,
                unranked_reason=why_not or None,
            )
        )
    return tuple(sorted(entries, key=_board_order))


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
            if score.value is None:
                key = (metric.label, str(score.reason))
                undefined.setdefault(key, []).append(clean_text(entry.result.submission))
    for (label, reason), names in undefined.items():
        notes.append(f"{label} is undefined for {', '.join(names)}: {reason}.")
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
