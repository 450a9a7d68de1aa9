"""Golden results: fixed predictions of the sample folders, and what scoring them must give.

``python -m sample_data.golden`` compares, ``--write`` makes them anew; a change here moves scores and belongs
in the changelog. The predictions are degraded references, some left out so that the two modes differ.
"""

import json
import math
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

SAMPLES = Path(__file__).parent
GOLDEN = SAMPLES / "golden"
MODES = ("strict", "official")
_REFERENCES = {"uusic25": SAMPLES / "uusic25", "fmc_uia": SAMPLES / "fmc_uia" / "references"}
_TOLERANCE = 1e-9


def score_golden(protocol: str, mode: str) -> dict[str, Any]:
    """Score the committed predictions; the record without its provenance."""
    root = _REFERENCES[protocol]
    reference = ["--reference", str(root)]
    if protocol == "uusic25":
        reference = ["--reference", str(root / "ground_truth.json"), "--images", str(root / "references")]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "result.json"
        predictions = ["--predictions", str(GOLDEN / protocol / "predictions"), "--name", "golden"]
        options = ["--protocol", protocol, "--mode", mode, "--bootstrap", "200", "--out", str(out)]
        _run("-m", "evaluation", "score", *reference, *predictions, *options)
        record: dict[str, Any] = json.loads(out.read_text())
    del record["provenance"]
    return record


def find_differences(golden: object, found: object, place: str = "result") -> list[str]:
    """Return where two records differ; numbers may by 1e-9."""
    if isinstance(golden, dict) and isinstance(found, dict):
        keys = sorted(golden.keys() | found.keys())
        return [line for k in keys for line in find_differences(golden.get(k), found.get(k), f"{place}.{k}")]
    if isinstance(golden, list) and isinstance(found, list) and len(golden) == len(found):
        pairs = enumerate(zip(golden, found, strict=True))
        return [line for i, (g, f) in pairs for line in find_differences(g, f, f"{place}[{i}]")]
    if isinstance(golden, float) and isinstance(found, float):
        same = math.isclose(golden, found, rel_tol=0.0, abs_tol=_TOLERANCE)
    else:
        same = golden == found
    return [] if same else [f"{place}: golden {golden!r}, found {found!r}"]


def write_predictions(protocol: str) -> None:
    """Degrade the references, then leave out every seventh mask and every ninth entry of the JSON files."""
    folder = GOLDEN / protocol / "predictions"
    shutil.rmtree(folder, ignore_errors=True)
    references = ["--references", str(_REFERENCES[protocol]), "--seed", "7"]
    _run("-m", "sample_data.degrade", "--layout", protocol, *references, "--out", str(folder))
    masks = [file for file in sorted(folder.rglob("*")) if file.is_file() and file.suffix != ".json"]
    for file in masks[::7]:
        file.unlink()
    for file in sorted(folder.glob("*.json")):
        entries = json.loads(file.read_text())
        if isinstance(entries, dict):
            kept: object = {key: entries[key] for i, key in enumerate(entries) if i % 9}
        else:
            kept = [entry for i, entry in enumerate(entries) if i % 9]
        file.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")


def _run(*arguments: str) -> None:
    # Every argument is the project's own.
    subprocess.run([sys.executable, *arguments], check=True, cwd=SAMPLES.parent, stdout=subprocess.DEVNULL)  # noqa: S603


def main(
    write: Annotated[bool, typer.Option("--write", help="Make predictions and results anew.")] = False,
) -> None:
    """Compare the golden results with what scoring gives now; exit 1 when they differ.

    Examples:
    `python -m sample_data.golden`

    `python -m sample_data.golden --write`
    """
    differences: list[str] = []
    for protocol in _REFERENCES:
        if write:
            write_predictions(protocol)
        for mode in MODES:
            found = score_golden(protocol, mode)
            file = GOLDEN / protocol / f"{mode}.json"
            if write:
                file.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
            differences += find_differences(json.loads(file.read_text()), found, f"{protocol} {mode}")
    sys.stdout.write("\n".join(differences) + "\n" if differences else "golden results hold\n")
    raise typer.Exit(1 if differences else 0)


if __name__ == "__main__":
    typer.run(main)
