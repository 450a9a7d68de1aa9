"""A Grand Challenge evaluation container: the build context, and the ground truth beside it.

Source: grand-challenge.org/documentation, "Runtime environment" (an unprivileged user, no network, /input
read-only, /output, ground truth at /opt/ml/input/data/ground_truth as an uploaded .tar.gz).
"""

from leaderboard.export.archive import pack_tar_gz, read_content
from leaderboard.export.challenge import PACKAGES, Challenge, list_program, list_requirements

_DOCKERFILE = """FROM python:3.11-slim-bookworm
COPY requirements.txt /requirements.txt
RUN pip install --no-cache-dir --root-user-action=ignore -r /requirements.txt \\
    && useradd --system --uid 10001 --no-create-home evaluation
COPY program /opt/app
RUN chmod -R a+rX /opt/app
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 OPENBLAS_NUM_THREADS=1
WORKDIR /opt/app
USER 10001:10001
ENTRYPOINT ["python", "-m", "leaderboard.export.programs.grand_challenge"]
"""
_README = """# Grand Challenge evaluation

    docker build --platform=linux/amd64 --tag evaluation context
    docker save evaluation | gzip > evaluation.tar.gz

In the phase's settings upload `evaluation.tar.gz` as its method and `ground_truth.tar.gz` as its ground
truth. Give the phase an output socket with the slug `predictions` of the kind "ZIP file": an algorithm's job
writes there its prediction files in the challenge's own format, for the images that it was given. The
leaderboard's score is `aggregates.{score}` (highest first).
"""


def build_container(challenge: Challenge) -> dict[str, bytes]:
    """Return an evaluation container's folder: `context/`, `ground_truth.tar.gz` and `README.md`."""
    program = list_program(challenge.job)
    score = {"uusic25": "perf", "fmc_uia": "dsc"}[challenge.job.protocol]
    return {
        "context/Dockerfile": _DOCKERFILE.encode(),
        "context/requirements.txt": list_requirements(PACKAGES),
        **{f"context/program/{name}": read_content(content) for name, content in program.items()},
        "ground_truth.tar.gz": pack_tar_gz(challenge.references),
        "README.md": _README.format(score=score).encode(),
    }
