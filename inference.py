"""The container's door: find the challenge layout, predict, write the official files."""

import argparse
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

from evaluation.contract.case import Case
from evaluation.contract.errors import ConfigurationError, UserError
from evaluation.contract.manifest import Manifest
from evaluation.contract.prediction import BoxPrediction, ClassPrediction, PointsPrediction
from evaluation.files.images import read_size
from evaluation.protocols.fmc_uia import layout as fmc_uia
from evaluation.protocols.fmc_uia.predictions import PredictionWriter as FmcUiaWriter
from evaluation.protocols.uusic25 import layout as uusic25
from evaluation.protocols.uusic25.predictions import PredictionWriter as Uusic25Writer
from model.floor import FloorModel
from model.floor_file import load_floor


def main() -> int:
    """Return the exit code: 0 predicted something, 2 nothing, 128 + the signal when stopped midway."""
    parser = argparse.ArgumentParser(description=__doc__, epilog="Exit 0: predicted something; 2: nothing.")
    parser.add_argument("--input", type=Path, default=Path("/input"), help="the images, or FMC_UIA's folder")
    parser.add_argument("--input-json", type=Path, default=Path("/input_json"), help="UUSIC25's manifest")
    parser.add_argument("--output", type=Path, default=Path("/output"), help="folder to write to")
    weights = Path(__file__).parent / "model" / "weights" / "floor.safetensors"
    parser.add_argument("--weights", type=Path, default=weights, help="a .safetensors file")
    options = parser.parse_args()
    # Obeyed between two images: what was predicted is written, and no file is left half done.
    stops: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: stops.append(number))
    signal.signal(signal.SIGINT, lambda number, _: stops.append(number))
    try:
        model, _ = load_floor(options.weights)
        manifest = read_challenge(options.input, options.input_json)
        check_writable(options.output)
        return predict_all(model, manifest, options.output, stops)
    except (UserError, OSError) as error:
        say(str(error))
    return 2


def read_challenge(input_dir: Path, input_json: Path) -> Manifest:
    """Read the manifest of whichever layout is there."""
    if input_json.is_file():
        return uusic25.read_manifest(input_json, images_dir=input_dir)
    if (input_dir / fmc_uia.CSV_FOLDER).is_dir():
        return fmc_uia.read_manifest(input_dir)
    expected = f"a file {input_json} (UUSIC25) or a folder {input_dir / fmc_uia.CSV_FOLDER} (FMC_UIA)"
    raise ConfigurationError(f"Expected {expected} but found neither; mount one of them")


def check_writable(output: Path) -> None:
    """Refuse an output folder that cannot be written before any time is spent on it."""
    output.mkdir(parents=True, exist_ok=True)
    if not os.access(output, os.W_OK | os.X_OK):
        raise ConfigurationError(f"Expected `--output` to be writable but {output} is not; check its owner")


def predict_all(model: FloorModel, manifest: Manifest, output: Path, stops: list[int]) -> int:
    """Predict image by image until done or stopped; return the exit code."""
    n_written, n_problems = 0, report_unknown_tasks(model, manifest)
    groups: dict[Path, list[Case]] = {}
    for case in manifest.cases:
        groups.setdefault(case.image_file, []).append(case)
    writer_type = Uusic25Writer if manifest.protocol == uusic25.PROTOCOL else FmcUiaWriter
    with writer_type(manifest, output) as writer:
        for image_file, cases in groups.items():
            if stops:
                break
            size_hw = None
            try:
                size_hw = read_size(image_file)
                if cases[0].size_hw not in (None, size_hw):
                    raise ValueError(f"is {size_hw} (h, w), the manifest says {cases[0].size_hw}")
            except (OSError, ValueError) as error:
                n_problems += 1
                say(f"image {cases[0].image_path}: {getattr(error, 'strerror', None) or error}")
            for case in cases:
                try:
                    write(writer, model, manifest, replace(case, size_hw=case.size_hw or size_hw))
                    n_written += 1
                except UserError as error:
                    say(f"case {case.case_id}: skipped: {error}")
    say(f"predicted {n_written} of {len(manifest.cases)} cases, {n_problems} problems")
    return 128 + stops[0] if stops else (0 if n_written else 2)


def report_unknown_tasks(model: FloorModel, manifest: Manifest) -> int:
    """Name the tasks that are answered without having been learned; return their number."""
    unknown = [task for task in manifest.tasks.values() if not model.knows(manifest.protocol, task)]
    for task in unknown:
        say(f"task {task.task_id} ({task.num_classes} classes or points): not learned, answered generically")
    return len(unknown)


def write(writer: Uusic25Writer | FmcUiaWriter, model: FloorModel, manifest: Manifest, case: Case) -> None:
    """Predict one case and hand it to the writer."""
    answer = model.predict(manifest.protocol, manifest.tasks[case.task_id], case.size_hw)
    if isinstance(answer, ClassPrediction):
        writer.add_class(case, answer)
    elif isinstance(answer, BoxPrediction) and isinstance(writer, FmcUiaWriter):
        writer.add_box(case, answer)
    elif isinstance(answer, PointsPrediction) and isinstance(writer, FmcUiaWriter):
        writer.add_points(case, answer)
    elif not isinstance(answer, BoxPrediction | PointsPrediction):
        writer.add_mask(case, answer)


def say(text: str) -> None:
    """Print a line for the person who runs the container."""
    sys.stderr.write(text + "\n")


if __name__ == "__main__":
    sys.exit(main())
