"""Scoring whole sets, as a process of its own: time against merely reading the masks, and memory."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from evaluation.bench.ratio import summarise, time_once
from evaluation.contract.bench import Ratio
from evaluation.contract.case import Case, MaskReference
from evaluation.contract.errors import ConfigurationError, HarnessError
from evaluation.contract.result import Result
from evaluation.cores import usable_cores
from evaluation.files.images import decode_mask
from evaluation.files.untrusted import read_untrusted
from evaluation.parallel import run_jobs
from evaluation.protocols.uusic25.layout import read_manifest

STATUS = Path("/proc/self/status")
"""Where Linux tells a process its peak memory."""


@dataclass(frozen=True)
class ClinicalSet:
    """A UUSIC25 folder with its references and one submission."""

    ground_truth: Path
    references: Path
    predictions: Path


@dataclass(frozen=True)
class _ReadJob:
    case: Case
    folder: Path


def read_pair(job: _ReadJob) -> int:
    """Read and decode a case's two masks; the work that no scorer can avoid."""
    reference = job.case.reference
    if not isinstance(reference, MaskReference):
        return 0
    mask_ref = decode_mask(reference.file.read_bytes())
    mask_pred = decode_mask(read_untrusted(job.folder, str(job.case.output_path), limit_bytes=2**28))
    return int(mask_ref.size + mask_pred.size)


def measure_scoring(
    clinical: ClinicalSet, progress: Callable[[int], None], *, n_repeats: int = 3
) -> Iterator[Ratio]:
    """Time scoring with 1,000 resamples beside only reading the masks, each as a process of its own."""
    places = [str(clinical.ground_truth), str(clinical.references), str(clinical.predictions)]
    read = [sys.executable, "-m", "evaluation.bench.clinical", *places]
    read_s, score_s = [], []
    for number in range(n_repeats):
        read_s.append(time_once(lambda: _run(read)))
        with tempfile.TemporaryDirectory() as folder:
            score = _score_command(clinical, Path(folder))
            score_s.append(time_once(lambda: _run(score)))  # noqa: B023 - called at once
        progress(number + 1)
    ratio = summarise("score a clinical set / only read its masks", "whole process", score_s, read_s, 1.5)
    yield ratio.model_copy(update={"at_most": True})


def read_everything(clinical: ClinicalSet) -> int:
    """Read every mask of a set, on all cores; return the number of pixels."""
    manifest = read_manifest(
        clinical.ground_truth,
        images_dir=clinical.references,
        references_dir=clinical.references,
        labelled=True,
    )
    jobs = [_ReadJob(case, clinical.predictions) for case in manifest.cases if case.output_path]
    return sum(run_jobs(read_pair, jobs, n_processes=usable_cores()))


def _score_command(clinical: ClinicalSet, folder: Path) -> list[str]:
    options = {
        "--protocol": "uusic25",
        "--reference": clinical.ground_truth,
        "--images": clinical.references,
        "--predictions": clinical.predictions,
        "--out": folder / "result.json",
    }
    return [sys.executable, "-m", "evaluation", "score", *(str(x) for pair in options.items() for x in pair)]


def _run(command: list[str]) -> str:
    # The arguments are our own; nothing of a submission reaches the command line.
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        raise HarnessError(f"`{' '.join(command[:5])} …` ended with {done.returncode}: {done.stderr[-500:]}")
    return done.stdout


def measure_memory(
    progress: Callable[[int], None], *, sizes: tuple[int, int] = (2_479, 25_000)
) -> dict[str, float]:
    """Return the peak MiB of scoring small sets of two sizes, everything in one process.

    Empty where the system does not tell a process its peak (Linux does).
    """
    figures: dict[str, float] = {}
    if not STATUS.exists():
        return figures
    for number, n_cases in enumerate(sizes):
        with tempfile.TemporaryDirectory() as folder:
            write_small_set(Path(folder), n_cases)
            figures[f"peak MiB of scoring {n_cases:,} cases"] = _peak_mib(Path(folder))
        progress(number + 1)
    low, high = figures.values()
    return figures | {"growth in MiB (at most 200)": high - low}


def write_small_set(folder: Path, n_cases: int) -> None:
    """Write as many segmentation as classification cases; all masks are links to one file."""
    mask = np.zeros((96, 128), np.uint8)
    mask[30:60, 40:90] = 255
    (folder / "one").mkdir()
    Image.fromarray(mask).save(folder / "one" / "mask.png")
    for side in ("references", "predictions"):
        (folder / side / "segmentation/Breast/masks").mkdir(parents=True)
    rng = np.random.default_rng(0)
    entries, classes = [], {}
    for k in range(n_cases):
        entry: dict[str, object] = {"img_dimensions": [128, 96], "organ": "Breast", "dataset_name": "Breast"}
        if k % 2:
            path = f"segmentation/Breast/imgs/{k:06}.png"
            mask_path = path.replace("img", "mask")
            for side in ("references", "predictions"):
                (folder / side / mask_path).hardlink_to(folder / "one" / "mask.png")
            entries.append(
                entry | {"task": "segmentation", "img_path_relative": path, "mask_path_relative": mask_path}
            )
        else:
            path = f"classification/Breast/imgs/{k:06}.png"
            label, p = int(rng.integers(2)), float(rng.random())
            classes[path] = {"probability": [1 - p, p], "prediction": int(p > 0.5)}
            entries.append(
                entry | {"task": "classification", "img_path_relative": path, "class_label_index": label}
            )
    (folder / "ground_truth.json").write_text(json.dumps(entries))
    (folder / "predictions" / "classification.json").write_text(json.dumps(classes))


def _peak_mib(folder: Path) -> float:
    """Score in a child process and return its peak resident memory."""
    code = (
        "import pathlib, runpy, sys; sys.argv = sys.argv[1:]\n"
        "try: runpy.run_module('evaluation', run_name='__main__')\n"
        # Not ru_maxrss: a child inherits its parent's.
        f"finally: print(pathlib.Path('{STATUS}').read_text().split('VmHWM:')[1].split()[0])"
    )
    clinical = find_clinical(folder)
    arguments = _score_command(clinical, folder)[2:]
    output = _run([sys.executable, "-c", code, *arguments, "--jobs", "1"])
    if Result.model_validate_json((folder / "result.json").read_bytes()).n_failed:
        raise HarnessError("scoring for its memory failed cases that it should not")
    return float(output.split()[-1]) / 1024


def find_clinical(folder: Path) -> ClinicalSet:
    """Find the parts of a generated set.

    Raises:
        ConfigurationError: a part is missing.
    """
    found = ClinicalSet(folder / "ground_truth.json", folder / "references", folder / "predictions")
    missing = [
        path.name for path in (found.ground_truth, found.references, found.predictions) if not path.exists()
    ]
    if missing:
        raise ConfigurationError(f"{folder}: no {', '.join(missing)}; `the README says how it is made")
    return found


if __name__ == "__main__":
    read_everything(ClinicalSet(*map(Path, sys.argv[1:])))
