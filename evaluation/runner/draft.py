"""What is known of a run before it is made, and the record that it becomes."""

import math
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from evaluation.contract.manifest import Manifest
from evaluation.provenance import describe_run
from evaluation.runner.content import hash_file, hash_tree
from evaluation.runner.engine import Engine, Image
from evaluation.runner.folder import LOG_FILE
from evaluation.runner.host import describe_host
from evaluation.runner.key import hash_harness, make_key
from evaluation.runner.limits import Limits, Profile
from evaluation.runner.one_pass import PassResult
from evaluation.runner.outcome import Verdict
from evaluation.runner.outputs import hash_outputs
from evaluation.runner.record import (
    EngineRecord,
    ImageRecord,
    InputRecord,
    LogRecord,
    MedianInterval,
    PassRecord,
    RunFile,
)
from evaluation.runner.submission import CommandSubmission, ImageFileSubmission, Submission

MAX_LISTED_PROBLEMS = 100
_LEVEL = 0.95


@dataclass(frozen=True)
class Challenge:
    """What a submission is asked, as participants get it."""

    manifest: Manifest
    """Read without references."""
    input_dir: Path
    input_json: Path | None
    """UUSIC25's manifest file; None for FMC_UIA."""


@dataclass(frozen=True)
class RunOptions:
    """How to run."""

    limits: Limits = field(default_factory=Limits)
    profile: Profile = Profile.SAFE
    gpus: str | None = None
    """``all``, ``none``, or indices or UUIDs separated by commas; None: all where there are any."""
    n_repeats: int = 1
    has_warmup: bool = False
    """Run once more before, for caches; that pass is not counted."""
    cores: tuple[int, ...] | None = None
    """The cores of this host that an image's runs have to themselves; None for any. Not part of the key."""
    is_forced: bool = False
    """Run again even where the same run lies already."""
    seeds: tuple[tuple[str, int], ...] = ()
    """Recorded beside the run."""
    job: str | None = None
    """What it runs in, such as a CI run's number; recorded."""


class RunDraft:
    """One run in the making."""

    def __init__(
        self,
        engine: Engine,
        version: str,
        submission: Submission,
        challenge: Challenge,
        options: RunOptions,
        name: str,
        gpus: str,
        *,
        is_by_case: bool = False,
    ) -> None:
        self.options = options
        self.prepare_s = 0.0
        self._engine = EngineRecord(name=engine.name, version=version, is_isolated=engine.is_isolated)
        self._given = _show(submission)
        self._challenge = challenge
        self._name = name
        self._gpus = gpus
        self._is_by_case = is_by_case
        self._image: Image | None = None

    def set_image(self, image: Image) -> None:
        """Tell what will run."""
        self._image = image

    @cached_property
    def input(self) -> InputRecord:
        """What is asked, by content."""
        tree = hash_tree(self._challenge.input_dir)
        manifest, file = self._challenge.manifest, self._challenge.input_json
        return InputRecord(
            protocol=manifest.protocol,
            asked_sha256=manifest.asked_sha256,
            manifest_file_sha256=None if file is None else hash_file(file),
            input_sha256=tree.sha256,
            n_files=tree.n_files,
            n_bytes=tree.n_bytes,
            n_cases=len(manifest.cases),
        )

    @cached_property
    def key(self) -> str:
        """The run's key; empty while the image is not known."""
        if self._image is None:
            return ""
        options = self.options
        configuration: dict[str, object] = {
            "engine": self._engine.name,
            "profile": options.profile.value,
            "limits": options.limits.model_dump(mode="json"),
            "gpus": self._gpus,
            "repeats": options.n_repeats,
            "warmup": options.has_warmup,
            "by_case": self._is_by_case,
        }
        return make_key(self._image, self.input, configuration)

    def make_record(
        self,
        shown: PassResult | None,
        passes: tuple[PassRecord, ...],
        verdict: Verdict,
        kept: Path | None = None,
    ) -> RunFile:
        """Return the record.

        Args:
            shown: the pass whose files and log are kept; None when nothing was started.
            passes: all that were made.
            verdict: on the run as a whole.
            kept: where those files lie now.
        """
        counted = [entry for entry in passes if entry.kind == "counted"]
        times = [entry.timings.runtime_s for entry in counted]
        image = self._image
        return RunFile(
            runtime_s=statistics.median(times) if times else 0.0,
            peak_gpu_mib=max((entry.memory.peak_gpu_mib for entry in counted), default=0.0),
            repeats=max(1, len(counted)),
            repeat_runtimes_s=tuple(times),
            host_name=platform.node() or None,
            job=self.options.job,
            outcome=verdict.outcome.value,
            asked_sha256=self.input.asked_sha256,
            image_digest=image.digest if image else None,
            profile=self.options.profile.value,
            is_isolated=self._engine.is_isolated,
            submission=self._name,
            key=self.key,
            harness_sha256=hash_harness(),
            fault=verdict.fault,
            sentence=verdict.sentence,
            exit_code=verdict.exit_code,
            signal=verdict.signal,
            input=self.input,
            image=ImageRecord(
                given=self._given,
                digest=image.digest if image else None,
                repo_digests=image.repo_digests if image else (),
            ),
            engine=self._engine,
            limits=self.options.limits,
            gpus=self._gpus,
            prepare_s=self.prepare_s,
            runtime=find_median(times) if times else None,
            passes=passes,
            is_repeatable=len({entry.outputs_sha256 for entry in counted}) == 1 if len(counted) > 1 else None,
            outputs=shown.outputs if shown else (),
            outputs_sha256=hash_outputs(shown.outputs if shown else ()),
            log=_describe_log(shown, kept) if shown and kept else None,
            problems=shown.problems[:MAX_LISTED_PROBLEMS] if shown else (),
            n_problems=len(shown.problems) if shown else 0,
            host=describe_host(),
            provenance=describe_run(),
            seeds=dict(self.options.seeds),
            notes=tuple(self._find_notes(counted)),
        )

    def _find_notes(self, counted: Sequence[PassRecord]) -> list[str]:
        notes = []
        if not self._engine.is_isolated:
            notes.append(
                "a plain command: not isolated from the network, the host's files or other processes"
            )
        if self.options.profile is Profile.OFFICIAL:
            notes.append("official profile: root and a writable root file system; no network")
        notes += {entry.load.warning: 0 for entry in counted if entry.load.warning}
        notes += {note: 0 for entry in counted for note in entry.memory.notes}
        n_left = max((entry.n_left_processes for entry in counted), default=0)
        if n_left:
            notes.append(f"{n_left} background process(es) were left behind and ended")
        return notes


def _show(submission: Submission) -> str:
    match submission:
        case CommandSubmission(words):
            return " ".join(words)
        case ImageFileSubmission(file):
            return file.name
        case _:
            return submission.reference


def _describe_log(shown: PassResult, kept: Path) -> LogRecord:
    return LogRecord(
        sha256=hash_file(kept / LOG_FILE),
        n_bytes=shown.log.n_bytes,
        n_left_out=shown.log.n_left_out,
        last_lines=shown.log.last_lines,
    )


def find_median(values: Sequence[float]) -> MedianInterval:
    """Return the median of at least one value with its narrowest interval of 95 %; of few values the widest.

    The interval from the k-th smallest to the k-th largest of n holds the median with probability
    1 − 2·P(Binomial(n, ½) < k).
    """
    ordered = sorted(values)
    n = len(ordered)

    def level(k: int) -> float:
        return 1.0 - 2.0 * sum(math.comb(n, i) for i in range(k)) / 2.0**n

    k = 1
    while 2 * (k + 1) <= n and level(k + 1) >= _LEVEL:
        k += 1
    return MedianInterval(
        median=statistics.median(ordered), low=ordered[k - 1], high=ordered[-k], level=max(0.0, level(k))
    )
