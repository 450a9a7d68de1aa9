"""Running a submission on a challenge: labels kept from it, its files checked, scored and verified."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from evaluation.challenge import (
    Protocol,
    find_manifest_file,
    read_input,
    read_reference,
    refuse_labels,
    refuse_reference_inside,
)
from evaluation.checking import check_submission
from evaluation.contract.errors import ConfigurationError
from evaluation.contract.manifest import Manifest
from evaluation.contract.problem import Problem
from evaluation.contract.result import Result, RunRecord
from evaluation.files.json_text import dump_json, parse_json
from evaluation.protocols.case_table import table_to_csv
from evaluation.result_files import write_result
from evaluation.runner.content import hash_file, hash_tree
from evaluation.runner.draft import Challenge
from evaluation.runner.folder import (
    CASES_FILE,
    LOG_FILE,
    MEMORY_FILE,
    PREDICTIONS,
    RESULT_FILE,
    RUN_FILE,
    RunFolder,
    read_run_file,
)
from evaluation.runner.one_pass import Check
from evaluation.runner.outputs import OutputFile, list_files
from evaluation.runner.record import RunFile, ScoringRecord, seal
from evaluation.scoring import Progress, Scored, ScoringOptions, score_submission


@dataclass(frozen=True)
class ReferencePlace:
    """Where the references lie."""

    reference: Path
    """UUSIC25: the ground-truth JSON; FMC_UIA: the folder that holds ``csv_files/``."""
    images: Path | None = None
    """UUSIC25: the tree that holds the masks; None: beside the JSON."""


def open_challenge(
    protocol: Protocol, input_dir: Path, manifest: Path | None, reference: ReferencePlace | None = None
) -> Challenge:
    """Read what a submission is asked, and refuse to show it the answers.

    Args:
        protocol: the challenge.
        input_dir: the participant's input folder.
        manifest: UUSIC25's manifest file; None: ``INPUT/manifest.json``.
        reference: where the references lie, if the run is to be scored.

    Raises:
        ConfigurationError: a place does not exist, or the references lie in the input folder.
        ManifestError: the manifest or the references cannot be used, or the input carries labels.
    """
    file = find_manifest_file(protocol, input_dir, manifest)
    asked = read_input(protocol, input_dir, manifest)
    refuse_labels(protocol, input_dir, manifest)
    if reference is not None:
        refuse_reference_inside(protocol, input_dir, reference.reference, reference.images)
    return Challenge(asked, input_dir.resolve(), None if file is None else file.resolve())


def make_check(manifest: Manifest) -> Check:
    """Return what tells the problems of a folder of predictions."""

    def check(folder: Path) -> list[Problem]:
        return check_submission(manifest, folder)

    return check


def score_run(
    folder: Path, place: ReferencePlace, options: ScoringOptions, *, progress: Progress | None = None
) -> Scored:
    """Score a run into ``result.json`` and ``cases.csv`` beside its ``run.json``, which then says how.

    Raises:
        ConfigurationError: no whole run, one of another manifest, one that the engine never made, or a folder
            in which another harness is at work.
        ManifestError: references that cannot be used.
    """
    read_run_file(folder)
    # Held from here on: what is scored is what the record that is written again tells of.
    with RunFolder(folder) as held:
        record = read_run_file(folder)
        if not record.passes or record.fault == "infrastructure":
            raise ConfigurationError(
                f"{folder / RUN_FILE}: {record.outcome}, so there is nothing to score: {record.sentence}"
            )
        scored = _score(folder, record, place, options, progress)
        write_result(scored, folder / RESULT_FILE)
        scoring = _describe_scoring(folder, place, options)
        seeds = record.seeds | {"bootstrap": options.seed}
        held.write(record.model_copy(update={"scoring": scoring, "seeds": seeds}))
    return scored


def _describe_scoring(folder: Path, place: ReferencePlace, options: ScoringOptions) -> ScoringRecord:
    return ScoringRecord(
        reference=str(place.reference.resolve()),
        images=None if place.images is None else str(place.images.resolve()),
        mode=options.mode,
        n_resamples=options.n_resamples,
        seed=options.seed,
        interval=options.interval,
        result_sha256=hash_file(folder / RESULT_FILE),
        cases_sha256=hash_file(folder / CASES_FILE),
    )


def _score(
    folder: Path,
    record: RunFile,
    place: ReferencePlace,
    options: ScoringOptions,
    progress: Progress | None = None,
) -> Scored:
    labelled = read_reference(Protocol(record.input.protocol), place.reference, place.images)
    return score_submission(
        labelled,
        folder / PREDICTIONS,
        options,
        name=record.submission,
        run=strip_run(record),
        progress=progress,
    )


def strip_run(record: RunFile) -> RunRecord:
    """Return the part of a run's record that a result carries."""
    return RunRecord.model_validate(record.model_dump(include=set(RunRecord.model_fields)))


def verify_run(
    folder: Path, place: ReferencePlace | None = None, *, input_dir: Path | None = None
) -> list[str]:
    """Return in sentences what is no longer as it was recorded; nothing when all is.

    Hashes of predictions, record, memory series, log, result and table are taken again, and the input's where
    it is given; where the run was scored, its predictions are scored again. Dates and package versions may
    differ, numbers may not.

    Args:
        folder: of a run.
        place: where the references lie now; None: where they lay when it was scored.
        input_dir: what was given as the input; None: it is not looked at.

    Raises:
        ConfigurationError: no whole run, or references that are not there.
        ManifestError: references that cannot be used.
    """
    record = read_run_file(folder)
    changes = _compare_outputs(
        record.outputs,
        list_files(folder / PREDICTIONS, started_s=0.0, max_entries=record.limits.output_files + 1),
    )
    if seal(record) != record:
        changes.append(f"{RUN_FILE}: was changed after it was written")
    if input_dir is not None and hash_tree(input_dir).sha256 != record.input.input_sha256:
        changes.append(f"{input_dir}: is not what the submission was given")
    if record.memory_sha256 is not None:
        changes += _compare_file(folder / MEMORY_FILE, record.memory_sha256)
    if record.log is not None:
        changes += _compare_file(folder / LOG_FILE, record.log.sha256)
    if record.scoring is not None:
        changes += _compare_file(folder / RESULT_FILE, record.scoring.result_sha256)
        changes += _compare_file(folder / CASES_FILE, record.scoring.cases_sha256)
        changes += _compare_scores(folder, record, record.scoring, place)
    return changes


def _compare_outputs(recorded: tuple[OutputFile, ...], there: tuple[OutputFile, ...]) -> list[str]:
    old = {file.path: file.sha256 for file in recorded}
    new = {file.path: file.sha256 for file in there}
    return [
        *(f"{PREDICTIONS}/{path}: is gone" for path in sorted(old.keys() - new.keys())),
        *(f"{PREDICTIONS}/{path}: was added after the run" for path in sorted(new.keys() - old.keys())),
        *(
            f"{PREDICTIONS}/{path}: was changed after the run"
            for path in sorted(old.keys() & new.keys())
            if old[path] != new[path]
        ),
    ]


def _compare_file(file: Path, sha256: str) -> list[str]:
    if not file.is_file():
        return [f"{file.name}: is gone"]
    return [] if hash_file(file) == sha256 else [f"{file.name}: was changed after it was written"]


def _compare_scores(
    folder: Path, record: RunFile, scoring: ScoringRecord, place: ReferencePlace | None
) -> list[str]:
    images = None if scoring.images is None else Path(scoring.images)
    place = place or ReferencePlace(Path(scoring.reference), images)
    if not place.reference.exists():
        text = f"{place.reference}: the references are no longer there; name them with --reference"
        raise ConfigurationError(text)
    options = ScoringOptions(
        mode=scoring.mode, n_resamples=scoring.n_resamples, seed=scoring.seed, interval=scoring.interval
    )
    scored = _score(folder, record, place, options)
    changes = []
    if hashlib.sha256(table_to_csv(scored.cases)).hexdigest() != scoring.cases_sha256:
        changes.append("scoring again gives another table of cases")
    try:
        before = Result.model_validate(parse_json((folder / RESULT_FILE).read_bytes()).value)
    except (OSError, ValueError):
        return changes
    changes += [
        f"{RESULT_FILE}: `{name}` differs when scored again"
        for name in _find_differences(before, scored.result)
    ]
    return changes


def _find_differences(before: Result, after: Result) -> list[str]:
    old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
    return [name for name in old if name != "provenance" and dump_json(old[name]) != dump_json(new[name])]
