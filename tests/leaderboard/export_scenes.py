"""The sample folders as challenges, and running a packed program as a platform does."""

import json
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import yaml
from typer.testing import CliRunner

from evaluation.contract.result import Result
from evaluation.protocols.fmc_uia import layout as fmc_uia
from evaluation.protocols.uusic25 import layout as uusic25
from evaluation.scoring import ScoringOptions, score_submission
from leaderboard.__main__ import app

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "sample_data"
REFERENCE = {
    "uusic25": (
        *("--reference", str(SAMPLES / "uusic25" / "ground_truth.json")),
        *("--images", str(SAMPLES / "uusic25" / "references")),
    ),
    "fmc_uia": ("--reference", str(SAMPLES / "fmc_uia" / "references")),
}
INPUT = {
    "uusic25": (
        *("--input", str(SAMPLES / "uusic25" / "images")),
        *("--manifest", str(SAMPLES / "uusic25" / "manifest.json")),
    ),
    "fmc_uia": ("--input", str(SAMPLES / "fmc_uia" / "input")),
}
PREDICTIONS = {name: SAMPLES / "golden" / name / "predictions" for name in REFERENCE}
IMAGE = "registry.example/scoring:1"


def export(platform: str, protocol: str, out: Path, *more: str) -> Path:
    """Run the command; return its folder."""
    words = ["export", platform, "--protocol", protocol, *REFERENCE[protocol], "--out", str(out), *more]
    if platform == "codabench":
        words += [*INPUT[protocol], "--image", IMAGE, "--start", "2026-05-01"]
    done = CliRunner().invoke(app, [*words, "--bootstrap", "50"])
    assert done.exit_code == 0, done.output
    return out


def score_here(protocol: str, predictions: Path) -> Result:
    """Score a submission as `python -m evaluation score` does."""
    if protocol == "fmc_uia":
        manifest = fmc_uia.read_manifest(SAMPLES / "fmc_uia" / "references", labelled=True)
    else:
        masks = SAMPLES / "uusic25" / "references"
        truth = SAMPLES / "uusic25" / "ground_truth.json"
        manifest = uusic25.read_manifest(truth, images_dir=masks, references_dir=masks, labelled=True)
    return score_submission(manifest, predictions, ScoringOptions(n_resamples=50), name="submission").result


def unpack(archive: bytes | Path, folder: Path) -> Path:
    """Unpack a ZIP file as Codabench's worker does."""
    if isinstance(archive, bytes):
        folder.mkdir(parents=True)
        file = folder.parent / f"{folder.name}.zip"
        file.write_bytes(archive)
        archive = file
    with zipfile.ZipFile(archive) as content:
        content.extractall(folder)  # noqa: S202 - our own pack
    return folder


def lay_out_codabench(bundle: Path, predictions: Path, app_dir: Path) -> str:
    """Lay out /app as Codabench's worker does; return the command of the program's metadata."""
    unpacked = unpack(bundle / "competition.zip", app_dir / "bundle")
    described = yaml.safe_load((unpacked / "competition.yaml").read_text())
    task = described["tasks"][0]
    unpack(unpacked / task["scoring_program"], app_dir / "program")
    unpack(unpacked / task["reference_data"], app_dir / "input" / "ref")
    # A results submission is a ZIP file of the predictions; the worker hands its content on.
    unpack(zip_folder(predictions, app_dir / "submission.zip"), app_dir / "input" / "res")
    (app_dir / "output").mkdir()
    command: str = yaml.safe_load((app_dir / "program" / "metadata.yaml").read_text())["command"]
    return command


def zip_folder(folder: Path, file: Path) -> Path:
    """Pack a folder's files without the folder around them."""
    with zipfile.ZipFile(file, "w") as archive:
        for one in sorted(folder.rglob("*")):
            if one.is_file():
                archive.write(one, one.relative_to(folder))
    return file


def lay_out_grand_challenge(container: Path, jobs: dict[str, Path], folder: Path) -> tuple[Path, Path]:
    """Lay out /input and the ground truth as Grand Challenge does; return both places.

    Args:
        container: what the export wrote.
        jobs: the ZIP file of predictions by job.
        folder: an empty place.
    """
    inputs, truth = folder / "input", folder / "ground_truth"
    listed = []
    for pk, file in jobs.items():
        place = inputs / pk / "output" / "predictions.zip"
        place.parent.mkdir(parents=True)
        place.write_bytes(file.read_bytes())
        listed.append(describe_job(pk))
    (inputs / "predictions.json").write_text(json.dumps(listed))
    with tarfile.open(container / "ground_truth.tar.gz") as archive:
        archive.extractall(truth, filter="data")
    return inputs, truth


def describe_job(pk: str, *, key: str = "socket") -> dict[str, Any]:
    """Describe a job as `predictions.json` does."""
    kinds = {"is_image_kind": False, "is_json_kind": False, "is_file_kind": True}
    output = {"slug": "predictions", "relative_path": "predictions.zip", **kinds}
    asked = {"slug": "ultrasound-images", "relative_path": "images.zip", **kinds}
    return {
        "pk": pk,
        "status": "Succeeded",
        "started_at": "2026-05-01T10:00:00.000000Z",
        "completed_at": "2026-05-01T10:00:01.500000Z",
        "inputs": [{"file": {"name": "a.zip"}, "image": None, "value": None, key: asked}],
        "outputs": [{"file": {"name": "predictions.zip"}, "image": None, "value": None, key: output}],
    }


def split_predictions(protocol: str, folder: Path, n_parts: int = 2) -> dict[str, Path]:
    """Split the golden predictions over several jobs, each with its own share of every file."""
    parts: dict[str, dict[str, bytes]] = {f"job-{i}": {} for i in range(n_parts)}
    source = PREDICTIONS[protocol]
    for number, file in enumerate(sorted(one for one in source.rglob("*") if one.is_file())):
        name = file.relative_to(source).as_posix()
        if file.suffix != ".json":
            parts[f"job-{number % n_parts}"][name] = file.read_bytes()
            continue
        content = json.loads(file.read_text())
        for i in range(n_parts):
            share: object = content[i::n_parts] if isinstance(content, list) else None
            if isinstance(content, dict):
                share = {key: content[key] for key in list(content)[i::n_parts]}
            parts[f"job-{i}"][name] = json.dumps(share).encode()
    files = {}
    folder.mkdir(parents=True, exist_ok=True)
    for name, own in parts.items():
        files[name] = folder / f"{name}.zip"
        with zipfile.ZipFile(files[name], "w") as archive:
            for inside, data in own.items():
                archive.writestr(inside, data)
    return files
