"""A challenge of two cases, and submissions that are a few lines of Python."""

import sys
from dataclasses import dataclass
from pathlib import Path

from evaluation.challenge import Protocol
from evaluation.runner.draft import Challenge, RunOptions
from evaluation.runner.limits import Limits
from evaluation.runner.local import LocalEngine
from evaluation.runner.record import RunFile
from evaluation.runner.run import Finished, run_submission
from evaluation.runner.submission import CommandSubmission
from evaluation.running import ReferencePlace, make_check, open_challenge
from tests.protocols.folders import disc, uusic25_entry, write_json, write_mask

MASK_PATH = "segmentation/Kidney/masks/1.png"
IMAGE_PATH = MASK_PATH.replace("mask", "img")
CLASS_PATH = "classification/Liver/imgs/1.png"
SMALL = Limits(
    memory_bytes=2**28,
    cpus=1,
    pids=64,
    tmp_bytes=2**23,
    shm_bytes=2**23,
    time_limit_s=60,
    output_bytes=2**24,
    output_files=200,
    log_bytes=2**16,
)

ANSWER = f"""
import json, os, shutil, sys
source, output = sys.argv[1], sys.argv[2]
os.makedirs(output + "/segmentation/Kidney/masks")
shutil.copy(source + "/{IMAGE_PATH}", output + "/{MASK_PATH}")
answer = {{"{CLASS_PATH}": {{"probability": [0.2, 0.8], "prediction": 1}}}}
json.dump(answer, open(output + "/classification.json", "w"))
"""
"""A submission that answers both cases: its mask is the image, which is one."""


@dataclass(frozen=True)
class Scene:
    """A challenge on disk and the places around it."""

    folder: Path
    challenge: Challenge
    reference: ReferencePlace

    @property
    def out(self) -> Path:
        """Return the run's folder."""
        return self.folder / "run"

    def write_script(self, body: str, name: str = "submission.py") -> Path:
        """Write a submission."""
        file = self.folder / name
        file.write_text(body, encoding="utf-8")
        return file

    def submit(self, body: str) -> CommandSubmission:
        """Return a submission that runs a script on the local engine."""
        script = self.write_script(body)
        return CommandSubmission((sys.executable, "-S", str(script), "{input}", "{output}"))

    def run(
        self, body: str, *, out: Path | None = None, name: str | None = "scene", **options: object
    ) -> Finished:
        """Run a script on the local engine; `options` are those of `RunOptions`."""
        return run_submission(
            LocalEngine(),
            self.submit(body),
            self.challenge,
            out or self.out,
            RunOptions(**({"limits": SMALL, "gpus": "none"} | options)),  # type: ignore[arg-type]
            name=name,
            check=make_check(self.challenge.manifest),
        )

    def judge(self, body: str, **limits: object) -> RunFile:
        """Run a script within limits and return its record."""
        return self.run(body, limits=SMALL.model_copy(update=limits)).record


def make_scene(folder: Path) -> Scene:
    """Write a challenge of one mask and one class."""
    write_mask(folder / "references" / MASK_PATH, disc() * 255)
    write_mask(folder / "input" / IMAGE_PATH, disc(radius=7) * 255)
    write_mask(folder / "input" / CLASS_PATH, disc())
    entries = [
        uusic25_entry(IMAGE_PATH, "segmentation", "Kidney", mask_path_relative=MASK_PATH),
        uusic25_entry(CLASS_PATH, "classification", "Liver", class_label_index=1),
    ]
    write_json(folder / "truth.json", entries)
    blank = {"mask_path_relative": None, "class_label_index": None}
    write_json(folder / "manifest.json", [entry | blank for entry in entries])
    place = ReferencePlace(folder / "truth.json", folder / "references")
    challenge = open_challenge(Protocol.UUSIC25, folder / "input", folder / "manifest.json", place)
    return Scene(folder, challenge, place)
