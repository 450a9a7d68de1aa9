"""What `inference.py` is: short, light to import, with the challenges' own mounts."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOOR = ROOT / "inference.py"


def test_door_has_at_most_120_lines() -> None:
    assert len(DOOR.read_text().splitlines()) <= 120


def test_importing_the_door_loads_only_what_the_image_ships() -> None:
    code = "import json, sys, inference; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    modules = json.loads(done.stdout)
    third_party = {name.split(".")[0] for name in modules}
    assert third_party.isdisjoint({"torch", "scipy", "pandas", "sklearn", "skimage", "typer", "rich"})
    shipped = ("evaluation.contract", "evaluation.cores", "evaluation.files", "evaluation.protocols")
    ours = {name for name in modules if name.startswith("evaluation.")}
    assert {name for name in ours if not name.startswith(shipped)} == set()
    parts = {name.rsplit(".", 1)[1] for name in ours if name.startswith("evaluation.protocols.")}
    assert parts == {"uusic25", "fmc_uia", "layout", "predictions", "entries"}


def test_defaults_are_the_mounts_of_both_challenges() -> None:
    source = DOOR.read_text()
    for mount in ("/input", "/input_json", "/output"):
        assert f'default=Path("{mount}")' in source
