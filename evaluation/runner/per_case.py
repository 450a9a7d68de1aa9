"""One container a case: a case's own time, and no case that another one's image or crash can reach.

The protocol's side (what one case is asked, which of its answers count) is `evaluation.per_case`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Protocol

from evaluation.runner.folder import LOG_FILE, MEMORY_FILE, MEMORY_PLOT, PREDICTIONS, remove_tree
from evaluation.runner.logs import KeptLog
from evaluation.runner.one_pass import Check, PassResult, PassSetting, make_pass
from evaluation.runner.outcome import Verdict
from evaluation.runner.outputs import hash_outputs, list_files
from evaluation.runner.record import CaseRecord, PassRecord, Timings
from evaluation.runner.watch import Tick


@dataclass(frozen=True)
class Part:
    """What is asked of one case."""

    case_id: str
    input_dir: Path
    input_json: Path | None
    check: Check


class CaseByCase(Protocol):
    """Takes a challenge apart and puts its answers together."""

    def split(self, place: Path) -> Iterator[Part]:
        """Yield one case after the other; each one's input lies in `place` until the next is asked for."""

    def collect(self, part: Part, predictions: Path, whole: Path) -> None:
        """Take a case's own answer, and no other case's, from its output folder."""

    def write(self, whole: Path) -> None:
        """Write what was collected and is not a file of its own."""


def make_pass_by_case(
    setting: PassSetting,
    folder: Path,
    kind: Literal["warmup", "counted"],
    cases: CaseByCase,
    *,
    tell: Callable[[Tick], None],
) -> PassResult:
    """Run every case in a container of its own; one that fails does not stop the others.

    Args:
        setting: of the whole; its limits, the time limit too, hold for each case.
        folder: new and empty; gets what `make_pass` writes, the memory being that of the hungriest case.
        kind: whether its time counts.
        cases: the challenge, case by case.
        tell: called about ten times a second.
    """
    whole, place = folder / PREDICTIONS, folder / "case"
    whole.mkdir()
    results: list[tuple[Part, PassResult]] = []
    peak_mib = -1.0
    with (folder / LOG_FILE).open("w", encoding="utf-8") as log:
        for part in cases.split(folder / "case_input"):
            place.mkdir()
            setting_of_case = replace(
                setting, input_dir=part.input_dir, input_json=part.input_json, n_expected=1, check=part.check
            )
            result = make_pass(setting_of_case, place, kind, tell=tell)
            results.append((part, result))
            cases.collect(part, place / PREDICTIONS, whole)
            if log.tell() < setting.limits.log_bytes:
                log.write(f"== {part.case_id}: {result.record.verdict.outcome}\n")
                log.write((place / LOG_FILE).read_text(encoding="utf-8"))
            if result.record.memory.peak_host_mib > peak_mib:
                peak_mib = result.record.memory.peak_host_mib
                for name in (MEMORY_FILE, MEMORY_PLOT):
                    (place / name).replace(folder / name)
            remove_tree(place)
            if result.record.verdict.fault == "infrastructure":
                break
    cases.write(whole)
    remove_tree(folder / "case_input")
    return _join(results, whole, setting)


def _join(results: list[tuple[Part, PassResult]], whole: Path, setting: PassSetting) -> PassResult:
    records = [result.record for _, result in results]
    outputs = list_files(whole, started_s=float("inf"), max_entries=setting.limits.output_files)
    firsts = [r.timings.until_first_output_s for r in records]
    memory = max((r.memory for r in records), key=lambda m: (m.peak_gpu_mib, m.peak_host_mib))
    record = PassRecord(
        kind=records[0].kind,
        verdict=_judge(results),
        timings=Timings(
            container_start_s=sum(r.timings.container_start_s for r in records),
            until_first_output_s=firsts[0],
            runtime_s=sum(r.timings.runtime_s for r in records),
        ),
        memory=memory.model_copy(
            update={
                "peak_host_mib": max(r.memory.peak_host_mib for r in records),
                "gpu_area_mib_s": sum(r.memory.gpu_area_mib_s for r in records),
                "n_samples": sum(r.memory.n_samples for r in records),
            }
        ),
        load=next((r.load for r in records if r.load.warning), records[0].load),
        started_utc=records[0].started_utc,
        finished_utc=records[-1].finished_utc,
        outputs_sha256=hash_outputs(outputs),
        n_left_processes=max(r.n_left_processes for r in records),
        cases=tuple(_describe(part, result.record) for part, result in results),
    )
    log = KeptLog(
        n_bytes=sum(result.log.n_bytes for _, result in results),
        n_left_out=sum(result.log.n_left_out for _, result in results),
        last_lines=next(
            (result.log.last_lines for _, result in results if result.record.verdict.fault != "none"),
            results[-1][1].log.last_lines,
        ),
    )
    problems = tuple(problem for _, result in results for problem in result.problems)
    return PassResult(record, outputs, log, problems)


def _judge(results: list[tuple[Part, PassResult]]) -> Verdict:
    failed = [(part, r.record.verdict) for part, r in results if r.record.verdict.fault != "none"]
    if not failed:
        text = f"each of {len(results)} cases was answered in a run of its own"
        return results[0][1].record.verdict.model_copy(update={"sentence": text})
    # What may be tried again comes last: it ended the pass.
    part, verdict = failed[-1] if failed[-1][1].fault == "infrastructure" else failed[0]
    text = f"{len(failed)} of {len(results)} cases failed; {part.case_id}: {verdict.sentence}"
    return verdict.model_copy(update={"sentence": text})


def _describe(part: Part, record: PassRecord) -> CaseRecord:
    return CaseRecord(
        case_id=part.case_id,
        outcome=record.verdict.outcome,
        sentence=record.verdict.sentence,
        runtime_s=record.timings.runtime_s,
        peak_gpu_mib=record.memory.peak_gpu_mib,
        peak_host_mib=record.memory.peak_host_mib,
    )
