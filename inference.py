"""The container's door: find the challenge layout, predict, write the official files."""

import argparse
import os
import signal
import sys
import time
from pathlib import Path

from evaluation.contract.errors import BenchError, ConfigurationError, HarnessError
from evaluation.contract.manifest import Manifest
from evaluation.protocols.fmc_uia import layout as fmc_uia
from evaluation.protocols.fmc_uia.predictions import PredictionWriter as FmcUiaWriter
from evaluation.protocols.uusic25 import layout as uusic25
from evaluation.protocols.uusic25.predictions import PredictionWriter as Uusic25Writer
from model.engines.opening import EngineOptions, choose_options
from model.loading import default_weights, load_predictor
from model.predict_log import write_log
from model.predictor import Done, predict_all
from model.self_test import run_self_test
from model.views import ALL_VIEWS, AS_IT_IS

EXAMPLES = """examples:
  python inference.py --input images --input-json manifest.json --output out   (UUSIC25)
  python inference.py --input data --output out                                (FMC_UIA)
exit status: 0 predicted something; 2 nothing, or no image could be read; 3 the device failed; 128 + the
signal when stopped midway. OUT/predict_log.json lists what ran, every problem and every case left out."""


def main() -> int:
    """Return the exit code: 0 predicted something, 2 nothing, 128 + the signal when stopped midway."""
    options = parse_options()
    engine = choose_options(options.device, is_compiled=options.compile)
    # Obeyed between two batches: what was predicted is written, and no file is left half done.
    stops: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: stops.append(number))
    signal.signal(signal.SIGINT, lambda number, _: stops.append(number))
    try:
        if options.self_test:
            run_self_test(options.weights, engine, say)
            return 0
        done = predict(options, engine, stops)
        return 128 + stops[0] if stops else (0 if done.n_written and done.n_readable else 2)
    except (BenchError, OSError) as error:
        say(str(error))
        return 3 if isinstance(error, HarnessError) else 2


def parse_options() -> argparse.Namespace:
    """Return the command line's options."""
    shape = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLES, formatter_class=shape)
    parser.add_argument("--input", type=Path, default=Path("/input"), help="the images, or FMC_UIA's folder")
    parser.add_argument("--input-json", type=Path, default=Path("/input_json"), help="UUSIC25's manifest")
    parser.add_argument("--output", type=Path, default=Path("/output"), help="folder to write to")
    parser.add_argument("--weights", type=Path, default=default_weights(), help="a .safetensors file")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="where to run")
    parser.add_argument("--compile", action="store_true", help="torch.compile on a GPU; a slow start")
    parser.add_argument("--tta", action="store_true", help="average over three views of each image")
    parser.add_argument("--timing", action="store_true", help="say where the time went")
    parser.add_argument("--self-test", action="store_true", help="run the network once and exit")
    return parser.parse_args()


def predict(options: argparse.Namespace, engine: EngineOptions, stops: list[int]) -> Done:
    """Predict the challenge folder that is there."""
    start = time.perf_counter()
    if not options.input.is_dir():
        raise ConfigurationError(f"Expected `--input` to be a folder but {options.input} is none")
    manifest = read_challenge(options.input, options.input_json)
    check_writable(options.output)
    views = ALL_VIEWS if options.tta else (AS_IT_IS,)
    writer_type = Uusic25Writer if manifest.protocol == uusic25.PROTOCOL else FmcUiaWriter
    with writer_type(manifest, options.output) as writer:
        predictor = load_predictor(options.weights, manifest, writer, engine, views, say)
        started = time.perf_counter()
        done = predict_all(
            predictor,
            n_workers=engine.n_workers,
            batch_size=engine.batch,
            should_stop=lambda: bool(stops),
            say=say,
        )
    write_log(options.output, options.weights, predictor, done)
    if options.timing:
        say(f"start {started - start:.1f} s, then {time.perf_counter() - started:.1f} s")
        say(", ".join(f"{name} {seconds / engine.n_workers:.1f} s" for name, seconds in done.seconds.items()))
    say(f"predicted {done.n_written} of {len(manifest.cases)} cases, {len(done.problems)} problems")
    return done


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
