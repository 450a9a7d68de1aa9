"""Run one submission: find it, skip it when it has been run, run it, keep the whole result or none."""

import os
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal
from weakref import WeakSet

from evaluation.contract.errors import ConfigurationError
from evaluation.runner.draft import Challenge, RunDraft, RunOptions
from evaluation.runner.engine import Engine, ImageMissingError
from evaluation.runner.folder import PREDICTIONS, RunFolder, remove_tree
from evaluation.runner.gpu import GpuProbe, open_gpus
from evaluation.runner.limits import Profile
from evaluation.runner.one_pass import Check, PassResult, PassSetting, make_pass
from evaluation.runner.outcome import Outcome, judge_missing_image
from evaluation.runner.outputs import hash_outputs, list_files
from evaluation.runner.per_case import CaseByCase, make_pass_by_case
from evaluation.runner.record import RunFile
from evaluation.runner.submission import Submission
from evaluation.runner.watch import DISK_RESERVE_BYTES, Tick

_SWEPT: WeakSet[Engine] = WeakSet()


@dataclass(frozen=True)
class Finished:
    """A run that lies in its folder."""

    record: RunFile
    is_resumed: bool
    """It lay there already, with the same key and untouched."""


Tell = Callable[[str, Tick], None]
"""Called with the pass (``warmup``, ``run 1 of 3``) and where it is, about ten times a second."""


def run_submission(
    engine: Engine,
    submission: Submission,
    challenge: Challenge,
    out: Path,
    options: RunOptions,
    *,
    name: str | None,
    check: Check,
    cases: CaseByCase | None = None,
    tell: Tell | None = None,
) -> Finished:
    """Run a submission and leave a whole result in `out`, or nothing.

    However the submission ends is an outcome in the record, not an exception.

    Args:
        engine: where to run it.
        submission: what to run.
        challenge: what it is asked.
        out: the run's folder, made if it is missing.
        options: limits, profile, repeats.
        name: how the submission is called in the record; None: as before, or as its folder.
        check: returns what is wrong with a folder of predictions.
        cases: give each case a run of its own; None: the whole manifest at once.
        tell: told how far it is.

    Raises:
        ConfigurationError: the folder is in use or cannot be written, or options do not fit together.
        EngineError: the engine does not answer at all.
        DeviceError: the disk is too full to start.
    """
    begin = time.monotonic()
    title = name or out.resolve().name
    _refuse_overlap(challenge.input_dir.resolve(), out.resolve())
    with RunFolder(out) as folder:
        version = engine.find_version()
        _sweep(engine)
        gpu = open_gpus(options.gpus or "all")
        gpus = (options.gpus or "all") if isinstance(gpu, GpuProbe) else "none"
        draft = RunDraft(
            engine, version, submission, challenge, options, title, gpus, is_by_case=cases is not None
        )
        try:
            image = engine.resolve(submission)
        except ImageMissingError as error:
            verdict = judge_missing_image(str(error), is_unknown=error.is_unknown)
            return Finished(_commit(folder, draft.make_record(None, (), verdict)), is_resumed=False)
        draft.set_image(image)
        done = None if options.is_forced else find_done(folder.folder, folder.read(), draft.key)
        if done is not None:
            return Finished(folder.rename(done, name or done.submission), is_resumed=True)
        folder.check_space(options.limits.output_bytes + 2 * options.limits.log_bytes + DISK_RESERVE_BYTES)
        setting = PassSetting(
            engine=engine,
            image=image,
            input_dir=challenge.input_dir,
            input_json=challenge.input_json,
            title=title,
            n_expected=len(challenge.manifest.cases),
            check=check,
            limits=options.limits,
            profile=options.profile,
            gpus=gpus,
            gpu=gpu,
            cores=options.cores,
        )
        _refuse_unreadable(engine, challenge, options)
        draft.prepare_s = time.monotonic() - begin
        return Finished(_run_passes(folder, draft, setting, cases, tell), is_resumed=False)


def _refuse_overlap(input_dir: Path, out: Path) -> None:
    """Neither may the run's files become input, nor the input be taken for an older run's predictions."""
    if out.is_relative_to(input_dir):
        raise ConfigurationError(f"--out {out} lies in the input {input_dir}, which a run must not change")
    if input_dir.is_relative_to(out / PREDICTIONS):
        raise ConfigurationError(f"--input {input_dir} lies where the run's predictions go, in {out}")


def _refuse_unreadable(engine: Engine, challenge: Challenge, options: RunOptions) -> None:
    """A harness that is root runs submissions as somebody else, who must be able to read the input."""
    if os.getuid() != 0 or not engine.is_isolated or options.profile is not Profile.SAFE:
        return
    places = [challenge.input_dir, *challenge.input_dir.rglob("*")]
    for place in [*places, *([challenge.input_json] if challenge.input_json else [])]:
        needed = stat.S_IROTH | stat.S_IXOTH if place.is_dir() else stat.S_IROTH
        if place.stat().st_mode & needed != needed:
            text = "the submission runs as an unprivileged user who cannot read it; `chmod -R o+rX` it"
            raise ConfigurationError(f"{place}: {text}")


def _sweep(engine: Engine) -> None:
    """Remove what killed harnesses left, once a harness: asking an engine costs a tenth of a second."""
    if engine not in _SWEPT:
        engine.remove_orphans(everything=False)
        _SWEPT.add(engine)


def find_done(folder: Path, record: RunFile | None, key: str) -> RunFile | None:
    """Return the run that lies in a folder when it is the same run, ended for good, and untouched."""
    if record is None or record.key != key or record.fault == "infrastructure":
        return None
    files = list_files(folder / PREDICTIONS, started_s=0.0, max_entries=record.limits.output_files + 1)
    return record if hash_outputs(files) == record.outputs_sha256 else None


def _run_passes(
    folder: RunFolder, draft: RunDraft, setting: PassSetting, cases: CaseByCase | None, tell: Tell | None
) -> RunFile:
    """Make every pass; the first counted one is kept, and one that fails is the last."""
    attempt = folder.start_attempt()
    try:
        results: list[PassResult] = []
        kept: Path | None = None
        for number, title in enumerate(_titles(draft.options)):
            place = attempt / str(number)
            place.mkdir()
            kind: Literal["warmup", "counted"] = "warmup" if title == "warmup" else "counted"
            if cases is None:
                results.append(make_pass(setting, place, kind, tell=_bind(tell, title)))
            else:
                results.append(make_pass_by_case(setting, place, kind, cases, tell=_bind(tell, title)))
            verdict = results[-1].record.verdict
            if verdict.fault != "none":
                kept = place
                break
            if kind == "counted" and kept is None:
                kept = place
            else:
                remove_tree(place)
        shown = next((r for r in results if r.record.verdict.fault != "none"), None) or next(
            r for r in results if r.record.kind == "counted"
        )
        if kept is None:
            raise ConfigurationError("Expected at least one counted pass")
        if shown.record.verdict.outcome is Outcome.OUTPUT_LIMIT:
            # Nobody asked for so much, and the disk is needed by those who come after.
            remove_tree(kept / PREDICTIONS)
            (kept / PREDICTIONS).mkdir()
            shown = replace(shown, outputs=())
        record = draft.make_record(shown, tuple(r.record for r in results), shown.record.verdict, kept)
        return folder.commit(kept, record)
    finally:
        remove_tree(attempt)


def _titles(options: RunOptions) -> list[str]:
    counted = [f"run {k} of {options.n_repeats}" for k in range(1, options.n_repeats + 1)]
    return [*(["warmup"] if options.has_warmup else []), *counted]


def _bind(tell: Tell | None, title: str) -> Callable[[Tick], None]:
    return (lambda _: None) if tell is None else (lambda tick: tell(title, tick))


def _commit(folder: RunFolder, record: RunFile) -> RunFile:
    attempt = folder.start_attempt()
    (attempt / PREDICTIONS).mkdir()
    return folder.commit(attempt, record)
