# The predictor's image, for either challenge:
#   UUSIC25  docker run --rm -v IMAGES:/input:ro -v OUT:/output -v MANIFEST.json:/input_json:ro IMAGE
#   FMC_UIA  docker run --rm -v DATA:/input:ro -v OUT:/output IMAGE
FROM python:3.11-slim-bookworm

# Predicts with a read-only root, as any user, without a network: nothing is written but /output.
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1

WORKDIR /app
COPY model/requirements.txt model/requirements.txt
RUN pip install --no-cache-dir --root-user-action=ignore -r model/requirements.txt

# What may be copied at all is listed in .dockerignore.
COPY evaluation evaluation
COPY model model
COPY inference.py inference.py
# A checkout under a strict umask must still be readable by the user who runs the container.
RUN chmod -R a+rX /app

USER 65534:65534
ENTRYPOINT ["python", "/app/inference.py"]
