"""Scoring on a platform: the challenge's references and one submission's folder in, plain numbers out.

Promises: the numbers are those of `python -m evaluation score`, by the same code; nothing that leaves here
names a reference.
"""

from pathlib import Path
from typing import Literal

from evaluation.contract.errors import ManifestError
from evaluation.contract.manifest import Manifest
from evaluation.contract.record import Record
from evaluation.contract.result import Mode, Result
from evaluation.files.json_text import parse_json
from evaluation.protocols.fmc_uia import layout as fmc_uia
from evaluation.protocols.uusic25 import layout as uusic25
from evaluation.scoring import ScoringOptions, score_submission

JOB_FILE = Path(__file__).parents[3] / "job.json"
"""At the top of the shipped program."""
GROUND_TRUTH = "ground_truth.json"
REFERENCES = "references"


class ScoringJob(Record):
    """How a challenge's submissions are scored."""

    format_version: Literal[1] = 1
    protocol: Literal["uusic25", "fmc_uia"]
    mode: Mode = "strict"
    n_resamples: int = 1000
    seed: int = 0


def read_job(file: Path) -> ScoringJob:
    """Read how to score.

    Raises:
        ManifestError: absent or no such record: the program was not packed by `leaderboard export`.
    """
    try:
        return ScoringJob.model_validate(parse_json(file.read_bytes()).value)
    except (OSError, ValueError) as error:
        raise ManifestError(f"{file}: cannot be used ({error}); export the challenge again.") from error


def read_references(protocol: str, folder: Path) -> Manifest:
    """Read packed references: `ground_truth.json` (uusic25 only) and `references/`.

    Raises:
        ManifestError: they cannot be used; every problem is listed.
    """
    if protocol == "fmc_uia":
        return fmc_uia.read_manifest(folder / REFERENCES, labelled=True)
    masks = folder / REFERENCES
    return uusic25.read_manifest(folder / GROUND_TRUTH, images_dir=masks, references_dir=masks, labelled=True)


def score_folder(references: Path, predictions: Path) -> Result:
    """Score one submission's folder by the shipped job.

    Raises:
        BenchError: as `evaluation.scoring.score_submission`.
    """
    job = read_job(JOB_FILE)
    options = ScoringOptions(mode=job.mode, n_resamples=job.n_resamples, seed=job.seed)
    manifest = read_references(job.protocol, references)
    return score_submission(manifest, predictions, options, name="submission").result


def list_scores(result: Result) -> dict[str, float]:
    """Return what a platform's leaderboard shows: the defined scores of the summary, and `n_failed`.

    A platform's column takes a number, so an undefined score is left out instead of written as one.
    """
    defined = {name: score.value for name, score in result.summary.items() if score.value is not None}
    return {**defined, "n_failed": float(result.n_failed)}
