"""A Codabench competition bundle.

`competition.zip` is uploaded as it is; `scoring_image/` builds the image that the scoring program runs in.
Source: docs.codabench.org, "Competition Bundle Structure" and "Yaml Structure" (version 2), and the
platform's own `unpackers/v2.py` and `compute_worker.py` (github.com/codalab/codabench).
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import yaml
from PIL import Image, ImageDraw

from evaluation.protocols.registry import SCORES
from leaderboard.export.archive import Content, pack_zip
from leaderboard.export.challenge import CHECK_PACKAGES, PACKAGES, Challenge, list_program, list_requirements
from leaderboard.metric import list_metrics

COMMAND = "python3 -m leaderboard.export.programs.codabench /app/input /app/output"
"""The worker mounts the program at /app/program and starts it there."""
MAX_SECONDS = 3600

_IMAGE = """# What the scoring program imports; the program itself comes with the bundle.
FROM python:3.11-slim-bookworm
COPY requirements.txt /requirements.txt
RUN pip install --no-cache-dir --root-user-action=ignore -r /requirements.txt
ENV PYTHONDONTWRITEBYTECODE=1 OPENBLAS_NUM_THREADS=1
"""
_TERMS = """# Terms

Replace this page by the terms of your challenge. The scores are computed by the rules on the page
"Evaluation".
"""


@dataclass(frozen=True)
class Phase:
    """When submissions are taken."""

    start: date
    end: date | None
    max_submissions_per_day: int


def build_bundle(challenge: Challenge, phase: Phase, *, image: str) -> dict[str, bytes]:
    """Return the files of a bundle's folder: `competition.zip`, `scoring_image/` and `README.md`.

    Args:
        challenge: what is packed.
        phase: its one phase.
        image: the scoring image's name in a registry that the platform's workers can pull from.
    """
    files: dict[str, Content] = {
        "competition.yaml": _write_yaml(_describe(challenge, phase, image)),
        "logo.png": draw_logo(),
        "pages/overview.md": _overview(challenge),
        "pages/evaluation.md": _evaluation(challenge),
        "pages/terms.md": _TERMS.encode(),
        "reference_data.zip": pack_zip(challenge.references),
        "scoring_program.zip": pack_zip(
            {**list_program(challenge.job), "metadata.yaml": _write_yaml({"command": COMMAND})}
        ),
        "starting_kit.zip": pack_zip(list_kit(challenge)),
    }
    if challenge.inputs:
        files["public_data.zip"] = pack_zip(challenge.inputs)
    return {
        "competition.zip": pack_zip(files),
        "scoring_image/Dockerfile": _IMAGE.encode(),
        "scoring_image/requirements.txt": list_requirements(PACKAGES),
        "README.md": _readme(image),
    }


def list_kit(challenge: Challenge) -> dict[str, Content]:
    """List a participant's starting kit: the checker of prediction files and how to call it."""
    program = {
        name: content
        for name, content in list_program(challenge.job).items()
        if name.startswith("evaluation/")
    }
    return {
        **program,
        "requirements.txt": list_requirements(CHECK_PACKAGES),
        "README.md": _kit_readme(challenge),
    }


def draw_logo() -> bytes:
    """Draw the picture that a bundle must have: a sector scan."""
    picture = Image.new("L", (256, 256), 0)
    draw = ImageDraw.Draw(picture)
    for radius in range(240, 20, -20):
        box = (128 - radius, 8 - radius, 128 + radius, 8 + radius)
        draw.pieslice(box, 50, 130, fill=60 + (radius * 7) % 150)
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()


def _describe(challenge: Challenge, phase: Phase, image: str) -> dict[str, Any]:
    described: dict[str, Any] = {
        "index": 0,
        "name": "Test",
        "description": "Predictions of the test set",
        "start": phase.start.isoformat(),
        **({} if phase.end is None else {"end": phase.end.isoformat()}),
        "max_submissions_per_day": phase.max_submissions_per_day,
        "execution_time_limit": MAX_SECONDS,
        # The scoring output names problems case by case, the submissions are their makers' own.
        "hide_output": False,
        "tasks": [0],
        "starting_kit": "starting_kit.zip",
        **({"public_data": "public_data.zip"} if challenge.inputs else {}),
    }
    return {
        "version": 2,
        "title": challenge.title,
        "description": f"{challenge.job.protocol}, scored in {challenge.job.mode} mode",
        "image": "logo.png",
        "terms": "pages/terms.md",
        "docker_image": image,
        "enable_detailed_results": True,
        "registration_auto_approve": False,
        "pages": [
            {"title": "Overview", "file": "pages/overview.md"},
            {"title": "Evaluation", "file": "pages/evaluation.md"},
        ],
        "tasks": [
            {
                "index": 0,
                "name": challenge.title,
                "description": f"{len(challenge.manifest.cases)} cases",
                "scoring_program": "scoring_program.zip",
                "reference_data": "reference_data.zip",
            }
        ],
        "phases": [described],
        "leaderboards": [
            {"title": "Results", "key": "results", "columns": list_columns(challenge.job.protocol)}
        ],
    }


def list_columns(protocol: str) -> list[dict[str, Any]]:
    """List the leaderboard's columns; each key is one of `scores.json`, the first one ranks."""
    columns: list[dict[str, Any]] = [
        {
            "title": metric.label,
            "key": metric.key,
            "index": index,
            "sorting": "desc" if metric.higher_is_better else "asc",
            "precision": metric.decimals,
        }
        for index, metric in enumerate(list_metrics(protocol))
    ]
    failed = {
        "title": "Failed cases",
        "key": "n_failed",
        "index": len(columns),
        "sorting": "asc",
        "precision": 0,
    }
    return [*columns, failed]


def _write_yaml(content: Mapping[str, Any]) -> bytes:
    text: str = yaml.safe_dump(dict(content), sort_keys=False, allow_unicode=True)
    return text.encode()


def _overview(challenge: Challenge) -> bytes:
    lines = [f"# {challenge.title}", "", "| task | kind | cases |", "|---|---|---|"]
    for name, task in challenge.manifest.tasks.items():
        n_cases = sum(case.task_id == name for case in challenge.manifest.cases)
        lines.append(f"| {name} | {task.kind} | {n_cases} |")
    lines += [
        "",
        "Submit one ZIP file of your predictions, in the challenge's own format, without a folder around it.",
    ]
    lines += ["The starting kit checks it before you do."]
    return ("\n".join(lines) + "\n").encode()


def _evaluation(challenge: Challenge) -> bytes:
    rules = SCORES[challenge.job.protocol].RULES[challenge.job.mode]
    return ("# Evaluation\n\n" + "\n".join(f"- {rule}" for rule in rules) + "\n").encode()


def _kit_readme(challenge: Challenge) -> bytes:
    protocol = challenge.job.protocol
    asked = "--input input --manifest manifest.json" if protocol == "uusic25" else "--input input"
    return f"""# Starting kit

With Python 3.11: `pip install -r requirements.txt`, then in this folder, with the public data unpacked here,

    python -m evaluation check --protocol {protocol} {asked} --predictions PREDICTIONS

lists every problem of your prediction files at once. Then `cd PREDICTIONS && zip -r ../submission.zip .`
""".encode()


def _readme(image: str) -> bytes:
    return f"""# Codabench bundle

    docker build --tag {image} scoring_image && docker push {image}

Then upload `competition.zip` under Benchmarks > Management > Upload. Replace `pages/terms.md`
by your terms first.
""".encode()
