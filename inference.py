"""The container's door: find the challenge layout, predict, write the official files."""

import argparse
import os
import signal
import sys
from pathlib import Path

from evaluation.contract.errors import ConfigurationError, UserError
from evaluation.contract.manifest import Manifest
from evaluation.protocols.fmc_uia import layout as fmc_uia
from evaluation.protocols.fmc_uia.predictions import PredictionWriter as FmcUiaWriter
from evaluation.protocols.uusic25 import layout as uusic25
from evaluation.protocols.uusic25.predictions import PredictionWriter as Uusic25Writer
from model.floor_file import load_floor
from model.predictor import predict_all

EXAMPLES = """examples:
  python inference.py --input images --input-json manifest.json --output out   (UUSIC25)
  python inference.py --input data --output out                                (FMC_UIA)
exit status: 0 predicted something; 2 nothing, or no image could be read"""


def main() -> int:
    """Return the exit code: 0 predicted something, 2 nothing, 128 + the signal when stopped midway."""
    shape = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLES, formatter_class=shape)
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
        if not options.input.is_dir():
            raise ConfigurationError(f"Expected `--input` to be a folder but {options.input} is none")
        model, _ = load_floor(options.weights)
        manifest = read_challenge(options.input, options.input_json)
        check_writable(options.output)
        writer_type = Uusic25Writer if manifest.protocol == uusic25.PROTOCOL else FmcUiaWriter
        with writer_type(manifest, options.output) as writer:
            done = predict_all(model, manifest, writer, should_stop=lambda: bool(stops), say=say)
        say(f"predicted {done.n_written} of {len(manifest.cases)} cases, {done.n_problems} problems")
        return 128 + stops[0] if stops else (0 if done.n_written and done.n_readable else 2)
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
    if output.is_file():
        raise ConfigurationError(f"Expected `--output` to be a folder but {output} is a file")
    output.mkdir(parents=True, exist_ok=True)
    if not os.access(output, os.W_OK | os.X_OK):
        raise ConfigurationError(f"Expected `--output` to be writable but {output} is not; check its owner")


def say(text: str) -> None:
    """Print a line for the person who runs the container."""
    sys.stderr.write(text + "\n")


if __name__ == "__main__":
    sys.exit(main())
